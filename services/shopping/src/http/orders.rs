//! `/orders`: the caller's orders. Staff see everybody's.

use std::sync::Arc;

use contracts::{
    AddressId, CustomerId, Money, OrderId, Timestamp,
    rpc::{OrderStatus, OrderView},
};
use platform::{
    auth::{Claims, Role},
    http::{
        Caller, Cursor, FieldErrors, Id, IdempotencyKey, Json, Limit, Located, NoBody, Page, Problem, Query,
        Validate,
    },
    idempotency::Idempotency,
};
use rocket::{Route, State, get, post, routes};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Shopping,
    commands::{self, Checkout},
    domain::TimelineEntry,
    queries::{self, Viewer, order_view},
    store::OrderFilter,
};

/// The routes of this file.
pub(super) fn routes() -> Vec<Route> {
    routes![place, list, get, timeline, cancel]
}

/// How the cart is to be paid, and where it goes.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewOrder {
    /// How it is to be paid.
    payment: PaymentMethod,
    /// Where it goes: one of the caller's addresses.
    #[serde(default)]
    address_id: Option<AddressId>,
    /// What the customer was told that it costs. If it costs something else, nothing is ordered.
    #[serde(default)]
    expected_total: Option<Money>,
}

/// A means of payment, as the payment provider knows it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PaymentMethod {
    /// The provider's token. The sandbox knows `tok_ok`, `tok_declined`, `tok_slow`, `tok_error_once` and
    /// `tok_timeout_after_charge`.
    #[schema(example = "tok_ok", min_length = 1, max_length = 200)]
    token: String,
}

impl Validate for NewOrder {
    fn check(&self, errors: &mut FieldErrors) {
        let token = &self.payment.token;
        let printable = (1..=200).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_graphic());
        errors.require(printable, "payment.token", "must be 1 to 200 visible ASCII characters");
    }
}

/// Which orders.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct OrdersQuery {
    /// How many, from 1 to 100.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Limit,
    /// Behind which: `next` of the page before.
    #[param(value_type = Option<String>)]
    after: Option<Cursor<OrderId>>,
    /// In which status.
    status: Option<OrderStatus>,
    /// For staff: everybody's orders and not only their own.
    #[serde(default)]
    everyone: bool,
    /// For staff: the orders of this customer.
    customer_id: Option<CustomerId>,
}

impl Validate for OrdersQuery {}

/// A step that an order took.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TimelineItem {
    /// When.
    pub(super) at: Timestamp,
    /// Where the order stood then.
    pub(super) status: OrderStatus,
    /// What happened.
    #[schema(example = "The payment is authorised.")]
    pub(super) note: String,
}

impl From<TimelineEntry> for TimelineItem {
    fn from(entry: TimelineEntry) -> Self {
        Self { at: entry.at, status: entry.status, note: entry.note }
    }
}

pub(super) fn viewer(claims: &Claims) -> Viewer {
    match claims.role {
        Role::Staff => Viewer::Staff,
        Role::Customer => Viewer::Customer(claims.sub),
    }
}

/// Order what is in the cart
///
/// The answer comes as soon as the order is kept; reserving the stock and authorising the payment go on by themselves.
/// Follow it at `Location`, or at `/orders/{id}/events`.
#[utoipa::path(
    tag = "orders",
    request_body = NewOrder,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to send this again")),
    responses(
        (status = 202, body = OrderView, headers(("Location" = String, description = "Where the order is"))),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The cart is empty, a price has changed, or the key was used for something else",
            body = Problem, content_type = "application/problem+json"),
        (status = 413, body = Problem, content_type = "application/problem+json"),
        (status = 415, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
        (status = 504, body = Problem, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])),
)]
#[post("/orders", data = "<order>")]
pub(super) async fn place(
    shopping: &State<Arc<Shopping>>,
    caller: Caller,
    key: IdempotencyKey,
    order: Json<NewOrder>,
) -> Result<Located<OrderView>, Problem> {
    let customer_id = caller.0.sub;
    let idempotency =
        key.as_deref().map(|key| Idempotency::new(&customer_id.to_string(), key, "place_order", &order.0));
    let Json(NewOrder { payment, address_id, expected_total }) = order;
    let checkout =
        Checkout { customer_id, payment_token: payment.token, address_id, expected_total, idempotency };
    let placed = commands::place_order(shopping, checkout).await?;
    let view = order_view(placed, viewer(&caller.0));
    Ok(Located::accepted(format!("/shopping/orders/{}", view.id), view))
}

