//! What surrounds every handler of a service: its context, a trace, a time limit, and a net for panics.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use contracts::Service;
use futures::FutureExt as _;
use rocket::{
    Data, Request, Route,
    http::Status,
    outcome::Outcome,
    route::{self, Handler},
};
use tracing::Instrument as _;

use super::{
    Problem,
    meter::RouteMeter,
    refusal::{RequestTrace, refuse},
};
use crate::auth::Auth;

/// How long a handler may take unless its service says otherwise.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// What the routes of one service have in common.
pub struct ServiceHttp {
    /// Which service it is.
    pub service: Service,
    /// Which of its instances, for logs and `/whoami`.
    pub instance: String,
    /// Whom to believe.
    pub auth: Arc<Auth>,
    /// How long a handler may take to produce its answer; what a streaming answer does after that is not limited.
    pub request_timeout: Duration,
}

impl ServiceHttp {
    /// A context with the usual time limit of 30 seconds.
    #[must_use]
    pub fn new(service: Service, instance: impl Into<String>, auth: Arc<Auth>) -> Self {
        Self { service, instance: instance.into(), auth, request_timeout: REQUEST_TIMEOUT }
    }
}

/// Makes `routes` those of the service `context`. Each answer carries the id of its trace as `X-Request-Id`; a handler
/// that takes too long is a 504, and one that panics a 500.
#[must_use]
pub fn in_service(context: &Arc<ServiceHttp>, routes: Vec<Route>) -> Vec<Route> {
    let surround = |mut route: Route| {
        let path = route.uri.unmounted_origin.path();
        let meter = RouteMeter::new(context.service.name(), route.method, path.as_str());
        route.handler = Box::new(InService {
            inner: route.handler,
            context: Arc::clone(context),
            meter: Arc::new(meter),
        });
        route
    };
    routes.into_iter().map(surround).collect()
}

/// The service that `request` was routed to, if it was routed to one.
pub(super) fn serving<'r>(request: &'r Request<'_>) -> Option<&'r ServiceHttp> {
    request.local_cache(|| Serving(None)).0.as_deref()
}

struct Serving(Option<Arc<ServiceHttp>>);

#[derive(Clone)]
struct InService {
    inner: Box<dyn Handler>,
    context: Arc<ServiceHttp>,
    meter: Arc<RouteMeter>,
}

#[async_trait]
impl Handler for InService {
    async fn handle<'r>(&self, request: &'r Request<'_>, data: Data<'r>) -> route::Outcome<'r> {
        request.local_cache(|| Serving(Some(Arc::clone(&self.context))));
        let trace = RequestTrace::of(request);
        let started = Instant::now();
        // Of the highest level, so that it is there for whatever is logged within, also where only warnings are.
        let span = tracing::error_span!(
            "request",
            service = self.meter.service,
            method = self.meter.method,
            route = &*self.meter.route,
            trace_id = trace.id.as_str(),
            customer_id = tracing::field::Empty,
        );
        let outcome = trace.context.scope(self.bounded(request, data)).instrument(span).await;
        self.finish(request, outcome, started)
    }
}

impl InService {
    async fn bounded<'r>(&self, request: &'r Request<'_>, data: Data<'r>) -> route::Outcome<'r> {
        // The block makes a panic before the first await one that is caught, too.
        let handling = AssertUnwindSafe(async { self.inner.handle(request, data).await }).catch_unwind();
        match tokio::time::timeout(self.context.request_timeout, handling).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => {
                // The panic hook has logged it, within the span of this request.
                Outcome::Error(refuse(request, Problem::internal()))
            }
            Err(_) => {
                tracing::warn!(limit = ?self.context.request_timeout, "a handler took too long");
                Outcome::Error(refuse(request, Problem::timeout()))
            }
        }
    }

    fn finish<'r>(
        &self,
        request: &'r Request<'_>,
        outcome: route::Outcome<'r>,
        started: Instant,
    ) -> route::Outcome<'r> {
        match outcome {
            Outcome::Success(mut response) => {
                self.meter.record(response.status(), started.elapsed());
                let id = RequestTrace::of(request).id.as_str();
                // A problem has it already.
                if !response.headers().contains("X-Request-Id") {
                    response.set_raw_header("X-Request-Id", id);
                }
                if !is_for_everybody(self.context.service, request)
                    && !response.headers().contains("Cache-Control")
                {
                    response.set_raw_header("Cache-Control", "no-store");
                }
                Outcome::Success(response)
            }
            Outcome::Error(status) => {
                self.meter.record(status, started.elapsed());
                Outcome::Error(status)
            }
            Outcome::Forward(forward) => {
                // Another route may take it: it is counted for this one only if none does.
                let forwarded = request.local_cache(Forwarded::default);
                *forwarded.0.lock().unwrap_or_else(PoisonError::into_inner) =
                    Some((Arc::clone(&self.meter), started));
                Outcome::Forward(forward)
            }
        }
    }
}

/// Whether an answer is the same for all who ask: the catalogue's, to those who do not say who they are. What else there is
/// no cache may keep (RFC 9111, section 5.2.2.5); it would not know that a guest's token tells one from another.
fn is_for_everybody(service: Service, request: &Request<'_>) -> bool {
    service == Service::Products && !request.headers().contains("Authorization")
}

#[derive(Default)]
struct Forwarded(Mutex<Option<(Arc<RouteMeter>, Instant)>>);

/// Counts an answer that a catcher gives: for the last route that passed the request on, or as one that no route took.
/// Where a route failed by itself, that has been counted.
pub(super) fn count_caught(request: &Request<'_>, status: Status) {
    let forwarded = request.local_cache(Forwarded::default);
    let forwarded = forwarded.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some((meter, started)) = forwarded {
        meter.record(status, started.elapsed());
    } else if serving(request).is_none() {
        super::meter::unmatched(request.method(), status);
    }
}
