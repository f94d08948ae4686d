//! A run: a shop, shoppers, faults, quiet, and what is found then.

mod report;

use std::{
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::{Duration, Instant},
};

use anyhow::Context as _;
use futures::{StreamExt as _, future::join_all, stream};
use platform::chaos::Safeguard;

use super::{
    Act, Fault, House, Log, Shape, Verdict,
    caller::Caller,
    check::{self, Facts},
    clerk::Clerk,
    house::{Disk, Rooms},
    schedule,
    shopper::{Goods, Purchase, Shopping},
    verdict::By,
    witness::{self, Heard},
};
use crate::{
    bodies::ProductBody,
    people::{Shopper, Staff},
    shop,
    views::Product,
};

pub use report::{Episode, Report};

/// Of this there is enough for everybody, as long as a run may be.
const PLENTY: u32 = 1_000_000;
/// How many kinds of goods there is plenty of.
const KINDS: u32 = 4;
/// Shoppers who sign up at once: hashing their passwords is what takes long.
const AT_ONCE: usize = 4;
/// How long nothing may change in what the audit finds before it is believed.
const STEADY: Duration = Duration::from_secs(6);
/// How far the clocks are put ahead when all is quiet, in seconds: further than stock is held.
const AFTERWARDS: u64 = 2 * 60 * 60;
/// How long after the first of two faults the second comes: it finds the shop in the middle of the first.
const APART: Duration = Duration::from_millis(500);
/// How often it is looked whether something is so.
const LOOK: Duration = Duration::from_millis(200);
/// What waits for something, if it has violations: it may be so for a moment only, however long nothing changes.
const WAITING: [&str; 6] = [
    "orders_end",
    "outboxes_drained",
    "charges_are_owed",
    "captures_are_known",
    "reservations_have_orders",
    "one_charge_an_order",
];

/// What is to be run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// A binary with the cargo feature `chaos`.
    pub binary: PathBuf,
    /// The shape of the shop.
    pub shape: Shape,
    /// What faults and purchases are drawn from.
    pub seed: u64,
    /// How long the shop is under load and faults.
    pub length: Duration,
    /// How many shoppers there are.
    pub shoppers: usize,
    /// Pieces of the scarce product.
    pub scarce: u32,
    /// The share of events that come twice, late, and in another order.
    pub disorder: f64,
    /// What is done to it.
    pub faults: Faults,
    /// How long to wait at the most until all that was under way has ended.
    pub settle: Duration,
    /// What the shop does without.
    pub without: Option<Safeguard>,
}

/// Where the faults of a run come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Faults {
    /// The seed.
    Drawn,
    /// This list. The run is over with it, however long it is.
    Listed(Vec<Act>),
}

impl Plan {
    /// A run with everything that fits on this machine.
    #[must_use]
    pub fn new(binary: impl Into<PathBuf>, shape: Shape, seed: u64, length: Duration) -> Self {
        Self {
            binary: binary.into(),
            shape,
            seed,
            length,
            shoppers: 6,
            scarce: 15,
            disorder: 0.1,
            faults: Faults::Drawn,
            settle: Duration::from_secs(180),
            without: None,
        }
    }
}

/// The name of a promise.
const PROCESSES_LIVE: &str = "processes_live";

/// Runs `plan`, telling what happens as it does.
///
/// # Errors
/// If the shop does not start, or does not come back from a fault.
///
/// # Panics
/// If the shop refuses, before or after the faults, what it must not.
pub async fn run(plan: &Plan, tell: impl Fn(&str)) -> anyhow::Result<Report> {
    let may_fill = Disk::may_be_mounted();
    let disk = plan.faults == Faults::Drawn && plan.shape == Shape::Embedded && may_fill.is_ok();
    let Plan { binary, shape, disorder, without, .. } = plan.clone();
    tell("starting the shop");
    let mut house = House::open(Rooms { binary, shape, disorder, without, disk }).await?;
    let outcome = torment(plan, &mut house, disk, &tell).await;
    let mut report = match outcome {
        Ok(report) => report,
        Err(error) => return Err(error.context(house.log())),
    };
    if let (Shape::Embedded, Err(reason)) = (plan.shape, may_fill) {
        report.skipped.push(format!("a full disk: {reason:#}"));
    }
    if let Some(broker) = plan.shape.broker() {
        let reason = "PostgreSQL answers it by ending, which is among the outages";
        report.skipped.push(format!("a full disk: {reason}"));
        if !broker.survives() {
            let reason = "the one here keeps everything in memory, and so loses what it has confirmed";
            report.skipped.push(format!("an outage of the broker: {reason}"));
            let reason =
                "a group of the one here may never get over members that lose it and come back at once";
            report.skipped.push(format!("a broker that cannot be reached: {reason}"));
        }
    }
    if let Err(error) = house.close().await {
        // What was found before is not to be lost for that.
        let ended = report.verdicts.iter_mut().find(|it| it.name == PROCESSES_LIVE);
        let ended = ended.context("nobody looked at how processes end")?;
        ended.case(false, || format!("the shop does not end as it should: {error:#}"));
    }
    Ok(report)
}

