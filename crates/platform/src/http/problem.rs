//! Every answer that is not what the client hoped for: RFC 9457, `application/problem+json`.

use std::{borrow::Cow, io::Cursor, time::Duration};

use rocket::{
    Request, Response,
    http::{ContentType, Status},
    response::{self, Responder},
};
use serde::Serialize;
use utoipa::{PartialSchema, ToSchema};

use super::{fields::FieldError, refusal::RequestTrace};

/// What went wrong, for a client to read. It holds no cause: causes are logged where they are turned into one of these.
///
/// The id of the trace is filled in when it is sent.
#[derive(Clone, Debug)]
pub struct Problem {
    // Boxed, because it is the error half of every handler's result.
    body: Box<ProblemBody>,
    headers: Vec<(&'static str, Cow<'static, str>)>,
}

/// The document itself (RFC 9457, section 3).
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct ProblemBody {
    /// What kind of problem it is: a URN to tell cases apart by, or `about:blank` if the status says it all.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "urn:mercato:problem:price-changed")]
    kind: Cow<'static, str>,
    /// The kind in words.
    #[schema(value_type = String, example = "The price has changed")]
    title: Cow<'static, str>,
    /// The HTTP status.
    #[schema(example = 409)]
    status: u16,
    /// What was wrong this time, and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    detail: Option<Cow<'static, str>>,
    /// The fields at fault, if any are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<FieldError>,
    /// What to quote when asking for help: the logs know this request by it.
    #[schema(example = "4bf92f3577b34da6a3ce929d0e0e4736")]
    trace_id: String,
}

impl Problem {
    /// `status` and nothing more to say.
    pub(super) fn plain(status: Status) -> Self {
        Self::new(status, "about:blank", status.reason_lossy())
    }

    fn new(status: Status, kind: impl Into<Cow<'static, str>>, title: impl Into<Cow<'static, str>>) -> Self {
        Self {
            body: Box::new(ProblemBody {
                kind: kind.into(),
                title: title.into(),
                status: status.code,
                detail: None,
                errors: Vec::new(),
                trace_id: String::new(),
            }),
            headers: Vec::new(),
        }
    }

    fn saying(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.body.detail = Some(detail.into());
        self
    }

    fn header(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// 400: the request cannot be read.
    #[must_use]
    pub fn bad_request(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::plain(Status::BadRequest).saying(detail)
    }

    /// 401: nobody knows who asks. Says how to sign in (RFC 6750, section 3).
    #[must_use]
    pub fn unauthorized(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::plain(Status::Unauthorized).saying(detail).header("WWW-Authenticate", "Bearer")
    }

    /// 401: the token is no good (RFC 6750, section 3.1). `detail` must be a constant that fits in a quoted string.
    #[must_use]
    pub(super) fn invalid_token(detail: &'static str) -> Self {
        let challenge = format!(r#"Bearer error="invalid_token", error_description="{detail}""#);
        Self::plain(Status::Unauthorized).saying(detail).header("WWW-Authenticate", challenge)
    }

    /// 403: the caller is known, and may not.
    #[must_use]
    pub fn forbidden(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::plain(Status::Forbidden).saying(detail)
    }

    /// 404: there is no such `what`, such as `order`; or there is, and it is none of the caller's business.
    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::plain(Status::NotFound).saying(format!("There is no such {what}."))
    }

    /// 405: the path exists, for other methods: those in `allow`, such as `GET, HEAD` (RFC 9110, section 10.2.1).
    #[must_use]
    pub fn method_not_allowed(allow: impl Into<Cow<'static, str>>) -> Self {
        let allow = allow.into();
        Self::plain(Status::MethodNotAllowed)
            .saying(format!("This path takes {allow}."))
            .header("Allow", allow)
    }

    /// 409: the request is in order, and the present state does not allow it. `slug` names the case for programs, such
    /// as `price-changed`; `title` is the case in words, and `detail` what it is about this time.
    #[must_use]
    pub fn conflict(slug: &str, title: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Status::Conflict, format!("urn:mercato:problem:{slug}"), title).saying(detail)
    }

    /// 409: the `Idempotency-Key` was used with another request.
    #[must_use]
    pub fn key_reused() -> Self {
        let detail =
            "The Idempotency-Key was used for another request: use a fresh one for each new request.";
        Self::conflict("idempotency-key-reused", "The idempotency key was used before", detail)
    }

