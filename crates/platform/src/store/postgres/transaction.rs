//! A transaction in as few trips as its questions need: it begins with the first statement and can end with the last.

use std::{
    collections::BTreeMap,
    future::Future,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use deadpool_postgres::Object;
use futures::{FutureExt as _, try_join};
use tokio_postgres::{Row, Statement, error::Severity, types::ToSql};
use uuid::Uuid;

use super::Database;
use crate::{
    chaos::{Point, crash_point},
    messaging::Envelope,
    outbox,
    store::StoreError,
    timers::{self, Timer},
};

/// A transaction, or one command's part in a transaction that several share. Dropped without a commit it is rolled back,
/// with all parts of it.
pub struct Transaction<'c> {
    shared: Arc<Shared<'c>>,
    /// Whether this part has come to its end.
    ended: AtomicBool,
}

/// What the parts of a transaction have in common.
pub(super) struct Shared<'c> {
    object: &'c Object,
    database: &'c Database,
    /// Held while a statement is prepared, which takes a trip the first time: what was to be sent before is sent before.
    sending: tokio::sync::Mutex<Sending>,
    /// Whether the server has nothing to roll back.
    idle: AtomicBool,
    /// Whether the server refused a statement, and with it the transaction.
    refused: AtomicBool,
    /// Whether the server has said that it is done.
    done: AtomicBool,
    /// Whether a part failed behind its end, perhaps over an answer that nobody read.
    doubtful: AtomicBool,
    parcel: Mutex<Parcel>,
}

/// What is written with the commit, of all parts by the same few statements.
#[derive(Default)]
struct Parcel {
    events: Vec<Envelope>,
    /// By kind and subject; `None` for one that is cleared.
    timers: BTreeMap<(String, Uuid), Option<Timer>>,
}

struct Sending {
    stage: Stage,
    /// Parts that have not come to their end.
    open: usize,
}

/// How far a transaction has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing was sent yet.
    New,
    Begun,
    /// Its end was sent.
    Ended,
}

impl<'c> Transaction<'c> {
    /// A transaction that nobody shares.
    pub(super) fn new(object: &'c Object, database: &'c Database) -> Self {
        Shared::new(object, database, 1).part()
    }