async fn torment(plan: &Plan, house: &mut House, disk: bool, tell: &impl Fn(&str)) -> anyhow::Result<Report> {
    witness::call(house).await.context("the witnesses")?;
    let staff = house.staff().await;
    let goods = stock_up(&staff, plan.scarce).await;
    let client = house.client();
    let shoppers = stream::iter(0..plan.shoppers).map(|_| Shopper::sign_up_at(&client)).buffered(AT_ONCE);
    let shoppers: Vec<Shopper> = shoppers.collect().await;

    let (log, closing) = (Log::default(), AtomicBool::new(false));
    tell("shoppers are at it");
    let seed_of =
        |number: usize| plan.seed.wrapping_add(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(number as u64 + 1));
    let at_work = shoppers.iter().enumerate().map(|(number, shopper)| {
        let caller = Caller { number, log: &log };
        let shopping = Shopping { shopper, caller, goods: &goods, closing: &closing };
        async move { shopping.run(seed_of(number)).await }
    });
    let caller = Caller { number: plan.shoppers, log: &log };
    let clerk = Clerk { staff: &staff, caller, closing: &closing };
    let breaking = async {
        let broken = break_everything(plan, house, disk, &log, tell).await;
        closing.store(true, Relaxed);
        broken
    };
    let (purchases, treated, broken) =
        tokio::join!(join_all(at_work), clerk.run(seed_of(plan.shoppers)), breaking);
    let Broken { mut episodes, mut ended_by_themselves } = broken?;
    let purchases: Vec<Purchase> = purchases.into_iter().flatten().collect();
    report::recoveries(&mut episodes, &log);

    tell("waiting for what is under way");
    let quiet = Instant::now();
    let (mut audit, mut heard) = settle(house, plan.settle).await?;
    let settled_in = quiet.elapsed();
    if audit.holds && heard.all_arrived() {
        // What was put off comes now: timers that nobody has cleared, events that come late or once more.
        house.let_time_pass(AFTERWARDS)?;
        tokio::time::sleep(STEADY).await;
        (audit, heard) = settle(house, plan.settle).await?;
    }
    tell("checking");
    let mut verdicts: Vec<Verdict> = audit.invariants.iter().map(Verdict::from).collect();
    verdicts.push(nothing_is_buried(&audit));
    verdicts.extend(heard.verdicts());
    for (instance, name) in house.names().iter().enumerate() {
        ended_by_themselves.case(!house.has_ended(instance), || format!("{name} ended by itself"));
    }
    verdicts.push(ended_by_themselves);
    let facts = Facts::gather(&staff, &shoppers, &goods, purchases, treated).await;
    verdicts.extend(check::check(&facts));
    Ok(Report {
        shape: plan.shape.to_string(),
        seed: plan.seed,
        seconds: plan.length.as_secs(),
        shoppers: plan.shoppers,
        disorder: plan.disorder,
        without: plan.without.map(|it| it.name().to_owned()),
        replay: String::new(),
        settled_in,
        episodes,
        skipped: Vec::new(),
        calls: log.counts(),
        orders: audit.orders,
        verdicts,
    })
}

async fn stock_up(staff: &Staff, scarce: u32) -> Goods {
    let mut plenty = Vec::new();
    for number in 1..=KINDS {
        let cents = 1_000 + 37 * i64::from(number);
        plenty
            .push(staff.add(&ProductBody::named(&format!("Cup {number}")).cents(cents).stock(PLENTY)).await);
    }
    let scarce: Product = staff.add(&ProductBody::named("Last cup").cents(9_900).stock(scarce)).await;
    Goods { plenty, scarce }
}

struct Broken {
    episodes: Vec<Episode>,
    ended_by_themselves: Verdict,
}

