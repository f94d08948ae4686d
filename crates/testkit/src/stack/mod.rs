//! The whole production shape on this machine: PostgreSQL with a database for each service, RabbitMQ or what speaks Kafka's
//! protocol, several instances of each service, nginx in front, all of it in one folder.
//!
//! [`Stack`] is what tests hold and `cargo xtask stack up` starts; [`State`] is what is left of it in a file, by which
//! `status`, `logs` and `down` find it again.

mod broker;
mod instance;
mod plan;
mod rolling;
mod state;

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use contracts::Service;

pub use broker::{Broker, BrokerServer};
pub use instance::Instance;
pub use plan::Plan;
pub use state::{ProcessState, State};

use crate::{
    servers::{Gateway, Lifetime, Nginx, Postgres, Proxy, ServerError},
    shop::{AuditOutcome, Mercato, StaffLogin},
};

/// The staff login that is made at the first start.
const STAFF: &str = "staff@mercato.example";

/// A running shop in its production shape. It ends with this value, unless it is [left running](Stack::leave_running).
#[derive(Debug)]
pub struct Stack {
    // In the order in which they end.
    nginx: Nginx,
    instances: Vec<Instance>,
    broker: BrokerServer,
    postgres: Postgres,
    links: Option<Links>,
    plan: Plan,
    gateway: Gateway,
    staff: StaffLogin,
}

/// The network between the instances and their servers.
#[derive(Debug)]
pub struct Links {
    /// Before PostgreSQL.
    pub postgres: Proxy,
    /// Before the broker.
    pub broker: Proxy,
}

impl Stack {
    /// Starts everything as `plan` says, on databases that are made for it, with the demo catalogue and a staff login.
    ///
    /// # Errors
    /// If something is missing, or does not start; what has been started ends then.
    pub async fn start(mut plan: Plan) -> Result<Self, ServerError> {
        let folder = &plan.folder;
        let making = || ServerError::io(format!("making the folder {}", folder.display()));
        fs::create_dir_all(folder.join("logs")).map_err(making())?;
        // The servers' users have to find their folders in it; there is nothing else for them to see.
        fs::set_permissions(folder, fs::Permissions::from_mode(0o711)).map_err(making())?;
        let postgres_folder = folder.join("postgres");
        let (mut postgres, (broker, before_broker)) = tokio::try_join!(
            Postgres::start_in(&postgres_folder, plan.lifetime),
            BrokerServer::start(plan.broker, folder, plan.lifetime, plan.proxied),
        )?;
        for service in Service::ALL {
            postgres.create_database(service.name()).await?;
            plan.stores.insert(service, postgres.url(service.name()));
        }
        plan.broker_url = broker.url();
        plan.command(&["migrate"]).await?;
        plan.command(&["seed"]).await?;
        let password = plan.command(&["staff", "add", STAFF]).await?.trim().to_owned();
        let staff = StaffLogin { email: STAFF.to_owned(), password };
        let mut links = None;
        if let Some(before_broker) = before_broker {
            let made = Links { postgres: Proxy::start(postgres.port()).await?, broker: before_broker };
            plan.detours = vec![(postgres.port(), made.postgres.port()), (broker.port(), made.broker.port())];
            links = Some(made);
        }
        let instances = Instance::start_all(&plan).await?;
        let gateway = plan.gateway.clone();
        let before = with_instances(gateway.clone(), &instances);
        let nginx = Nginx::start_in(&folder.join("gateway"), before, plan.lifetime).await?;
        Ok(Self { nginx, instances, broker, postgres, links, plan, gateway, staff })
    }

    /// Where the gateway takes connections.
    #[must_use]
    pub fn url(&self) -> String {
        self.nginx.url()
    }

    /// The staff login.
    #[must_use]
    pub const fn staff_login(&self) -> &StaffLogin {
        &self.staff
    }

    /// The command line on this shop's databases and broker: `audit`, `dead-letters`.
    #[must_use]
    pub fn mercato(&self) -> Mercato {
        self.plan.mercato()
    }

