//! The one catcher: whatever fails, and wherever, the answer is a problem document.

use async_trait::async_trait;
use rocket::{
    Catcher, Request, Route,
    catcher::{self, Handler},
    http::{Method, Status},
    response::Responder as _,
};

use super::{Problem, refusal::refusal, service::count_caught};

/// To be registered at `/`: gives the [`Problem`] that a guard or a handler left, or else one for the status.
#[must_use]
pub fn catchers() -> Vec<Catcher> {
    vec![Catcher::new(None, Caught)]
}

#[derive(Clone)]
struct Caught;

#[async_trait]
impl Handler for Caught {
    async fn handle<'r>(&self, status: Status, request: &'r Request<'_>) -> catcher::Result<'r> {
        let problem = refusal(request).unwrap_or_else(|| for_status(status, request));
        count_caught(request, problem.status());
        problem.respond_to(request)
    }
}

fn for_status(status: Status, request: &Request<'_>) -> Problem {
    match status.code {
        // A 422 without a word of which field is about a segment of the path that is no such thing as the route has there.
        404 | 422 => {
            allowed(request).map_or_else(|| Problem::not_found("resource"), Problem::method_not_allowed)
        }
        400 => Problem::bad_request("The request could not be read."),
        401 => Problem::unauthorized("Sign in, and send the access token: Authorization: Bearer …"),
        500 => Problem::internal(),
        503 => Problem::unavailable(),
        504 => Problem::timeout(),
        _ => Problem::plain(status),
    }
}

/// The methods that this path takes, if it takes some and the request's is not among them.
fn allowed(request: &Request<'_>) -> Option<String> {
    let path: Vec<&str> = segments(request.uri().path().as_str()).collect();
    let here = |route: &&Route| matches(route.uri.path(), &path);
    let mut routes: Vec<&Route> = request.rocket().routes().filter(here).collect();
    // `/cart/merge` is no product in the cart, though `/cart/<product_id>` fits it.
    if routes.iter().copied().any(is_spelled_out) {
        routes.retain(|route| is_spelled_out(route));
    }
    let mut methods: Vec<Method> = routes.into_iter().map(|route| route.method).collect();
    // Rocket answers HEAD by GET.
    if methods.contains(&Method::Get) {
        methods.push(Method::Head);
    }
    if methods.is_empty() || methods.contains(&request.method()) {
        return None;
    }
    let mut names: Vec<&str> = methods.into_iter().map(Method::as_str).collect();
    names.sort_unstable();
    names.dedup();
    Some(names.join(", "))
}

fn is_spelled_out(route: &Route) -> bool {
    !route.uri.path().contains('<')
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

/// Whether the template of a route, such as `/orders/<id>` or `/docs/<file..>`, fits a path.
fn matches(template: &str, path: &[&str]) -> bool {
    let mut rest = path.iter();
    for expected in segments(template) {
        if expected.ends_with("..>") {
            return true;
        }
        match rest.next() {
            Some(segment) if expected.starts_with('<') || expected == *segment => {}
            _ => return false,
        }
    }
    rest.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_fits_paths_of_its_shape() {
        let fits = |template, path: &str| matches(template, &segments(path).collect::<Vec<_>>());
        assert!(fits("/", "/") && fits("/orders/<id>", "/orders/7"));
        assert!(fits("/docs/<file..>", "/docs") && fits("/docs/<file..>", "/docs/a/b.js"));
        assert!(!fits("/orders/<id>", "/orders") && !fits("/orders/<id>", "/orders/7/events"));
        assert!(!fits("/orders", "/order") && !fits("/", "/orders"));
    }
}
