//! Answers that say where what they speak of can be found.

use rocket::{
    Request,
    http::{Header, Status},
    response::{self, Responder},
};
use serde::Serialize;

use super::Json;

/// A JSON answer with a `Location` (RFC 9110, section 10.2.2).
#[derive(Clone, Debug)]
pub struct Located<T> {
    location: String,
    body: T,
}

impl<T> Located<T> {
    /// 202: what is to become of `body` can be followed at `location`, as clients see it through the gateway.
    #[must_use]
    pub fn accepted(location: impl Into<String>, body: T) -> Self {
        Self { location: location.into(), body }
    }
}

impl<'r, T: Serialize> Responder<'r, 'static> for Located<T> {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let mut response = Json(self.body).respond_to(request)?;
        response.set_status(Status::Accepted);
        response.set_header(Header::new("Location", self.location));
        Ok(response)
    }
}
