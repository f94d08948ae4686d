//! An instance of a service.

use std::{net::SocketAddr, time::Duration};

use contracts::Service;
use futures::future::try_join_all;

use super::Plan;
use crate::servers::{Ending, ServerError, ServerProcess, ports, process::Launch};

/// How long it may take until it is ready.
const START_LIMIT: Duration = Duration::from_secs(60);
/// How long it may take to end in an orderly way.
const STOP_LIMIT: Duration = Duration::from_secs(20);

/// A process that serves one service.
#[derive(Debug)]
pub struct Instance {
    service: Service,
    number: usize,
    port: u16,
    plan: Plan,
    process: ServerProcess,
}

impl Instance {
    /// The first of each service, and when these are ready the others: what only one can do, such as to make the keys, is
    /// done by then.
    pub(super) async fn start_all(plan: &Plan) -> Result<Vec<Self>, ServerError> {
        let first = Service::ALL.map(|service| Self::start(plan, service, 1));
        let mut instances = try_join_all(first).await?;
        let numbers = 2..=plan.instances;
        let others =
            numbers.flat_map(|number| Service::ALL.map(|service| Self::start(plan, service, number)));
        instances.extend(try_join_all(others).await?);
        instances.sort_by_key(|instance| (instance.service, instance.number));
        Ok(instances)
    }

    /// Starts one, and waits until it is ready.
    pub(super) async fn start(plan: &Plan, service: Service, number: usize) -> Result<Self, ServerError> {
        let port = ports::free();
        let process = launch(plan, service, number, port, &[])?;
        let mut instance = Self { service, number, port, plan: plan.clone(), process };
        instance.until_ready().await?;
        Ok(instance)
    }

    /// Of which service.
    #[must_use]
    pub const fn service(&self) -> Service {
        self.service
    }

    /// Which of them, counted from 1.
    #[must_use]
    pub const fn number(&self) -> usize {
        self.number
    }

    /// Its name, such as `customer-1`: what `whoami` answers.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}-{}", self.service, self.number)
    }

    /// Where it takes connections.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// The same as a URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// Its process.
    pub const fn process(&mut self) -> &mut ServerProcess {
        &mut self.process
    }

    /// Ends it as `kill -9` does, in the middle of whatever it is doing.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Asks it to end (SIGTERM), and waits for that.
    ///
    /// # Errors
    /// If it does not in time; it is then killed.
    pub async fn terminate(&mut self) -> Result<(), ServerError> {
        self.process.stop(STOP_LIMIT).await
    }

    /// Starts it again at the same port, and waits until it is ready; one that still runs is terminated first.
    ///
    /// # Errors
    /// If it does not end, or does not start.
    pub async fn restart(&mut self) -> Result<(), ServerError> {
        if !self.process.has_ended() {
            self.terminate().await?;
        }
        self.launch(&[])?;
        self.until_ready().await
    }

    /// Starts it again at the same port with these variables besides, and does not wait for anything. It must have ended.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn launch(&mut self, variables: &[(String, String)]) -> Result<(), ServerError> {
        self.process = launch(&self.plan, self.service, self.number, self.port, variables)?;
        Ok(())
    }

    /// Waits until it is ready.
    ///
    /// # Errors
    /// If it ends before, or is not in time.
    pub async fn until_ready(&mut self) -> Result<(), ServerError> {
        let (client, url) = (reqwest::Client::new(), format!("{}/health/ready", self.url()));
        let ready = || async {
            let answer = client.get(&url).timeout(Duration::from_secs(5)).send().await;
            answer.is_ok_and(|answer| answer.status().is_success())
        };
        self.process.until(START_LIMIT, ready).await
    }
}

fn launch(
    plan: &Plan,
    service: Service,
    number: usize,
    port: u16,
    variables: &[(String, String)],
) -> Result<ServerProcess, ServerError> {
    let name = format!("{service}-{number}");
    let mercato = plan.mercato_of(service, &name);
    let mercato = variables.iter().fold(mercato, |mercato, (variable, value)| mercato.set(variable, value));
    let port = port.to_string();
    let command = mercato.command(&["serve", service.name(), "--port", &port, "--address", "127.0.0.1"]);
    let launch = Launch {
        name: &name,
        user: None,
        lifetime: plan.lifetime,
        orderly: Ending::Term,
        hurried: Ending::Kill,
        log: &plan.folder.join("logs").join(format!("{name}.log")),
    };
    launch.start(&command)
}
