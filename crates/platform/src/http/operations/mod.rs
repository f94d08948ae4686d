//! The routes that every service has for those who run it.

mod docs;
mod health;

use async_trait::async_trait;
use contracts::Service;
use metrics_exporter_prometheus::PrometheusHandle;
use rocket::{
    Data, Request, Route,
    http::{ContentType, Method},
    route::{Handler, Outcome},
};
use serde_json::{Value, json};
use std::sync::Arc;
use utoipa::openapi::OpenApi;

use self::{
    docs::Docs,
    health::{Live, Ready},
};
use super::Json;

pub use health::HealthCheck;

/// What [`operations`] reports on.
pub struct Operations {
    /// Which service.
    pub service: Service,
    /// Which of its instances.
    pub instance: String,
    /// What has to work for it to be ready: its store, its broker.
    pub checks: Vec<Arc<dyn HealthCheck>>,
    /// The metrics of the process.
    pub metrics: PrometheusHandle,
    /// The description of the service's routes.
    pub openapi: OpenApi,
}

/// The routes `GET` `/health/live`, `/health/ready`, `/metrics`, `/openapi.json`, `/docs` and `/whoami`. They work
/// under any prefix, and behind a proxy that takes the prefix off.
#[must_use]
pub fn operations(operations: Operations) -> Vec<Route> {
    let document = serde_json::to_value(&operations.openapi).unwrap_or_default();
    let identity = json!({
        "service": operations.service,
        "instance": operations.instance,
        "version": env!("CARGO_PKG_VERSION"),
    });
    vec![
        get("/health/live", Live),
        get("/health/ready", Ready(operations.checks.into())),
        get("/metrics", Metrics(operations.metrics)),
        get("/openapi.json", Description(document.into())),
        get("/docs/<file..>", Docs::new()),
        get("/whoami", WhoAmI(identity.into())),
    ]
}

fn get(path: &str, handler: impl Handler) -> Route {
    Route::new(Method::Get, path, handler)
}

#[derive(Clone)]
struct WhoAmI(Arc<Value>);

#[async_trait]
impl Handler for WhoAmI {
    async fn handle<'r>(&self, request: &'r Request<'_>, _: Data<'r>) -> Outcome<'r> {
        Outcome::from(request, Json(&*self.0))
    }
}

#[derive(Clone)]
struct Metrics(PrometheusHandle);

#[async_trait]
impl Handler for Metrics {
    async fn handle<'r>(&self, request: &'r Request<'_>, _: Data<'r>) -> Outcome<'r> {
        // The version of the text format: https://prometheus.io/docs/instrumenting/exposition_formats/
        let text =
            ContentType::new("text", "plain").with_params([("version", "0.0.4"), ("charset", "utf-8")]);
        Outcome::from(request, (text, self.0.render()))
    }
}

/// The OpenAPI document, with the server that it describes: where it was itself found.
#[derive(Clone)]
struct Description(Arc<Value>);

#[async_trait]
impl Handler for Description {
    async fn handle<'r>(&self, request: &'r Request<'_>, _: Data<'r>) -> Outcome<'r> {
        let base = request.route().map_or("/", |route| route.uri.base());
        // A relative server is relative to the document (OpenAPI 3.1, section 4.8.5): with `.` it is right behind a
        // proxy, whatever the proxy's prefix.
        let url = if base == "/" { "." } else { base };
        let mut document = Value::clone(&self.0);
        document["servers"] = json!([{ "url": url }]);
        Outcome::from(request, Json(document))
    }
}
