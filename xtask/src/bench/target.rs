//! The shop that is measured: where it is, and which processes it is made of.

mod premises;
mod process;

use std::{net::SocketAddr, process::Stdio, time::Duration};

use anyhow::Context as _;
use contracts::Service;
use serde::{Deserialize, Serialize};
use testkit::{
    Mercato,
    stack::{ProcessState, Stack},
};
use tokio::{process::Command, time::timeout};

pub(super) use premises::Premises;
use process::Running;

/// How long a shop may take until it is ready, and until it has ended.
const LIMIT: Duration = Duration::from_secs(30);
/// How long the audit may take: it reads every order that was placed.
const AUDIT_LIMIT: Duration = Duration::from_mins(10);

/// A running shop. Its processes end with this value, whatever happens.
pub(super) struct Target {
    /// Where requests go: on loopback.
    pub front: SocketAddr,
    /// The time from starting it until every service was ready.
    pub started_in: Duration,
    /// The login of staff, if this was the first start.
    pub staff: Option<StaffLogin>,
    /// What it is made of.
    pub parts: Vec<Part>,
    mercato: Mercato,
    running: Shop,
}

/// A part of a shop: a process with all that it has started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// What it is called: `shopping-1`, `postgres`.
    pub name: String,
    /// Its process.
    pub pid: u32,
}

/// What has to be kept for the shop to go on.
enum Shop {
    Process(Box<Running>),
    Stack(Box<Stack>),
}

/// A login.
#[derive(Clone, Debug, Serialize)]
pub(super) struct StaffLogin {
    email: String,
    password: String,
}

/// What the audit found, as far as it is looked at.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Audit {
    /// Whether every invariant holds.
    pub holds: bool,
    /// The names of the invariants that do not.
    pub broken: Vec<String>,
    /// Messages that a person has to look at.
    pub dead_letters: u64,
}

impl Audit {
    /// Whether nothing is wrong, and nothing waits for a person.
    pub const fn is_clean(&self) -> bool {
        self.holds && self.dead_letters == 0
    }
}

impl Target {
    /// The processes of it, without those which they have started.
    pub fn pids(&self) -> Vec<u32> {
        self.parts.iter().map(|part| part.pid).collect()
    }

    /// The process of the part that is called `name`.
    pub fn pid(&self, name: &str) -> Option<u32> {
        self.parts.iter().find(|part| part.name == name).map(|part| part.pid)
    }

    /// The processes that serve one service each.
    pub fn instances(&self) -> impl Iterator<Item = (Service, u32)> {
        let service = |name: &str| Service::ALL.into_iter().find(|it| name.starts_with(it.name()));
        self.parts.iter().filter_map(move |part| Some((service(&part.name)?, part.pid)))
    }

    /// The whole production shape, if it is that.
    pub fn stack(&mut self) -> Option<&mut Stack> {
        match &mut self.running {
            Shop::Process(_) => None,
            Shop::Stack(stack) => Some(stack),
        }
    }

    /// Finds the processes of a stack again, of which some have been started anew.
    pub fn look_again(&mut self) {
        if let Shop::Stack(stack) = &mut self.running {
            self.parts = Part::all(stack);
        }
    }

    /// What `mercato audit` finds in the data.
    ///
    /// # Errors
    /// If it does not end in time, or gives no report.
    pub async fn audit(&self) -> anyhow::Result<Audit> {
        let mut command = Command::from(self.mercato.command(&["audit", "--json"]));
        command.stdin(Stdio::null()).kill_on_drop(true);
        let output = timeout(AUDIT_LIMIT, command.output()).await.context("the audit does not end")??;
        let report: testkit::shop::Report = serde_json::from_slice(&output.stdout)
            .with_context(|| format!("no report: {}", String::from_utf8_lossy(&output.stderr)))?;
        let broken = report.invariants.into_iter().filter(|it| it.violations > 0).map(|it| it.name).collect();
        let holds = report.holds && output.status.success();
        Ok(Audit { holds, broken, dead_letters: report.dead_letters })
    }

    /// Asks the shop to end, and waits until it has.
    ///
    /// # Errors
    /// If it does not end in time, or not well.
    pub async fn stop(self) -> anyhow::Result<()> {
        match self.running {
            Shop::Process(process) => process.stop().await,
            Shop::Stack(stack) => Ok(stack.stop().await?),
        }
    }
}

impl Part {
    fn all(stack: &mut Stack) -> Vec<Self> {
        let processes = stack.state().processes.into_iter();
        let part = |it: ProcessState| Some(Self { name: it.name, pid: it.identity.pid.try_into().ok()? });
        processes.filter_map(part).collect()
    }
}

impl StaffLogin {
    fn parse(line: &str) -> Option<Self> {
        let (email, password) = line.split_once(' ')?;
        Some(Self { email: email.to_owned(), password: password.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_letter_is_not_clean() {
        let clean = Audit { holds: true, broken: Vec::new(), dead_letters: 0 };
        assert!(clean.is_clean());
        assert!(!Audit { dead_letters: 1, ..clean }.is_clean());
    }

    #[test]
    fn the_staff_login_is_an_address_and_a_password() {
        let login = StaffLogin::parse("staff@mercato.example s3cret").unwrap();
        assert_eq!((&*login.email, &*login.password), ("staff@mercato.example", "s3cret"));
        assert!(StaffLogin::parse("staff@mercato.example").is_none());
    }
}
