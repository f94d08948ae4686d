//! A whole running shop: the real binary, on a data folder of its own at a port that the system chose, or the stack that
//! all tests of a run use.

mod audit;
mod mercato;
mod process;
mod rows;
mod shape;
mod shared;

use std::{
    path::{Path, PathBuf},
    process::ExitStatus,
    time::Duration,
};

use contracts::Service;
use tempfile::TempDir;
use tokio::sync::mpsc::UnboundedReceiver;
use uuid::Uuid;

use crate::{
    client::{Answer, Client, Front},
    people::Staff,
    wait::within,
};

pub use audit::{AuditOutcome, Invariant, Report};
pub use mercato::{Mercato, Ran};
pub use shape::Shape;

use process::Process;
use shared::Shared;

/// How long a shop may take until it is ready. On an idle machine it is well under a second.
const START_LIMIT: Duration = Duration::from_secs(30);
/// How long it may take to end in an orderly way.
const STOP_LIMIT: Duration = Duration::from_secs(20);

/// A staff login, as the first start prints it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffLogin {
    /// As whom.
    pub email: String,
    /// The generated password.
    pub password: String,
}

/// A running shop. It ends with this value, whatever happens, and its data with it; when the test has failed, what the
/// shop logged is shown.
#[derive(Debug)]
pub struct Shop {
    mercato: Mercato,
    shape: Shape,
    shared: Option<Shared>,
    running: Option<Process>,
    front: Front,
    staff: Option<StaffLogin>,
    // Last, so that the processes have ended before their data goes.
    home: TempDir,
}

impl Shop {
    /// Starts a shop of the shape that `MERCATO_SHAPE` names from the binary at `path`, and waits until it is ready. Of the
    /// a shape with servers there is one already, and what tests did in it before has come to its end.
    ///
    /// # Panics
    /// If it is not ready in time; the message has what it logged.
    pub async fn start(path: impl Into<PathBuf>) -> Self {
        Self::start_with(Mercato::new(path)).await
    }

    /// As [`Shop::start`], with whatever was set for `mercato`.
    ///
    /// # Panics
    /// As [`Shop::start`].
    pub async fn start_with(mercato: Mercato) -> Self {
        Self::start_as(Shape::chosen(), mercato).await
    }

    /// As [`Shop::start_with`], of this shape.
    ///
    /// # Panics
    /// As [`Shop::start`].
    pub async fn start_as(shape: Shape, mercato: Mercato) -> Self {
        let home = tempfile::tempdir().expect("a folder for the shop");
        let mercato = mercato.data(home.path().join("data")).folder(home.path());
        let front = Front::new("http://shop.that.has.not.started.invalid");
        let mut shop = Self { mercato, shape, shared: None, running: None, front, staff: None, home };
        if shape.broker().is_some() {
            shop.attach().await;
            return shop;
        }
        shop.launch().await;
        assert!(shop.staff.is_some(), "the first start of a data folder prints a staff login");
        shop
    }

    async fn attach(&mut self) {
        let stack = shared::folder();
        let state = shared::state(&stack);
        self.front.moved_to(state.gateway);
        let (email, password) = state.staff.split_once(' ').expect("a staff login");
        self.staff = Some(StaffLogin { email: email.to_owned(), password: password.to_owned() });
        self.mercato = shared::mercato(&stack, self.mercato.clone());
        self.shared = Some(Shared::enter(&stack, &self.mercato).await);
        self.until_ready().await;
    }

    async fn launch(&mut self) {
        let mut running = self.shape.launch(&self.mercato, &self.home.path().join("mercato.log"));
        let url = self.first_words(&mut running).await;
        self.front.moved_to(url);
        self.running = Some(running);
        self.until_ready().await;
    }

    /// What a starting shop says, up to where it takes connections.
    async fn first_words(&mut self, running: &mut Process) -> String {
        loop {
            let line = running.line(START_LIMIT).await;
            if let Some(url) = line.strip_prefix("gateway: ") {
                return url.to_owned();
            }
            if let Some((email, password)) =
                line.strip_prefix("staff: ").and_then(|line| line.split_once(' '))
            {
                assert!(self.staff.is_none(), "the staff login is printed once");
                self.staff = Some(StaffLogin { email: email.to_owned(), password: password.to_owned() });
            }
        }
    }

    async fn until_ready(&self) {
        let client = self.client();
        for service in Service::ALL {
            let path = format!("/{service}/health/ready");
            within(START_LIMIT, &format!("{service} to be ready"), || async {
                let answer = client.get(&path).attempt().await.ok()?;
                (answer.status() == 200).then_some(())
            })
            .await;
        }
    }

    /// Ends the shop as `kill -9` does, in the middle of whatever it is doing.
    ///
    /// # Panics
    /// If it is not running.
    pub fn kill_9(&mut self) {
        self.running.take().expect("a running shop").kill_9();
    }

    /// Asks the shop to end (SIGTERM), and gives how it did.
    ///
    /// # Panics
    /// If it is not running, or does not end in time.
    pub async fn terminate(&mut self) -> ExitStatus {
        let mut running = self.running.take().expect("a running shop");
        running.ask_to_end();
        running.ended(STOP_LIMIT).await
    }