/// The caller's orders, newest first; for staff everybody's, or one customer's
#[utoipa::path(
    tag = "orders",
    params(OrdersQuery),
    responses(
        (status = 200, body = Page<OrderView>),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Only staff see everyone's", body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])),
)]
#[get("/orders")]
pub(super) async fn list(
    shopping: &State<Arc<Shopping>>,
    caller: Caller,
    query: Query<OrdersQuery>,
) -> Result<Json<Page<OrderView>>, Problem> {
    let Query(OrdersQuery { limit, after, status, everyone, customer_id }) = query;
    if (everyone || customer_id.is_some()) && caller.0.role != Role::Staff {
        return Err(Problem::forbidden("Only staff see everyone's orders."));
    }
    let customer_id = customer_id.or((!everyone).then_some(caller.0.sub));
    let filter = OrderFilter { customer_id, status };
    let after = after.map(|cursor| cursor.0);
    let orders = queries::list_orders(shopping, filter, after, limit.get() + 1).await?;
    let viewer = viewer(&caller.0);
    Ok(Json(Page::new(orders, limit, |order| order.id).map(|order| order_view(order, viewer))))
}

/// One order
#[utoipa::path(
    tag = "orders",
    params(("id" = OrderId, Path)),
    responses(
        (status = 200, body = OrderView),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "None, or somebody else's", body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])),
)]
#[get("/orders/<id>")]
pub(super) async fn get(
    shopping: &State<Arc<Shopping>>,
    caller: Caller,
    id: Id<OrderId>,
) -> Result<Json<OrderView>, Problem> {
    let viewer = viewer(&caller.0);
    let order = queries::get_order(shopping, viewer, id.0).await?;
    order.map(|order| Json(order_view(order, viewer))).ok_or_else(|| Problem::not_found("order"))
}

/// How an order came to where it stands, from the beginning
#[utoipa::path(
    tag = "orders",
    params(("id" = OrderId, Path)),
    responses(
        (status = 200, body = Page<TimelineItem>),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "None, or somebody else's", body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])),
)]
#[get("/orders/<id>/timeline")]
pub(super) async fn timeline(
    shopping: &State<Arc<Shopping>>,
    caller: Caller,
    id: Id<OrderId>,
) -> Result<Json<Page<TimelineItem>>, Problem> {
    let timeline = queries::get_timeline(shopping, viewer(&caller.0), id.0, 0).await?;
    let timeline = timeline.ok_or_else(|| Problem::not_found("order"))?;
    Ok(Json(Page { items: timeline.steps.into_iter().map(TimelineItem::from).collect(), next: None }))
}

/// Call off an order that is not confirmed yet; for staff also one whose payment is not captured yet
///
/// Its stock is released and its payment voided. An order that is cancelled already stays so.
#[utoipa::path(
    tag = "orders",
    params(("id" = OrderId, Path)),
    responses(
        (status = 200, body = OrderView),
        (status = 400, description = "There is a body", body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "None, or somebody else's", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Too late", body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])),
)]
#[post("/orders/<id>/cancel")]
pub(super) async fn cancel(
    shopping: &State<Arc<Shopping>>,
    caller: Caller,
    id: Id<OrderId>,
    _body: NoBody,
) -> Result<Json<OrderView>, Problem> {
    let viewer = viewer(&caller.0);
    match viewer {
        Viewer::Customer(customer_id) => commands::cancel_order(shopping, customer_id, id.0).await?,
        Viewer::Staff => commands::call_off_order(shopping, id.0).await?,
    };
    let order = queries::get_order(shopping, viewer, id.0).await?;
    order.map(|order| Json(order_view(order, viewer))).ok_or_else(|| Problem::not_found("order"))
}
