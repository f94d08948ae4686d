//! dev only
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};
use testkit::stack::{Plan, Stack};
#[tokio::main]
async fn main() {
    let folder = std::path::PathBuf::from("/tmp/stkroll");
    std::fs::remove_dir_all(&folder).ok();
    let t = Instant::now();
    let mut stack =
        Stack::start(Plan::new("/tmp/fake-mercato", &folder)).await.unwrap_or_else(|e| panic!("{e}"));
    println!("started in {:?}", t.elapsed());
    let mode = std::env::args().nth(1).unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let (ok, bad) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let mut tasks = vec![];
    for n in 0..16 {
        let (url, stop, ok, bad) = (stack.url(), stop.clone(), ok.clone(), bad.clone());
        tasks.push(tokio::spawn(async move {
            let client = reqwest::Client::new();
            let mut i = n;
            while !stop.load(SeqCst) {
                i += 1;
                let request = match i % 3 {
                    0 => client.get(format!("{url}/customer/whoami")),
                    1 => client
                        .post(format!("{url}/products/ids"))
                        .header("content-type", "application/json")
                        .body(r#"{"ids":[]}"#),
                    _ => client
                        .post(format!("{url}/shopping/cart"))
                        .header("content-type", "application/json")
                        .body(r#"{"nothing":1}"#),
                };
                match request.send().await {
                    Ok(a) if a.status().as_u16() < 500 => {
                        a.bytes().await.ok();
                        ok.fetch_add(1, SeqCst);
                    }
                    Ok(a) => {
                        if bad.fetch_add(1, SeqCst) < 8 {
                            println!("{} {}", a.status(), a.text().await.unwrap());
                        }
                    }
                    Err(e) => {
                        if bad.fetch_add(1, SeqCst) < 8 {
                            println!("{e:?}");
                        }
                    }
                }
            }
        }));
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let t = Instant::now();
    for round in 0..2 {
        match &*mode {
            "drain" => stack.roll().await.unwrap(),
            "bare" => {
                for service in contracts::Service::ALL {
                    for n in 1..=2 {
                        stack.instance(service, n).restart().await.unwrap();
                    }
                }
            }
            "reload" => {
                for _ in 0..8 {
                    let g = stack.nginx().gateway().clone();
                    stack.nginx().reload(g).await.unwrap();
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
            }
            other => panic!("{other}"),
        }
        println!(
            "{mode} round {round}: {:?} ok {} failed {}",
            t.elapsed(),
            ok.load(SeqCst),
            bad.load(SeqCst)
        );
    }
    stop.store(true, SeqCst);
    for t in tasks {
        t.await.unwrap();
    }
    println!("{mode}: ok {} failed {}", ok.load(SeqCst), bad.load(SeqCst));
    let t = Instant::now();
    stack.nginx().stop().await.unwrap();
    println!("nginx stopped {:?}", t.elapsed());
    let t = Instant::now();
    stack.instance(contracts::Service::Shopping, 1).terminate().await.unwrap();
    println!("shopping stopped {:?}", t.elapsed());
    let t = Instant::now();
    stack.rabbitmq().stop().await.unwrap();
    println!("rabbit stopped {:?}", t.elapsed());
    let t = Instant::now();
    stack.postgres().stop().await.unwrap();
    println!("pg stopped {:?}", t.elapsed());
    let t = Instant::now();
    drop(stack);
    println!("dropped {:?}", t.elapsed());
    std::fs::remove_dir_all(&folder).ok();
}
