//! Where the shop that is measured is kept, and how it is started.

use std::{net::SocketAddr, path::PathBuf, time::Instant};

use anyhow::Context as _;
use contracts::Service;
use tempfile::TempDir;
use testkit::{
    Mercato, Shape,
    stack::{Broker, Plan, Stack},
};

use super::{LIMIT, Part, Shop, StaffLogin, Target, process::Running};
use crate::bench::client::Connection;

/// The customers sign up once, however long the benchmark takes.
const TOKENS: (&str, &str) = ("MERCATO_ACCESS_TOKEN_SECS", "86400");

/// A place for a shop, which goes with this value. The embedded one can be started again and again on the same data.
pub(in super::super) struct Premises {
    shape: Shape,
    binary: PathBuf,
    mercato: Mercato,
    home: TempDir,
}

impl Premises {
    /// A place for a shop of this shape, run from the binary at `path`.
    pub fn new(shape: Shape, path: PathBuf) -> anyhow::Result<Self> {
        let home = tempfile::tempdir().context("cannot make a folder for the shop")?;
        let mercato = Mercato::new(&path).data(home.path().join("data")).folder(home.path());
        let mercato = mercato.set(TOKENS.0, TOKENS.1);
        Ok(Self { shape, binary: path, mercato, home })
    }

    /// Which shape it is.
    pub const fn shape(&self) -> Shape {
        self.shape
    }

    /// Starts the shop, and waits until every service is ready.
    ///
    /// # Errors
    /// If it is not in time; the message has what it logged.
    pub async fn start(&self) -> anyhow::Result<Target> {
        match self.shape {
            Shape::Embedded => self.start_embedded().await.with_context(|| self.log()),
            Shape::Rabbitmq => self.start_stack(Broker::Rabbitmq).await,
            Shape::Kafka => self.start_stack(Broker::Kafka).await,
        }
    }

    async fn start_embedded(&self) -> anyhow::Result<Target> {
        let begin = Instant::now();
        let mut process = Running::spawn(&self.mercato, &["serve", "--port", "0"], &self.log_file())?;
        let front = process.front("gateway: http://").await?;
        let mut connection = Connection::new(front)?;
        for service in Service::ALL {
            connection.until_ready(&format!("/{service}/health/ready"), LIMIT).await?;
        }
        let staff = process.staff.take();
        self.running("mercato", front, begin, process, staff)
    }

    /// One instance of each service, since the machine is the same for more of them.
    async fn start_stack(&self, broker: Broker) -> anyhow::Result<Target> {
        let begin = Instant::now();
        let plan = Plan::new(&self.binary, self.home.path().join("stack")).instances(1).broker(broker);
        let mut stack = Stack::start(plan.set(TOKENS.0, TOKENS.1)).await?;
        let state = stack.state();
        let address = state.gateway.strip_prefix("http://").unwrap_or(&state.gateway);
        Ok(Target {
            front: address.parse().with_context(|| format!("no address: {address}"))?,
            started_in: begin.elapsed(),
            staff: StaffLogin::parse(&state.staff),
            parts: Part::all(&mut stack),
            mercato: stack.mercato(),
            running: Shop::Stack(Box::new(stack)),
        })
    }

    /// Starts only `service`, in a process of its own on data of its own, and waits until it is ready.
    ///
    /// # Errors
    /// If it is not in time.
    pub async fn start_alone(&self, service: Service) -> anyhow::Result<Target> {
        let begin = Instant::now();
        let mercato = self.mercato.clone().data(self.home.path().join(format!("{service}-alone")));
        let arguments = ["serve", service.name(), "--port", "0"];
        let mut process = Running::spawn(&mercato, &arguments, &self.log_file())?;
        let front = process.front(&format!("{service}: http://")).await?;
        Connection::new(front)?.until_ready("/health/ready", LIMIT).await?;
        self.running(service.name(), front, begin, process, None)
    }

    fn running(
        &self,
        name: &str,
        front: SocketAddr,
        begin: Instant,
        process: Running,
        staff: Option<StaffLogin>,
    ) -> anyhow::Result<Target> {
        Ok(Target {
            front,
            started_in: begin.elapsed(),
            staff,
            parts: vec![Part { name: name.to_owned(), pid: process.pid().context("it has ended")? }],
            mercato: self.mercato.clone(),
            running: Shop::Process(Box::new(process)),
        })
    }

    /// The last lines that the shop logged.
    fn log(&self) -> String {
        let log = std::fs::read_to_string(self.log_file()).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        format!("the shop did not start; it logged:\n{}", lines[lines.len().saturating_sub(20)..].join("\n"))
    }

    fn log_file(&self) -> PathBuf {
        self.home.path().join("mercato.log")
    }
}
