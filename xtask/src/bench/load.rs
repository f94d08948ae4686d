//! The load: each shopper on a connection begins their next journey when the one before has ended (a closed loop).

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::Context as _;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, sleep_until},
};

use super::{
    client::{Connection, Failure},
    journeys::{Journey, Sample, Shopper},
    measure::{Latencies, processes},
    target::{Part, Target},
    world::World,
};

/// What passes before anything is measured: connections are opened, statements prepared, caches filled.
const WARM_UP: Duration = Duration::from_secs(1);
/// After a failure a shopper waits for this long: a shop that refuses everything is not to be flooded.
const AFTER_FAILURE: Duration = Duration::from_millis(20);

/// A load.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    /// What shoppers do.
    pub journey: Journey,
    /// How many do it at once.
    pub connections: u32,
    /// How long it is measured, after the warm-up.
    pub length: Duration,
    /// How many journeys are made at most.
    pub most: u64,
}

/// What was seen of a load between the end of the warm-up and the end: journeys count that ended in it.
#[derive(Debug, Default)]
pub(super) struct Window {
    /// How long it was.
    pub length: Duration,
    /// How long each journey took.
    pub latencies: Latencies,
    /// For orders: how long each took from being placed to being seen confirmed.
    pub confirmations: Latencies,
    /// The requests of these journeys.
    pub requests: u64,
    /// Journeys that failed, by the reason.
    pub failures: BTreeMap<Failure, u64>,
    /// CPU time of each part of the shop.
    pub cpu: BTreeMap<String, Duration>,
    /// CPU time of the load generator.
    pub own_cpu: Duration,
}

/// CPU time at a moment.
struct Mark {
    at: Instant,
    shop: BTreeMap<String, Duration>,
    own: Duration,
}

impl Mark {
    fn now(target: &Target) -> anyhow::Result<Self> {
        let cpu = |part: &Part| Ok((part.name.clone(), processes::cpu(&[part.pid])?));
        let shop = target.parts.iter().map(cpu).collect::<anyhow::Result<_>>()?;
        Ok(Self { at: Instant::now(), shop, own: processes::own_cpu()? })
    }
}

/// A journey and when it ended.
type Ended = (Instant, Result<Sample, Failure>);

impl Load {
    /// Loads `target`.
    ///
    /// # Errors
    /// If a process of the shop has ended.
    pub async fn run(self, target: &Target, world: &World) -> anyhow::Result<Window> {
        let begin = Instant::now() + WARM_UP;
        let end = begin + self.length;
        let mut shoppers = self.send_shoppers(target, world, end)?;
        sleep_until(begin).await;
        let first = Mark::now(target)?;
        let mut traces: Vec<Vec<Ended>> = Vec::new();
        // They may all be done before the time is up: then nothing that comes later is part of the measure.
        let early = async {
            while let Some(trace) = shoppers.join_next().await {
                traces.push(trace?);
            }
            anyhow::Ok(())
        };
        tokio::select! {
            done = early => done?,
            () = sleep_until(end) => {}
        }
        let last = Mark::now(target)?;
        while let Some(trace) = shoppers.join_next().await {
            traces.push(trace.context("the load generator failed")?);
        }
        Ok(Window::between(&first, &last, traces))
    }

    fn send_shoppers(
        self,
        target: &Target,
        world: &World,
        end: Instant,
    ) -> anyhow::Result<JoinSet<Vec<Ended>>> {
        let made = Arc::new(AtomicU64::new(0));
        let connections = usize::try_from(self.connections)?;
        let mut shoppers = JoinSet::new();
        for (number, customers) in world.customers.iter().take(connections).enumerate() {
            let connection = Connection::new(target.front)?;
            let products = Arc::clone(&world.products);
            let shopper = Shopper::new(connection, customers.clone(), products, number);
            shoppers.spawn(self.shop(shopper, Arc::clone(&made), end));
        }
        Ok(shoppers)
    }

    /// Makes journeys until the time is up, or all have been made. The last one is made to its end.
    async fn shop(self, mut shopper: Shopper, made: Arc<AtomicU64>, end: Instant) -> Vec<Ended> {
        let mut trace = Vec::new();
        while Instant::now() < end && made.fetch_add(1, Ordering::Relaxed) < self.most {
            let outcome = shopper.make(self.journey).await;
            let failed = outcome.is_err();
            trace.push((Instant::now(), outcome));
            if failed {
                shopper.recover().await;
                sleep(AFTER_FAILURE).await;
            }
        }
        trace
    }
}

impl Window {
    fn between(first: &Mark, last: &Mark, traces: Vec<Vec<Ended>>) -> Self {
        let mut window = Self {
            length: last.at - first.at,
            cpu: last.shop.iter().map(|(part, cpu)| (part.clone(), since(first, part, *cpu))).collect(),
            own_cpu: last.own.saturating_sub(first.own),
            ..Self::default()
        };
        let within = |at: &Instant| (first.at..last.at).contains(at);
        for (_, outcome) in traces.into_iter().flatten().filter(|(at, _)| within(at)) {
            match outcome {
                Ok(sample) => window.count(sample),
                Err(failure) => *window.failures.entry(failure).or_default() += 1,
            }
        }
        window
    }

    fn count(&mut self, sample: Sample) {
        self.requests += sample.requests;
        self.latencies.push(sample.took);
        if let Some(took) = sample.confirmed_in {
            self.confirmations.push(took);
        }
    }
}

/// How much CPU time `part` took from `first` on.
fn since(first: &Mark, part: &str, cpu: Duration) -> Duration {
    cpu.saturating_sub(first.shop.get(part).copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_ended_after_the_warm_up_and_before_the_end_counts() {
        let start = Instant::now();
        let after = |millis| start + Duration::from_millis(millis);
        let shop = |cpu| BTreeMap::from([("mercato".to_owned(), Duration::from_millis(cpu))]);
        let mark = |millis, cpu| Mark { at: after(millis), shop: shop(cpu), own: Duration::ZERO };
        let sample = Sample { took: Duration::from_millis(5), confirmed_in: None, requests: 2 };
        let trace = vec![
            (after(900), Ok(sample)),
            (after(1_000), Ok(sample)),
            (after(1_500), Err("no answer".to_owned())),
            (after(2_000), Ok(sample)),
        ];
        let window = Window::between(&mark(1_000, 30), &mark(2_000, 50), vec![trace]);
        assert_eq!((window.latencies.len(), window.requests), (1, 2));
        assert_eq!(window.failures, BTreeMap::from([("no answer".to_owned(), 1)]));
        assert_eq!((window.length, window.cpu), (Duration::from_secs(1), shop(20)));
    }
}
