//! A transaction in as few trips as its questions need: it begins with the first statement and can end with the last.

use std::{
    future::Future,
    sync::{
        MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use deadpool_postgres::Object;
use futures::{FutureExt as _, try_join};
use tokio::sync::Mutex;
use tokio_postgres::{Row, Statement, types::ToSql};
use uuid::Uuid;

use super::Database;
use crate::{
    chaos::{Point, crash_point},
    outbox::{OutboxRow, fresh::Written},
    store::StoreError,
};

/// A transaction. Dropped without a commit it is rolled back.
pub struct Transaction<'c> {
    object: &'c Object,
    database: &'c Database,
    /// Held while a statement is prepared, which takes a trip the first time: what was to be sent before is sent before.
    sending: Mutex<Stage>,
    /// Whether the server has nothing to roll back.
    idle: AtomicBool,
    written: std::sync::Mutex<Written>,
    scheduled: AtomicBool,
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
    pub(super) const fn new(object: &'c Object, database: &'c Database) -> Self {
        Self {
            object,
            database,
            sending: Mutex::const_new(Stage::New),
            idle: AtomicBool::new(true),
            written: std::sync::Mutex::new(Written::new()),
            scheduled: AtomicBool::new(false),
        }
    }

    /// Runs a query.
    ///
    /// # Errors
    /// [`StoreError`]: then the transaction is lost.
    pub async fn query(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, StoreError> {
        let statement = self.prepare(sql).await?;
        Ok(self.object.query(&statement, params).await?)
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
        let statement = self.prepare(sql).await?;
        Ok(self.object.query_opt(&statement, params).await?)
    }

    /// Runs a statement.
    ///
    /// # Returns
    /// How many rows it changed.
    ///
    /// # Errors
    /// [`StoreError`]: then the transaction is lost.
    pub async fn execute(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<u64, StoreError> {
        let statement = self.prepare(sql).await?;
        Ok(self.object.execute(&statement, params).await?)
    }

    /// Sees to it that `sql` is known to the connection.
    async fn prepare(&self, sql: &str) -> Result<Statement, StoreError> {
        // The lock is fair, and a statement is sent in the poll in which it is known: those that are polled together are sent
        // in the order in which they were first polled, however many of them are new to the connection.
        let mut stage = self.sending.lock().await;
        match *stage {
            Stage::New => {
                *stage = Stage::Begun;
                self.idle.store(false, Ordering::Relaxed);
                self.send("BEGIN");
            }
            Stage::Begun => {}
            Stage::Ended => return Err(StoreError::corrupt("a statement came after its transaction's end")),
        }
        Ok(self.object.prepare_cached(sql).await?)
    }

    /// Runs the last statements and commits, all in one trip. If one of them fails, nothing is committed. They must not
    /// wait for each other's answers, and nothing may hang on what they find: it is committed by then.
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
        self.hand_over();
        Ok(done)
    }

    /// Commits, unless that was done with the [last statements](Self::end_with), and wakes what waits for what was done.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if it is not known whether it was committed.
    pub async fn commit(self) -> Result<(), StoreError> {
        self.end().await?;
        self.hand_over();
        Ok(())
    }

    /// Wakes what waits for what was done. Behind the answers to all statements: each has noted by then what it did.
    fn hand_over(&self) {
        let written = std::mem::take(&mut *self.written());
        if !written.is_empty() {
            self.database.fresh.add(written);
            self.database.outbox.notify_one();
        }
        if self.scheduled.swap(false, Ordering::Relaxed) {
            self.database.timers.notify_one();
        }
    }

    async fn end(&self) -> Result<(), StoreError> {
        let committing = {
            let mut stage = self.sending.lock().await;
            if std::mem::replace(&mut *stage, Stage::Ended) != Stage::Begun {
                return Ok(());
            }
            self.idle.store(true, Ordering::Relaxed);
            crash_point(Point::BeforeCommit);
            self.object.batch_execute("COMMIT")
        };
        committing.await?;
        crash_point(Point::AfterCommit);
        Ok(())
    }

    /// Sends what nobody waits for: it goes out before whatever is sent next.
    fn send(&self, sql: &str) {
        self.object.batch_execute(sql).now_or_never();
    }

    /// Notes that the outbox has a new row, for the relay once this commits; and whether others of its aggregate are
    /// waiting before it.
    pub(crate) fn outbox_grew(&self, row: OutboxRow, waiting: bool) {
        self.written().add(row, waiting);
    }

    fn written(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a timer was set, so that the timers are looked at once this commits.
    pub(crate) fn timer_set(&self) {
        self.scheduled.store(true, Ordering::Relaxed);
    }

    /// Under which name this process writes into the outbox.
    pub(crate) const fn relay(&self) -> Uuid {
        self.database.relay
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if !self.idle.load(Ordering::Relaxed) {
            self.send("ROLLBACK");
        }
    }
}
