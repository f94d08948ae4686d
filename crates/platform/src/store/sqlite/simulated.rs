//! A database in memory, for simulations: a call is carried out by the task that makes it, so that the same calls are
//! carried out in the same order each time; and what may befall a call on its way there and back is said from outside.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use rusqlite::Connection;

use super::{Database, Job, Place, Signals, commit_group, panicked};
use crate::store::{HISTORIES, Migrations, Store, StoreError, for_sqlite};

/// What befalls a call. A call that is never answered is that of a process that was killed.
#[async_trait]
pub trait Weather: Send + Sync + 'static {
    /// On its way there.
    ///
    /// # Errors
    /// It does not arrive: nothing happens.
    async fn there(&self) -> Result<(), StoreError>;

    /// On its way back.
    ///
    /// # Errors
    /// The answer is lost: what was asked has happened, and nobody is told.
    async fn back(&self) -> Result<(), StoreError>;
}

/// What a service keeps. It outlives the service: whoever opens it next finds what was committed.
#[derive(Clone)]
pub struct Memory(Arc<Mutex<Connection>>);

impl Memory {
    /// An empty store with what messaging needs, and with the service's own schema.
    ///
    /// # Errors
    /// [`StoreError`] if a migration fails.
    pub fn new(migrations: Migrations) -> Result<Self, StoreError> {
        let mut connection = Connection::open_in_memory()?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.set_prepared_statement_cache_capacity(128);
        let ours = (for_sqlite::migrations::runner(), HISTORIES[0]);
        for (mut runner, history) in [ours, (migrations.sqlite, HISTORIES[1])] {
            runner.set_migration_table_name(history);
            runner.run(&mut connection).map_err(|error| StoreError::Failed(error.into()))?;
        }
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    /// The store as it is reached through `weather`.
    #[must_use]
    pub fn open(&self, weather: Arc<dyn Weather>) -> Store {
        let place = Place::Memory(Reached { memory: self.clone(), weather });
        Store::Sqlite(Database { place, signals: Arc::default() })
    }

    fn with<T>(&self, act: impl FnOnce(&Connection) -> T) -> T {
        act(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A store, and what befalls those who call it.
#[derive(Clone)]
pub(super) struct Reached {
    memory: Memory,
    pub(super) weather: Arc<dyn Weather>,
}

impl Reached {
    pub(super) async fn write(&self, job: Job, signals: &Signals) -> Result<(), StoreError> {
        self.weather.there().await?;
        self.memory.with(|connection| commit_group(connection, vec![job], signals));
        Ok(())
    }

    pub(super) async fn read<T>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.weather.there().await?;
        let outcome = self.memory.with(|connection| catch_unwind(AssertUnwindSafe(|| query(connection))));
        self.weather.back().await?;
        outcome.unwrap_or_else(|panic| Err(panicked(&*panic)))
    }
}
