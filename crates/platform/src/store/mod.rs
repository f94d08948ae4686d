//! Where a service keeps what it owns: the one place that chooses a store, and how stores fail.

mod history;
mod lock;
pub mod postgres;
pub mod sqlite;

use std::{any::Any, path::PathBuf, sync::Arc};

use contracts::Service;
use thiserror::Error;
use tokio::sync::Notify;

use crate::{
    auth::RevocationStore, endpoint::Endpoint, idempotency::IdempotencyStore, inbox::InboxStore,
    loader::GivenUp, outbox::OutboxStore, timers::TimerStore,
};

pub use lock::{Lock, LockError, ensure_writable};
pub use sqlite::Durability;

/// A store could not do what it was asked. No variant's text is meant for a client.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The database cannot be reached or is too busy: nothing was changed, or it is not known whether
    /// anything was. Trying again is right.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// The database refused, or holds what it should not. Trying again will not help.
    #[error("the store failed: {0}")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl StoreError {
    /// A [`StoreError::Failed`] for data that does not make sense.
    #[must_use]
    pub fn corrupt(what: impl Into<String>) -> Self {
        Self::Failed(what.into().into())
    }
}

/// For a [`Loader`](crate::loader::Loader), all of whose askers are told of the same failure.
impl From<GivenUp> for Arc<StoreError> {
    fn from(given_up: GivenUp) -> Self {
        Self::new(StoreError::Failed(Box::new(given_up)))
    }
}

impl From<Arc<Self>> for StoreError {
    fn from(shared: Arc<Self>) -> Self {
        match &*shared {
            Self::Unavailable(reason) => Self::Unavailable(reason.clone()),
            Self::Failed(_) => Self::Failed(Box::new(shared)),
        }
    }
}

/// What messaging needs of a store, in one name.
pub trait MessagingStore: OutboxStore + InboxStore + TimerStore + IdempotencyStore + RevocationStore {}
impl<S: OutboxStore + InboxStore + TimerStore + IdempotencyStore + RevocationStore> MessagingStore for S {}

/// Which database, read from a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreUrl {
    /// `sqlite:FOLDER`: a file `FOLDER/<service>.db`.
    Sqlite(PathBuf),
    /// `postgres://USER:PASSWORD@HOST/{service}`: a database for each service, whose name is put in for `{service}`
    /// wherever that stands.
    Postgres(String),
}

impl StoreUrl {
    /// Where `service` is led by it, and as whom; `None` if it is a folder.
    ///
    /// # Errors
    /// [`StoreError::Failed`] if it is malformed.
    pub fn endpoint(&self, service: Service) -> Result<Option<Endpoint>, StoreError> {
        match self {
            Self::Sqlite(_) => Ok(None),
            Self::Postgres(url) => postgres::endpoint(&for_service(url, service)).map(Some),
        }
    }
}

/// No store for such a URL.
#[derive(Debug, Error)]
#[error(
    "no store can be reached by a URL of '{0}': use sqlite:FOLDER or postgres://USER:PASSWORD@HOST/{{service}}"
)]
pub struct UnknownStore(String);

impl std::str::FromStr for StoreUrl {
    type Err = UnknownStore;

    fn from_str(url: &str) -> Result<Self, Self::Err> {
        match url.split_once(':') {
            Some(("sqlite", folder)) if !folder.is_empty() => Ok(Self::Sqlite(folder.into())),
            Some(("postgres" | "postgresql", _)) => Ok(Self::Postgres(url.to_owned())),
            // The rest of it may hold a password.
            scheme => Err(UnknownStore(scheme.map_or(url, |(scheme, _)| scheme).to_owned())),
        }
    }
}

/// The schema of one service, for each kind of store.
pub struct Migrations {
    /// For SQLite.
    pub sqlite: refinery::Runner,
    /// For PostgreSQL.
    pub postgres: refinery::Runner,
}

/// The tables that keep the histories of the schemas: of what messaging needs, and of the service's own.
const HISTORIES: [&str; 2] = ["platform_schema_history", "schema_history"];

mod for_sqlite {
    refinery::embed_migrations!("migrations/sqlite");
}

mod for_postgres {
    refinery::embed_migrations!("migrations/postgres");
}

/// The open store of one service. A service's own adapter is made from what is inside.
#[derive(Clone)]
pub enum Store {
    /// The embedded database.
    Sqlite(sqlite::Database),
    /// A database on a server.
    Postgres(postgres::Database),
}

