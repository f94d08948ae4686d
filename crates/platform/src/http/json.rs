//! JSON bodies, in and out.

use std::{fmt::Display, io::Cursor};

use async_trait::async_trait;
use rocket::{
    Data, Request, Response,
    data::{self, FromData, ToByteUnit as _},
    http::{ContentType, Status},
    outcome::Outcome,
    response::{self, Responder},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    Problem, Validate,
    fields::{checked, invalid, mistyped, refuse_nul},
    refusal::refuse,
};

/// How long a body may be if Rocket's limit `json` does not say, in KiB.
const DEFAULT_LIMIT_KIB: u64 = 64;

/// A JSON document (RFC 8259).
///
/// As a data guard it takes a body of type `application/json` that is a valid `T` ([`Validate`]), written as an object;
/// else the answer is 415 (another type), 413 (longer than the limit `json`), 400 (not JSON) or 422 (JSON, but no such `T`). As a
/// responder it writes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Json<T>(pub T);

#[async_trait]
impl<'r, T: DeserializeOwned + Validate> FromData<'r> for Json<T> {
    type Error = Problem;

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> data::Outcome<'r, Self> {
        let body = read(request, data).await;
        match body.and_then(|body| parse(&body)) {
            Ok(value) => Outcome::Success(Self(value)),
            Err(problem) => Outcome::Error((refuse(request, problem.clone()), problem)),
        }
    }
}

async fn read(request: &Request<'_>, data: Data<'_>) -> Result<Vec<u8>, Problem> {
    if !request.content_type().is_some_and(is_json) {
        return Err(Problem::unsupported_media_type("application/json"));
    }
    let limit = request.limits().get("json").unwrap_or(DEFAULT_LIMIT_KIB.kibibytes());
    let body =
        data.open(limit).into_bytes().await.map_err(|_| Problem::bad_request("The body ended too early."))?;
    if !body.is_complete() {
        return Err(Problem::too_large(limit.as_u64()));
    }
    Ok(body.into_inner())
}

/// `application/json`, or a type built on it (RFC 6839, section 3.1).
fn is_json(content_type: &ContentType) -> bool {
    let (top, sub) = (content_type.top().as_str(), content_type.sub().as_str());
    top.eq_ignore_ascii_case("application")
        && (sub.eq_ignore_ascii_case("json") || sub.to_ascii_lowercase().ends_with("+json"))
}

fn parse<T: DeserializeOwned + Validate>(body: &[u8]) -> Result<T, Problem> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(Problem::bad_request("The body is empty; it has to be JSON."));
    }
    let text = std::str::from_utf8(body).map_err(|_| Problem::bad_request("The body is not UTF-8."))?;
    // As a document first: then what is not JSON at all can be told from what is no `T`, and no string is missed.
    let document: Value = serde_json::from_str(text).map_err(|error| not_json(&error))?;
    refuse_nul(&document)?;
    // serde would fill the fields of a struct from the items of an array, in the order in which they are declared.
    if !document.is_object() {
        return Err(invalid("", "must be a JSON object"));
    }
    let value = serde_path_to_error::deserialize(document).map_err(|error| mistyped(&error))?;
    checked(value)
}

fn not_json(error: &impl Display) -> Problem {
    // serde_json says what and at which line and column; a document without a type quotes nothing of the body.
    Problem::bad_request(format!("The body is not JSON: {error}."))
}

impl<'r, T: Serialize> Responder<'r, 'static> for Json<T> {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        let json = serde_json::to_vec(&self.0).map_err(|error| {
            tracing::error!(%error, "an answer could not be written as JSON");
            Status::InternalServerError
        })?;
        Response::build().header(ContentType::JSON).sized_body(json.len(), Cursor::new(json)).ok()
    }
}
