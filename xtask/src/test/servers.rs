//! The servers of the production shape: PostgreSQL, RabbitMQ and nginx.

use testkit::servers::programs;

/// Returns if all of them are installed; on Debian as root, after installing those that are missing.
///
/// # Errors
/// Says what is missing and how to get it.
pub fn ensure() -> anyhow::Result<()> {
    super::packages::ensure(check, "postgresql rabbitmq-server nginx-light util-linux")
}

fn check() -> anyhow::Result<()> {
    programs::postgres()?;
    programs::rabbitmq()?;
    programs::epmd()?;
    programs::nginx()?;
    Ok(())
}
