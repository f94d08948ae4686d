//! The embedded store: one SQLite file per service, in WAL mode, with one writer and a few readers.
//!
//! Commands that arrive together are committed together: the writer runs each in a savepoint of its own,
//! so that one that fails leaves no trace, and pays for one `fsync` instead of one for each. No caller
//! hears of success before that commit.

pub mod simulated;

use std::{
    cell::Cell,
    ops::Deref,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use contracts::Timestamp;
use rusqlite::{Connection, ErrorCode, OpenFlags, Row, types::Type};
use tokio::sync::{Notify, Semaphore, mpsc, oneshot};

use super::{StoreError, history::unless_ahead, panicked};
use crate::{
    chaos::{self, Point, Safeguard, crash_point},
    trace::TraceContext,
};

/// Connections that queries share. SQLite reads are short; more would only hold memory.
const READERS: usize = 2;
/// Commands that may wait for the writer before the next caller has to wait for room.
const WRITE_QUEUE: usize = 1_024;
/// Commands that share one commit at the most: a bound on how long the first of them waits.
const GROUP: usize = 64;

/// Rows that a pruning deletes at a time.
const PRUNED: u32 = 5_000;

/// How much a power cut may take (<https://sqlite.org/pragma.html#pragma_synchronous>). A killed process takes
/// nothing from either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// `synchronous=NORMAL`: the last commits before a power cut may be gone.
    Normal,
    /// `synchronous=FULL`: a commit that was acknowledged stays.
    Full,
}

/// A database file, its writer and its readers. Clones share them.
#[derive(Clone)]
pub struct Database {
    place: Place,
    signals: Arc<Signals>,
}

/// Where a database is.
#[derive(Clone)]
enum Place {
    /// In a file, with a thread that writes.
    File { writer: mpsc::Sender<Job>, readers: Arc<Readers> },
    /// In memory, for a simulation.
    Memory(simulated::Reached),
}

/// Wakes what waits for work, after the commit that made the work.
#[derive(Default)]
struct Signals {
    outbox: Arc<Notify>,
    timers: Arc<Notify>,
}

struct Readers {
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
}

/// What a command sees of the database: a connection inside its transaction.
pub struct Transaction<'c> {
    connection: &'c Connection,
    enqueued: Cell<bool>,
    scheduled: Cell<bool>,
}

impl Transaction<'_> {
    /// Notes that the outbox has a new row, so that the relay is woken once this commits.
    pub(crate) fn outbox_grew(&self) {
        self.enqueued.set(true);
    }

    /// Notes that a timer was set, so that the timers are looked at once this commits.
    pub(crate) fn timer_set(&self) {
        self.scheduled.set(true);
    }
}

impl Deref for Transaction<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

