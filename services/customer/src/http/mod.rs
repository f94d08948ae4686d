//! The HTTP face of the service: parse, do, answer.

mod accounts;
mod addresses;
mod keys;
mod password;
mod patch;
mod problems;
mod profile;
mod refusals;
mod sessions;
mod tokens;

use std::sync::Arc;

use platform::http::Problem;
use rocket::{Route, State};
use utoipa::{
    Modify, OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};

use crate::app::Customer;

/// What the handlers work with.
type App = State<Arc<Customer>>;

/// All routes, at `/`.
pub fn routes() -> Vec<Route> {
    let groups = [
        accounts::routes(),
        sessions::routes(),
        profile::routes(),
        password::routes(),
        addresses::routes(),
        keys::routes(),
    ];
    groups.into_iter().flatten().collect()
}

/// The description of all routes.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    Description::openapi()
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Mercato: customer", description = "Accounts, sign-ins, addresses, and the keys of access tokens."),
    paths(
        accounts::sign_up,
        sessions::log_in,
        sessions::refresh,
        sessions::log_out,
        profile::get_profile,
        profile::update_profile,
        profile::delete_profile,
        password::change_password,
        addresses::list_addresses,
        addresses::add_address,
        addresses::replace_address,
        addresses::remove_address,
        keys::public_keys,
    ),
    components(schemas(Problem)),
    tags(
        (name = "accounts", description = "Opening, reading, changing and closing an account."),
        (name = "sessions", description = "Signing in and out, and staying signed in."),
        (name = "addresses", description = "Where parcels go."),
        (name = "keys", description = "What access tokens are verified with."),
    ),
    modifiers(&Bearer)
)]
struct Description;

/// The access tokens (RFC 6750).
struct Bearer;

impl Modify for Bearer {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT");
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(scheme.build()));
    }
}
