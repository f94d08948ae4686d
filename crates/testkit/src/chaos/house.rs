//! The shop in either shape, to be treated badly.

mod disk;
mod whole;

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use contracts::Service;
use platform::chaos::Safeguard;
use tempfile::TempDir;

use super::{Shape, fault::Server};
use crate::{
    client::{Client, Front},
    people::Staff,
    servers::{Identity, ServerError, ServerProcess, Weather},
    shop::{AuditOutcome, Mercato, StaffLogin},
    stack::{self, Stack},
};

pub use disk::Disk;
use whole::Whole;

/// Those who sign in here do so once, however long it takes and wherever the clock goes: it goes no further than that.
const TOKENS: (&str, &str) = ("MERCATO_ACCESS_TOKEN_SECS", "86400");
/// How far ahead faults put the clocks in all, in seconds. With the hours of the longest run, and what is let pass at its end, it
/// is less than a token is good for.
const FURTHEST: u64 = 7 * 60 * 60;
/// How often an instance is started until it is ready: what it needs may be coming back as well.
const TRIES: usize = 3;

/// What a house is to be.
#[derive(Clone, Debug)]
pub struct Rooms {
    /// A binary with the cargo feature `chaos`.
    pub binary: PathBuf,
    /// In one process, or in many.
    pub shape: Shape,
    /// The share of events that get into disorder.
    pub disorder: f64,
    /// What it does without.
    pub without: Option<Safeguard>,
    /// Whether its stores are on a small disk of their own, which can be filled.
    pub disk: bool,
}

/// A shop. It ends with this value, and all that it has.
#[derive(Debug)]
pub struct House {
    // In the order in which they end.
    running: Running,
    disk: Option<Disk>,
    rooms: Rooms,
    /// The file that its clocks look at, and what it says.
    clock: PathBuf,
    ahead: u64,
    home: TempDir,
}

#[derive(Debug)]
enum Running {
    Embedded(Box<Whole>),
    Stack(Box<Stack>),
}

/// A variable, and its value.
pub type Variable = (String, String);

impl House {
    /// Starts a shop.
    ///
    /// # Errors
    /// If something that it needs is missing, or it does not start.
    pub async fn open(rooms: Rooms) -> anyhow::Result<Self> {
        let home = tempfile::Builder::new().prefix("mercato-chaos-").tempdir().context("a folder")?;
        let clock = home.path().join("clock");
        fs::write(&clock, "0").context("a clock")?;
        let mut variables =
            vec![(TOKENS.0, TOKENS.1.to_owned()), ("MERCATO_DISORDER", rooms.disorder.to_string())];
        variables.push(("MERCATO_CLOCK", clock.display().to_string()));
        variables.extend(rooms.without.map(|it| ("MERCATO_WITHOUT", it.name().to_owned())));
        let mut disk = None;
        let running = match rooms.shape {
            Shape::Embedded => {
                let data = home.path().join("data");
                if rooms.disk {
                    disk = Some(Disk::mount(&data)?);
                }
                let mercato = Mercato::new(&rooms.binary).data(data).folder(home.path());
                let mercato = variables.iter().fold(mercato, |it, (name, value)| it.set(name, value));
                Running::Embedded(Box::new(Whole::start(mercato, home.path()).await?))
            }
            Shape::Rabbitmq | Shape::Kafka => {
                let plan = stack::Plan::new(&rooms.binary, home.path().join("stack"));
                let plan = plan.broker(rooms.shape.broker().unwrap_or_default());
                let plan = plan.set_gateway("CACHE", "off").proxied();
                let plan = variables.iter().fold(plan, |plan, (name, value)| plan.set(name, value));
                Running::Stack(Box::new(Stack::start(plan).await?))
            }
        };
        let house = Self { running, disk, rooms, clock, ahead: 0, home };
        house.without_its_schemas_safeguard().await?;
        Ok(house)
    }

    /// The schema has a condition of its own that stock is not sold twice: in SQLite the binary takes no notice of it then.
    async fn without_its_schemas_safeguard(&self) -> anyhow::Result<()> {
        if let (Some(Safeguard::Stock), Some(url)) =
            (self.rooms.without, self.postgres_url(Service::Products))
        {
            let sql = "ALTER TABLE products DROP CONSTRAINT products_check";
            let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await?;
            tokio::spawn(connection);
            client.batch_execute(sql).await.context("the condition in the schema")?;
        }
        Ok(())
    }