/// A command on its way to the writer.
type Job = Box<dyn FnOnce(Result<&Transaction<'_>, StoreError>) -> Ran + Send>;

/// A command that has run and whose caller waits for the commit.
struct Ran {
    succeeded: bool,
    answer: Box<dyn FnOnce(Result<(), StoreError>) + Send>,
}

impl Database {
    /// Opens the file at `path`, making it if there is none.
    ///
    /// # Errors
    /// [`StoreError`] if the file cannot be opened, or is not a database.
    pub fn open(path: &Path, durability: Durability) -> Result<Self, StoreError> {
        let writer = connect(path, durability)?;
        let readers = (0..READERS)
            .map(|_| {
                let reader = connect(path, durability)?;
                reader.pragma_update(None, "query_only", true)?;
                Ok(reader)
            })
            .collect::<Result<Vec<_>, StoreError>>()?;
        let signals = Arc::new(Signals::default());
        let (sender, receiver) = mpsc::channel(WRITE_QUEUE);
        std::thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn({
                let signals = Arc::clone(&signals);
                move || write_loop(&writer, receiver, &signals)
            })
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let readers = Readers { idle: Mutex::new(readers), permits: Arc::new(Semaphore::new(READERS)) };
        Ok(Self { place: Place::File { writer: sender, readers: Arc::new(readers) }, signals })
    }

    /// Brings the schema up to date with `migrations`, whose history is kept in `table`. One of a later release stays as it
    /// is.
    ///
    /// # Errors
    /// [`StoreError::Failed`] if a migration fails or a past one was changed since.
    pub fn migrate(path: &Path, migrations: refinery::Runner, table: &str) -> Result<(), StoreError> {
        let mut connection = connect(path, Durability::Full)?;
        // The file keeps it. Whoever only opens one, such as a backup, leaves it as it is.
        connection.pragma_update(None, "journal_mode", "WAL")?;
        let mut migrations = migrations;
        migrations.set_migration_table_name(table);
        let Err(failure) = migrations.run(&mut connection) else { return Ok(()) };
        let applied = migrations.get_applied_migrations(&mut connection).unwrap_or_default();
        unless_ahead(failure, &migrations, &applied)
    }

    /// Runs `command` in a transaction of its own. What it returns as `Ok` is committed before the caller
    /// sees it; on `Err` nothing it did remains.
    ///
    /// # Errors
    /// What `command` returns, or [`StoreError`] if its commit fails.
    pub async fn write<T, F>(&self, command: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        // The command runs on the writer's thread; the events that it puts into the outbox belong to this task's trace.
        let trace = TraceContext::current();
        let job: Job = Box::new(move |transaction| {
            let outcome = transaction.and_then(|transaction| {
                catch_unwind(AssertUnwindSafe(|| trace.sync_scope(|| command(transaction))))
                    .unwrap_or_else(|panic| Err(panicked(&*panic)))
            });
            Ran {
                succeeded: outcome.is_ok(),
                // A caller that has gone away does not hear the answer; the commit stands all the same.
                answer: Box::new(move |committed| {
                    drop(sender.send(outcome.and_then(|value| committed.map(|()| value))))
                }),
            }
        });
        match &self.place {
            Place::File { writer, .. } => writer.send(job).await.map_err(|_| closed())?,
            Place::Memory(reached) => {
                reached.write(job, &self.signals).await?;
                reached.weather.back().await?;
            }
        }
        receiver.await.map_err(|_| closed())?
    }

    /// Runs a statement that deletes up to `?2` of what is older than `?1`, until nothing of that is left: everybody else who
    /// writes waits for a single one.
    ///
    /// # Errors
    /// [`StoreError`]: some may be gone.
    pub(crate) async fn prune(&self, sql: &'static str, before: Timestamp) -> Result<(), StoreError> {
        let all = move |transaction: &Transaction<'_>| {
            let deleted = transaction.prepare_cached(sql)?.execute((before.as_micros(), PRUNED))?;
            Ok(deleted < PRUNED as usize)
        };
        while !self.write(all).await? {}
        Ok(())
    }

    /// Runs `query` on a connection that cannot write.
    ///
    /// # Errors
    /// What `query` returns.
    pub async fn read<T, F>(&self, query: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let readers = match &self.place {
            Place::File { readers, .. } => Arc::clone(readers),
            Place::Memory(reached) => return reached.read(query).await,
        };
        let permit = Arc::clone(&readers.permits).acquire_owned().await.map_err(|_| closed())?;
        tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let connection = readers.idle().pop().ok_or_else(closed)?;
            let outcome = catch_unwind(AssertUnwindSafe(|| query(&connection)));
            readers.idle().push(connection);
            outcome.unwrap_or_else(|panic| Err(panicked(&*panic)))
        })
        .await
        .map_err(|error| StoreError::Unavailable(error.to_string()))?
    }

    /// Notified after each commit that put something into the outbox.
    #[must_use]
    pub fn outbox_signal(&self) -> Arc<Notify> {
        Arc::clone(&self.signals.outbox)
    }

    /// Notified after each commit that set a timer.
    #[must_use]
    pub fn timer_signal(&self) -> Arc<Notify> {
        Arc::clone(&self.signals.timers)
    }
}

impl Readers {
    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn connect(path: &Path, durability: Durability) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.pragma_update(
        None,
        "synchronous",
        if durability == Durability::Full { "FULL" } else { "NORMAL" },
    )?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // KiB, as the minus says: four services with three connections each share one small machine.
    connection.pragma_update(None, "cache_size", -1_024)?;
    connection.pragma_update(None, "journal_size_limit", 16 * 1_024 * 1_024)?;
    if chaos::does_without(Safeguard::Stock) {
        connection.pragma_update(None, "ignore_check_constraints", true)?;
    }
    Ok(connection)
}

fn write_loop(connection: &Connection, mut jobs: mpsc::Receiver<Job>, signals: &Signals) {
    while let Some(first) = jobs.blocking_recv() {
        let mut group = vec![first];
        while group.len() < GROUP {
            let Ok(job) = jobs.try_recv() else { break };
            group.push(job);
        }
        commit_group(connection, group, signals);
    }
}

/// Runs `group` under one commit, each job in a savepoint, and answers all of them after it.
fn commit_group(connection: &Connection, group: Vec<Job>, signals: &Signals) {
    if let Err(error) = connection.execute_batch("BEGIN IMMEDIATE") {
        let reason = StoreError::from(error).to_string();
        for job in group {
            let ran = job(Err(StoreError::Unavailable(reason.clone())));
            (ran.answer)(Ok(()));
        }
        return;
    }
    let transaction = Transaction { connection, enqueued: Cell::new(false), scheduled: Cell::new(false) };
    let ran: Vec<Ran> = group.into_iter().map(|job| run_in_savepoint(&transaction, job)).collect();
    crash_point(Point::BeforeCommit);
    // A full disk makes SQLite roll the whole transaction back on its own; then nothing of the group remains.
    let committed = if connection.is_autocommit() {
        Err("the transaction was rolled back".to_owned())
    } else {
        connection.execute_batch("COMMIT").map_err(|error| {
            drop(connection.execute_batch("ROLLBACK"));
            error.to_string()
        })
    };
    if committed.is_ok() {
        crash_point(Point::AfterCommit);
        if transaction.enqueued.get() {
            signals.outbox.notify_one();
        }
        if transaction.scheduled.get() {
            signals.timers.notify_one();
        }
    }
    for ran in ran {
        (ran.answer)(committed.clone().map_err(StoreError::Unavailable));
    }
}

