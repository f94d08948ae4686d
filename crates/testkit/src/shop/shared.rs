//! The stack that all tests of a run use, one after the other: `cargo xtask test` starts it, and ends it.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use contracts::Service;

use super::{AuditOutcome, Mercato};
use crate::{stack::State, wait::within};

/// The variable with the folder of the stack.
const VARIABLE: &str = "MERCATO_TEST_STACK";
/// How long the orders of the tests before may take to end.
const QUIET_LIMIT: Duration = Duration::from_secs(60);
const UNDER_WAY: [&str; 3] = ["pending", "reserved", "authorised"];

/// What a test found when it came in.
#[derive(Debug)]
pub(super) struct Shared {
    environment: Vec<(String, String)>,
    instances: Vec<(String, String)>,
    /// Orders by status.
    orders: BTreeMap<String, u64>,
    /// What each instance logs to, and how much there was in it.
    logs: Vec<(PathBuf, usize)>,
}

/// The folder of the stack.
pub(super) fn folder() -> PathBuf {
    let folder = std::env::var_os(VARIABLE).unwrap_or_else(|| {
        panic!("{VARIABLE} is missing: `cargo xtask test` starts a stack for all tests, and sets it")
    });
    folder.into()
}

/// What runs in it.
pub(super) fn state(folder: &Path) -> State {
    let found = State::read(folder).expect("what runs");
    found.unwrap_or_else(|| panic!("no stack is up in {}", folder.display()))
}

/// The command line on its databases and its broker.
pub(super) fn mercato(folder: &Path, mercato: Mercato) -> Mercato {
    let environment = State::environment(folder).expect("what is set").into_iter();
    environment
        .fold(mercato.data(folder.join("data")), |mercato, (variable, value)| mercato.set(&variable, &value))
}

impl Shared {
    /// Waits until the orders of the tests before have ended, and remembers how things are.
    pub(super) async fn enter(folder: &Path, mercato: &Mercato) -> Self {
        let orders = within(QUIET_LIMIT, "the orders of the tests before to end", || async {
            let orders = AuditOutcome::of(&mercato.run(&["audit", "--json"]).await).report.orders;
            let quiet = UNDER_WAY.iter().all(|status| orders.get(*status).is_none_or(|count| *count == 0));
            quiet.then_some(orders)
        })
        .await;
        let environment = State::environment(folder).expect("what is set");
        let files = fs::read_dir(folder.join("logs")).expect("the logs");
        let logs =
            files.map(|file| file.expect("a log").path()).map(|path| (path.clone(), read(&path).len()));
        let instances = state(folder).instances;
        Self { environment, instances, orders, logs: logs.collect() }
    }

    /// Where the database of `service` is.
    pub(super) fn store(&self, service: Service) -> String {
        self.set(&format!("MERCATO_{}_STORE_URL", service.name().to_uppercase())).to_owned()
    }

    /// Where its keys are.
    pub(super) fn keys_dir(&self) -> PathBuf {
        self.set("MERCATO_KEYS").into()
    }

    fn set(&self, variable: &str) -> &str {
        let found = self.environment.iter().find(|(name, _)| name == variable);
        &found.unwrap_or_else(|| panic!("{variable} is not set")).1
    }

    /// Where the first instance of `service` is.
    pub(super) fn instance(&self, service: Service) -> &str {
        let name = format!("{service}-1");
        let found = self.instances.iter().find(|(other, _)| *other == name);
        &found.unwrap_or_else(|| panic!("there is no {name}")).1
    }

    /// The same outcome without the orders of the tests before.
    pub(super) fn since_entering(&self, mut outcome: AuditOutcome) -> AuditOutcome {
        for (status, count) in &mut outcome.report.orders {
            *count = count.saturating_sub(self.orders.get(status).copied().unwrap_or_default());
        }
        outcome
    }

    /// What the instances have logged since.
    pub(super) fn log(&self) -> String {
        let since = self.logs.iter().map(|(path, length)| {
            let text = read(path);
            format!("{}:\n{}", path.display(), String::from_utf8_lossy(&text[(*length).min(text.len())..]))
        });
        since.collect::<Vec<_>>().join("\n")
    }
}

fn read(file: &Path) -> Vec<u8> {
    fs::read(file).unwrap_or_default()
}
