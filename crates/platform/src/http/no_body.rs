//! Requests that say everything by their path.

use async_trait::async_trait;
use rocket::{
    Request,
    outcome::Outcome,
    request::{self, FromRequest},
};

use super::{Problem, refusal::refuse};

/// The length of `{}`, which some clients send for nothing.
const NOTHING: u64 = 2;

/// No body, by the headers of the request (RFC 9112, section 6), or one that is too short to say anything. Another is a 400:
/// whoever sends it expects it to be heeded, such as a part of the sum with a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoBody;

#[async_trait]
impl<'r> FromRequest<'r> for NoBody {
    type Error = Problem;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Problem> {
        let headers = request.headers();
        let length = headers.get_one("Content-Length").map_or(Some(0), |length| length.parse().ok());
        if length.is_some_and(|length: u64| length <= NOTHING) && !headers.contains("Transfer-Encoding") {
            return Outcome::Success(Self);
        }
        let problem = Problem::bad_request("This takes no body; nothing in one would be heeded.");
        Outcome::Error((refuse(request, problem.clone()), problem))
    }
}
