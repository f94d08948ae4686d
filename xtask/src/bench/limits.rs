//! What the machine can do without us, in the same run: PostgreSQL with the SQL of an order and nothing around it, RabbitMQ
//! with an order's messages, nginx with a file. No shop on these servers can be faster; how near ours comes is a ratio that travels from machine to machine.

mod messages;

use std::{fs, net::SocketAddr, path::Path, process::Stdio, time::Duration};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use testkit::{eventually, servers::Postgres, stack::Stack};
use tokio::{process::Command, time::timeout};

pub(super) use messages::MessageLimit;

use super::{
    args::Settings,
    client::Connection,
    measure::{median, processes},
};

const DATABASE: &str = "limit";
/// The SQL of one order, as the stores send it.
const ORDER: &str = include_str!("limits/order.sql");
/// The tables of all four services and of messaging, in one database.
const SCHEMAS: [&str; 10] = [
    include_str!("../../../crates/platform/migrations/postgres/V1__messaging.sql"),
    include_str!("../../../crates/platform/migrations/postgres/V2__inbox_by_time.sql"),
    include_str!("../../../crates/platform/migrations/postgres/V3__idempotency_by_time.sql"),
    include_str!("../../../crates/platform/migrations/postgres/V4__timer_by_subject.sql"),
    include_str!("../../../crates/platform/migrations/postgres/V5__revocation_by_end.sql"),
    include_str!("../../../services/products/migrations/postgres/V1__products.sql"),
    include_str!("../../../services/products/migrations/postgres/V2__archived_products.sql"),
    include_str!("../../../services/shopping/migrations/postgres/V1__shopping.sql"),
    include_str!("../../../services/payment/migrations/postgres/V1__payment.sql"),
    include_str!("../../../services/payment/migrations/postgres/V2__sandbox.sql"),
];
const PRODUCTS: &str = include_str!("limits/products.sql");
/// What a program may take longer than it was told to run.
const SLACK: Duration = Duration::from_secs(20);

/// What the servers do by themselves; nothing where the program that asks them is missing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Limits {
    /// The SQL of orders, by `pgbench`.
    pub orders: Option<OrderLimit>,
    /// The messages of orders, if the broker is RabbitMQ.
    pub messages: Option<MessageLimit>,
    /// Requests a second for a small file, by `wrk` through the same nginx.
    pub files_per_second: Option<f64>,
}

/// What PostgreSQL does of an order.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct OrderLimit {
    /// Orders a second.
    pub per_second: f64,
    /// CPU milliseconds of PostgreSQL for each.
    pub cpu_ms: f64,
}

/// The processes that are measured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Servers {
    /// PostgreSQL's.
    pub postgres: u32,
    /// RabbitMQ's, if the broker is that.
    pub rabbitmq: Option<u32>,
    /// Where nginx takes connections.
    pub front: SocketAddr,
}

/// Measures them on the servers of `stack`. The shop has nothing to do meanwhile.
///
/// # Errors
/// If a server refuses what it is asked.
pub(super) async fn measure(
    stack: &mut Stack,
    servers: Servers,
    settings: &Settings,
) -> anyhow::Result<Limits> {
    let Servers { postgres, rabbitmq, front } = servers;
    let folder = stack.folder().to_owned();
    let orders = orders(stack.postgres(), postgres, &folder, settings).await?;
    let url = stack.broker().url();
    let messages = match rabbitmq {
        Some(process) => Some(messages::measure(&url, process, settings).await?),
        None => None,
    };
    Ok(Limits { orders, messages, files_per_second: files(stack, &folder, front, settings).await? })
}

