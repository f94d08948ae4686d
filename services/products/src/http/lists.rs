//! Lists of products, and of their categories.

use async_trait::async_trait;
use platform::http::{Cursor, FieldErrors, Json, Limit, Page, Problem, Query, Staff, Validate};
use rocket::{
    Request, Route, get,
    outcome::{Outcome, try_outcome},
    request::{self, FromRequest},
    routes,
};
use serde::Deserialize;

use super::{
    Service,
    answers::{Failures, NotStaff},
    views::{CategoryView, Items, ProductView},
};
use crate::{
    domain::{Listing, PRICE_RANGE, Position, Product, SearchTerms, Sort, is_category},
    queries::{
        list_categories::list_categories,
        list_products::{list_category, list_products},
    },
};

/// The longest search, in characters.
const MAX_SEARCH: usize = 200;

// The trait is named in full, because what it writes is.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Search {
    /// Words that all have to begin a word of the name or the description.
    #[param(example = "moka pot", max_length = 200)]
    q: Option<String>,
    /// Only the products of this category. Where the path names a category, that one counts.
    #[param(example = "kitchen", pattern = "^[a-z0-9-]{1,50}$")]
    category: Option<String>,
    /// Only what costs this much or more, in minor units; currencies are not converted.
    #[param(minimum = 0, maximum = 100_000_000)]
    min_price: Option<i64>,
    /// Only what costs this much or less, in minor units; currencies are not converted.
    #[param(minimum = 0, maximum = 100_000_000)]
    max_price: Option<i64>,
    /// `true`: only what can be bought now. `false`: only what cannot.
    in_stock: Option<bool>,
    /// For staff: what is archived, and not what is in the catalogue.
    #[serde(default)]
    #[param(required = false)]
    archived: bool,
    /// The order of the list.
    #[serde(default)]
    #[param(inline, required = false)]
    sort: Sort,
    /// What `next` of the page before said. It belongs to one `sort`.
    #[param(value_type = Option<String>)]
    after: Option<Cursor<Position>>,
    /// How many items a page has.
    #[serde(default)]
    #[param(inline, required = false)]
    limit: Limit,
}

impl Validate for Search {
    fn check(&self, errors: &mut FieldErrors) {
        let in_range = |price: Option<i64>| price.is_none_or(|price| PRICE_RANGE.contains(&price));
        let in_order = self.min_price.zip(self.max_price).is_none_or(|(min, max)| min <= max);
        let same_sort = self.after.as_ref().is_none_or(|after| after.0.sort() == self.sort);
        let short = self.q.as_ref().is_none_or(|q| q.chars().count() <= MAX_SEARCH);
        errors
            .require(short, "q", "must have at most 200 characters")
            .require(
                self.category.as_deref().is_none_or(is_category),
                "category",
                "must be 1 to 50 small letters, digits and hyphens",
            )
            .require(in_range(self.min_price), "min_price", "must be from 0 to 100000000")
            .require(in_range(self.max_price), "max_price", "must be from 0 to 100000000")
            .require(in_order, "max_price", "must not be less than min_price")
            .require(same_sort, "after", "belongs to a list with another sort");
    }
}

impl Search {
    /// One product more than the page has shows whether there is a next page.
    fn into_listing(self) -> Listing {
        Listing {
            archived: self.archived,
            search: self.q.as_deref().and_then(SearchTerms::parse),
            category: self.category,
            min_price: self.min_price,
            max_price: self.max_price,
            in_stock: self.in_stock,
            sort: self.sort,
            after: self.after.map(|after| after.0),
            limit: self.limit.get() + 1,
        }
    }
}

/// A [`Search`] by somebody who may see what it finds. The catalogue is for everybody, whatever token comes along.
pub(super) struct Permitted(Search);

#[async_trait]
impl<'r> FromRequest<'r> for Permitted {
    type Error = Problem;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Problem> {
        let Query(search) = try_outcome!(Query::<Search>::from_request(request).await);
        if search.archived {
            try_outcome!(Staff::from_request(request).await);
        }
        Outcome::Success(Self(search))
    }
}

fn page(products: Vec<Product>, limit: Limit, sort: Sort) -> Json<Page<ProductView>> {
    Json(Page::new(products, limit, |last| Position::of(last, sort)).map(ProductView::from))
}

/// Lists and searches the products of the catalogue.
///
/// Members of staff may search what is archived instead.
#[utoipa::path(
    tag = "catalogue",
    params(Search),
    responses(
        (status = 200, description = "A page of products", body = Page<ProductView>),
        (status = 422, description = "Some parameters are not valid", body = Problem,
            content_type = "application/problem+json"),
        NotStaff,
        Failures
    ),
    security((), ("bearer" = []))
)]
#[get("/")]
pub(super) async fn list(search: Permitted, products: &Service) -> Result<Json<Page<ProductView>>, Problem> {
    let Permitted(search) = search;
    let (limit, sort) = (search.limit, search.sort);
    Ok(page(list_products(products, search.into_listing()).await?, limit, sort))
}

/// Lists the categories that have products, by name.
#[utoipa::path(
    tag = "catalogue",
    responses((status = 200, description = "All categories", body = Items<CategoryView>), Failures)
)]
#[get("/categories")]
pub(super) async fn categories(products: &Service) -> Result<Json<Items<CategoryView>>, Problem> {
    Ok(Json(Items::of(list_categories(products).await?)))
}

/// Lists and searches the products of one category.
///
/// Members of staff may search what is archived instead.
#[utoipa::path(
    tag = "catalogue",
    params(("name" = String, Path, description = "The slug of the category", example = "kitchen"), Search),
    responses(
        (status = 200, description = "A page of products", body = Page<ProductView>),
        (status = 404, description = "No product is in such a category", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "Some parameters are not valid", body = Problem,
            content_type = "application/problem+json"),
        NotStaff,
        Failures
    ),
    security((), ("bearer" = []))
)]
#[get("/category/<name>")]
pub(super) async fn category(
    name: String,
    search: Permitted,
    products: &Service,
) -> Result<Json<Page<ProductView>>, Problem> {
    let Permitted(search) = search;
    let (limit, sort) = (search.limit, search.sort);
    let listed = list_category(products, name, search.into_listing()).await?;
    listed.map(|listed| page(listed, limit, sort)).ok_or_else(|| Problem::not_found("category"))
}

/// The routes of lists.
pub(super) fn routes() -> Vec<Route> {
    routes![list, categories, category]
}