    /// Starts the shop again on the same data, after [`Shop::kill_9`] or [`Shop::terminate`]; a shop that still runs is
    /// terminated first. Everybody's clients find it again.
    ///
    /// # Panics
    /// If it is not ready in time.
    pub async fn restart(&mut self) {
        if self.running.is_some() {
            let status = self.terminate().await;
            assert!(status.success(), "a shop that is asked to end does so with {status}");
        }
        self.launch().await;
    }

    /// Starts the shop again on the same data, and ends it as `kill -9` does when it has had `time` to start: in the
    /// middle of opening its stores, or of going on with what it had begun.
    ///
    /// # Panics
    /// If it is running.
    pub async fn start_and_kill_9_after(&mut self, time: Duration) {
        assert!(self.running.is_none(), "it is running");
        let running = self.shape.launch(&self.mercato, &self.home.path().join("mercato.log"));
        // Not to wait for anything: the moment is what is wanted.
        tokio::time::sleep(time).await;
        running.kill_9();
    }

    /// Where it takes connections, such as `http://127.0.0.1:40123`.
    #[must_use]
    pub fn base_url(&self) -> String {
        self.front.url()
    }

    /// What an instance of `service` measures: the gateway of the production shape shows that to nobody.
    pub async fn metrics(&self, service: Service) -> Answer {
        match &self.shared {
            Some(shared) => Client::new(&Front::new(shared.instance(service))).get("/metrics").await,
            None => self.client().get(&format!("/{service}/metrics")).await,
        }
    }

    /// Somebody who has not signed in.
    #[must_use]
    pub fn client(&self) -> Client {
        Client::new(&self.front)
    }

    /// The login that the first start printed.
    ///
    /// # Panics
    /// If it printed none.
    #[must_use]
    pub fn staff_login(&self) -> &StaffLogin {
        self.staff.as_ref().expect("a staff login from the first start")
    }

    /// A member of staff who has signed in.
    ///
    /// # Panics
    /// If they cannot.
    pub async fn staff(&self) -> Staff {
        let login = self.staff_login();
        Staff::log_in(&self.client(), &login.email, &login.password).await
    }

    /// What `mercato audit` finds, running or not; orders are counted from where this test came in.
    ///
    /// # Panics
    /// If it does not end, or says something that is no report.
    pub async fn audit(&self) -> AuditOutcome {
        let outcome = AuditOutcome::of(&self.mercato.run(&["audit", "--json"]).await);
        match &self.shared {
            Some(shared) => shared.since_entering(outcome),
            None => outcome,
        }
    }

    /// The command line, on the data of this shop.
    #[must_use]
    pub const fn mercato(&self) -> &Mercato {
        &self.mercato
    }

    /// Where everything is kept.
    #[must_use]
    pub fn data_dir(&self) -> PathBuf {
        self.home.path().join("data")
    }

    /// The folder of the keys that access tokens are signed with.
    #[must_use]
    pub fn keys_dir(&self) -> PathBuf {
        self.shared.as_ref().map_or_else(|| self.data_dir().join("keys"), Shared::keys_dir)
    }

    /// How many rows of a service's `table` have `id` in `column`: for what must be gone, and cannot be asked for any more.
    ///
    /// # Panics
    /// If it cannot be read.
    pub async fn rows(&self, service: Service, table: &str, column: &str, id: Uuid) -> u64 {
        match &self.shared {
            Some(shared) => rows::postgres(&shared.store(service), table, column, id).await,
            None => rows::sqlite(&self.data_dir().join(format!("{service}.db")), table, column, id),
        }
    }

    /// What the shop has logged since its first start, or since this test came in.
    #[must_use]
    pub fn log(&self) -> String {
        self.shared.as_ref().map_or_else(|| log(self.home.path()), Shared::log)
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            running.kill_9();
        }
        if std::thread::panicking() {
            eprintln!("---- what the shop logged ----\n{}\n----", tail(&self.log(), 200));
        }
    }
}

fn log(home: &Path) -> String {
    std::fs::read_to_string(home.join("mercato.log")).unwrap_or_default()
}

fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

/// A process with some services of the shop, on its own: what `mercato serve SERVICE` starts.
#[derive(Debug)]
pub struct Alone {
    process: Process,
    front: Front,
    _home: TempDir,
}

impl Alone {
    /// Serves only `service`, on a data folder of its own.
    ///
    /// # Panics
    /// If it does not say in time where.
    pub async fn start(mercato: Mercato, service: Service) -> Self {
        let home = tempfile::tempdir().expect("a folder for the service");
        let mercato = mercato.data(home.path().join("data")).folder(home.path());
        let arguments = ["serve", service.name(), "--port", "0"];
        let mut process = Process::spawn(mercato.command(&arguments), &home.path().join("mercato.log"));
        let prefix = format!("{service}: ");
        loop {
            let line = process.line(START_LIMIT).await;
            if let Some(url) = line.strip_prefix(&prefix) {
                return Self { process, front: Front::new(url), _home: home };
            }
        }
    }

    /// Somebody who has not signed in.
    #[must_use]
    pub fn client(&self) -> Client {
        Client::new(&self.front)
    }

    /// Asks it to end (SIGTERM), and gives how it did.
    ///
    /// # Panics
    /// If it does not end in time.
    pub async fn terminate(&mut self) -> ExitStatus {
        self.process.ask_to_end();
        self.process.ended(STOP_LIMIT).await
    }
}

type Lines = UnboundedReceiver<String>;
