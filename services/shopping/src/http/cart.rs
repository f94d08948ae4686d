//! `/cart`: the caller's, or a guest's by the header `Cart-Token`.

use std::sync::Arc;

use contracts::{ProductId, rpc::CartView};
use platform::{
    http::{Caller, FieldErrors, Id, IdempotencyKey, Json, NoBody, Problem, Validate},
    idempotency::Idempotency,
};
use rocket::{
    Request, Route, State, delete, get, patch, post,
    response::{self, Responder},
    routes,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::cart_owner::{AnyShopper, CartToken, Shopper};
use crate::{
    Shopping,
    commands::{self, Addition},
    domain::{CartOwner, MAX_QUANTITY},
    queries,
};

/// The routes of this file.
pub(super) fn routes() -> Vec<Route> {
    routes![get, add, clear, set_quantity, remove, merge]
}

/// What to put into the cart.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CartAddition {
    /// Which product.
    product_id: ProductId,
    /// How many.
    #[schema(minimum = 1, maximum = 1000, example = 2)]
    quantity: u32,
}

/// How many of a product are to be in the cart.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewQuantity {
    /// How many.
    #[schema(minimum = 1, maximum = 1000, example = 2)]
    quantity: u32,
}

/// Which guest's cart to take over.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GuestCart {
    /// The guest's token.
    cart_token: String,
}

fn check_quantity(quantity: u32, errors: &mut FieldErrors) {
    errors.require(
        (1..=MAX_QUANTITY).contains(&quantity),
        "quantity",
        format!("must be from 1 to {MAX_QUANTITY}"),
    );
}

impl Validate for CartAddition {
    fn check(&self, errors: &mut FieldErrors) {
        check_quantity(self.quantity, errors);
    }
}

impl Validate for NewQuantity {
    fn check(&self, errors: &mut FieldErrors) {
        check_quantity(self.quantity, errors);
    }
}

impl Validate for GuestCart {
    fn check(&self, errors: &mut FieldErrors) {
        errors.require(
            CartToken::parse(&self.cart_token).is_some(),
            "cart_token",
            "is not one that this shop gave",
        );
    }
}

/// A cart; a guest's comes with the token to show the next time.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CartAnswer {
    #[serde(flatten)]
    cart: CartView,
    /// For guests: what to send as `Cart-Token` from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    cart_token: Option<String>,
    #[serde(skip)]
    token: Option<CartToken>,
}

impl CartAnswer {
    fn of(cart: CartView, shopper: Shopper) -> Self {
        let cart_token = shopper.token.as_ref().map(|token| token.as_str().to_owned());
        Self { cart, cart_token, token: shopper.token }
    }
}

impl<'r> Responder<'r, 'static> for CartAnswer {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let header = self.token.as_ref().map(CartToken::header);
        let mut response = Json(self).respond_to(request)?;
        if let Some(header) = header {
            response.set_header(header);
        }
        Ok(response)
    }
}

async fn answer(shopping: &Shopping, shopper: Shopper) -> Result<CartAnswer, Problem> {
    let cart = queries::get_cart(shopping, shopper.owner).await?;
    Ok(CartAnswer::of(cart, shopper))
}

/// The cart, at today's prices
#[utoipa::path(
    tag = "cart",
    params(("Cart-Token" = Option<String>, Header, description = "A guest's token, for who has not signed in")),
    responses(
        (status = 200, body = CartAnswer),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No cart for this token", body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
        (status = 504, body = Problem, content_type = "application/problem+json"),
    ),
    security((), ("bearer" = [])),
)]
#[get("/cart")]
pub(super) async fn get(shopping: &State<Arc<Shopping>>, shopper: Shopper) -> Result<CartAnswer, Problem> {
    answer(shopping, shopper).await
}

