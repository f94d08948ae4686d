//! Signing in and out, and staying signed in.

use std::net::IpAddr;

use platform::http::{Caller, FieldErrors, Json, Problem, Validate};
use rocket::{Route, post, response::status::NoContent, routes};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    App,
    refusals::{BadBody, Failures, NotSignedIn, Throttled},
    tokens::{Fresh, Tokens},
};
use crate::{
    commands,
    domain::{Email, Network, NotAnEmail, Origin, Password},
};

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![log_in, refresh, log_out]
}

/// Who signs in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LogInBody {
    /// As whom.
    #[schema(example = "ada@example.com", format = Email, max_length = 254)]
    email: String,
    /// The account's.
    #[schema(format = Password, max_length = 128)]
    password: String,
}

impl Validate for LogInBody {
    fn check(&self, errors: &mut FieldErrors) {
        errors.require(Email::parse(&self.email).is_ok(), "email", NotAnEmail.to_string());
        let fits = self.password.chars().count() <= 128;
        errors.require(fits, "password", "must have at most 128 characters");
    }
}

/// What keeps somebody signed in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RefreshBody {
    /// The last one that was given out.
    refresh_token: String,
}

impl Validate for RefreshBody {}

/// Sign in.
///
/// After five failures within 15 minutes from the same address, an account is closed to that address for a while.
#[utoipa::path(
    tag = "sessions",
    request_body = LogInBody,
    responses(
        (status = 200, description = "You are signed in", body = Tokens),
        (status = 401, description = "The email address or the password is wrong",
            body = Problem, content_type = "application/problem+json"),
        BadBody, Throttled, Failures
    )
)]
#[post("/login", data = "<body>")]
async fn log_in(customer: &App, body: Json<LogInBody>, client: Option<IpAddr>) -> Result<Fresh, Problem> {
    let origin = Origin { email: Email::parse(&body.0.email)?, network: Network::of(client) };
    let password = Password::attempt(body.0.password);
    Ok(commands::log_in::log_in(customer, origin, &password).await?.into())
}

/// Exchange a refresh token for the next tokens.
///
/// Each is good once. One that is used again ends its session, since one of the two who had it should not have.
#[utoipa::path(
    tag = "sessions",
    request_body = RefreshBody,
    responses(
        (status = 200, description = "The next tokens", body = Tokens),
        (status = 401, description = "The refresh token is not good, or no longer: sign in again",
            body = Problem, content_type = "application/problem+json"),
        BadBody, Failures
    )
)]
#[post("/token/refresh", data = "<body>")]
async fn refresh(customer: &App, body: Json<RefreshBody>) -> Result<Fresh, Problem> {
    Ok(commands::refresh::refresh(customer, &body.0.refresh_token).await?.into())
}

/// Sign out: the session's tokens are no longer good.
#[utoipa::path(
    tag = "sessions",
    security(("bearer" = [])),
    responses((status = 204, description = "You are signed out"), NotSignedIn, Failures)
)]
#[post("/logout")]
async fn log_out(customer: &App, caller: Caller) -> Result<NoContent, Problem> {
    commands::log_out::log_out(customer, &caller.0).await?;
    Ok(NoContent)
}
