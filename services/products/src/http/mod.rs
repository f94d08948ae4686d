//! The service's routes: parse, command or query, view. Rocket is known here and nowhere below.

mod answers;
mod catalogue;
mod import;
mod lists;
mod lookup;
mod problems;
mod stock;
mod views;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use rocket::{Route, State};
use utoipa::{
    Modify, OpenApi,
    openapi::security::{Http, HttpAuthScheme, SecurityScheme},
};

use crate::Products;

/// What every route finds in Rocket's managed state.
type Service = State<Arc<Products>>;

/// All routes, at `/`.
#[must_use]
pub fn routes() -> Vec<Route> {
    [lists::routes(), lookup::routes(), catalogue::routes(), stock::routes(), import::routes()].concat()
}

/// What the routes take and give.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    Description::openapi()
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Mercato: products",
        description = "The catalogue and its stock. Shoppers read; members of staff write, with the access token that \
                       the customer service gave them."
    ),
    paths(
        lists::list,
        lists::categories,
        lists::category,
        lookup::find,
        lookup::find_many,
        catalogue::add,
        catalogue::revise,
        catalogue::archive,
        catalogue::restore,
        stock::adjust,
        import::import,
    ),
    components(schemas(platform::http::Problem)),
    tags(
        (name = "catalogue", description = "For everybody"),
        (name = "staff", description = "For members of staff"),
    ),
    modifiers(&BearerToken)
)]
struct Description;

struct BearerToken;

impl Modify for BearerToken {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        openapi.components.get_or_insert_default().add_security_scheme("bearer", bearer);
    }
}