    /// Its shape.
    #[must_use]
    pub const fn shape(&self) -> Shape {
        self.rooms.shape
    }

    /// Somebody who has not signed in.
    #[must_use]
    pub fn client(&self) -> Client {
        Client::new(&Front::new(match &self.running {
            Running::Embedded(whole) => whole.url(),
            Running::Stack(stack) => stack.url(),
        }))
    }

    /// A member of staff who has signed in.
    pub async fn staff(&self) -> Staff {
        let StaffLogin { email, password } = match &self.running {
            Running::Embedded(whole) => whole.staff(),
            Running::Stack(stack) => stack.staff_login(),
        };
        Staff::log_in(&self.client(), email, password).await
    }

    /// What `mercato audit` finds now, without waiting for anything.
    pub async fn audit(&self) -> AuditOutcome {
        let mercato = match &self.running {
            Running::Embedded(whole) => whole.mercato().clone(),
            Running::Stack(stack) => stack.mercato(),
        };
        AuditOutcome::of(&mercato.run(&["audit", "--json", "--settle", "0"]).await)
    }

    /// Where the database of `service` is, if it is on a server.
    #[must_use]
    pub fn postgres_url(&self, service: Service) -> Option<String> {
        match &self.running {
            Running::Embedded(_) => None,
            Running::Stack(stack) => Some(stack.store_url(service)),
        }
    }

    /// The file of the database of `service`, if it is one.
    #[must_use]
    pub fn sqlite_file(&self, service: Service) -> PathBuf {
        self.home.path().join("data").join(format!("{service}.db"))
    }

