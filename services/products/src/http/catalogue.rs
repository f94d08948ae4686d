//! What staff do to the catalogue.

use contracts::{Money, ProductId};
use platform::http::{FieldErrors, Id, IdempotencyKey, Json, NoBody, Problem, Staff, Validate};
use rocket::{
    Route, delete, patch, post,
    response::status::{Created, NoContent},
    routes,
};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use super::{
    Service,
    answers::{BadBody, Failures, NotStaff},
    problems::tell,
    views::ProductView,
};
use crate::{
    commands::{
        add_product::add_product, archive_product::archive_product, restore_product::restore_product,
        revise_product::revise_product,
    },
    domain::{NewProduct, ProductPatch},
};

/// What is to be different about a product (a JSON merge patch, RFC 7396). At least one field.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Revision {
    /// What it is called: 1 to 200 characters in one line.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, example = "Moka pot, 6 cups", min_length = 1, max_length = 200)]
    name: Option<String>,
    /// What there is to say about it: up to 5000 characters.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, max_length = 5000)]
    description: Option<String>,
    /// The slug of its category.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, pattern = "^[a-z0-9-]{1,50}$")]
    category: Option<String>,
    /// The price of one piece, from the next order on.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    price: Option<Money>,
    /// Where a picture of it is; null takes the picture away.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, format = "uri", max_length = 2048)]
    image_url: Option<Option<String>>,
}

/// What stands in a field that is there: so a null is told from no field at all.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(field: D) -> Result<Option<T>, D::Error> {
    T::deserialize(field).map(Some)
}

impl Revision {
    fn to_patch(&self) -> ProductPatch {
        ProductPatch {
            name: self.name.clone(),
            description: self.description.clone(),
            category: self.category.clone(),
            price: self.price,
            image_url: self.image_url.clone(),
        }
    }
}

impl Validate for Revision {
    fn check(&self, errors: &mut FieldErrors) {
        tell(self.to_patch().faults(), errors);
    }
}

/// Puts a product into the catalogue.
#[utoipa::path(
    tag = "staff",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repetition harmless")),
    request_body = NewProduct,
    responses(
        (status = 201, description = "The product", body = ProductView,
            headers(("Location" = String, description = "Where the product is"))),
        (status = 409, description = "The Idempotency-Key was used for another request", body = Problem,
            content_type = "application/problem+json"),
        BadBody,
        NotStaff,
        Failures
    ),
    security(("bearer" = []))
)]
#[post("/", data = "<product>")]
pub(super) async fn add(
    staff: Staff,
    key: IdempotencyKey,
    product: Json<NewProduct>,
    products: &Service,
) -> Result<Created<Json<ProductView>>, Problem> {
    let product = add_product(products, product.0, staff.0.sub, key.as_deref()).await?;
    let location = format!("/products/{}", product.id);
    Ok(Created::new(location).body(Json(product.into())))
}

/// Changes what a product is like.
#[utoipa::path(
    tag = "staff",
    params(("id" = ProductId, Path, description = "Which product")),
    request_body = Revision,
    responses(
        (status = 200, description = "The product after the change", body = ProductView),
        (status = 404, description = "There is no such product in the catalogue", body = Problem,
            content_type = "application/problem+json"),
        (status = 409, description = "The price is in another currency (`other-currency`)", body = Problem,
            content_type = "application/problem+json"),
        BadBody,
        NotStaff,
        Failures
    ),
    security(("bearer" = []))
)]
#[patch("/<id>", data = "<revision>")]
pub(super) async fn revise(
    id: Id<ProductId>,
    _staff: Staff,
    revision: Json<Revision>,
    products: &Service,
) -> Result<Json<ProductView>, Problem> {
    let product = revise_product(products, id.0, revision.0.to_patch()).await?;
    Ok(Json(product.into()))
}

/// Archives a product.
///
/// It leaves the catalogue, and stays for the orders that name it.
#[utoipa::path(
    tag = "staff",
    params(("id" = ProductId, Path, description = "Which product")),
    responses(
        (status = 204, description = "It is archived, now or before"),
        (status = 400, description = "There is a body", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such product", body = Problem,
            content_type = "application/problem+json"),
        NotStaff,
        Failures
    ),
    security(("bearer" = []))
)]
#[delete("/<id>")]
pub(super) async fn archive(
    id: Id<ProductId>,
    _staff: Staff,
    products: &Service,
    _body: NoBody,
) -> Result<NoContent, Problem> {
    archive_product(products, id.0).await?;
    Ok(NoContent)
}

/// Takes an archived product back into the catalogue.
///
/// It is for sale again, as it was. One that is not archived stays as it is.
#[utoipa::path(
    tag = "staff",
    params(("id" = ProductId, Path, description = "Which product")),
    responses(
        (status = 200, description = "The product, which is not archived", body = ProductView),
        (status = 400, description = "There is a body", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such product", body = Problem,
            content_type = "application/problem+json"),
        NotStaff,
        Failures
    ),
    security(("bearer" = []))
)]
#[post("/<id>/restore")]
pub(super) async fn restore(
    id: Id<ProductId>,
    _staff: Staff,
    products: &Service,
    _body: NoBody,
) -> Result<Json<ProductView>, Problem> {
    let product = restore_product(products, id.0).await?;
    Ok(Json(product.into()))
}

/// The routes of the catalogue's staff.
pub(super) fn routes() -> Vec<Route> {
    routes![add, revise, archive, restore]
}