    /// Where everything is kept.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.plan.folder
    }

    /// The network between the instances and their servers, if the stack was [planned](Plan::proxied) with one.
    #[must_use]
    pub const fn links(&self) -> Option<&Links> {
        self.links.as_ref()
    }

    /// Where the database of `service` is.
    #[must_use]
    pub fn store_url(&self, service: Service) -> String {
        self.postgres.url(service.name())
    }

    /// The database server.
    pub const fn postgres(&mut self) -> &mut Postgres {
        &mut self.postgres
    }

    /// The broker.
    pub const fn broker(&mut self) -> &mut BrokerServer {
        &mut self.broker
    }

    /// The gateway.
    pub const fn nginx(&mut self) -> &mut Nginx {
        &mut self.nginx
    }

    /// All instances, to be treated badly.
    pub const fn instances_mut(&mut self) -> &mut [Instance] {
        self.instances.as_mut_slice()
    }

    /// All instances, those of a service in the order of their numbers.
    #[must_use]
    pub fn instances(&self) -> &[Instance] {
        &self.instances
    }

    /// An instance of `service`, counted from 1.
    ///
    /// # Panics
    /// If there is none with this number.
    pub fn instance(&mut self, service: Service, number: usize) -> &mut Instance {
        let found = self.instances.iter_mut().find(|it| it.service() == service && it.number() == number);
        found.unwrap_or_else(|| panic!("there is no {service}-{number}"))
    }

    /// Adds an instance of `service`, and lets the gateway know.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn add_instance(&mut self, service: Service) -> Result<(), ServerError> {
        let number = self.instances.iter().filter(|it| it.service() == service).count() + 1;
        self.instances.push(Instance::start(&self.plan, service, number).await?);
        self.nginx.reload(with_instances(self.gateway.clone(), &self.instances)).await
    }

    /// What is running, to be found again.
    #[must_use]
    pub fn state(&mut self) -> State {
        let mut processes = vec![ProcessState::of(self.nginx.process())];
        processes.extend(self.instances.iter_mut().map(|it| ProcessState::of(it.process())));
        processes.extend(self.broker.processes().into_iter().map(|it| ProcessState::of(it)));
        processes.push(ProcessState::of(self.postgres.process()));
        State {
            gateway: self.nginx.url(),
            staff: format!("{} {}", self.staff.email, self.staff.password),
            instances: self.instances.iter().map(|it| (it.name(), it.url())).collect(),
            processes,
        }
    }

    /// What `mercato audit` finds.
    ///
    /// # Panics
    /// If it does not end, or says something that is no report.
    pub async fn audit(&self) -> AuditOutcome {
        AuditOutcome::of(&self.mercato().run(&["audit", "--json"]).await)
    }

    /// Writes down what is running, for other processes to find it by its folder.
    ///
    /// # Errors
    /// If it cannot be written down.
    pub fn write_down(&mut self) -> Result<State, ServerError> {
        let state = self.state();
        state.write(&self.plan.folder)?;
        State::write_environment(&self.plan.folder, &self.plan.environment())?;
        Ok(state)
    }

    /// Writes down what is running, and lets it run on.
    ///
    /// # Errors
    /// If it cannot be written down; everything then ends.
    ///
    /// # Panics
    /// If it was not started [to stay](Lifetime::Detached).
    pub fn leave_running(mut self) -> Result<State, ServerError> {
        assert_eq!(self.plan.lifetime, Lifetime::Detached, "it would end with this process");
        let state = self.write_down()?;
        let servers = [self.nginx.process(), self.postgres.process()];
        let instances = self.instances.iter_mut().map(Instance::process);
        servers
            .into_iter()
            .chain(self.broker.processes())
            .chain(instances)
            .for_each(|process| process.leave_alone());
        Ok(state)
    }

    /// Ends everything in an orderly way, the gateway first.
    ///
    /// # Errors
    /// The first of those that did not end in time; they are killed.
    pub async fn stop(mut self) -> Result<(), ServerError> {
        self.nginx.stop().await?;
        let ends = self.instances.iter_mut().map(Instance::terminate);
        futures::future::try_join_all(ends).await?;
        self.broker.stop().await?;
        self.postgres.stop().await
    }
}

fn with_instances(gateway: Gateway, instances: &[Instance]) -> Gateway {
    Service::ALL.into_iter().fold(gateway, |gateway, service| {
        let addresses = instances.iter().filter(|it| it.service() == service).map(Instance::address);
        gateway.instances(service, addresses)
    })
}
