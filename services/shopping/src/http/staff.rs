//! What staff do with orders.

use std::sync::Arc;

use contracts::{OrderId, rpc::OrderView};
use platform::http::{Id, Json, Located, NoBody, Problem, Staff};
use rocket::{Route, State, post, routes};

use crate::{
    Shopping, commands,
    queries::{self, Viewer, order_view},
};

/// The routes of this file.
pub(super) fn routes() -> Vec<Route> {
    routes![ship, deliver, refund]
}

async fn view(shopping: &Shopping, id: OrderId) -> Result<OrderView, Problem> {
    let order = queries::get_order(shopping, Viewer::Staff, id).await?;
    order.map(|order| order_view(order, Viewer::Staff)).ok_or_else(|| Problem::not_found("order"))
}

/// Mark a confirmed order as shipped, once its payment is captured
#[utoipa::path(
    tag = "staff",
    params(("id" = OrderId, Path)),
    responses(
        (status = 200, body = OrderView),
        (status = 400, description = "There is a body", body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Not confirmed, or not paid", body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])),
)]
#[post("/orders/<id>/ship")]
pub(super) async fn ship(
    shopping: &State<Arc<Shopping>>,
    _staff: Staff,
    id: Id<OrderId>,
    _body: NoBody,
) -> Result<Json<OrderView>, Problem> {
    commands::ship_order(shopping, id.0).await?;
    view(shopping, id.0).await.map(Json)
}

/// Mark a shipped order as delivered
#[utoipa::path(
    tag = "staff",
    params(("id" = OrderId, Path)),
    responses(
        (status = 200, body = OrderView),
        (status = 400, description = "There is a body", body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Not shipped", body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])),
)]
#[post("/orders/<id>/deliver")]
pub(super) async fn deliver(
    shopping: &State<Arc<Shopping>>,
    _staff: Staff,
    id: Id<OrderId>,
    _body: NoBody,
) -> Result<Json<OrderView>, Problem> {
    commands::deliver_order(shopping, id.0).await?;
    view(shopping, id.0).await.map(Json)
}

/// Give the money of an order back
///
/// The order is refunded once the payment service says so; follow it at `Location`.
#[utoipa::path(
    tag = "staff",
    params(("id" = OrderId, Path)),
    responses(
        (status = 202, body = OrderView, headers(("Location" = String, description = "Where the order is"))),
        (status = 400, description = "There is a body", body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Nothing to give back", body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])),
)]
#[post("/orders/<id>/refund")]
pub(super) async fn refund(
    shopping: &State<Arc<Shopping>>,
    _staff: Staff,
    id: Id<OrderId>,
    _body: NoBody,
) -> Result<Located<OrderView>, Problem> {
    commands::refund_order(shopping, id.0).await?;
    Ok(Located::accepted(format!("/shopping/orders/{}", id.0), view(shopping, id.0).await?))
}
