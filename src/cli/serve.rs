//! Serving: the whole shop behind one front, or some of its services, each at its own port.

use std::{net::SocketAddr, process::ExitCode, sync::Arc, time::Duration};

use anyhow::Context as _;
use contracts::Service;
use platform::{
    Clock,
    http::{Operations, ServeError, Server, in_service, operations},
    messaging,
    service::{Environment, Messaging, Parts},
    store::{Lock, StoreUrl, ensure_writable},
    telemetry,
};
use rocket::Route;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    front, output, production, roles,
    settings::{BadSetting, Settings},
};

/// The port of the whole shop.
pub(super) const FRONT: u16 = 8_000;
/// The login that is made at the first start.
const STAFF: &str = "staff@mercato.example";
/// How long what has begun may take to end, once the server has taken its last request.
const DRAIN: Duration = Duration::from_secs(10);

/// A service with its routes, ready to be mounted.
struct Mounted {
    service: Service,
    routes: Vec<Route>,
    state: Box<dyn FnOnce(rocket::Rocket<rocket::Build>) -> rocket::Rocket<rocket::Build> + Send>,
}

pub(super) async fn serve(settings: &Settings, named: Vec<Service>) -> anyhow::Result<ExitCode> {
    let _telemetry = telemetry::init(&settings.telemetry()).map_err(|error| BadSetting(error.to_string()))?;
    for variable in Settings::unknown_variables() {
        tracing::warn!(variable, "there is no such setting; `mercato config` shows those that there are");
    }
    let whole_shop = named.is_empty();
    let services = if whole_shop { Service::ALL.to_vec() } else { deduplicated(named) };
    if settings.port.is_some_and(|port| port != 0) && services.len() > 1 && !whole_shop {
        let reason =
            "a port was given, and there is one for each service: serve one service, or leave the port out";
        return Err(BadSetting(reason.to_owned()).into());
    }
    if settings.is_production() {
        production::check(settings, &services)?;
    }
    let _locks = take_places(settings, &services)?;
    let addresses = if whole_shop {
        vec![SocketAddr::new(settings.address, settings.port.unwrap_or(FRONT))]
    } else {
        services.iter().map(|service| SocketAddr::new(settings.address, settings.port_of(*service))).collect()
    };
    for address in &addresses {
        probe(*address)?;
    }

    take_all_files();
    let shutdown = CancellationToken::new();
    // Before anything is started that a signal would have to end in good order.
    stop_on_signal(&shutdown).context("signals cannot be listened for")?;
    let (tasks, background) = (TaskTracker::new(), CancellationToken::new());
    let starting = async {
        let mounted = start(settings, &services, &tasks, &background).await?;
        let (ended, serving) = (background.clone(), shutdown.clone());
        tasks.spawn(async move {
            ended.cancelled().await;
            serving.cancel();
        });
        output::line(format!("data: {}", absolute(settings)));
        // In production nobody gets a login unasked, and nothing is sold that is only for show.
        if whole_shop && !settings.is_production() {
            welcome(settings).await?;
        }
        Ok(mounted)
    };
    let mounted = match starting.await {
        Ok(mounted) => mounted,
        Err(error) => {
            end(&tasks, &background).await;
            return Err(error);
        }
    };
    let served = if whole_shop {
        behind_one_front(settings, mounted, addresses[0], &shutdown).await
    } else {
        each_alone(settings, mounted, &addresses, &shutdown).await
    };
    let ended_by_itself = background.is_cancelled();
    // Nothing new comes in any more: what is under way ends, and then the process does.
    end(&tasks, &background).await;
    served?;
    anyhow::ensure!(!ended_by_itself, "a part of the shop has ended by itself; the log says which");
    Ok(ExitCode::SUCCESS)
}

/// Ends what goes on in the background in good order, within a limit.
async fn end(tasks: &TaskTracker, background: &CancellationToken) {
    background.cancel();
    tasks.close();
    if tokio::time::timeout(DRAIN, tasks.wait()).await.is_err() {
        tracing::warn!("stopped before everything was done; it goes on at the next start");
    }
}

/// Raises the limit of open files as far as it may be: each client's connection is one, and where a program is started by hand
/// the limit is mostly at 1,024.
fn take_all_files() {
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
        tracing::warn!(%error, ?limit, "the limit of open files stays as it is");
    }
}

fn deduplicated(mut services: Vec<Service>) -> Vec<Service> {
    services.sort_unstable();
    services.dedup();
    services
}

/// A process that serves from SQLite is the only one to do so.
fn take_places(settings: &Settings, services: &[Service]) -> anyhow::Result<Vec<Lock>> {
    let mut locks = Vec::new();
    for service in services {
        if let StoreUrl::Sqlite(folder) = settings.store_url(*service)? {
            locks.push(Lock::take(&folder, *service)?);
            ensure_writable(&folder, *service)?;
        }
    }
    Ok(locks)
}

/// Says that a port is taken before anything is made or started.
fn probe(address: SocketAddr) -> Result<(), ServeError> {
    if address.port() == 0 {
        return Ok(());
    }
    match std::net::TcpListener::bind(address) {
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => Err(ServeError::PortTaken(address)),
        // Whatever else is wrong, the server says when it binds.
        _ => Ok(()),
    }
}