fn run_in_savepoint(transaction: &Transaction<'_>, job: Job) -> Ran {
    if transaction.is_autocommit() {
        return job(Err(StoreError::Unavailable("the transaction was rolled back".to_owned())));
    }
    if let Err(error) = transaction.execute_batch("SAVEPOINT command") {
        return job(Err(error.into()));
    }
    let ran = job(Ok(transaction));
    if !transaction.is_autocommit() {
        let end = if ran.succeeded { "RELEASE command" } else { "ROLLBACK TO command; RELEASE command" };
        if let Err(error) = transaction.execute_batch(end) {
            tracing::error!(%error, "a savepoint could not be ended; its whole group is rolled back");
            drop(transaction.execute_batch("ROLLBACK"));
        }
    }
    ran
}

fn closed() -> StoreError {
    StoreError::Unavailable("the database is closed".to_owned())
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(
                ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::ReadOnly
                | ErrorCode::OutOfMemory,
            ) => Self::Unavailable(error.to_string()),
            _ => Self::Failed(error.into()),
        }
    }
}

/// Reads the text of column `at` as a `T`.
///
/// # Errors
/// [`rusqlite::Error::FromSqlConversionFailure`] if it is none.
pub fn parse<T>(row: &Row<'_>, at: usize) -> rusqlite::Result<T>
where
    T: std::str::FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let text = row.get_ref(at)?.as_str()?;
    text.parse().map_err(|error| rusqlite::Error::FromSqlConversionFailure(at, Type::Text, Box::new(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fresh() -> (tempfile::TempDir, Database) {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&folder.path().join("test.db"), Durability::Normal).unwrap();
        (folder, database)
    }

    async fn count(database: &Database) -> i64 {
        database.read(|c| Ok(c.query_row("SELECT count(*) FROM t", [], |row| row.get(0))?)).await.unwrap()
    }

    #[tokio::test]
    async fn a_failed_command_leaves_no_trace_and_does_not_hurt_its_neighbours() {
        let (_folder, database) = fresh();
        database.write(|t| Ok(t.execute_batch("CREATE TABLE t (n INTEGER PRIMARY KEY)")?)).await.unwrap();
        let writes = (0..100).map(|n| {
            database.write(move |t| {
                t.execute("INSERT INTO t VALUES (?1)", [n])?;
                if n % 2 == 0 { Err(StoreError::corrupt("even")) } else { Ok(()) }
            })
        });
        let outcomes = futures::future::join_all(writes).await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 50);
        assert_eq!(count(&database).await, 50);
    }

    #[tokio::test]
    async fn a_panic_in_a_command_is_an_error_and_the_writer_lives_on() {
        let (_folder, database) = fresh();
        database.write(|t| Ok(t.execute_batch("CREATE TABLE t (n INTEGER)")?)).await.unwrap();
        let outcome = database
            .write::<(), _>(|t| {
                t.execute("INSERT INTO t VALUES (1)", [])?;
                panic!("oh");
            })
            .await;
        assert!(matches!(outcome, Err(StoreError::Failed(_))));
        assert_eq!(count(&database).await, 0);
    }

    #[tokio::test]
    async fn a_query_cannot_write() {
        let (_folder, database) = fresh();
        let outcome = database.read(|c| Ok(c.execute_batch("CREATE TABLE t (n INTEGER)")?)).await;
        assert!(outcome.is_err());
    }
    #[tokio::test]
    async fn a_backup_that_is_only_read_stays_as_it_is() {
        let (folder, database) = fresh();
        database.write(|t| Ok(t.execute_batch("CREATE TABLE t AS SELECT 1 AS n")?)).await.unwrap();
        let backup = folder.path().join("backup.db");
        let copying = Connection::open(folder.path().join("test.db")).unwrap();
        copying.execute("VACUUM INTO ?1", [backup.to_str().unwrap()]).unwrap();
        let before = std::fs::read(&backup).unwrap();
        assert_eq!(count(&Database::open(&backup, Durability::Full).unwrap()).await, 1);
        assert!(std::fs::read(&backup).unwrap() == before, "it was written to");
    }
}
