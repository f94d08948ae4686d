//! The page at `/` of the whole shop: where to go from here. The gateway has the same file.

use rocket::{Route, get, response::content::RawHtml, routes};

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![index]
}

#[get("/")]
const fn index() -> RawHtml<&'static str> {
    RawHtml(include_str!("../deploy/gateway/index.html"))
}
