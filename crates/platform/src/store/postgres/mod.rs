//! PostgreSQL: a database for each service, over a pool of connections with prepared statements.
//!
//! Statements that do not need each other's answers are sent together: what is polled together on one connection goes
//! out in one trip (<https://docs.rs/tokio-postgres/#pipelining>).

mod connect;
mod error;
mod tls;
mod together;
mod transaction;

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use contracts::Timestamp;
use deadpool_postgres::{Object, Pool};
use tokio::sync::Notify;
use tokio_postgres::{Row, Statement, types::ToSql};
use uuid::Uuid;

use super::StoreError;
use crate::outbox::fresh::Fresh;

pub use connect::{endpoint, migrate, open};
pub use error::Refused;
pub use together::{Asked, Key, Work};
pub use transaction::Transaction;

/// Statements that a connection keeps: more than a service has fixed ones.
const STATEMENTS: usize = 128;
/// Rows that a pruning deletes at a time.
const PRUNED: i64 = 5_000;

/// The pool of one service's database. Clones share it.
#[derive(Clone)]
pub struct Database {
    pool: Pool,
    /// For the transaction that commands share, which waits for no lock for long.
    shared: Pool,
    /// For what nobody waits for, and what is done again if the server forgets it.
    chores: Pool,
    /// Under which name this process writes into the outbox, and relays what it wrote.
    relay: Uuid,
    outbox: Arc<Notify>,
    fresh: Arc<Fresh>,
    timers: Arc<Notify>,
    waiting: Arc<together::Waiting>,
}

/// A connection out of the pool.
pub struct Connection {
    object: Object,
    database: Database,
}

impl Database {
    fn new(pool: Pool, shared: Pool, chores: Pool) -> Self {
        Self {
            pool,
            shared,
            chores,
            relay: Uuid::new_v4(),
            outbox: Arc::default(),
            fresh: Arc::default(),
            timers: Arc::default(),
            waiting: Arc::default(),
        }
    }

    /// A connection, as soon as one is free.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the server cannot be reached, or none gets free within a few seconds.
    pub async fn connection(&self) -> Result<Connection, StoreError> {
        self.connection_of(&self.pool).await
    }

    /// A connection for a chore: a crash of the server may take back what it has committed a moment ago.
    ///
    /// # Errors
    /// As [`Database::connection`].
    pub(crate) async fn chore(&self) -> Result<Connection, StoreError> {
        self.connection_of(&self.chores).await
    }

    async fn connection_of(&self, pool: &Pool) -> Result<Connection, StoreError> {
        let object = pool.get().await.map_err(error::no_connection)?;
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
        self.connection().await?.execute(sql, params).await
    }

    /// Runs a statement that deletes up to `$2` of what is older than `$1`, as a chore, until nothing of that is left: a
    /// single one might take longer than a statement may, and hold locks meanwhile.
    ///
    /// # Errors
    /// [`StoreError`]: some may be gone.
    pub(crate) async fn prune(&self, sql: &str, before: Timestamp) -> Result<(), StoreError> {
        // Other chores have their turn between two of these.
        while self.chore().await?.execute(sql, &[&moment(before), &PRUNED]).await? == PRUNED.unsigned_abs() {}
        Ok(())
    }

    /// Under which name this process writes into the outbox.
    pub(crate) const fn relay(&self) -> Uuid {
        self.relay
    }

    /// What was put into the outbox, for the relay.
    pub(crate) fn fresh(&self) -> &Fresh {
        &self.fresh
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
    /// Begins a transaction (READ COMMITTED: rows that a decision hangs on are locked), which goes out with its first
    /// statement.
    pub fn begin(&mut self) -> Transaction<'_> {
        Transaction::new(&self.object, &self.database)
    }

    /// Runs a query.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn query(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, StoreError> {
        let statement = self.prepared(sql).await?;
        Ok(self.object.query(&statement, params).await?)
    }

    /// Runs one statement in a transaction of its own.
    ///
    /// # Returns
    /// How many rows it changed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn execute(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<u64, StoreError> {
        let statement = self.prepared(sql).await?;
        Ok(self.object.execute(&statement, params).await?)
    }

    /// `sql` as a statement that this connection keeps. Most statements are fixed; a list has one for each set of filters, and
    /// what anybody may ask for is not to fill the server's memory.
    async fn prepared(&self, sql: &str) -> Result<Statement, StoreError> {
        if self.object.statement_cache.size() >= STATEMENTS {
            self.object.statement_cache.clear();
        }
        Ok(self.object.prepare_cached(sql).await?)
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
