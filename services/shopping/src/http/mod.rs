//! The routes of shopping. Nothing outside this module knows Rocket.

mod cart;
mod cart_owner;
mod errors;
mod events;
mod orders;
mod staff;
mod wishlist;

use platform::http::{FieldError, Problem};
use rocket::Route;
use utoipa::{
    Modify, OpenApi,
    openapi::security::{Http, HttpAuthScheme, SecurityScheme},
};

/// All routes, at `/`.
#[must_use]
pub fn routes() -> Vec<Route> {
    [cart::routes(), wishlist::routes(), orders::routes(), events::routes(), staff::routes()].concat()
}

/// What the routes take and give.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Mercato: shopping", description = "Carts, wishlists, orders."),
    paths(
        cart::get,
        cart::add,
        cart::clear,
        cart::set_quantity,
        cart::remove,
        cart::merge,
        wishlist::list,
        wishlist::add,
        wishlist::remove,
        orders::place,
        orders::list,
        orders::get,
        orders::timeline,
        orders::cancel,
        events::follow,
        staff::ship,
        staff::deliver,
        staff::refund,
    ),
    components(schemas(Problem, FieldError)),
    modifiers(&Bearer),
)]
struct Document;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = Http::builder().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        document
            .components
            .get_or_insert_default()
            .add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_openapi_document_is_as_published() {
        insta::assert_json_snapshot!(super::openapi());
    }
}
