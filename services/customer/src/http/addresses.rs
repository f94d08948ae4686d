//! The caller's addresses.

use contracts::AddressId;
use platform::http::{
    Caller, Cursor, FieldErrors, Id, IdempotencyKey, Json, Limit, NoBody, Page, Problem, Query, Validate,
};
use rocket::{
    Route, delete, get, post, put,
    response::status::{Created, NoContent},
    routes,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    App,
    refusals::{BadBody, Failures, NotFound, NotSignedIn},
};
use crate::{
    commands,
    domain::{Address, AddressDetails, fits, meaningful},
    queries,
};

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![list_addresses, add_address, replace_address, remove_address]
}

/// An address.
#[derive(Serialize, ToSchema)]
struct AddressView {
    /// Which one.
    id: AddressId,
    /// Who takes the parcel, if it is not you.
    #[schema(required = true)]
    name: Option<String>,
    /// Street and number.
    #[schema(example = "12 Harbour Street")]
    street: String,
    /// Postal code.
    #[schema(example = "20095")]
    postal_code: String,
    /// City.
    #[schema(example = "Hamburg")]
    city: String,
    /// ISO 3166-1 alpha-2 code.
    #[schema(example = "DE")]
    country: String,
}

impl From<Address> for AddressView {
    fn from(Address { id, details }: Address) -> Self {
        let AddressDetails { name, street, postal_code, city, country } = details;
        Self { id, name, street, postal_code, city, country }
    }
}

/// What an address is to say.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AddressBody {
    /// Who takes the parcel, if it is not you.
    #[schema(max_length = 100)]
    name: Option<String>,
    /// Street and number.
    #[schema(example = "12 Harbour Street", min_length = 1, max_length = 200)]
    street: String,
    /// Postal code.
    #[schema(example = "20095", min_length = 1, max_length = 20)]
    postal_code: String,
    /// City.
    #[schema(example = "Hamburg", min_length = 1, max_length = 100)]
    city: String,
    /// ISO 3166-1 alpha-2 code: two capital letters.
    #[schema(example = "DE", pattern = "^[A-Z]{2}$")]
    country: String,
}

impl Validate for AddressBody {
    fn check(&self, errors: &mut FieldErrors) {
        let line = |text: &str, most| !text.trim().is_empty() && fits(text, most);
        let name = self.name.as_deref().is_none_or(|name| fits(name, 100));
        let country = self.country.len() == 2 && self.country.bytes().all(|byte| byte.is_ascii_uppercase());
        errors
            .require(name, "name", "must be one line of at most 100 characters")
            .require(line(&self.street, 200), "street", "must be one line of 1 to 200 characters")
            .require(line(&self.postal_code, 20), "postal_code", "must be one line of 1 to 20 characters")
            .require(line(&self.city, 100), "city", "must be one line of 1 to 100 characters")
            .require(country, "country", "must be two capital letters, such as DE");
    }
}

impl From<AddressBody> for AddressDetails {
    fn from(body: AddressBody) -> Self {
        Self {
            name: meaningful(body.name),
            street: body.street.trim().to_owned(),
            postal_code: body.postal_code.trim().to_owned(),
            city: body.city.trim().to_owned(),
            country: body.country,
        }
    }
}

/// Which part of the list.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// How many.
    #[serde(default)]
    #[param(inline)]
    limit: Limit,
    /// `next` of the page before.
    #[param(value_type = Option<String>)]
    after: Option<Cursor<AddressId>>,
}

impl Validate for ListQuery {}

/// List your addresses, in the order in which they were added.
#[utoipa::path(
    tag = "addresses",
    security(("bearer" = [])),
    params(ListQuery),
    responses(
        (status = 200, description = "A page of them", body = Page<AddressView>),
        (status = 422, description = "`limit` or `after` is not valid",
            body = Problem, content_type = "application/problem+json"),
        NotSignedIn, Failures
    )
)]
#[get("/addresses")]
async fn list_addresses(
    customer: &App,
    caller: Caller,
    query: Query<ListQuery>,
) -> Result<Json<Page<AddressView>>, Problem> {
    let ListQuery { limit, after } = query.0;
    let after = after.map(|cursor| cursor.0);
    let addresses =
        queries::list_addresses::list_addresses(customer, caller.0.sub, after, limit.get() + 1).await?;
    Ok(Json(Page::new(addresses, limit, |address| address.id).map(Into::into)))
}

/// Add an address. You may have 50.
#[utoipa::path(
    tag = "addresses",
    security(("bearer" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key adds one address")),
    request_body = AddressBody,
    responses(
        (status = 201, description = "The address", body = AddressView,
            headers(("Location" = String, description = "`/customer/addresses/{id}`"))),
        (status = 409, description = "There are 50 already, or the key was used for something else",
            body = Problem, content_type = "application/problem+json"),
        BadBody, NotSignedIn, Failures
    )
)]
#[post("/addresses", data = "<body>")]
async fn add_address(
    customer: &App,
    caller: Caller,
    body: Json<AddressBody>,
    key: IdempotencyKey,
) -> Result<Created<Json<AddressView>>, Problem> {
    let (owner, details) = (caller.0.sub, body.0.into());
    let address = commands::add_address::add_address(customer, owner, details, key.as_deref()).await?;
    let location = format!("/customer/addresses/{}", address.id);
    Ok(Created::new(location).body(Json(address.into())))
}

/// Replace an address.
#[utoipa::path(
    tag = "addresses",
    security(("bearer" = [])),
    params(("id" = AddressId, Path, description = "Which one")),
    request_body = AddressBody,
    responses(
        (status = 200, description = "The address", body = AddressView),
        BadBody, NotSignedIn, NotFound, Failures
    )
)]
#[put("/addresses/<id>", data = "<body>")]
async fn replace_address(
    customer: &App,
    caller: Caller,
    id: Id<AddressId>,
    body: Json<AddressBody>,
) -> Result<Json<AddressView>, Problem> {
    let address = Address { id: id.0, details: body.0.into() };
    commands::replace_address::replace_address(customer, caller.0.sub, address.clone()).await?;
    Ok(Json(address.into()))
}

/// Remove an address.
#[utoipa::path(
    tag = "addresses",
    security(("bearer" = [])),
    params(("id" = AddressId, Path, description = "Which one")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 400, description = "There is a body", body = Problem, content_type = "application/problem+json"),
        NotSignedIn,
        NotFound,
        Failures
    )
)]
#[delete("/addresses/<id>")]
async fn remove_address(
    customer: &App,
    caller: Caller,
    id: Id<AddressId>,
    _body: NoBody,
) -> Result<NoContent, Problem> {
    commands::remove_address::remove_address(customer, caller.0.sub, id.0).await?;
    Ok(NoContent)
}