async fn orders(
    server: &mut Postgres,
    process: u32,
    folder: &Path,
    settings: &Settings,
) -> anyhow::Result<Option<OrderLimit>> {
    let program = server.programs().join("pgbench");
    if !program.exists() {
        return Ok(None);
    }
    server.create_database(DATABASE).await?;
    let url = server.url(DATABASE);
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await?;
    let connection = tokio::spawn(connection);
    for sql in SCHEMAS.into_iter().chain([PRODUCTS]) {
        client.batch_execute(sql).await.context("the tables for pgbench cannot be made")?;
    }
    drop(client);
    connection.await?.ok();
    let script = folder.join("order.sql");
    fs::write(&script, ORDER).context("cannot write a script")?;
    let (mut rates, mut costs) = (Vec::new(), Vec::new());
    for _ in 0..settings.runs {
        let before = processes::cpu(&[process])?;
        let mut pgbench = Command::new(&program);
        pgbench.args(["--no-vacuum", "--protocol=prepared", "--jobs=1"]);
        pgbench.arg(format!("--client={}", settings.connections)).arg(format!("--time={}", settings.seconds));
        let said = run(pgbench.arg("--file").arg(&script).arg(&url), settings).await?;
        let number =
            |name: &str| number_behind(&said, name).with_context(|| format!("{name} is missing: {said}"));
        let (transactions, rate) = (number("actually processed: ")?, number("tps = ")?);
        let cpu = processes::cpu(&[process])?.saturating_sub(before);
        rates.push(rate);
        costs.push(cpu.as_secs_f64() * 1_000.0 / transactions);
    }
    Ok(Some(OrderLimit { per_second: median(rates), cpu_ms: median(costs) }))
}

async fn files(
    stack: &mut Stack,
    folder: &Path,
    front: SocketAddr,
    settings: &Settings,
) -> anyhow::Result<Option<f64>> {
    let there = Command::new("wrk").arg("-v").stdout(Stdio::null()).stderr(Stdio::null()).status().await;
    if there.is_err() {
        return Ok(None);
    }
    // About as much as a product.
    let file = folder.join("gateway/front/limit.json");
    fs::write(&file, "x".repeat(400)).context("cannot write a file")?;
    let location =
        format!("location = /limit {{ default_type application/json; alias {}; }}\n", file.display());
    fs::write(folder.join("gateway/site.d/limit.conf"), location).context("cannot write a location")?;
    let gateway = stack.nginx().gateway().clone();
    stack.nginx().reload(gateway).await?;
    until_reloaded(front).await;
    let mut rates = Vec::new();
    for _ in 0..settings.runs {
        let mut wrk = Command::new("wrk");
        wrk.arg("-t1").arg(format!("-c{}", settings.connections)).arg(format!("-d{}s", settings.seconds));
        let said = run(wrk.arg(format!("http://{front}/limit")), settings).await?;
        anyhow::ensure!(!said.contains("Non-2xx"), "nginx does not serve the file: {said}");
        rates.push(number_behind(&said, "Requests/sec:").with_context(|| format!("no rate: {said}"))?);
    }
    Ok(Some(median(rates)))
}

/// For a moment after a reload, connections are still taken by workers that know nothing of the file.
async fn until_reloaded(front: SocketAddr) {
    eventually("nginx to serve the file", || async {
        for _ in 0..20 {
            let answer = Connection::new(front).ok()?.get("/limit", None).await.ok()?;
            (answer.status == 200).then_some(())?;
        }
        Some(())
    })
    .await;
}

/// Runs a program to its end, and gives what it said.
async fn run(command: &mut Command, settings: &Settings) -> anyhow::Result<String> {
    command.stdin(Stdio::null()).kill_on_drop(true);
    let limit = Duration::from_secs(settings.seconds) + SLACK;
    let output = timeout(limit, command.output()).await.context("it does not end")??;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let failed = || format!("{said}{}", String::from_utf8_lossy(&output.stderr));
    anyhow::ensure!(output.status.success(), "it failed: {}", failed());
    Ok(said)
}

/// The first number behind `name`.
fn number_behind(text: &str, name: &str) -> Option<f64> {
    let (_, rest) = text.split_once(name)?;
    let rest = rest.trim_start();
    let end = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(rest.len());
    rest[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_found_behind_its_name() {
        let said = "number of transactions actually processed: 1234\ntps = 567.89 (without initial connection time)\n";
        assert_eq!(number_behind(said, "actually processed: "), Some(1234.0));
        assert_eq!(number_behind(said, "tps = "), Some(567.89));
        assert_eq!(number_behind("Requests/sec:  43210.9", "Requests/sec:"), Some(43_210.9));
        assert_eq!(number_behind(said, "latency = "), None);
    }
}
