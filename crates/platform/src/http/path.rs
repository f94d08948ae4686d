//! Ids in paths.

use std::str::FromStr;

use rocket::request::FromParam;
use utoipa::{
    IntoParams, PartialSchema, ToSchema,
    openapi::path::{Parameter, ParameterIn},
};

/// A segment of a path, parsed: `<id>` as `id: Id<ProductId>`. One that cannot be parsed names nothing that exists, so
/// the answer is 404 and not 422.
///
/// In `utoipa`'s `params`, name the parameter by what it holds: `("id" = ProductId, Path, …)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Id<T>(pub T);

impl<'r, T: FromStr> FromParam<'r> for Id<T> {
    type Error = &'r str;

    fn from_param(segment: &'r str) -> Result<Self, &'r str> {
        segment.parse().map(Self).map_err(|_| segment)
    }
}

impl<T: ToSchema> PartialSchema for Id<T> {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        T::schema()
    }
}

impl<T: ToSchema> ToSchema for Id<T> {
    fn name() -> std::borrow::Cow<'static, str> {
        T::name()
    }
}

/// `utoipa` asks each path argument of a handler for its parameters. An id does not know the name that its route gives
/// it, so it adds none, and the route's own `params` are all there are.
impl<T> IntoParams for Id<T> {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        Vec::new()
    }
}
