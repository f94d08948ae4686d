//! Asking whether what is served on this machine is ready: for containers, in which there is no curl.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    process::ExitCode,
    time::Duration,
};

use contracts::Service;
use serde::Deserialize;

use super::serve::FRONT;
use crate::{output, settings::Settings};

/// A service looks at its store and its broker for two seconds at most.
const LIMIT: Duration = Duration::from_secs(4);

/// Prints how each of `services` is; none named: how everything is that listens where the settings say, alone or behind
/// the front.
pub(super) async fn health(settings: &Settings, services: &[Service]) -> anyhow::Result<ExitCode> {
    let client = reqwest::Client::builder().timeout(LIMIT).no_proxy().build()?;
    let (mut found, mut ready) = (0, true);
    for service in Service::ALL {
        let named = services.contains(&service);
        if !named && !services.is_empty() {
            continue;
        }
        let answer = match ask(&client, settings, service).await {
            None if !named => continue,
            answer => answer,
        };
        found += 1;
        ready &= answer == Some(200);
        match answer {
            Some(200) => output::line(format!("{service}: ready")),
            Some(status) => output::line(format!("{service}: not ready ({status})")),
            None => output::line(format!("{service}: cannot be reached")),
        }
    }
    if found == 0 {
        eprintln!("mercato: no service can be reached where the settings say");
    }
    Ok(if found > 0 && ready { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The status that `service` answers with, alone or behind the front; `None` if it does neither.
async fn ask(client: &reqwest::Client, settings: &Settings, service: Service) -> Option<u16> {
    let front = settings.port.unwrap_or(FRONT);
    for (port, prefix) in [(front, format!("/{service}")), (settings.port_of(service), String::new())] {
        let base = format!("http://{}{prefix}", SocketAddr::new(nearest(settings.address), port));
        // Another service may be at this port.
        if !is(client, &base, service).await {
            continue;
        }
        if let Ok(answer) = client.get(format!("{base}/health/ready")).send().await {
            return Some(answer.status().as_u16());
        }
    }
    None
}

/// Whether it is `service` that answers at `base`.
async fn is(client: &reqwest::Client, base: &str, service: Service) -> bool {
    #[derive(Deserialize)]
    struct WhoAmI {
        service: Service,
    }
    let answer = client.get(format!("{base}/whoami")).send().await;
    let Ok(Ok(answer)) = answer.map(reqwest::Response::error_for_status) else { return false };
    answer.json::<WhoAmI>().await.is_ok_and(|answer| answer.service == service)
}

/// Where to ask what listens at `address`, which may mean all that this machine has.
const fn nearest(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(any) if any.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(any) if any.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        one => one,
    }
}
