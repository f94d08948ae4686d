//! The demo catalogue.

use std::process::ExitCode;

use contracts::Service;
use platform::Clock;

use crate::{output, roles, settings::Settings};

/// Puts the demo catalogue into a shop that has no products.
pub(super) async fn seed(settings: &Settings) -> anyhow::Result<ExitCode> {
    roles::prepare_folder(settings)?;
    roles::migrate(Service::Products, settings).await?;
    let store = roles::open(Service::Products, settings).await?;
    let added = products::seed(&store, &Clock::system()).await?;
    output::line(format!("products: {added}"));
    Ok(ExitCode::SUCCESS)
}
