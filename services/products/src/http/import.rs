//! Many products at once, as NDJSON.

use platform::http::{IdempotencyKey, Json, Problem, Staff};
use rocket::{
    Data, Route,
    data::ToByteUnit as _,
    http::{ContentType, Status},
    post, routes,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Service,
    answers::{BadBody, Failures, NotStaff},
};
use crate::commands::import_products::import_products;

/// How long the body may be, in MiB.
const LIMIT_MIB: u64 = 8;

/// What came of an import.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(super) struct Imported {
    /// How many products entered the catalogue.
    #[schema(example = 120)]
    imported: u32,
}

/// Puts many products into the catalogue, all of them or none.
///
/// Each line of the body is one, as `POST /` takes it.
#[utoipa::path(
    tag = "staff",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repetition harmless")),
    request_body(content = String, content_type = "application/x-ndjson", description = "Up to 8 MiB"),
    responses(
        (status = 201, description = "How many there were", body = Imported),
        (status = 409, description = "The Idempotency-Key was used for another request", body = Problem,
            content_type = "application/problem+json"),
        BadBody,
        NotStaff,
        Failures
    ),
    security(("bearer" = []))
)]
#[post("/import", data = "<body>")]
pub(super) async fn import(
    staff: Staff,
    key: IdempotencyKey,
    content_type: Option<&ContentType>,
    body: Data<'_>,
    products: &Service,
) -> Result<(Status, Json<Imported>), Problem> {
    let text = read(content_type, body).await?;
    let imported = import_products(products, &text, staff.0.sub, key.as_deref()).await?;
    Ok((Status::Created, Json(Imported { imported })))
}

async fn read(content_type: Option<&ContentType>, body: Data<'_>) -> Result<String, Problem> {
    let is_ndjson = |sent: &ContentType| {
        sent.top() == "application" && (sent.sub() == "x-ndjson" || sent.sub() == "ndjson")
    };
    if !content_type.is_some_and(is_ndjson) {
        return Err(Problem::unsupported_media_type("application/x-ndjson"));
    }
    let limit = LIMIT_MIB.mebibytes();
    let body =
        body.open(limit).into_bytes().await.map_err(|_| Problem::bad_request("The body ended too early."))?;
    if !body.is_complete() {
        return Err(Problem::too_large(limit.as_u64()));
    }
    String::from_utf8(body.into_inner()).map_err(|_| Problem::bad_request("The body is not UTF-8."))
}

/// The route of imports.
pub(super) fn routes() -> Vec<Route> {
    routes![import]
}
