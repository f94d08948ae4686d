//! PostgreSQL: a database for each service, over a pool of connections with prepared statements.
//!
//! Statements that do not need each other's answers are sent together: what is polled together on one connection goes
//! out in one trip (<https://docs.rs/tokio-postgres/#pipelining>).

mod connect;
mod error;

use std::{
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use contracts::Timestamp;
use deadpool_postgres::{Object, Pool};
use tokio::sync::Notify;
use tokio_postgres::{Row, Statement, types::ToSql};
use uuid::Uuid;

use super::StoreError;

pub use connect::{migrate, open};

/// The pool of one service's database. Clones share it.
#[derive(Clone)]
pub struct Database {
    pool: Pool,
    /// Under which name this process writes into the outbox, and relays what it wrote.
    relay: Uuid,
    outbox: Arc<Notify>,
    timers: Arc<Notify>,
}

/// A connection out of the pool.
pub struct Connection {
    object: Object,
    database: Database,
}

/// A transaction. Dropped without a commit it is rolled back.
pub struct Transaction<'c> {
    inner: deadpool_postgres::Transaction<'c>,
    database: &'c Database,
    /// Held while a statement is prepared, which takes a trip the first time: what was to be sent before is sent before.
    preparing: tokio::sync::Mutex<()>,
    enqueued: AtomicBool,
    scheduled: AtomicBool,
}

impl Database {
    fn new(pool: Pool) -> Self {
        Self { pool, relay: Uuid::new_v4(), outbox: Arc::default(), timers: Arc::default() }
    }

    /// A connection, as soon as one is free.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the server cannot be reached, or none gets free within a few seconds.
    pub async fn connection(&self) -> Result<Connection, StoreError> {
        let object = self.pool.get().await.map_err(|error| StoreError::Unavailable(error.to_string()))?;
        Ok(Connection { object, database: self.clone() })
    }

    /// Runs one query on a connection of its own.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn query(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, StoreError> {
        self.connection().await?.query(sql, params).await
    }

    /// Runs one statement in a transaction of its own.
    ///
    /// # Returns
    /// How many rows it changed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn execute(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<u64, StoreError> {
        let connection = self.connection().await?;
        let statement = connection.object.prepare_cached(sql).await?;
        Ok(connection.object.execute(&statement, params).await?)
    }

    /// Under which name this process writes into the outbox.
    pub(crate) const fn relay(&self) -> Uuid {
        self.relay
    }

    /// Notified after each commit that put something into the outbox.
    #[must_use]
    pub fn outbox_signal(&self) -> Arc<Notify> {
        Arc::clone(&self.outbox)
    }

    /// Notified after each commit that set a timer.
    #[must_use]
    pub fn timer_signal(&self) -> Arc<Notify> {
        Arc::clone(&self.timers)
    }
}

impl Connection {
    /// Begins a transaction (READ COMMITTED: rows that a decision hangs on are locked).
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn begin(&mut self) -> Result<Transaction<'_>, StoreError> {
        let inner = self.object.transaction().await?;
        let (enqueued, scheduled) = (AtomicBool::new(false), AtomicBool::new(false));
        let preparing = tokio::sync::Mutex::default();
        Ok(Transaction { inner, database: &self.database, preparing, enqueued, scheduled })
    }

    /// Runs a query.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn query(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, StoreError> {
        let statement = self.object.prepare_cached(sql).await?;
        Ok(self.object.query(&statement, params).await?)
    }
}

impl Transaction<'_> {
    /// Runs a query.
    ///
    /// # Errors
    /// [`StoreError`]: then the transaction is lost.
    pub async fn query(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, StoreError> {
        let statement = self.prepare(sql).await?;
        Ok(self.inner.query(&statement, params).await?)
    }

    /// Statements that are polled together are prepared, and so sent, in the order in which they were first polled.
    async fn prepare(&self, sql: &str) -> Result<Statement, StoreError> {
        let _turn = self.preparing.lock().await;
        Ok(self.inner.prepare_cached(sql).await?)
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
        Ok(self.inner.query_opt(&statement, params).await?)
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
        Ok(self.inner.execute(&statement, params).await?)
    }

    /// Commits, and wakes what waits for what was done.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if it is not known whether it was committed.
    pub async fn commit(self) -> Result<(), StoreError> {
        self.inner.commit().await?;
        if self.enqueued.load(Ordering::Relaxed) {
            self.database.outbox.notify_one();
        }
        if self.scheduled.load(Ordering::Relaxed) {
            self.database.timers.notify_one();
        }
        Ok(())
    }

    /// Notes that the outbox has a new row, so that the relay is woken once this commits.
    pub(crate) fn outbox_grew(&self) {
        self.enqueued.store(true, Ordering::Relaxed);
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

impl<'c> Deref for Transaction<'c> {
    type Target = deadpool_postgres::Transaction<'c>;

    fn deref(&self) -> &Self::Target {
        &self.inner
    }
}

/// `timestamp` as a parameter for a `timestamptz`.
#[must_use]
pub fn moment(timestamp: Timestamp) -> SystemTime {
    let micros = timestamp.as_micros();
    let distance = Duration::from_micros(micros.unsigned_abs());
    if micros < 0 { UNIX_EPOCH - distance } else { UNIX_EPOCH + distance }
}

/// The `timestamptz` in a column.
///
/// # Errors
/// [`StoreError::Failed`] if there is none.
pub fn timestamp(row: &Row, column: &str) -> Result<Timestamp, StoreError> {
    let moment: SystemTime = row.try_get(column)?;
    let micros = |distance: Duration| i64::try_from(distance.as_micros()).unwrap_or(i64::MAX);
    Ok(Timestamp::from_micros(match moment.duration_since(UNIX_EPOCH) {
        Ok(after) => micros(after),
        Err(before) => -micros(before.duration()),
    }))
}

/// The text in a column as a `T`.
///
/// # Errors
/// [`StoreError::Failed`] if it is none.
pub fn parse<T>(row: &Row, column: &str) -> Result<T, StoreError>
where
    T: std::str::FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let text: &str = row.try_get(column)?;
    text.parse().map_err(|error| StoreError::Failed(Box::new(error)))
}

/// A number that the database keeps as `integer` and that is never below zero.
///
/// # Errors
/// [`StoreError::Failed`] if it is.
pub fn count(row: &Row, column: &str) -> Result<u32, StoreError> {
    let number: i32 = row.try_get(column)?;
    u32::try_from(number).map_err(|error| StoreError::Failed(Box::new(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_before_1970_is_a_moment() {
        let early = Timestamp::from_micros(-1_500_000);
        assert_eq!(UNIX_EPOCH.duration_since(moment(early)).unwrap(), Duration::from_micros(1_500_000));
    }
}
