//! Reaching a server: the pool, TLS, limits on how long anything may take, and migrations.

use std::{sync::Arc, time::Duration};

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime, Timeouts};
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::Config;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::Database;
use crate::store::StoreError;

/// Connections of one process to one database, at the most. Two for each core keep PostgreSQL busy; more only queue there.
const CONNECTIONS: usize = 8;
/// How long to wait for a connection: to be made, or to get free.
const PATIENCE: Duration = Duration::from_secs(5);
/// What no session of ours may exceed, in milliseconds: a statement, a wait for a lock, a transaction that does nothing.
const LIMITS: &str =
    "-c statement_timeout=15000 -c lock_timeout=5000 -c idle_in_transaction_session_timeout=15000";

/// A pool for the database at `url`. The server need not be there yet.
///
/// # Errors
/// [`StoreError::Failed`] if `url` is none.
pub fn open(url: &str) -> Result<Database, StoreError> {
    let mut config = config(url)?;
    config.options(LIMITS);
    let manager =
        Manager::from_config(config, tls()?, ManagerConfig { recycling_method: RecyclingMethod::Fast });
    let timeouts = Timeouts { wait: Some(PATIENCE), create: Some(PATIENCE), recycle: Some(PATIENCE) };
    let pool =
        Pool::builder(manager).max_size(CONNECTIONS).timeouts(timeouts).runtime(Runtime::Tokio1).build();
    Ok(Database::new(pool.map_err(|error| StoreError::Failed(Box::new(error)))?))
}

/// Runs migrations, each with the table that keeps its history. Others who come with the same wait.
///
/// # Errors
/// [`StoreError`] if the server cannot be reached or a migration fails.
pub async fn migrate(url: &str, migrations: Vec<(refinery::Runner, &'static str)>) -> Result<(), StoreError> {
    let (mut client, connection) = config(url)?.connect(tls()?).await?;
    let connection = tokio::spawn(connection);
    // Freed when the session ends, however it ends.
    client.execute("SELECT pg_advisory_lock(hashtext('mercato.migrations'))", &[]).await?;
    for (mut runner, table) in migrations {
        runner.set_migration_table_name(table);
        runner.run_async(&mut client).await.map_err(|error| StoreError::Failed(error.into()))?;
    }
    drop(client);
    // The server closes what the client has left.
    tokio::time::timeout(PATIENCE, connection).await.ok();
    Ok(())
}

fn config(url: &str) -> Result<Config, StoreError> {
    let mut config: Config = url.parse().map_err(|error| StoreError::Failed(Box::new(error)))?;
    config
        .connect_timeout(PATIENCE)
        .keepalives_idle(Duration::from_secs(30))
        .tcp_user_timeout(Duration::from_secs(15));
    config.application_name("mercato");
    Ok(config)
}

/// TLS as `sslmode` in the URL asks for it; the server is verified against the certificates that the system trusts
/// (`SSL_CERT_FILE` names others).
fn tls() -> Result<MakeRustlsConnect, StoreError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| StoreError::Failed(Box::new(error)))?;
    Ok(MakeRustlsConnect::new(config.with_root_certificates(roots).with_no_client_auth()))
}