    /// 413: the body is longer than `limit` bytes.
    #[must_use]
    pub fn too_large(limit: u64) -> Self {
        Self::plain(Status::PayloadTooLarge).saying(format!("The body may be up to {limit} bytes long."))
    }

    /// 415: the body is not of the type `expected`.
    #[must_use]
    pub fn unsupported_media_type(expected: &str) -> Self {
        Self::plain(Status::UnsupportedMediaType)
            .saying(format!("Send the body with Content-Type: {expected}."))
    }

    /// 422: it can be read, and these fields make no sense.
    #[must_use]
    pub fn unprocessable(errors: Vec<FieldError>) -> Self {
        let mut problem = Self::new(
            Status::UnprocessableEntity,
            "urn:mercato:problem:invalid-fields",
            "Some fields are not valid",
        );
        problem.body.errors = errors;
        problem
    }

    /// 429: come back in `retry_after`.
    #[must_use]
    pub fn too_many_requests(retry_after: Duration) -> Self {
        Self::plain(Status::TooManyRequests)
            .saying("Too many requests: wait a little before the next.")
            .retry_after(retry_after)
    }

    /// 500: our fault. Whoever makes one of these has logged why.
    #[must_use]
    pub fn internal() -> Self {
        Self::plain(Status::InternalServerError)
            .saying("Something went wrong on our side; it has been logged.")
    }

    /// 502: another service's fault. Whoever makes one of these has logged why.
    #[must_use]
    pub fn bad_gateway() -> Self {
        Self::plain(Status::BadGateway)
            .saying("A part of the shop gave no usable answer; it has been logged.")
    }

    /// 503: come back in a moment.
    #[must_use]
    pub fn unavailable() -> Self {
        Self::plain(Status::ServiceUnavailable)
            .saying("A part of the shop cannot be reached: try again in a moment.")
            .retry_after(Duration::from_secs(1))
    }

    /// 504: it took too long. A write may have happened: ask before sending it again without an idempotency key.
    #[must_use]
    pub fn timeout() -> Self {
        Self::plain(Status::GatewayTimeout)
            .saying("The answer took too long: it is not known whether anything changed.")
    }

    /// Says in which time to try again: `Retry-After` in whole seconds, rounded up, one at least (RFC 9110, 10.2.3).
    #[must_use]
    pub fn retry_after(self, wait: Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        self.header("Retry-After", seconds.max(1).to_string())
    }

    /// The status that it is sent with.
    #[must_use]
    pub fn status(&self) -> Status {
        Status::new(self.body.status)
    }
}

impl<'r> Responder<'r, 'static> for Problem {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let mut body = self.body;
        body.trace_id.clone_from(&RequestTrace::of(request).id);
        let status = Status::new(body.status);
        let json = serde_json::to_vec(&body).map_err(|_| Status::InternalServerError)?;
        let mut response = Response::build();
        response
            .status(status)
            .header(ContentType::new("application", "problem+json"))
            .raw_header("X-Request-Id", body.trace_id)
            .sized_body(json.len(), Cursor::new(json));
        for (name, value) in self.headers {
            response.raw_header(name, value);
        }
        response.ok()
    }
}

impl PartialSchema for Problem {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        ProblemBody::schema()
    }
}

impl ToSchema for Problem {
    fn name() -> Cow<'static, str> {
        "Problem".into()
    }

    fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>)>) {
        ProblemBody::schemas(schemas);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_is_rounded_up_to_whole_seconds() {
        for (wait, header) in [(0, "1"), (1, "1"), (1000, "1"), (1001, "2")] {
            let problem = Problem::too_many_requests(Duration::from_millis(wait));
            assert_eq!(problem.headers, [("Retry-After", Cow::Borrowed(header))]);
        }
    }

    #[test]
    fn a_problem_without_field_errors_does_not_mention_them() {
        let json = serde_json::to_value(&*Problem::not_found("order").body).unwrap();
        let expected = serde_json::json!({
            "type": "about:blank", "title": "Not Found", "status": 404, "detail": "There is no such order.",
            "trace_id": "",
        });
        assert_eq!(json, expected);
    }
}
