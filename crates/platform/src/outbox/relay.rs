//! The relay: takes what the outbox holds to the broker.

use std::{
    collections::{HashMap, HashSet},
    mem::take,
    sync::Arc,
    time::Duration,
};

use contracts::events::{Event as _, StockReserved};
use futures::{FutureExt as _, StreamExt as _, stream::FuturesUnordered};
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use uuid::Uuid;

use super::{OutboxRow, OutboxStore};
use crate::{
    Clock,
    backoff::Backoff,
    chaos::{Point, crash_point, loses_first},
    messaging::{Broker, Envelope, PublishError},
    store::StoreError,
};

/// Aggregates whose events are on their way at the same time: more than one consumer takes, so that those that wait for one
/// that does not go on hold up nobody else.
const WINDOW: usize = 1_024;
/// Rows that one look at the outbox takes.
const BATCH: u32 = 500;
/// How often the outbox is looked at when nothing wakes the relay: rows may have been taken over, or wait for others.
const POLL: Duration = Duration::from_millis(100);
/// How long confirmed rows wait for others, to be deleted together with them, while no row waits in turn.
const GATHER: Duration = Duration::from_millis(2);
/// How long rows are held without a sign of life.
const HOLD: Duration = Duration::from_secs(6);
/// How often a sign of life is given: two may fail before the rows are lost to others.
const RENEW: Duration = Duration::from_secs(2);
/// How long the events on their way may take to arrive once the service is to stop.
const DRAIN: Duration = Duration::from_secs(5);

/// Publishes what the outbox of one service holds: at least once, and in order within an aggregate.
pub struct Relay {
    store: Arc<dyn OutboxStore>,
    broker: Arc<dyn Broker>,
    clock: Clock,
    held_until: Instant,
    /// The row that the present pass over the outbox has come to.
    cursor: i64,
    /// Aggregates that a row was passed over for in this pass: their later rows have to wait for the next pass.
    passed_over: HashSet<Uuid>,
    /// Aggregates whose events are on their way, with the last of those rows.
    on_their_way: HashMap<Uuid, i64>,
    /// Whether the outbox has to be looked at: it may have rows that nobody has told of.
    look: bool,
    /// Whether rows wait for one that is on its way, or for a place.
    behind: bool,
    /// Aggregates whose last try failed, and when the next one is due.
    resting: HashMap<Uuid, (Instant, Backoff)>,
    /// Confirmed rows that are still to be deleted, with the aggregates that they keep waiting.
    confirmed: Vec<Published>,
    /// When they are, unless others are being deleted: before that only if rows wait, and the last try did not fail.
    delete_at: Instant,
    delete_failed: bool,
    /// Rows that cannot be read, and have been reported.
    unreadable: HashSet<i64>,
}

/// Rows of one aggregate, in order.
type Batch = (Uuid, Vec<(i64, Envelope)>);

/// How it went with some events of one aggregate.
struct Published {
    aggregate: Uuid,
    confirmed: Vec<i64>,
    failed: Option<PublishError>,
}

impl Relay {
    /// A relay from `store` to `broker`.
    #[must_use]
    pub fn new(store: Arc<dyn OutboxStore>, broker: Arc<dyn Broker>, clock: Clock) -> Self {
        Self {
            store,
            broker,
            clock,
            held_until: Instant::now(),
            cursor: 0,
            passed_over: HashSet::new(),
            on_their_way: HashMap::new(),
            look: true,
            behind: false,
            resting: HashMap::new(),
            confirmed: Vec::new(),
            delete_at: Instant::now(),
            delete_failed: false,
            unreadable: HashSet::new(),
        }
    }

