//! `/wishlist`: what the caller would like to have.

use std::sync::Arc;

use contracts::{ProductId, rpc::WishlistItem};
use platform::http::{Caller, Id, Json, NoBody, Page, Problem, Validate};
use rocket::{Route, State, delete, get, http::Status, post, routes};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Shopping, commands, queries};

/// The routes of this file.
pub(super) fn routes() -> Vec<Route> {
    routes![list, add, remove]
}

/// What to remember.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WishlistAddition {
    /// Which product.
    product_id: ProductId,
}

impl Validate for WishlistAddition {}

/// The wishlist, newest first
#[utoipa::path(
    tag = "wishlist",
    responses(
        (status = 200, body = Page<WishlistItem>),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
        (status = 504, body = Problem, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])),
)]
#[get("/wishlist")]
pub(super) async fn list(
    shopping: &State<Arc<Shopping>>,
    caller: Caller,
) -> Result<Json<Page<WishlistItem>>, Problem> {
    let items = queries::list_wishlist(shopping, caller.0.sub).await?;
    Ok(Json(Page { items, next: None }))
}

/// Remember a product
///
/// One that is on the list already stays where it is, so this is safe to send again.
#[utoipa::path(
    tag = "wishlist",
    request_body = WishlistAddition,
    responses(
        (status = 200, description = "The wishlist", body = Page<WishlistItem>),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The list is full", body = Problem, content_type = "application/problem+json"),
        (status = 413, body = Problem, content_type = "application/problem+json"),
        (status = 415, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
        (status = 504, body = Problem, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])),
)]
#[post("/wishlist", data = "<addition>")]
pub(super) async fn add(
    shopping: &State<Arc<Shopping>>,
    caller: Caller,
    addition: Json<WishlistAddition>,
) -> Result<Json<Page<WishlistItem>>, Problem> {
    commands::add_to_wishlist(shopping, caller.0.sub, addition.0.product_id).await?;
    let items = queries::list_wishlist(shopping, caller.0.sub).await?;
    Ok(Json(Page { items, next: None }))
}

/// Forget a product
#[utoipa::path(
    tag = "wishlist",
    params(("product_id" = ProductId, Path)),
    responses(
        (status = 204, description = "Forgotten"),
        (status = 400, description = "There is a body", body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Not on the list", body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])),
)]
#[delete("/wishlist/<product_id>")]
pub(super) async fn remove(
    shopping: &State<Arc<Shopping>>,
    caller: Caller,
    product_id: Id<ProductId>,
    _body: NoBody,
) -> Result<Status, Problem> {
    commands::remove_from_wishlist(shopping, caller.0.sub, product_id.0).await?;
    Ok(Status::NoContent)
}
