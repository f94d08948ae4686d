//! `/payments`

use std::sync::Arc;

use contracts::OrderId;
use platform::http::{Id, Json, Problem, Staff};
use rocket::{Route, State, get, routes};

use super::views::PaymentView;
use crate::{Payments, queries};

pub(super) fn routes() -> Vec<Route> {
    routes![get_payment]
}

/// The payment of an order
///
/// For members of staff: where it stands, what was captured and refunded, and what the provider said when.
#[utoipa::path(
    tag = "payments",
    security(("bearer" = [])),
    params(("order_id" = OrderId, Path, description = "Which order")),
    responses(
        (status = 200, description = "The payment", body = PaymentView),
        (status = 401, description = "Nobody is signed in", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "For members of staff", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No payment for such an order", body = Problem, content_type = "application/problem+json"),
        (status = 500, description = "Our fault", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Come back in a moment", body = Problem, content_type = "application/problem+json"),
        (status = 504, description = "It took too long", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/payments/<order_id>")]
pub(super) async fn get_payment(
    _staff: Staff,
    order_id: Id<OrderId>,
    payments: &State<Arc<Payments>>,
) -> Result<Json<PaymentView>, Problem> {
    let statement = queries::get_payment(payments, order_id.0).await?;
    statement.map(|statement| Json(statement.into())).ok_or_else(|| Problem::not_found("payment"))
}
