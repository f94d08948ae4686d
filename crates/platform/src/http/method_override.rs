//! Rocket takes a `POST` of a form that begins with `_method=delete` for a `DELETE`, whatever a proxy in between let through as
//! a `POST`. Here such a form is a `POST`, whichever method it came with.

use async_trait::async_trait;
use rocket::{
    Data, Request,
    fairing::{Fairing, Info, Kind},
    form::Form,
    http::Method,
};

/// As much of a body as Rocket looks at.
const LOOKED_AT: usize = "_method=delete".len();

/// Makes a `POST` of a request with such a form. No route takes a form, so it is refused, as any other.
pub(super) struct NoMethodOverride;

#[async_trait]
impl Fairing for NoMethodOverride {
    fn info(&self) -> Info {
        Info { name: "no method override", kind: Kind::Request }
    }

    async fn on_request(&self, request: &mut Request<'_>, body: &mut Data<'_>) {
        if request.content_type().is_none_or(|kind| !kind.is_form()) {
            return;
        }
        let beginning = std::str::from_utf8(body.peek(LOOKED_AT).await).unwrap_or_default();
        // As Rocket asks, since a field's name can be written in several ways.
        if Form::values(beginning).next().is_some_and(|field| field.name == "_method") {
            request.set_method(Method::Post);
        }
    }
}
