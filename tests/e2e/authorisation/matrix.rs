//! The matrix itself.

use contracts::Service::{self, Customer, Payment, Products, Shopping};
use reqwest::Method;
use serde_json::json;
use testkit::{AddressBody, Client, ProductBody, client::Call};

use super::scene::Scene;

/// A route, and the status that each kind of caller gets.
pub(super) struct Row {
    /// As OpenAPI has it, behind the gateway: `get /shopping/orders/{id}`. It may have a query.
    pub asks: &'static str,
    pub nobody: u16,
    /// Whose address, order and payment it is.
    pub owner: u16,
    /// Another customer.
    pub other: u16,
    pub staff: u16,
    /// Whoever sends a token that is no good.
    pub unbelieved: u16,
    /// Whether a caller who succeeds has left.
    pub ends_session: bool,
}

/// The columns are: nobody, the owner, another customer, staff, a token that is no good.
///
/// A 422 is the answer to a body that is refused, for those who may send one. The order matters: things are made, read, changed
/// and removed.
pub(super) const MATRIX: &[Row] = &[
    row("get /customer/.well-known/jwks.json", [200, 200, 200, 200, 200]),
    row("post /customer/signup", [422, 422, 422, 422, 422]),
    row("post /customer/login", [422, 422, 422, 422, 422]),
    row("post /customer/token/refresh", [422, 422, 422, 422, 422]),
    row("get /customer/profile", [401, 200, 200, 200, 401]),
    row("get /customer/profile?include=shopping", [401, 200, 200, 200, 401]),
    row("patch /customer/profile", [401, 200, 200, 200, 401]),
    row("post /customer/password", [401, 422, 422, 422, 401]),
    row("post /customer/addresses", [401, 201, 201, 201, 401]),
    row("get /customer/addresses", [401, 200, 200, 200, 401]),
    row("put /customer/addresses/{id}", [401, 200, 404, 404, 401]),
    row("delete /customer/addresses/{id}", [401, 204, 404, 404, 401]),
    // Who reads the catalogue is not asked for; where staff see more, a token has to be a good one.
    row("get /products/", [200, 200, 200, 200, 200]),
    row("get /products/?archived=true", [401, 403, 403, 200, 401]),
    row("get /products/categories", [200, 200, 200, 200, 200]),
    row("get /products/category/{name}", [200, 200, 200, 200, 200]),
    row("get /products/category/{name}?archived=true", [401, 403, 403, 200, 401]),
    row("get /products/{id}", [200, 200, 200, 200, 401]),
    row("post /products/ids", [200, 200, 200, 200, 401]),
    row("post /products/", [401, 403, 403, 201, 401]),
    row("patch /products/{id}", [401, 403, 403, 200, 401]),
    row("post /products/{id}/stock", [401, 403, 403, 200, 401]),
    row("post /products/import", [401, 403, 403, 201, 401]),
    // Nobody becomes a guest by putting something into a cart.
    row("post /shopping/cart", [200, 200, 200, 200, 401]),
    row("get /shopping/cart", [401, 200, 200, 200, 401]),
    row("patch /shopping/cart/{product_id}", [401, 200, 200, 200, 401]),
    row("delete /shopping/cart/{product_id}", [401, 200, 200, 200, 401]),
    row("delete /shopping/cart", [401, 200, 200, 200, 401]),
    row("post /shopping/cart/merge", [401, 422, 422, 422, 401]),
    row("post /shopping/wishlist", [401, 200, 200, 200, 401]),
    row("get /shopping/wishlist", [401, 200, 200, 200, 401]),
    row("delete /shopping/wishlist/{product_id}", [401, 204, 204, 204, 401]),
    row("post /shopping/orders", [401, 422, 422, 422, 401]),
    row("get /shopping/orders", [401, 200, 200, 200, 401]),
    row("get /shopping/orders?everyone=true", [401, 403, 403, 200, 401]),
    row("get /shopping/orders/{id}", [401, 200, 404, 200, 401]),
    row("get /shopping/orders/{id}/timeline", [401, 200, 404, 200, 401]),
    row("get /shopping/orders/{id}/events", [401, 200, 404, 200, 401]),
    // It is confirmed and captured, which is too late for anybody.
    row("post /shopping/orders/{id}/cancel", [401, 409, 404, 409, 401]),
    row("post /shopping/orders/{id}/ship", [401, 403, 403, 200, 401]),
    row("post /shopping/orders/{id}/deliver", [401, 403, 403, 200, 401]),
    row("post /shopping/orders/{id}/refund", [401, 403, 403, 202, 401]),
    row("get /payment/payments/{order_id}", [401, 403, 403, 200, 401]),
    row("delete /products/{id}", [401, 403, 403, 204, 401]),
    row("post /products/{id}/restore", [401, 403, 403, 200, 401]),
    leaving("post /customer/logout", [401, 204, 204, 204, 401]),
    leaving("delete /customer/profile", [401, 204, 204, 204, 401]),
];

const fn row(asks: &'static str, [nobody, owner, other, staff, unbelieved]: [u16; 5]) -> Row {
    Row { asks, nobody, owner, other, staff, unbelieved, ends_session: false }
}

const fn leaving(asks: &'static str, statuses: [u16; 5]) -> Row {
    Row { ends_session: true, ..row(asks, statuses) }
}

impl Row {
    /// The route alone.
    pub(super) fn route(&self) -> &'static str {
        self.asks.split('?').next().unwrap_or_default()
    }

    /// What is asked, about what is in `scene`.
    pub(super) fn call(&self, scene: &Scene, client: &Client) -> Call {
        let (verb, path) = self.asks.split_once(' ').expect("a method and a path");
        let id = match self.service() {
            Customer => scene.address.to_string(),
            Products => scene.cup.to_string(),
            Shopping | Payment => scene.order.to_string(),
        };
        let path = path
            .replace("{id}", &id)
            .replace("{order_id}", &scene.order.to_string())
            .replace("{product_id}", &scene.cup.to_string())
            .replace("{name}", "kitchen");
        let method: Method = verb.to_uppercase().parse().expect("a method");
        self.with_body(scene, client.call(method, &path))
    }

    fn service(&self) -> Service {
        let name = self.asks.split('/').nth(1).expect("a service");
        Service::ALL.into_iter().find(|service| service.name() == name).expect("a service")
    }

    fn with_body(&self, scene: &Scene, call: Call) -> Call {
        match self.route() {
            "patch /customer/profile" => call.json(&json!({ "name": "Ada" })),
            "post /customer/addresses" | "put /customer/addresses/{id}" => {
                call.json(&AddressBody::in_city("Hamburg"))
            }
            "post /products/ids" => call.json(&json!({ "ids": [scene.cup] })),
            "post /products/" => call.json(&ProductBody::named("Pot")),
            "patch /products/{id}" => call.json(&json!({ "name": "Big cup" })),
            "post /products/{id}/stock" => call.json(&json!({ "adjust": 1 })),
            "post /products/import" => {
                let line = serde_json::to_string(&ProductBody::named("Tile")).expect("JSON");
                call.body("application/x-ndjson", line)
            }
            "post /shopping/cart" => call.json(&json!({ "product_id": scene.cup, "quantity": 2 })),
            "patch /shopping/cart/{product_id}" => call.json(&json!({ "quantity": 1 })),
            "post /shopping/wishlist" => call.json(&json!({ "product_id": scene.cup })),
            route if route.starts_with("post") || route.starts_with("put") => call.json(&json!({})),
            _ => call,
        }
    }
}
