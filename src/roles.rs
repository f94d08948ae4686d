//! The roles that a process can play: which services it runs, and how each is built.

use std::{fs::DirBuilder, os::unix::fs::DirBuilderExt as _, sync::Arc};

use anyhow::Context as _;
use contracts::Service;
use platform::{
    Clock,
    messaging::{Broker, RpcClient},
    service::{Environment, Parts},
    store::{Durability, Migrations, Store, StoreUrl},
};

use crate::settings::Settings;

/// The schema of `service`.
pub fn migrations(service: Service) -> Migrations {
    match service {
        Service::Customer => customer::migrations(),
        Service::Products => products::migrations(),
        Service::Shopping => shopping::migrations(),
        Service::Payment => payment::migrations(),
    }
}

/// What the routes of `service` take and give.
pub fn openapi(service: Service) -> utoipa::openapi::OpenApi {
    match service {
        Service::Customer => customer::openapi(),
        Service::Products => products::http::openapi(),
        Service::Shopping => shopping::http::openapi(),
        Service::Payment => payment::http::openapi(),
    }
}

/// Builds `service` from what `environment` offers.
///
/// # Errors
/// If its settings make no sense, or its keys cannot be used.
pub async fn build(environment: &Environment, settings: &Settings) -> anyhow::Result<Parts> {
    use std::time::Duration;
    Ok(match environment.service {
        Service::Customer => {
            let settings = customer::Settings {
                // In production they are supplied: each instance would make its own, and lose it with its disk.
                generate_keys: !settings.is_production(),
                access_ttl: settings.access_ttl(),
                refresh_ttl: Duration::from_secs(settings.refresh_token_secs),
                ..customer::Settings::new(settings.keys())
            };
            customer::build(environment.clone(), settings)?
        }
        Service::Products => {
            let settings =
                products::Settings { reservation_ttl: Duration::from_secs(settings.reservation_secs) };
            products::build(environment.clone(), settings)?
        }
        Service::Shopping => shopping::build(environment),
        Service::Payment => {
            let settings = payment::Settings {
                provider_timeout: Duration::from_millis(settings.payment_timeout_ms),
                ..payment::Settings::default()
            };
            payment::build(environment, settings)
        }
    })
}

/// Brings the schema of `service` up to date.
///
/// # Errors
/// If the store cannot be reached or a migration fails.
pub async fn migrate(service: Service, settings: &Settings) -> anyhow::Result<()> {
    let url = settings.store_url(service)?;
    Store::migrate(&url, service, migrations(service))
        .await
        .with_context(|| format!("the schema of {service} cannot be brought up to date"))
}

/// Opens the store of `service`.
///
/// # Errors
/// If it cannot be reached.
pub async fn open(service: Service, settings: &Settings) -> anyhow::Result<Store> {
    let url = settings.store_url(service)?;
    Store::open(&url, service, Durability::Full)
        .await
        .with_context(|| format!("the store of {service} cannot be opened"))
}

/// What `service` is built from.
///
/// # Errors
/// If its store cannot be reached.
pub async fn environment(
    service: Service,
    settings: &Settings,
    broker: &Arc<dyn Broker>,
    clock: &Clock,
) -> anyhow::Result<Environment> {
    Ok(Environment {
        service,
        instance: settings.instance(),
        store: open(service, settings).await?,
        broker: Arc::clone(broker),
        rpc: RpcClient::new(Arc::clone(broker), clock.clone(), settings.rpc_timeout()),
        clock: clock.clone(),
    })
}

/// Makes the folder of the embedded default, for commands that may come before the first start.
///
/// # Errors
/// If it cannot be made.
pub fn prepare_folder(settings: &Settings) -> anyhow::Result<()> {
    let StoreUrl::Sqlite(folder) = settings.store_url(Service::Customer)? else { return Ok(()) };
    // As when it is served: what is in it is nobody else's business.
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)
        .with_context(|| format!("cannot keep data in {}", folder.display()))
}

/// That there is no store where the settings say: what is asked about a shop has no answer then.
pub fn no_shop(settings: &Settings) -> anyhow::Error {
    anyhow::anyhow!("there is no shop in {}; --data says where it is", settings.data.display())
}

/// Whether `service` has a store yet.
///
/// # Errors
/// If the URL is of no store that there is.
pub fn exists(service: Service, settings: &Settings) -> anyhow::Result<bool> {
    Ok(match settings.store_url(service)? {
        StoreUrl::Sqlite(folder) => folder.join(format!("{service}.db")).exists(),
        // A server says by itself if there is no such database.
        StoreUrl::Postgres(_) => true,
    })
}