async fn start(
    settings: &Settings,
    services: &[Service],
    tasks: &TaskTracker,
    background: &CancellationToken,
) -> anyhow::Result<Vec<Mounted>> {
    let clock = Clock::system();
    let broker =
        messaging::connect(&settings.broker_url, &clock).map_err(|error| BadSetting(error.to_string()))?;
    let (stopping, left) = (background.clone(), Arc::clone(&broker));
    tasks.spawn(async move {
        stopping.cancelled().await;
        left.leave().await;
    });
    warn_of_missing_stores(settings, services)?;
    let mut mounted = Vec::new();
    for service in services {
        roles::migrate(*service, settings).await?;
        let environment = roles::environment(*service, settings, &broker, &clock).await?;
        let parts = roles::build(&environment, settings).await?;
        mounted.push(start_one(&environment, parts, tasks, background));
    }
    let metrics = telemetry::metrics_handle();
    let upkeep = background.clone();
    tasks.spawn(async move {
        while upkeep.run_until_cancelled(tokio::time::sleep(Duration::from_secs(5))).await.is_some() {
            metrics.run_upkeep();
        }
    });
    Ok(mounted)
}

/// A first start that was interrupted leaves some stores out, and so does a backup that was put back in part.
fn warn_of_missing_stores(settings: &Settings, services: &[Service]) -> anyhow::Result<()> {
    let mut missing = Vec::new();
    for service in services {
        if !roles::exists(*service, settings)? {
            missing.push(service.name());
        }
    }
    if !missing.is_empty() && missing.len() < services.len() {
        let missing = missing.join(", ");
        tracing::warn!(missing, "some services have a store and others none: these begin with an empty one");
    }
    Ok(())
}

fn start_one(
    environment: &Environment,
    parts: Parts,
    tasks: &TaskTracker,
    background: &CancellationToken,
) -> Mounted {
    let Parts { auth, routes, openapi, state, events, questions, timers } = parts;
    let http = environment.http(&auth);
    let operations = operations(Operations {
        service: environment.service,
        instance: environment.instance.clone(),
        checks: environment.checks(),
        metrics: telemetry::metrics_handle(),
        openapi,
    });
    let routes = in_service(&http, [routes, operations].concat());
    // Before the first token comes, as far as that goes.
    let (warming, until) = (Arc::clone(&auth), background.clone());
    tasks.spawn(async move { until.run_until_cancelled(warming.warm_up()).await });
    environment.start(Messaging { auth, events, questions, timers }, tasks, background);
    Mounted { service: environment.service, routes, state }
}

/// What a shop has when it is started for the first time: something to sell, and somebody to run it.
async fn welcome(settings: &Settings) -> anyhow::Result<()> {
    let clock = Clock::system();
    products::seed(&roles::open(Service::Products, settings).await?, &clock).await?;
    let accounts = roles::open(Service::Customer, settings).await?;
    if !customer::staff_exists(&accounts).await? {
        let password = customer::add_staff(&accounts, &clock, STAFF).await?;
        output::line(format!("staff: {STAFF} {password}"));
    }
    Ok(())
}

async fn behind_one_front(
    settings: &Settings,
    mounted: Vec<Mounted>,
    address: SocketAddr,
    shutdown: &CancellationToken,
) -> anyhow::Result<()> {
    let server =
        Server::new(address.ip(), address.port()).client_ip_header(settings.client_ip_header.clone());
    let server = mounted.into_iter().fold(server, |server, Mounted { service, routes, state }| {
        server.mount(format!("/{service}"), routes).with(state)
    });
    let server = server.mount("/", front::routes());
    let ready = |address| output::line(format!("gateway: http://{address}"));
    server.serve(shutdown.clone(), ready).await?;
    Ok(())
}

async fn each_alone(
    settings: &Settings,
    mounted: Vec<Mounted>,
    addresses: &[SocketAddr],
    shutdown: &CancellationToken,
) -> anyhow::Result<()> {
    let servers = mounted.into_iter().zip(addresses).map(|(mounted, address)| {
        let Mounted { service, routes, state } = mounted;
        let server = Server::new(address.ip(), address.port())
            .client_ip_header(settings.client_ip_header.clone())
            .mount("/", routes)
            .with(state);
        let ready = move |address| output::line(format!("{service}: http://{address}"));
        async move {
            let served = server.serve(shutdown.clone(), ready).await;
            // One that cannot be served takes the others along, rather than leave half of what was asked for.
            shutdown.cancel();
            served
        }
    });
    futures::future::try_join_all(servers).await?;
    Ok(())
}

/// Has `shutdown` cancelled by SIGTERM or SIGINT from now on.
fn stop_on_signal(shutdown: &CancellationToken) -> std::io::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let shutdown = shutdown.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        shutdown.cancel();
    });
    Ok(())
}

fn absolute(settings: &Settings) -> String {
    let path = std::path::absolute(&settings.data).unwrap_or_else(|_| settings.data.clone());
    path.display().to_string()
}
