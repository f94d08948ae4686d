//! The routes of the payment service. Rocket is known here and nowhere below.

mod payments;
#[cfg(test)]
mod tests;
mod views;

use rocket::Route;
use utoipa::{
    Modify, OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};

/// All routes, at `/`.
#[must_use]
pub fn routes() -> Vec<Route> {
    payments::routes()
}

/// What the routes take and give.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Mercato: payment", description = "Payments of orders, for members of staff."),
    paths(payments::get_payment),
    modifiers(&BearerTokens)
)]
struct Document;

struct BearerTokens;

impl Modify for BearerTokens {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}
