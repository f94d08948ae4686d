//! Products by their ids.

use contracts::ProductId;
use platform::{
    auth::{Claims, Role},
    http::{FieldErrors, Id, Json, MaybeCaller, Problem, Validate},
};
use rocket::{Route, get, post, routes};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    Service,
    answers::{BadBody, BadToken, Failures},
    views::{Items, ProductView},
};
use crate::queries::{Audience, find_products::find_products, get_product::get_product};

/// Ids that one request may name.
const MOST: usize = 100;

/// Which products.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Ids {
    /// At most 100.
    #[schema(max_items = 100)]
    ids: Vec<ProductId>,
}

impl Validate for Ids {
    fn check(&self, errors: &mut FieldErrors) {
        errors.require(self.ids.len() <= MOST, "ids", "must be at most 100");
    }
}

fn audience(caller: &MaybeCaller) -> Audience {
    match caller.0 {
        Some(Claims { role: Role::Staff, .. }) => Audience::Staff,
        _ => Audience::Shoppers,
    }
}

/// Finds one product.
///
/// Members of staff see those that are archived, too.
#[utoipa::path(
    tag = "catalogue",
    params(("id" = ProductId, Path, description = "Which product")),
    responses(
        (status = 200, description = "The product", body = ProductView),
        (status = 404, description = "There is no such product", body = Problem,
            content_type = "application/problem+json"),
        BadToken,
        Failures
    ),
    security((), ("bearer" = []))
)]
#[get("/<id>")]
pub(super) async fn find(
    id: Id<ProductId>,
    caller: MaybeCaller,
    products: &Service,
) -> Result<Json<ProductView>, Problem> {
    let product = get_product(products, id.0, audience(&caller)).await?;
    product.map(|product| Json(product.into())).ok_or_else(|| Problem::not_found("product"))
}

/// Finds those of some products that there are, in the order asked for.
///
/// Members of staff see those that are archived, too.
#[utoipa::path(
    tag = "catalogue",
    request_body = Ids,
    responses(
        (status = 200, description = "Those that were found", body = Items<ProductView>),
        BadBody,
        BadToken,
        Failures
    ),
    security((), ("bearer" = []))
)]
#[post("/ids", data = "<ids>")]
pub(super) async fn find_many(
    caller: MaybeCaller,
    ids: Json<Ids>,
    products: &Service,
) -> Result<Json<Items<ProductView>>, Problem> {
    Ok(Json(Items::of(find_products(products, &ids.0.ids, audience(&caller)).await?)))
}

/// The routes that find products by their ids.
pub(super) fn routes() -> Vec<Route> {
    routes![find, find_many]
}
