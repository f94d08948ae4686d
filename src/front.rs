//! The page at `/` of the whole shop: where to go from here.

use contracts::Service;
use rocket::{Route, get, response::content::RawHtml, routes};

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![index]
}

#[get("/")]
fn index() -> RawHtml<String> {
    let services: String = Service::ALL.iter().map(|service| entry(*service)).collect();
    RawHtml(format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Mercato</title>\
         <h1>Mercato</h1><p>This shop has no pages of its own: it is what a shop front talks to. \
         See the <a href=\"/products/\">products</a>, or try what each service can do:</p><ul>{services}</ul></html>\n"
    ))
}

fn entry(service: Service) -> String {
    format!(
        "<li>{service}: <a href=\"/{service}/docs/\">documentation</a>, <a href=\"/{service}/openapi.json\">OpenAPI</a>, \
         <a href=\"/{service}/health/ready\">health</a></li>"
    )
}
