//! The stock, counted by hand.

use contracts::ProductId;
use platform::http::{FieldErrors, Id, IdempotencyKey, Json, Problem, Staff, Validate};
use rocket::{Route, post, routes};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    Service,
    answers::{BadBody, Failures, NotStaff},
    views::ProductView,
};
use crate::{
    commands::adjust_stock::adjust_stock,
    domain::{Adjustment, MAX_STOCK},
};

/// The longest reason, in characters.
const MAX_REASON: usize = 200;

/// A change to a stock.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StockChange {
    /// Pieces more, or fewer if it is negative.
    #[schema(example = -2, minimum = -1_000_000, maximum = 1_000_000)]
    adjust: i32,
    /// Why, for the ledger.
    #[serde(default)]
    #[schema(example = "two were broken", max_length = 200)]
    reason: Option<String>,
}

impl Validate for StockChange {
    fn check(&self, errors: &mut FieldErrors) {
        let some = (1..=MAX_STOCK).contains(&self.adjust.unsigned_abs());
        errors.require(some, "adjust", "must be from -1000000 to 1000000, and not 0");
        if let Some(reason) = &self.reason {
            errors.length(reason, "reason", 0, MAX_REASON);
        }
    }
}

/// Changes how much there is of a product.
#[utoipa::path(
    tag = "staff",
    params(
        ("id" = ProductId, Path, description = "Which product"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repetition harmless"),
    ),
    request_body = StockChange,
    responses(
        (status = 200, description = "The product after the change", body = ProductView),
        (status = 404, description = "There is no such product", body = Problem,
            content_type = "application/problem+json"),
        (status = 409, description = "Less would be on hand than is reserved, or more than 1000000; or the \
            Idempotency-Key was used for another request", body = Problem, content_type = "application/problem+json"),
        BadBody,
        NotStaff,
        Failures
    ),
    security(("bearer" = []))
)]
#[post("/<id>/stock", data = "<change>")]
pub(super) async fn adjust(
    id: Id<ProductId>,
    staff: Staff,
    key: IdempotencyKey,
    change: Json<StockChange>,
    products: &Service,
) -> Result<Json<ProductView>, Problem> {
    let Json(StockChange { adjust, reason }) = change;
    let adjustment = Adjustment { adjust, reason };
    let product = adjust_stock(products, id.0, adjustment, staff.0.sub, key.as_deref()).await?;
    Ok(Json(product.into()))
}

/// The routes of the stock.
pub(super) fn routes() -> Vec<Route> {
    routes![adjust]
}