async fn break_everything(
    plan: &Plan,
    house: &mut House,
    disk: bool,
    log: &Log,
    tell: &impl Fn(&str),
) -> anyhow::Result<Broken> {
    let names = house.names();
    let promise = "no process ends by itself, and each that is asked to end does";
    let mut verdict = Verdict::new(By::Clients, PROCESSES_LIVE, promise);
    let mut episodes = Vec::new();
    let acts: Box<dyn Iterator<Item = Act> + Send> = match &plan.faults {
        Faults::Drawn => {
            let drawn = schedule::acts(plan.seed, plan.shape, names.len(), disk);
            Box::new(drawn.take_while(|_| log.now() < plan.length))
        }
        Faults::Listed(acts) => Box::new(acts.clone().into_iter()),
    };
    for act in acts {
        tokio::time::sleep(act.calm).await;
        let what: Vec<String> = act.faults.iter().map(|fault| fault.describe(&names)).collect();
        tell(&format!("{:>6.1} s: {}", log.now().as_secs_f64(), what.join(" + ")));
        let began = log.now();
        let notes = perform(&act, house, &mut verdict).await.with_context(|| what.join(" + "))?;
        let mended = log.now();
        episodes.push(Episode { began, mended, faults: what, notes, ..Episode::default() });
        for (instance, name) in names.iter().enumerate() {
            let ended = house.has_ended(instance);
            verdict.case(!ended, || format!("{name} ended by itself"));
            if ended {
                house.revive(instance).await?;
            }
        }
    }
    if let Some(left) = plan.length.checked_sub(log.now()) {
        tokio::time::sleep(left).await;
    }
    Ok(Broken { episodes, ended_by_themselves: verdict })
}

/// Does what an act says, and mends it. Gives what there is to say about it.
async fn perform(act: &Act, house: &mut House, lives: &mut Verdict) -> anyhow::Result<Vec<String>> {
    // An instance that is started to crash needs its servers.
    let (first, then): (Vec<&Fault>, Vec<&Fault>) =
        act.faults.iter().partition(|fault| matches!(fault, Fault::Crash { .. }));
    let mut notes = Vec::new();
    for (number, fault) in first.into_iter().chain(then).enumerate() {
        if number > 0 {
            tokio::time::sleep(APART).await;
        }
        let begun = fault.begin(house).await;
        if matches!(fault, Fault::Terminate { .. } | Fault::Crash { .. }) {
            lives.case(begun.is_ok(), || format!("{begun:?}"));
        }
        if begun.is_err() && fault.instance().is_none() {
            begun?;
        }
    }
    let until = Instant::now() + act.lasts;
    while Instant::now() < until && !all_crashed(act, house) {
        tokio::time::sleep(LOOK.min(until - Instant::now())).await;
    }
    for fault in &act.faults {
        fault.end(house).await?;
    }
    for fault in &act.faults {
        notes.extend(fault.revive(house).await?.map(str::to_owned));
    }
    Ok(notes)
}

/// Whether an act consists of crashes, and all of them have happened.
fn all_crashed(act: &Act, house: &mut House) -> bool {
    act.faults.iter().all(|fault| match fault {
        Fault::Crash { instance, .. } => house.has_ended(*instance),
        _ => false,
    })
}

/// Waits until the audit finds nothing and every event has arrived, or until for long the audit finds nothing else than before.
async fn settle(house: &House, limit: Duration) -> anyhow::Result<(shop::Report, Heard)> {
    let until = Instant::now() + limit;
    let (mut before, mut since) = (Vec::new(), Instant::now());
    loop {
        let report = house.audit().await.report;
        let broken: Vec<String> =
            report.invariants.iter().filter(|it| it.violations > 0).map(|it| it.name.clone()).collect();
        if broken != before {
            (before, since) = (broken.clone(), Instant::now());
        }
        let waits = broken.iter().any(|name| WAITING.contains(&name.as_str()));
        let is_over = Instant::now() > until || (!waits && !broken.is_empty() && since.elapsed() > STEADY);
        if broken.is_empty() || is_over {
            let heard = witness::hear(house).await.context("the witnesses")?;
            if is_over || heard.all_arrived() {
                return Ok((report, heard));
            }
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn nothing_is_buried(audit: &shop::Report) -> Verdict {
    let promise = "no message is given up, so that nothing waits for a person";
    let mut verdict = Verdict::new(By::Audit, "no_dead_letters", promise);
    let checked = audit.orders.values().sum();
    verdict.case(audit.dead_letters == 0, || format!("{} dead letters", audit.dead_letters));
    verdict.checked = checked;
    verdict
}
