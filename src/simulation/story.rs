//! One seed's story, from the opening of the shop to the audit.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use contracts::{Currency, CustomerId, Money, OrderId, ProductId, Service, Timestamp};
use futures::future::join_all;
use platform::{Clock, chance};
use products::{Products, domain::NewProduct};
use tokio::time::{sleep, timeout};

use super::{
    broker::Exchange,
    dice::Dice,
    running::{Ground, SERVICES},
    shoppers::visit,
    trace::Trace,
};
use crate::audit::{Facts, Report, check};

/// How long everything may take to come to rest once the storm is over. Within it, each question that was lost is asked
/// again.
const PEACE: Duration = Duration::from_secs(300);
const LOOK: Duration = Duration::from_secs(2);

/// What is deliberately wrong in a story, to see that it is found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    Nothing,
    /// The broker loses some of what it confirmed.
    Losing,
    /// Each delivery has another id, so that no inbox knows it again; and there are many.
    Renaming,
    /// Payment asks the provider under another key each time.
    Rekeying,
}

/// How it went.
pub(super) struct Story {
    pub seed: u64,
    pub trace: Vec<String>,
    pub report: Report,
    /// Orders that were acknowledged and are not there.
    lost: Vec<OrderId>,
    /// Whether everybody got an answer, in the end.
    answered: bool,
}

impl Story {
    pub(super) fn ends_well(&self) -> bool {
        self.report.holds && self.report.dead_letters == 0 && self.lost.is_empty() && self.answered
    }
}

impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.trace.iter().try_for_each(|line| writeln!(f, "{line}"))?;
        let broken: Vec<_> = self.report.invariants.iter().filter(|it| !it.holds()).collect();
        writeln!(f, "seed {}: broken {broken:#?}", self.seed)?;
        writeln!(f, "orders {:?}, dead letters {}", self.report.orders, self.report.dead_letters)?;
        writeln!(f, "acknowledged and lost {:?}; everybody was answered: {}", self.lost, self.answered)
    }
}

/// Tells the story of `seed`.
pub(super) fn tell(seed: u64, wrong: Wrong) -> Story {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().expect("a runtime");
    chance::seed(seed);
    runtime.block_on(unfold(seed, wrong))
}

async fn unfold(seed: u64, wrong: Wrong) -> Story {
    let (dice, trace) = (Dice::new(seed), Trace::new());
    let clock = Clock::of_the_runtime(Timestamp::from_micros(1_600_000_000_000_000));
    let exchange = Exchange::new(clock.clone(), dice.clone(), trace.clone(), wrong);
    let ground = Arc::new(Ground::new(exchange, clock, dice.clone(), trace.clone(), wrong));
    let products = stock(&ground).await;
    SERVICES.into_iter().for_each(|service| ground.start(service));

    let shoppers = 3 + dice.throw(5) as usize;
    let visits: Vec<_> = (0..shoppers)
        .map(|shopper| {
            let chosen =
                if dice.chance(30) { products.clone() } else { vec![products[dice.throw(2) as usize]] };
            tokio::spawn(visit(Arc::clone(&ground), shopper, chosen))
        })
        .collect();
    storm(&ground).await;
    dice.end_storm();
    trace.note("the storm is over", None);

    let visits = timeout(PEACE, join_all(visits)).await;
    let answered = visits.is_ok();
    let acknowledged: Vec<OrderId> =
        visits.unwrap_or_default().into_iter().map(|visit| visit.expect("a visit")).collect();
    let (facts, report) = come_to_rest(&ground).await;
    let lost = acknowledged.into_iter().filter(|it| !facts.orders.contains_key(it)).collect();
    trace.note(&format!("at rest: {:?}", report.orders), None);
    Story { seed, trace: trace.lines(), report, lost, answered }
}

/// Two products, of which there is not enough for everybody.
async fn stock(ground: &Ground) -> Vec<ProductId> {
    let store = products::store::open(&ground.store(Service::Products));
    let service = Products::new(store, ground.clock.clone(), products::Settings::default());
    let mut stocked = Vec::new();
    for name in ["Cup", "Pot"] {
        let product = NewProduct {
            name: name.to_owned(),
            description: String::new(),
            category: "kitchen".to_owned(),
            price: Money::new(1_250, Currency::EUR),
            stock: 2 + ground.dice.throw(6),
            image_url: None,
        };
        let added =
            products::commands::add_product::add_product(&service, product, CustomerId::new(), None).await;
        stocked.push(added.expect("a product").id);
    }
    stocked
}

/// Kills services, and starts them again; in the end all of them run.
async fn storm(ground: &Ground) {
    for _ in 0..ground.dice.throw(8) {
        ground.dice.dawdle(Duration::from_secs(3)).await;
        let service = SERVICES[ground.dice.throw(3) as usize];
        ground.kill(service);
        ground.dice.dawdle(Duration::from_secs(1)).await;
        ground.start(service);
    }
    ground.dice.dawdle(Duration::from_secs(5)).await;
}

/// Waits until every promise is kept, or for as long as one may wait.
async fn come_to_rest(ground: &Ground) -> (Facts, Report) {
    let stores: BTreeMap<_, _> =
        Service::ALL.into_iter().map(|service| (service, ground.store(service))).collect();
    let mut waited = Duration::ZERO;
    loop {
        let facts = Facts::of(&stores).await.expect("what the stores say");
        let report = check(&facts);
        if report.holds || waited >= PEACE {
            return (facts, report);
        }
        sleep(LOOK).await;
        waited += LOOK;
    }
}
