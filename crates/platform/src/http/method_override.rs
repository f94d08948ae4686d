//! A request is what its method says. Rocket takes a form that begins with `_method=delete` for a `DELETE`, whoever sent it
//! and whatever a proxy in between let through as a `POST`.

use async_trait::async_trait;
use rocket::{
    Data, Request,
    fairing::{Fairing, Info, Kind},
    http::Method,
};

/// As much of a body as Rocket looks at.
const LOOKED_AT: usize = "_method=delete".len();
const OVERRIDE: &[u8] = b"_method=";

/// Gives a request with such a form its method back. No route takes a form, so it is refused, as any other.
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
        let beginning = body.peek(LOOKED_AT).await;
        if beginning.windows(OVERRIDE.len()).any(|it| it == OVERRIDE) {
            request.set_method(Method::Post);
        }
    }
}
