//! `/products/` is `/products`: Rocket mounts every route without a slash at the end, and tells the two apart.

use async_trait::async_trait;
use rocket::{
    Data, Request,
    fairing::{Fairing, Info, Kind},
    http::uri::Origin,
};

/// Takes the slash off the end of each request's path.
///
/// `…/docs/` keeps its own: the page there finds its files by relative references.
pub(super) struct TrailingSlash;

#[async_trait]
impl Fairing for TrailingSlash {
    fn info(&self) -> Info {
        Info { name: "trailing slash", kind: Kind::Request }
    }

    async fn on_request(&self, request: &mut Request<'_>, _: &mut Data<'_>) {
        let uri = request.uri();
        let path = uri.path().as_str();
        if path.len() < 2 || !path.ends_with('/') || path.ends_with("/docs/") {
            return;
        }
        let path = match path.trim_end_matches('/') {
            "" => "/",
            path => path,
        };
        let query = uri.query().map_or("", |query| query.as_str());
        let separator = if query.is_empty() { "" } else { "?" };
        // Part of a URI that Rocket has parsed is one that it can parse.
        if let Ok(uri) = Origin::parse_owned(format!("{path}{separator}{query}")) {
            request.set_uri(uri);
        }
    }
}
