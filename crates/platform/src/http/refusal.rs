//! What a request carries along in its local cache. Rocket's guards hand catchers nothing but a status, so a guard
//! leaves its [`Problem`] here, and the catcher sends it.

use std::sync::{Mutex, PoisonError};

use rocket::{Request, http::Status, outcome::Outcome};

use super::Problem;
use crate::trace::TraceContext;

#[derive(Default)]
struct Refusal(Mutex<Option<Problem>>);

/// Leaves `problem` for the catcher, in place of an earlier one, and gives the status to fail with.
pub fn refuse(request: &Request<'_>, problem: Problem) -> Status {
    let status = problem.status();
    let refusal = request.local_cache(Refusal::default);
    *refusal.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(problem);
    status
}

/// What a request guard answers with: what it was to get, or `refuse` and the problem.
pub fn guarded<T>(
    request: &Request<'_>,
    result: Result<T, Problem>,
) -> Outcome<T, (Status, Problem), Status> {
    match result {
        Ok(value) => Outcome::Success(value),
        Err(problem) => Outcome::Error((refuse(request, problem.clone()), problem)),
    }
}

/// Takes what was left, if anything was.
pub(super) fn refusal(request: &Request<'_>) -> Option<Problem> {
    let refusal = request.local_cache(Refusal::default);
    refusal.0.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// Where in a trace a request stands: as its `traceparent` says, or at the root of a new one.
pub(super) struct RequestTrace {
    pub context: TraceContext,
    /// The trace id, written out once.
    pub id: String,
}

impl RequestTrace {
    pub(super) fn of<'r>(request: &'r Request<'_>) -> &'r Self {
        request.local_cache(|| {
            let parent = request.headers().get_one("traceparent");
            let context = parent
                .and_then(|parent| parent.parse::<TraceContext>().ok())
                .map_or_else(TraceContext::root, TraceContext::child);
            Self { id: context.trace_id(), context }
        })
    }
}
