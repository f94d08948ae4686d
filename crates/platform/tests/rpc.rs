//! Asking and answering over the in-process broker.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use contracts::{
    Service, Timestamp,
    rpc::{FindProducts, FoundProducts, Rpc as _},
};
use futures::future::join_all;
use platform::{
    Clock,
    messaging::{Broker, MemoryBroker, RpcCall, RpcClient, RpcError, RpcRouter},
    trace::TraceContext,
};
use testkit::eventually;
use tokio_util::sync::CancellationToken;

const PATIENCE: Duration = Duration::from_millis(100);

fn asker(broker: &Arc<dyn Broker>, patience: Duration) -> RpcClient {
    RpcClient::new(Arc::clone(broker), Clock::system(), patience)
}

async fn serving(broker: &Arc<dyn Broker>, router: RpcRouter) -> CancellationToken {
    let shutdown = CancellationToken::new();
    tokio::spawn(router.run(Arc::clone(broker), Clock::system(), shutdown.clone()));
    // A question of a method that does not exist is refused as soon as anybody serves.
    eventually("the router serves", || async {
        let call = RpcCall {
            service: Service::Products,
            method: "products.nothing".to_owned(),
            payload: b"null".as_slice().into(),
            deadline: Timestamp::now() + Duration::from_secs(5),
            trace: TraceContext::root(),
        };
        matches!(broker.call(call).await, Err(RpcError::Invalid(_))).then_some(())
    })
    .await;
    shutdown
}

fn memory() -> Arc<dyn Broker> {
    Arc::new(MemoryBroker::new(Clock::system()))
}

#[tokio::test]
async fn a_service_that_is_too_slow_has_timed_out_and_is_not_said_to_be_gone() {
    let broker = memory();
    let router = RpcRouter::new(Service::Products)
        .on(|_: FindProducts| async { futures::future::pending::<Result<FoundProducts, RpcError>>().await });
    serving(&broker, router).await;
    // The asker's timer and the server's run out at the same moment; whichever is first, it is the same outcome.
    let client = asker(&broker, PATIENCE);
    let question = FindProducts { ids: Vec::new() };
    let outcomes = join_all((0..200).map(|_| client.ask(&question))).await;
    for outcome in outcomes {
        assert!(matches!(outcome, Err(RpcError::TimedOut(_))), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_question_whose_deadline_has_passed_is_not_worked_on() {
    let broker = memory();
    let answered = Arc::new(AtomicU32::new(0));
    let counting = Arc::clone(&answered);
    let router = RpcRouter::new(Service::Products).on(move |_: FindProducts| {
        counting.fetch_add(1, Ordering::SeqCst);
        async { Ok(FoundProducts { products: Vec::new() }) }
    });
    // The server's clock is ahead, as if the question had waited for long in the broker's queue.
    let ahead = Clock::manual(Timestamp::now() + Duration::from_secs(3_600));
    tokio::spawn(router.run(Arc::clone(&broker), ahead, CancellationToken::new()));
    let client = asker(&broker, PATIENCE);
    let late = eventually("the server drops it", || async {
        match client.ask(&FindProducts { ids: Vec::new() }).await {
            Err(RpcError::Unavailable(_)) => None,
            outcome => Some(outcome),
        }
    });
    let outcome = late.await;
    assert!(matches!(outcome, Err(RpcError::TimedOut(_))), "{:?}", outcome.map(|found| found.products));
    assert_eq!(answered.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn an_answerer_that_panics_fails_its_question_and_no_other() {
    let broker = memory();
    let router = RpcRouter::new(Service::Products).on(|asked: FindProducts| {
        assert!(!asked.ids.is_empty(), "oh");
        async { Ok(FoundProducts { products: Vec::new() }) }
    });
    serving(&broker, router).await;
    let client = asker(&broker, Duration::from_secs(20));
    for _ in 0..300 {
        assert!(client.ask(&FindProducts { ids: Vec::new() }).await.is_err());
    }
    assert!(client.ask(&FindProducts { ids: vec![contracts::ProductId::new()] }).await.is_ok());
}

#[tokio::test]
async fn at_shutdown_what_was_begun_is_answered() {
    let broker = memory();
    let (begun, release) = (Arc::new(tokio::sync::Notify::new()), Arc::new(tokio::sync::Notify::new()));
    let router = RpcRouter::new(Service::Products).on({
        let (begun, release) = (Arc::clone(&begun), Arc::clone(&release));
        move |_: FindProducts| {
            let (begun, release) = (Arc::clone(&begun), Arc::clone(&release));
            async move {
                begun.notify_one();
                release.notified().await;
                Ok(FoundProducts { products: Vec::new() })
            }
        }
    });
    let shutdown = serving(&broker, router).await;
    let client = asker(&broker, Duration::from_secs(20));
    let asking = tokio::spawn(async move { client.ask(&FindProducts { ids: Vec::new() }).await });
    begun.notified().await;
    shutdown.cancel();
    release.notify_one();
    assert!(asking.await.unwrap().is_ok());
    let client = asker(&broker, PATIENCE);
    let refused = client.ask(&FindProducts { ids: Vec::new() }).await;
    assert!(matches!(refused, Err(RpcError::Unavailable(_))), "{:?}", refused.map(|found| found.products));
    assert_eq!(FindProducts::SERVICE, Service::Products);
}
