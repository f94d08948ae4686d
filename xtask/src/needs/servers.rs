//! The servers of the production shape: PostgreSQL, nginx, and RabbitMQ if that is the broker.

use std::process::{Command, Stdio};

use anyhow::{Context as _, anyhow};
use testkit::{servers::programs, stack::Broker};

use super::packages;

/// Returns if all of them are installed; on Debian as root, after installing those that are missing.
///
/// # Errors
/// Says what is missing and how to get it.
pub fn ensure(broker: Broker) -> anyhow::Result<()> {
    let ensured = match broker {
        Broker::Rabbitmq => {
            let check = || check_all().and_then(|()| check_rabbitmq());
            packages::ensure(check, "postgresql rabbitmq-server nginx-light util-linux curl")
        }
        Broker::Kafka => packages::ensure(check_all, "postgresql nginx-light util-linux curl"),
    };
    ensured.map_err(|error| anyhow!("{error:#}\n`cargo xtask test embedded` runs what needs no servers"))
}

fn check_all() -> anyhow::Result<()> {
    programs::postgres()?;
    programs::nginx()?;
    let curl = Command::new("curl").arg("--version").stdout(Stdio::null()).status();
    curl.context("there is no `curl` (package curl), which asks the gateway by TLS and HTTP/2")?;
    Ok(())
}

fn check_rabbitmq() -> anyhow::Result<()> {
    programs::rabbitmq()?;
    programs::epmd()?;
    Ok(())
}