/// Put more of a product in
///
/// Who has neither signed in nor a `Cart-Token` becomes a guest, and is given a token.
#[utoipa::path(
    tag = "cart",
    request_body = CartAddition,
    params(
        ("Cart-Token" = Option<String>, Header, description = "A guest's token, for who has not signed in"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to send this again"),
    ),
    responses(
        (status = 200, body = CartAnswer),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No cart for this token", body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 413, body = Problem, content_type = "application/problem+json"),
        (status = 415, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
        (status = 504, body = Problem, content_type = "application/problem+json"),
    ),
    security((), ("bearer" = [])),
)]
#[post("/cart", data = "<addition>")]
pub(super) async fn add(
    shopping: &State<Arc<Shopping>>,
    shopper: AnyShopper,
    key: IdempotencyKey,
    addition: Json<CartAddition>,
) -> Result<CartAnswer, Problem> {
    let new_guest = shopper.0.is_none();
    let shopper = shopper.0.unwrap_or_else(|| Shopper::guest(CartToken::new()));
    let idempotency =
        key.as_deref().map(|key| Idempotency::new(&shopper.scope(), key, "add_to_cart", &addition.0));
    let Json(CartAddition { product_id, quantity }) = addition;
    let addition = Addition { owner: shopper.owner, new_guest, product_id, quantity, idempotency };
    let cart = commands::add_to_cart(shopping, addition).await?;
    Ok(CartAnswer::of(cart, shopper))
}

/// Take everything out
#[utoipa::path(
    tag = "cart",
    params(("Cart-Token" = Option<String>, Header, description = "A guest's token, for who has not signed in")),
    responses(
        (status = 200, body = CartAnswer),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No cart for this token", body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ),
    security((), ("bearer" = [])),
)]
#[delete("/cart")]
pub(super) async fn clear(
    shopping: &State<Arc<Shopping>>,
    shopper: Shopper,
    _body: NoBody,
) -> Result<CartAnswer, Problem> {
    commands::clear_cart(shopping, shopper.owner).await?;
    answer(shopping, shopper).await
}

/// Change how many of a product are in the cart
#[utoipa::path(
    tag = "cart",
    request_body = NewQuantity,
    params(
        ("product_id" = ProductId, Path),
        ("Cart-Token" = Option<String>, Header, description = "A guest's token, for who has not signed in"),
    ),
    responses(
        (status = 200, body = CartAnswer),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Not in the cart", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "No longer sold", body = Problem, content_type = "application/problem+json"),
        (status = 413, body = Problem, content_type = "application/problem+json"),
        (status = 415, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
        (status = 504, body = Problem, content_type = "application/problem+json"),
    ),
    security((), ("bearer" = [])),
)]
#[patch("/cart/<product_id>", data = "<to>")]
pub(super) async fn set_quantity(
    shopping: &State<Arc<Shopping>>,
    shopper: Shopper,
    product_id: Id<ProductId>,
    to: Json<NewQuantity>,
) -> Result<CartAnswer, Problem> {
    commands::set_quantity(shopping, shopper.owner, product_id.0, to.0.quantity).await?;
    answer(shopping, shopper).await
}

/// Take a product out
#[utoipa::path(
    tag = "cart",
    params(
        ("product_id" = ProductId, Path),
        ("Cart-Token" = Option<String>, Header, description = "A guest's token, for who has not signed in"),
    ),
    responses(
        (status = 200, body = CartAnswer),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Not in the cart", body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
        (status = 504, body = Problem, content_type = "application/problem+json"),
    ),
    security((), ("bearer" = [])),
)]
#[delete("/cart/<product_id>")]
pub(super) async fn remove(
    shopping: &State<Arc<Shopping>>,
    shopper: Shopper,
    product_id: Id<ProductId>,
    _body: NoBody,
) -> Result<CartAnswer, Problem> {
    commands::remove_from_cart(shopping, shopper.owner, product_id.0).await?;
    answer(shopping, shopper).await
}

/// Take over a guest's cart, after signing in
#[utoipa::path(
    tag = "cart",
    request_body = GuestCart,
    responses(
        (status = 200, body = CartAnswer),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No cart for this token", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It does not fit into the customer's cart: both are as they were",
            body = Problem, content_type = "application/problem+json"),
        (status = 413, body = Problem, content_type = "application/problem+json"),
        (status = 415, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
        (status = 504, body = Problem, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])),
)]
#[post("/cart/merge", data = "<guest>")]
pub(super) async fn merge(
    shopping: &State<Arc<Shopping>>,
    caller: Caller,
    guest: Json<GuestCart>,
) -> Result<CartAnswer, Problem> {
    let token = CartToken::parse(&guest.0.cart_token).ok_or_else(|| Problem::not_found("cart"))?;
    commands::merge_carts(shopping, token.hash(), caller.0.sub).await?;
    answer(shopping, Shopper { owner: CartOwner::Customer(caller.0.sub), token: None }).await
}
