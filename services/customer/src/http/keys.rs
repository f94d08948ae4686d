//! The public keys, for whoever wants to verify access tokens.

use contracts::rpc::PublicKeySet;
use platform::http::Json;
use rocket::{Route, get, routes};

use super::{App, refusals::Failures};

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![public_keys]
}

/// The keys that access tokens are verified with (RFC 7517).
#[utoipa::path(
    tag = "keys",
    responses((status = 200, description = "The newest first; all of them verify", body = PublicKeySet), Failures)
)]
#[get("/.well-known/jwks.json")]
async fn public_keys(customer: &App) -> Json<PublicKeySet> {
    Json(customer.keys.public())
}