impl Store {
    /// Brings the schema of `service` up to date: what messaging needs first, then the service's own.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be reached or a migration fails.
    pub async fn migrate(url: &StoreUrl, service: Service, migrations: Migrations) -> Result<(), StoreError> {
        match url {
            StoreUrl::Sqlite(folder) => {
                let path = sqlite_file(folder, service);
                let run = move || {
                    sqlite::Database::migrate(&path, for_sqlite::migrations::runner(), HISTORIES[0])?;
                    sqlite::Database::migrate(&path, migrations.sqlite, HISTORIES[1])
                };
                tokio::task::spawn_blocking(run)
                    .await
                    .map_err(|error| StoreError::Unavailable(error.to_string()))?
            }
            StoreUrl::Postgres(url) => {
                let ours = (for_postgres::migrations::runner(), HISTORIES[0]);
                let theirs = (migrations.postgres, HISTORIES[1]);
                postgres::migrate(&for_service(url, service), vec![ours, theirs]).await
            }
        }
    }

    /// Opens the store of `service`, whose schema must be up to date.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be reached.
    pub async fn open(url: &StoreUrl, service: Service, durability: Durability) -> Result<Self, StoreError> {
        match url {
            StoreUrl::Sqlite(folder) => {
                Ok(Self::Sqlite(sqlite::Database::open(&sqlite_file(folder, service), durability)?))
            }
            // A server decides by itself what a power cut may take: `synchronous_commit` is on unless it is told otherwise.
            StoreUrl::Postgres(url) => Ok(Self::Postgres(postgres::open(&for_service(url, service))?)),
        }
    }

    /// What messaging needs of it.
    #[must_use]
    pub fn messaging(&self) -> Arc<dyn MessagingStore> {
        match self {
            Self::Sqlite(database) => Arc::new(database.clone()),
            Self::Postgres(database) => Arc::new(database.clone()),
        }
    }

    /// Notified after each commit in this process that put something into the outbox.
    #[must_use]
    pub fn outbox_signal(&self) -> Arc<Notify> {
        match self {
            Self::Sqlite(database) => database.outbox_signal(),
            Self::Postgres(database) => database.outbox_signal(),
        }
    }

    /// Notified after each commit in this process that set a timer.
    #[must_use]
    pub fn timer_signal(&self) -> Arc<Notify> {
        match self {
            Self::Sqlite(database) => database.timer_signal(),
            Self::Postgres(database) => database.timer_signal(),
        }
    }

    /// Whether it answers.
    ///
    /// # Errors
    /// [`StoreError`] with the reason why not.
    pub async fn check(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(database) => {
                database.read(|connection| Ok(connection.query_row("SELECT 1", [], |_| Ok(()))?)).await
            }
            Self::Postgres(database) => database.query("SELECT 1", &[]).await.map(drop),
        }
    }
}

fn sqlite_file(folder: &std::path::Path, service: Service) -> PathBuf {
    folder.join(format!("{service}.db"))
}

/// What it is to a command's caller that the command panicked.
fn panicked(panic: &(dyn Any + Send)) -> StoreError {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "unknown".to_owned());
    StoreError::Failed(format!("panic in a database call: {text}").into())
}

fn for_service(url: &str, service: Service) -> String {
    url.replace("{service}", service.name())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_folder_is_taken_as_it_is_written(folder in "\\PC{1,60}") {
            prop_assert_eq!(format!("sqlite:{folder}").parse::<StoreUrl>().unwrap(), StoreUrl::Sqlite(folder.into()));
        }

        #[test]
        fn whatever_the_url_its_password_is_not_told(
            scheme in "sqlite|postgres|postgresql|mysql|\\PC{0,8}", rest in "\\PC{0,30}|[a-z0-9:/?@#%&=.{}\\[\\]-]{0,40}",
        ) {
            let url = format!("{scheme}://u:s3cr3t-w0rd@{rest}");
            let told = match url.parse::<StoreUrl>() {
                Ok(url) => url.endpoint(Service::Shopping).err().map(|error| error.to_string()),
                Err(error) => Some(error.to_string()),
            };
            prop_assert!(!told.as_deref().unwrap_or_default().contains("s3cr3t-w0rd"), "{:?}", told);
        }
    }
}
