//! The whole shop in one process, always at the same port.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use contracts::Service;

use super::{START_LIMIT, Variable};
use crate::{
    servers::{Ending, Lifetime, ServerError, ServerProcess, ports, process::Launch},
    shop::{Mercato, StaffLogin},
};

/// How long it may take to end in an orderly way.
const STOP_LIMIT: Duration = Duration::from_secs(20);

/// A process that serves the whole shop.
#[derive(Debug)]
pub(super) struct Whole {
    process: ServerProcess,
    mercato: Mercato,
    folder: PathBuf,
    port: u16,
    staff: StaffLogin,
}

impl Whole {
    /// Starts it for the first time, logging into `folder`.
    pub async fn start(mercato: Mercato, folder: &Path) -> Result<Self, ServerError> {
        let port = ports::free();
        let process = launch(&mercato, folder, port)?;
        let staff = StaffLogin { email: String::new(), password: String::new() };
        let mut whole = Self { process, mercato, folder: folder.to_owned(), port, staff };
        whole.until_ready().await?;
        let said = std::fs::read_to_string(whole.process.log()).unwrap_or_default();
        let login = said.lines().find_map(|line| line.strip_prefix("staff: ")?.split_once(' '));
        let (email, password) = login.ok_or_else(|| whole.process.failure("printed no staff login"))?;
        whole.staff = StaffLogin { email: email.to_owned(), password: password.to_owned() };
        Ok(whole)
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub const fn staff(&self) -> &StaffLogin {
        &self.staff
    }

    pub const fn mercato(&self) -> &Mercato {
        &self.mercato
    }

    pub const fn process(&mut self) -> &mut ServerProcess {
        &mut self.process
    }

    pub async fn terminate(&mut self) -> Result<(), ServerError> {
        self.process.stop(STOP_LIMIT).await
    }

    pub fn launch(&mut self, variables: &[Variable]) -> Result<(), ServerError> {
        let mercato = variables.iter().fold(self.mercato.clone(), |it, (name, value)| it.set(name, value));
        self.process = launch(&mercato, &self.folder, self.port)?;
        Ok(())
    }

    pub async fn until_ready(&mut self) -> Result<(), ServerError> {
        let (client, url) = (reqwest::Client::new(), self.url());
        for service in Service::ALL {
            let url = format!("{url}/{service}/health/ready");
            let ready = || async {
                let answer = client.get(&url).timeout(Duration::from_secs(5)).send().await;
                answer.is_ok_and(|answer| answer.status().is_success())
            };
            self.process.until(START_LIMIT, ready).await?;
        }
        Ok(())
    }
}

fn launch(mercato: &Mercato, folder: &Path, port: u16) -> Result<ServerProcess, ServerError> {
    let command = mercato.command(&["serve", "--port", &port.to_string(), "--address", "127.0.0.1"]);
    let launch = Launch {
        name: "mercato",
        user: None,
        lifetime: Lifetime::WithUs,
        orderly: Ending::Term,
        hurried: Ending::Kill,
        log: &folder.join("mercato.log"),
    };
    launch.start(&command)
}
