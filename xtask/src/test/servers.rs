//! The servers of the production shape: PostgreSQL, RabbitMQ and nginx.

use std::process::{Command, Stdio};

use anyhow::{Context as _, anyhow};
use testkit::servers::programs;

/// Returns if all of them are installed; on Debian as root, after installing those that are missing.
///
/// # Errors
/// Says what is missing and how to get it.
pub fn ensure() -> anyhow::Result<()> {
    let ensured = super::packages::ensure(check, "postgresql rabbitmq-server nginx-light util-linux curl");
    ensured.map_err(|error| anyhow!("{error:#}\n`cargo xtask test embedded` runs what needs no servers"))
}

fn check() -> anyhow::Result<()> {
    programs::postgres()?;
    programs::rabbitmq()?;
    programs::epmd()?;
    programs::nginx()?;
    let curl = Command::new("curl").arg("--version").stdout(Stdio::null()).status();
    curl.context("there is no `curl` (package curl), which asks the gateway by TLS and HTTP/2")?;
    Ok(())
}