    /// Runs a query.
    ///
    /// # Errors
    /// [`StoreError`]: then the transaction is lost.
    pub async fn query(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, StoreError> {
        let statement = self.shared.prepare(sql).await?;
        self.shared.noting(self.shared.object.query(&statement, params).await)
    }

    /// Runs a query that gives one row at the most.
    ///
    /// # Errors
    /// [`StoreError`]: then the transaction is lost.
    pub async fn query_opt(
        &self,
        sql: &str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Option<Row>, StoreError> {
        let statement = self.shared.prepare(sql).await?;
        self.shared.noting(self.shared.object.query_opt(&statement, params).await)
    }

    /// Runs a statement.
    ///
    /// # Returns
    /// How many rows it changed.
    ///
    /// # Errors
    /// [`StoreError`]: then the transaction is lost.
    pub async fn execute(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<u64, StoreError> {
        let statement = self.shared.prepare(sql).await?;
        self.shared.noting(self.shared.object.execute(&statement, params).await)
    }

    /// Runs the last statements and commits, all in one trip. If one of them fails, nothing is committed. They must not
    /// wait for each other's answers, and nothing may hang on what they find: it is committed by then.
    ///
    /// Where several share the transaction, it commits with the one that comes to its end last.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::Unavailable`] if it is not known whether it was committed.
    pub async fn end_with<T>(
        &self,
        last: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        // Polled behind `last`, and so sent behind it: if it cannot be sent, this is not either. If the server does not
        // like it, what is a COMMIT here is a rollback there (https://www.postgresql.org/docs/current/sql-commit.html).
        let (done, ()) = try_join!(last, self.end())?;
        Ok(done)
    }

    /// Commits, unless that was done with the [last statements](Self::end_with), and wakes what waits for what was done.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if it is not known whether it was committed.
    pub async fn commit(self) -> Result<(), StoreError> {
        self.end().await
    }

    pub(super) async fn end(&self) -> Result<(), StoreError> {
        if self.ended.swap(true, Ordering::Relaxed) { Ok(()) } else { self.shared.end_part().await }
    }

    /// Takes note that this part has failed.
    pub(super) fn fail(&self) {
        if self.ended.load(Ordering::Relaxed) {
            self.shared.doubtful.store(true, Ordering::Relaxed);
        }
    }

    /// Waits for the advisory locks with these numbers, and holds them until the transaction ends.
    ///
    /// # Errors
    /// [`StoreError`]: then the transaction is lost.
    pub async fn lock(&self, mut keys: Vec<i64>) -> Result<(), StoreError> {
        // Of two who want the same ones none waits for one that the other waits with.
        keys.sort_unstable();
        let sql = "SELECT pg_advisory_xact_lock(key) FROM unnest($1::bigint[]) AS key";
        self.query(sql, &[&keys]).await.map(drop)
    }

    /// Has `envelope` put into the outbox with the commit.
    pub(crate) fn send(&self, envelope: Envelope) {
        self.shared.parcel().events.push(envelope);
    }

    /// Has `timer` set with the commit, in place of one of the same kind and subject.
    pub(crate) fn set_timer(&self, timer: Timer) {
        self.shared.parcel().timers.insert((timer.kind.clone(), timer.subject), Some(timer));
    }

    /// Has the timer of this kind and subject cleared with the commit, if there is one.
    pub(crate) fn clear_timer(&self, kind: &str, subject: Uuid) {
        self.shared.parcel().timers.insert((kind.to_owned(), subject), None);
    }
}

impl<'c> Shared<'c> {
    /// A transaction of so many `parts`, each of which has to come to its end before it commits.
    pub(super) fn new(object: &'c Object, database: &'c Database, parts: usize) -> Arc<Self> {
        Arc::new(Self {
            object,
            database,
            sending: tokio::sync::Mutex::new(Sending { stage: Stage::New, open: parts }),
            idle: AtomicBool::new(true),
            refused: AtomicBool::new(false),
            done: AtomicBool::new(false),
            doubtful: AtomicBool::new(false),
            parcel: Mutex::default(),
        })
    }

    /// One of its parts.
    pub(super) fn part(self: &Arc<Self>) -> Transaction<'c> {
        Transaction { shared: Arc::clone(self), ended: AtomicBool::new(false) }
    }

    /// Whether it was committed; `None` if it is not known what became of its end.
    pub(super) fn committed(&self) -> Option<bool> {
        let open = self.sending.try_lock().is_ok_and(|sending| sending.stage != Stage::Ended);
        // If a statement was refused, it is rolled back, whatever ends it.
        if open || self.refused.load(Ordering::Relaxed) {
            return Some(false);
        }
        let sure = self.done.load(Ordering::Relaxed) && !self.doubtful.load(Ordering::Relaxed);
        sure.then_some(true)
    }

    /// Sees to it that `sql` is known to the connection.
    async fn prepare(&self, sql: &str) -> Result<Statement, StoreError> {
        // The lock is fair, and a statement is sent in the poll in which it is known: those that are polled together are sent
        // in the order in which they were first polled, however many of them are new to the connection.
        let mut sending = self.sending.lock().await;
        self.begin(&mut sending)?;
        self.noting(self.object.prepare_cached(sql).await)
    }

    fn begin(&self, sending: &mut Sending) -> Result<(), StoreError> {
        match sending.stage {
            Stage::New => {
                sending.stage = Stage::Begun;
                self.idle.store(false, Ordering::Relaxed);
                self.send("BEGIN");
                Ok(())
            }
            Stage::Begun => Ok(()),
            Stage::Ended => Err(StoreError::corrupt("a statement came after its transaction's end")),
        }
    }

    /// One part has come to its end; with the last one the parcel is sent, and the COMMIT behind it.
    async fn end_part(&self) -> Result<(), StoreError> {
        let mut sending = self.sending.lock().await;
        sending.open = sending.open.saturating_sub(1);
        if sending.open > 0 {
            return Ok(());
        }
        let Parcel { events, timers } = std::mem::take(&mut *self.parcel());
        if sending.stage == Stage::New && events.is_empty() && timers.is_empty() {
            sending.stage = Stage::Ended;
            self.done.store(true, Ordering::Relaxed);
            return Ok(());
        }
        self.begin(&mut sending)?;
        let (mut set, mut cleared) = (Vec::new(), BTreeMap::<String, Vec<Uuid>>::new());
        for ((kind, subject), timer) in timers {
            match timer {
                Some(timer) => set.push(timer),
                None => cleared.entry(kind).or_default().push(subject),
            }
        }
        // A statement that is new to the connection is prepared before any is sent.
        let [insert, set_timers, clear_timers] = [
            (!events.is_empty()).then_some(outbox::postgres::INSERT),
            (!set.is_empty()).then_some(timers::postgres::SET),
            (!cleared.is_empty()).then_some(timers::postgres::CLEAR),
        ];
        let insert = self.known(insert).await?;
        let set_timers = self.known(set_timers).await?;
        let clear_timers = self.known(clear_timers).await?;
        sending.stage = Stage::Ended;
        crash_point(Point::BeforeCommit);
        let commit = async {
            self.idle.store(true, Ordering::Relaxed);
            self.object.batch_execute("COMMIT").await
        };
        let (written, (), (), ()) = try_join!(
            outbox::postgres::insert(self.object, insert, self.database.relay, events),
            timers::postgres::set_all(self.object, set_timers, &set),
            timers::postgres::clear_all(self.object, clear_timers, &cleared),
            commit,
        )
        .map_err(|error| self.note(error))?;
        crash_point(Point::AfterCommit);
        self.done.store(true, Ordering::Relaxed);
        if !written.is_empty() {
            self.database.fresh.add(written);
            self.database.outbox.notify_one();
        }
        if set.iter().any(timers::is_soon) {
            self.database.timers.notify_one();
        }
        Ok(())
    }

    async fn known(&self, sql: Option<&str>) -> Result<Option<Statement>, StoreError> {
        match sql {
            Some(sql) => self.noting(self.object.prepare_cached(sql).await).map(Some),
            None => Ok(None),
        }
    }

    /// Takes note of a refusal.
    fn noting<T>(&self, answer: Result<T, tokio_postgres::Error>) -> Result<T, StoreError> {
        answer.map_err(|error| self.note(error))
    }

    fn note(&self, error: tokio_postgres::Error) -> StoreError {
        // An error that ends the session does not say what became of a COMMIT on its way.
        if error.as_db_error().is_some_and(|error| error.parsed_severity() == Some(Severity::Error)) {
            self.refused.store(true, Ordering::Relaxed);
        }
        error.into()
    }

    /// Sends what nobody waits for: it goes out before whatever is sent next.
    fn send(&self, sql: &str) {
        self.object.batch_execute(sql).now_or_never();
    }

    fn parcel(&self) -> MutexGuard<'_, Parcel> {
        self.parcel.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Shared<'_> {
    fn drop(&mut self) {
        if !self.idle.load(Ordering::Relaxed) {
            self.send("ROLLBACK");
        }
    }
}
