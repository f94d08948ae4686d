//! Documents: what the program knows of itself.

use std::process::ExitCode;

use contracts::Service;

use crate::{output, roles, settings::Settings};

/// Prints the OpenAPI document of `service`, as clients see it through the gateway.
pub(super) fn openapi(service: Service) -> anyhow::Result<ExitCode> {
    let mut document = roles::openapi(service);
    document.servers = Some(vec![utoipa::openapi::Server::new(format!("/{service}"))]);
    output::json(&document)?;
    Ok(ExitCode::SUCCESS)
}

/// Prints the AsyncAPI document.
pub(super) fn asyncapi() -> anyhow::Result<ExitCode> {
    output::json(&contracts::asyncapi::document())?;
    Ok(ExitCode::SUCCESS)
}

/// Prints the settings in force.
pub(super) fn config(settings: Settings) -> anyhow::Result<ExitCode> {
    output::json(&settings.masked())?;
    Ok(ExitCode::SUCCESS)
}
