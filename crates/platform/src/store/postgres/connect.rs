//! Reaching a server: the pool, limits on how long anything may take, and migrations.

use std::{num::NonZero, time::Duration};

use deadpool_postgres::{Manager, ManagerConfig, Pool, QueueMode, RecyclingMethod, Runtime, Timeouts};
use tokio_postgres::config::{Host, SslMode};

use super::{Database, tls::Target};
use crate::{
    endpoint::Endpoint,
    store::{StoreError, history::unless_ahead},
};

/// Connections of one process to one database for what somebody waits for, for each core of its machine. Two keep
/// PostgreSQL busy; more only queue there.
const CONNECTIONS: usize = 2;
/// Connections of one process to one database for chores, on any machine.
const CHORES: usize = 2;
/// How long to wait for a connection: to be made, or to get free.
const PATIENCE: Duration = Duration::from_secs(5);
/// What no session of ours may exceed, in milliseconds: a statement, a wait for a lock, a transaction that does nothing.
const LIMITS: &str =
    "-c statement_timeout=15000 -c lock_timeout=5000 -c idle_in_transaction_session_timeout=15000";

/// For the transaction that commands share. Several of them wait for a lock that one of them needs: longer than transactions
/// take, and than PostgreSQL lets two that wait for each other wait, but no longer. Should the process stand still in the middle,
/// its locks are gone soon. All the statements find a few rows by their keys, so one plan does for any number of them; it may
/// be made while the tables are small, and nothing but an index will do when they have grown.
const SHARING: &str = "-c lock_timeout=1200 -c idle_in_transaction_session_timeout=5000 \
    -c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_hashjoin=off \
    -c enable_mergejoin=off";

/// A chore need not survive a crash of the server: it is done again.
const HURRY: &str = "-c synchronous_commit=off";

/// A pool for the database at `url`. The server need not be there yet.
///
/// # Errors
/// [`StoreError::Failed`] if `url` is none.
pub fn open(url: &str) -> Result<Database, StoreError> {
    let pool = pool(url, LIMITS, connections())?;
    let shared = self::pool(url, &format!("{LIMITS} {SHARING}"), 1)?;
    let chores = self::pool(url, &format!("{LIMITS} {HURRY}"), CHORES)?;
    Ok(Database::new(pool, shared, chores))
}

fn connections() -> usize {
    let cores = std::thread::available_parallelism().map_or(2, NonZero::get);
    cores.clamp(2, 8) * CONNECTIONS
}

fn pool(url: &str, options: &str, size: usize) -> Result<Pool, StoreError> {
    let mut target = target(url)?;
    target.config.options(options);
    let tls = target.tls()?;
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = Manager::from_config(target.config, tls, recycling);
    let timeouts = Timeouts { wait: Some(PATIENCE), create: Some(PATIENCE), recycle: Some(PATIENCE) };
    // The connection that was used last has its plans, and its process, still in the caches of a core.
    let builder = Pool::builder(manager).max_size(size).queue_mode(QueueMode::Lifo);
    let pool = builder.timeouts(timeouts).runtime(Runtime::Tokio1).build();
    pool.map_err(|error| StoreError::Failed(Box::new(error)))
}

/// Runs migrations, each with the table that keeps its history. Others who come with the same wait. A schema of a later
/// release stays as it is.
///
/// # Errors
/// [`StoreError`] if the server cannot be reached or a migration fails.
pub async fn migrate(url: &str, migrations: Vec<(refinery::Runner, &'static str)>) -> Result<(), StoreError> {
    let target = target(url)?;
    let (mut client, connection) = target.config.connect(target.tls()?).await?;
    let connection = tokio::spawn(connection);
    // Freed when the session ends, however it ends.
    client.execute("SELECT pg_advisory_lock(hashtext('mercato.migrations'))", &[]).await?;
    // Whoever waits for a table makes all wait who come after: rather than that, this start fails and the next one tries again.
    client.execute("SET lock_timeout = '3s'", &[]).await?;
    for (mut runner, table) in migrations {
        runner.set_migration_table_name(table);
        if let Err(failure) = runner.run_async(&mut client).await {
            let applied = runner.get_applied_migrations_async(&mut client).await.unwrap_or_default();
            unless_ahead(failure, &runner, &applied)?;
        }
    }
    drop(client);
    // The server closes what the client has left.
    tokio::time::timeout(PATIENCE, connection).await.ok();
    Ok(())
}

/// Where `url` leads, and as whom.
///
/// # Errors
/// [`StoreError::Failed`] if `url` is none.
pub fn endpoint(url: &str) -> Result<Endpoint, StoreError> {
    let Target { config, .. } = Target::parse(url)?;
    let hosts = config.get_hosts().iter().filter_map(|host| match host {
        Host::Tcp(host) => Some(host.clone()),
        Host::Unix(_) => None,
    });
    // An address that is given as well is what is connected to.
    let addresses = config.get_hostaddrs().iter().map(ToString::to_string);
    Ok(Endpoint {
        user: config.get_user().unwrap_or_default().to_owned(),
        password: String::from_utf8_lossy(config.get_password().unwrap_or_default()).into_owned(),
        hosts: hosts.chain(addresses).collect(),
        verified: config.get_ssl_mode() == SslMode::Require,
    })
}

fn target(url: &str) -> Result<Target, StoreError> {
    let mut target = Target::parse(url)?;
    target
        .config
        .connect_timeout(PATIENCE)
        .keepalives_idle(Duration::from_secs(30))
        .tcp_user_timeout(Duration::from_secs(15));
    // A name in the URL stands: it tells the sessions of one instance from those of another.
    if target.config.get_application_name().is_none() {
        target.config.application_name("mercato");
    }
    Ok(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_has_the_name_in_the_url_or_else_that_of_the_shop() {
        let name = |url| target(url).unwrap().config.get_application_name().map(str::to_owned);
        assert_eq!(name("postgres://u:p@h/db?application_name=shopping-1").as_deref(), Some("shopping-1"));
        assert_eq!(name("postgres://u:p@h/db").as_deref(), Some("mercato"));
    }
}