    /// Relays until `shutdown`, looking whenever `wake` is notified; then lets what is on its way arrive.
    pub async fn run(mut self, wake: Arc<Notify>, shutdown: CancellationToken) {
        let mut publishing = FuturesUnordered::new();
        // One at a time: what is confirmed meanwhile shares the next.
        let mut deleting = FuturesUnordered::new();
        let mut renewal = tokio::time::interval(RENEW);
        let mut poll = tokio::time::interval(POLL);
        poll.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let mut committed = Vec::new();
            let to_delete = deleting.is_empty() && !self.confirmed.is_empty();
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                _ = renewal.tick() => self.renew().await,
                Some(published) = publishing.next() => {
                    self.note(published);
                    while let Some(Some(published)) = publishing.next().now_or_never() {
                        self.note(published);
                    }
                }
                Some((published, deleted)) = deleting.next() => self.note_deleted(published, deleted),
                () = wake.notified() => match self.store.committed() {
                    Some(rows) => committed = rows,
                    None => self.look = true,
                },
                _ = poll.tick() => self.look = true,
                () = sleep_until(self.delete_at), if to_delete => {}
            }
            for (aggregate, rows) in self.take(committed).await {
                publishing.push(publish(Arc::clone(&self.broker), aggregate, rows));
            }
            if deleting.is_empty() && !self.confirmed.is_empty() && self.is_time_to_delete() {
                deleting.push(delete(Arc::clone(&self.store), take(&mut self.confirmed)));
            }
        }
        let drain = async {
            while let Some(published) = publishing.next().await {
                self.note(published);
            }
        };
        if tokio::time::timeout(DRAIN, drain).await.is_err() {
            tracing::info!("stopped with events on their way; they stay in the outbox");
        }
        while let Some((published, deleted)) = deleting.next().await {
            self.note_deleted(published, deleted);
        }
        let (published, deleted) = delete(Arc::clone(&self.store), take(&mut self.confirmed)).await;
        self.note_deleted(published, deleted);
        if let Err(error) = self.store.release().await {
            tracing::warn!(%error, "the outbox could not be let go of; others take it over in a few seconds");
        }
    }

    async fn renew(&mut self) {
        let begun = Instant::now();
        match self.store.hold(self.clock.now(), HOLD).await {
            Ok(()) => {
                if Instant::now() >= self.held_until {
                    // What was committed before may have been taken over meanwhile: the outbox says what is still ours.
                    self.store.committed();
                    self.look = true;
                }
                self.held_until = begun + HOLD;
            }
            Err(error) => tracing::warn!(%error, "the outbox could not be held on to"),
        }
        let now = Instant::now();
        self.resting.retain(|_, (until, _)| *until + HOLD > now);
    }

    /// The rows that may be published now, by aggregate: of those in the outbox if it has to be looked at, else of those
    /// that have just been `committed`.
    async fn take(&mut self, committed: Vec<OutboxRow>) -> Vec<Batch> {
        if Instant::now() >= self.held_until {
            return Vec::new();
        }
        if self.on_their_way.len() >= WINDOW {
            self.behind = true;
            return Vec::new();
        }
        if !self.look {
            let chosen = self.choose(committed);
            if self.cursor == 0 {
                self.passed_over.clear();
            }
            return chosen;
        }
        match self.store.fetch(self.cursor, BATCH).await {
            Ok(rows) => self.choose_from_pass(rows),
            Err(error) => {
                tracing::warn!(%error, "the outbox cannot be read");
                Vec::new()
            }
        }
    }

    fn choose_from_pass(&mut self, rows: Vec<OutboxRow>) -> Vec<Batch> {
        let last = rows.last().map(|row| row.id).filter(|_| rows.len() == BATCH as usize);
        self.look = false;
        self.behind = last.is_some();
        // What fails from here on lies behind the cursor.
        self.cursor = last.unwrap_or(self.cursor);
        let chosen = self.choose(rows);
        if last.is_none() {
            self.cursor = 0;
            self.passed_over.clear();
        }
        chosen
    }

    fn choose(&mut self, rows: Vec<OutboxRow>) -> Vec<Batch> {
        let now = Instant::now();
        let mut taken: Vec<Batch> = Vec::new();
        let mut places: HashMap<Uuid, usize> = HashMap::new();
        for OutboxRow { id, aggregate, envelope } in rows {
            let envelope = match envelope {
                Ok(envelope) => envelope,
                Err(error) => {
                    self.hold_back(id, aggregate, &error);
                    places.remove(&aggregate);
                    continue;
                }
            };
            if let Some(place) = places.get(&aggregate) {
                taken[*place].1.push((id, envelope));
                self.on_their_way.insert(aggregate, id);
            } else if self.may_take(aggregate, now) {
                self.on_their_way.insert(aggregate, id);
                places.insert(aggregate, taken.len());
                taken.push((aggregate, vec![(id, envelope)]));
            } else {
                self.behind |= self.on_their_way.get(&aggregate).is_none_or(|last| *last < id);
                self.passed_over.insert(aggregate);
            }
        }
        taken
    }

    /// Passes over a row that cannot be read. Its aggregate waits until somebody has mended it: what comes later must not
    /// go first, and no event may be lost.
    fn hold_back(&mut self, id: i64, aggregate: Uuid, error: &str) {
        self.passed_over.insert(aggregate);
        if self.unreadable.insert(id) {
            tracing::error!(row = id, %aggregate, error, "an event in the outbox cannot be read; its aggregate waits");
            metrics::counter!("outbox_unreadable_total").increment(1);
        }
    }

    fn may_take(&self, aggregate: Uuid, now: Instant) -> bool {
        self.on_their_way.len() < WINDOW
            && !self.passed_over.contains(&aggregate)
            && !self.on_their_way.contains_key(&aggregate)
            && self.resting.get(&aggregate).is_none_or(|(until, _)| *until <= now)
    }

    fn note(&mut self, published: Published) {
        let aggregate = published.aggregate;
        if let Some(error) = &published.failed {
            // The first of them, and not each for each try: an outage has thousands.
            if self.resting.is_empty() {
                tracing::warn!(%aggregate, %error, "events cannot be published yet");
            } else {
                tracing::debug!(%aggregate, %error, "events cannot be published yet");
            }
            let (_, mut backoff) =
                self.resting.remove(&aggregate).unwrap_or((Instant::now(), Backoff::reconnect()));
            let until = Instant::now() + backoff.next_rest();
            self.resting.insert(aggregate, (until, backoff));
            if self.cursor > 0 {
                // What failed lies behind the cursor. Were the rest over within this pass, a later row would go first.
                self.passed_over.insert(aggregate);
            }
        } else {
            self.resting.remove(&aggregate);
        }
        if published.confirmed.is_empty() {
            self.let_go(&published);
            return;
        }
        if self.confirmed.is_empty() {
            self.delete_at = Instant::now() + GATHER;
        }
        self.confirmed.push(published);
    }

    fn is_time_to_delete(&self) -> bool {
        (self.behind && !self.delete_failed) || Instant::now() >= self.delete_at
    }

    fn note_deleted(&mut self, published: Vec<Published>, deleted: Result<(), StoreError>) {
        self.delete_failed = deleted.is_err();
        if let Err(error) = deleted {
            tracing::warn!(%error, "published rows could not be deleted yet");
            self.delete_at = Instant::now() + POLL;
            self.confirmed.extend(published);
        } else {
            published.iter().for_each(|published| self.let_go(published));
        }
    }

    /// Lets those go on that have waited for these.
    fn let_go(&mut self, published: &Published) {
        self.on_their_way.remove(&published.aggregate);
        self.look |= self.behind;
    }
}

