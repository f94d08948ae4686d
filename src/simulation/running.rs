//! The services, each living until it is killed, and born again from what it has kept.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use contracts::Service;
use platform::{
    Clock,
    messaging::RpcClient,
    service::{Environment, Messaging, Parts},
    store::{Store, sqlite::simulated::Memory},
};
use shopping::Shopping;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    broker::Exchange,
    dice::Dice,
    link::{Life, Link},
    rekeying,
    story::Wrong,
    trace::Trace,
};
use crate::roles;

/// The services that an order goes through.
pub(super) const SERVICES: [Service; 3] = [Service::Products, Service::Shopping, Service::Payment];

const RPC_PATIENCE: Duration = Duration::from_secs(2);

/// What services stand on.
pub(super) struct Ground {
    memories: BTreeMap<Service, Memory>,
    lives: Mutex<BTreeMap<Service, Life>>,
    /// The shopping service that lives now, for those who call it.
    shopping: Mutex<Option<Arc<Shopping>>>,
    exchange: Arc<Exchange>,
    pub clock: Clock,
    pub dice: Dice,
    pub trace: Trace,
    reservation_ttl: Duration,
    wrong: Wrong,
}

impl Ground {
    pub(super) fn new(exchange: Arc<Exchange>, clock: Clock, dice: Dice, trace: Trace, wrong: Wrong) -> Self {
        let memory = |service| Memory::new(roles::migrations(service)).expect("a schema");
        Self {
            memories: Service::ALL.into_iter().map(|service| (service, memory(service))).collect(),
            lives: Mutex::default(),
            shopping: Mutex::default(),
            exchange,
            clock,
            // Some reservations lapse while their order is still being paid for.
            reservation_ttl: Duration::from_secs(if dice.chance(30) { 8 } else { 300 }),
            dice,
            trace,
            wrong,
        }
    }

    /// What a service keeps, as it is reached by somebody whose calls are not part of the story.
    pub(super) fn store(&self, service: Service) -> Store {
        let calm = Dice::new(0);
        calm.end_storm();
        self.memories[&service].open(Arc::new(Link { life: Life::default(), dice: calm }))
    }

    /// Where orders are placed now.
    pub(super) fn shopping(&self) -> Option<Arc<Shopping>> {
        self.shopping.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Begins a life of `service`.
    pub(super) fn start(&self, service: Service) {
        self.trace.note(&format!("starts: {service}"), None);
        let life = Life::default();
        let broker = self.exchange.port(life.clone());
        let link = Link { life: life.clone(), dice: self.dice.clone() };
        let environment = Environment {
            service,
            instance: format!("{service}-1"),
            store: self.memories[&service].open(Arc::new(link)),
            rpc: RpcClient::new(Arc::clone(&broker), self.clock.clone(), RPC_PATIENCE),
            broker,
            clock: self.clock.clone(),
        };
        environment.start(self.build(&environment), &TaskTracker::new(), &CancellationToken::new());
        self.lives.lock().unwrap_or_else(PoisonError::into_inner).insert(service, life);
        if service == Service::Shopping {
            let store = shopping::store::open(&environment.store);
            let shopping = Shopping::new(store, environment.rpc.clone(), self.clock.clone());
            *self.shopping.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(shopping));
        }
    }

    fn build(&self, environment: &Environment) -> Messaging {
        let parts = match environment.service {
            Service::Products => {
                let settings = products::Settings { reservation_ttl: self.reservation_ttl };
                products::build(environment.clone(), settings).expect("settings that make sense")
            }
            Service::Shopping => shopping::build(environment),
            Service::Payment if self.wrong == Wrong::Rekeying => return rekeying::payment(environment),
            Service::Payment => payment::build(environment, payment::Settings::default()),
            Service::Customer => unreachable!("no order goes through customer"),
        };
        let Parts { auth, events, questions, timers, .. } = parts;
        Messaging { auth, events, questions, timers }
    }

    /// Ends the life of `service`, wherever it is in what it does.
    pub(super) fn kill(&self, service: Service) {
        self.trace.note(&format!("is killed: {service}"), None);
        if let Some(life) = self.lives.lock().unwrap_or_else(PoisonError::into_inner).remove(&service) {
            life.kill();
        }
    }
}