    /// The names of its instances.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        match &self.running {
            Running::Embedded(_) => vec!["mercato".to_owned()],
            Running::Stack(stack) => stack.instances().iter().map(stack::Instance::name).collect(),
        }
    }

    /// Whether an instance has ended.
    pub fn has_ended(&mut self, instance: usize) -> bool {
        self.process(instance).has_ended()
    }

    /// Whether an instance that has ended did so as one does that was asked to, with 0.
    pub fn has_ended_well(&mut self, instance: usize) -> bool {
        self.process(instance).status().is_some_and(|status| status.success())
    }

    /// The last that an instance has said.
    pub fn last_words(&mut self, instance: usize) -> String {
        crate::servers::tail(self.process(instance).log())
    }

    fn process(&mut self, instance: usize) -> &mut ServerProcess {
        match &mut self.running {
            Running::Embedded(whole) => whole.process(),
            Running::Stack(stack) => stack.instances_mut()[instance].process(),
        }
    }

    /// Ends an instance as `kill -9` does.
    pub fn kill(&mut self, instance: usize) {
        match &mut self.running {
            Running::Embedded(whole) => whole.process().kill(),
            Running::Stack(stack) => stack.instances_mut()[instance].kill(),
        }
    }

    /// Asks an instance to end (SIGTERM), and waits for that.
    ///
    /// # Errors
    /// If it does not in time; it is then killed.
    pub async fn terminate(&mut self, instance: usize) -> Result<(), ServerError> {
        match &mut self.running {
            Running::Embedded(whole) => whole.terminate().await,
            Running::Stack(stack) => stack.instances_mut()[instance].terminate().await,
        }
    }

    /// Stops an instance where it is, or lets it go on.
    pub fn pause(&mut self, instance: usize, stands: bool) {
        let identity = self.process(instance).identity();
        if stands { Identity::pause(identity) } else { Identity::resume(identity) }
    }

    /// Starts an instance that has ended, with these variables besides, and waits for nothing.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn launch(&mut self, instance: usize, variables: &[Variable]) -> Result<(), ServerError> {
        match &mut self.running {
            Running::Embedded(whole) => whole.launch(variables),
            Running::Stack(stack) => stack.instances_mut()[instance].launch(variables),
        }
    }

    /// Starts an instance again if it has ended, and waits until it is ready.
    ///
    /// # Errors
    /// If it is not in time.
    pub async fn revive(&mut self, instance: usize) -> Result<(), ServerError> {
        let mut tries = 1;
        loop {
            if self.has_ended(instance) {
                self.launch(instance, &[])?;
            }
            let ready = match &mut self.running {
                Running::Embedded(whole) => whole.until_ready().await,
                Running::Stack(stack) => stack.instances_mut()[instance].until_ready().await,
            };
            if ready.is_ok() || tries == TRIES {
                return ready;
            }
            tries += 1;
        }
    }

    /// Ends a server, abruptly or in an orderly way.
    ///
    /// # Errors
    /// If it does not end, or there is none.
    pub async fn stop_server(&mut self, server: Server, abrupt: bool) -> anyhow::Result<()> {
        let stack = self.stack()?;
        match (server, abrupt) {
            (Server::Database, true) => stack.postgres().kill(),
            (Server::Database, false) => stack.postgres().stop().await?,
            (Server::Broker, true) => stack.broker().kill(),
            (Server::Broker, false) => stack.broker().stop().await?,
        }
        Ok(())
    }

    /// Starts a server again.
    ///
    /// # Errors
    /// If it does not start, or there is none.
    pub async fn restart_server(&mut self, server: Server) -> anyhow::Result<()> {
        let stack = self.stack()?;
        match server {
            Server::Database => stack.postgres().restart().await?,
            Server::Broker => stack.broker().restart().await?,
        }
        Ok(())
    }

    /// Changes the weather on the way to a server.
    ///
    /// # Errors
    /// If there is none.
    pub fn turn(&mut self, server: Server, weather: Weather) -> anyhow::Result<()> {
        let links = self.stack()?.links().context("a stack with proxies")?;
        match server {
            Server::Database => links.postgres.turn(weather),
            Server::Broker => links.broker.turn(weather),
        }
        Ok(())
    }

    /// Puts the clocks of all instances ahead, all at once.
    ///
    /// # Errors
    /// If they cannot be told.
    pub fn put_clocks_ahead(&mut self, seconds: u64) -> anyhow::Result<()> {
        self.turn_clocks_to((self.ahead + seconds).min(FURTHEST))
    }

    /// The same, however far they are ahead already: for the end of a run.
    ///
    /// # Errors
    /// If they cannot be told.
    pub fn let_time_pass(&mut self, seconds: u64) -> anyhow::Result<()> {
        self.turn_clocks_to(self.ahead + seconds)
    }

    fn turn_clocks_to(&mut self, ahead: u64) -> anyhow::Result<()> {
        self.ahead = ahead;
        // By renaming: nobody is to read half of it.
        let next = self.clock.with_extension("next");
        fs::write(&next, self.ahead.to_string())
            .and_then(|()| fs::rename(&next, &self.clock))
            .context("a clock")
    }

    /// The small disk that its stores are on.
    ///
    /// # Errors
    /// If there is none.
    pub fn disk(&self) -> anyhow::Result<&Disk> {
        self.disk.as_ref().context("a house with a small disk")
    }

    /// What its instances have logged, the end of it.
    #[must_use]
    pub fn log(&self) -> String {
        let folder = match &self.running {
            Running::Embedded(_) => self.home.path().to_owned(),
            Running::Stack(stack) => stack.folder().join("logs"),
        };
        let mut files: Vec<PathBuf> =
            fs::read_dir(folder).into_iter().flatten().flatten().map(|it| it.path()).collect();
        files.retain(|file| file.extension().is_some_and(|it| it == "log"));
        files.sort();
        files.iter().map(|file| tail(file)).collect()
    }

    /// Ends it in an orderly way.
    ///
    /// # Errors
    /// If something of it does not end in time.
    pub async fn close(self) -> anyhow::Result<()> {
        match self.running {
            Running::Embedded(mut whole) => whole.terminate().await?,
            Running::Stack(stack) => stack.stop().await?,
        }
        Ok(())
    }

    fn stack(&mut self) -> anyhow::Result<&mut Stack> {
        match &mut self.running {
            Running::Embedded(_) => anyhow::bail!("the embedded shop has no servers"),
            Running::Stack(stack) => Ok(stack),
        }
    }
}

fn tail(file: &Path) -> String {
    format!("---- {} ----\n{}\n", file.display(), crate::servers::tail(file))
}

/// How long the whole shop, or a part of it, may take until it is ready.
const START_LIMIT: Duration = Duration::from_secs(60);