/// Deletes the rows of `published` that were confirmed: on a task of its own, so that the store's connection is free again
/// whatever the relay waits for meanwhile.
fn delete(
    store: Arc<dyn OutboxStore>,
    published: Vec<Published>,
) -> impl Future<Output = (Vec<Published>, Result<(), StoreError>)> {
    let rows = published.iter().flat_map(|published| published.confirmed.iter().copied()).collect();
    let deleting = AbortOnDropHandle::new(tokio::spawn(delete_rows(store, rows)));
    async move {
        let deleted = deleting.await.unwrap_or_else(|end| Err(StoreError::Unavailable(end.to_string())));
        (published, deleted)
    }
}

async fn delete_rows(store: Arc<dyn OutboxStore>, rows: Vec<i64>) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    crash_point(Point::BeforeDelete);
    store.delete(&rows).await?;
    crash_point(Point::AfterDelete);
    Ok(())
}

/// Publishes the events of one aggregate one after the other, up to the first that fails.
async fn publish(broker: Arc<dyn Broker>, aggregate: Uuid, rows: Vec<(i64, Envelope)>) -> Published {
    let mut published = Published { aggregate, confirmed: Vec::with_capacity(rows.len()), failed: None };
    for (id, envelope) in rows {
        crash_point(Point::BeforePublish);
        if envelope.event_type == StockReserved::TYPE && loses_first(envelope.aggregate) {
            published.confirmed.push(id);
            continue;
        }
        if let Err(error) = broker.publish(&envelope).await {
            published.failed = Some(error);
            break;
        }
        crash_point(Point::AfterConfirm);
        published.confirmed.push(id);
    }
    published
}
