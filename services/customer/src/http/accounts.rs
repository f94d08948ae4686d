//! Opening an account.

use std::net::IpAddr;

use platform::http::{FieldErrors, IdempotencyKey, Json, Problem, Validate};
use rocket::{Route, post, response::status::Created, routes};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    App,
    problems::unfit,
    refusals::{BadBody, Failures, Throttled},
    tokens::{Fresh, Tokens},
};
use crate::{
    commands::{self, sign_up::SignUp},
    domain::{Email, Network, NotAnEmail, Origin, Password, UnfitPassword, fits, meaningful},
};

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![sign_up]
}

/// An account to be opened.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SignUpBody {
    /// What to sign in with. Upper and lower case are the same.
    #[schema(example = "ada@example.com", format = Email, max_length = 254)]
    email: String,
    /// Any characters.
    #[schema(format = Password, min_length = 8, max_length = 128)]
    password: String,
    /// What you are called.
    #[schema(example = "Ada Lovelace", max_length = 100)]
    name: Option<String>,
    /// How you are called.
    #[schema(example = "+49 40 123456", max_length = 32)]
    phone: Option<String>,
}

impl Validate for SignUpBody {
    fn check(&self, errors: &mut FieldErrors) {
        errors.require(Email::parse(&self.email).is_ok(), "email", NotAnEmail.to_string());
        errors.require(Password::choose(&*self.password).is_ok(), "password", UnfitPassword.to_string());
        check_name(self.name.as_deref(), errors);
        check_phone(self.phone.as_deref(), errors);
    }
}

impl SignUpBody {
    fn into_command(self, key: IdempotencyKey, client: Option<IpAddr>) -> Result<SignUp, Problem> {
        Ok(SignUp {
            origin: Origin { email: Email::parse(&self.email)?, network: Network::of(client) },
            password: Password::choose(self.password).map_err(|error| unfit("password", &error))?,
            name: meaningful(self.name),
            phone: meaningful(self.phone),
            idempotency_key: key.0,
        })
    }
}

pub(super) fn check_name(name: Option<&str>, errors: &mut FieldErrors) {
    errors.require(
        name.is_none_or(|name| fits(name, 100)),
        "name",
        "must be one line of at most 100 characters",
    );
}

pub(super) fn check_phone(phone: Option<&str>, errors: &mut FieldErrors) {
    errors.require(
        phone.is_none_or(|phone| fits(phone, 32)),
        "phone",
        "must be one line of at most 32 characters",
    );
}

/// Open an account, and sign in.
#[utoipa::path(
    tag = "accounts",
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key opens one account; a repetition gets fresh tokens")),
    request_body = SignUpBody,
    responses(
        (status = 201, description = "The account is open, and you are signed in", body = Tokens,
            headers(("Location" = String, description = "`/customer/profile`"))),
        (status = 409, description = "The email address is taken, or the key was used for something else",
            body = Problem, content_type = "application/problem+json"),
        BadBody, Throttled, Failures
    )
)]
#[post("/signup", data = "<body>")]
async fn sign_up(
    customer: &App,
    body: Json<SignUpBody>,
    key: IdempotencyKey,
    client: Option<IpAddr>,
) -> Result<Created<Fresh>, Problem> {
    let command = body.0.into_command(key, client)?;
    let signed_in = commands::sign_up::sign_up(customer, command).await?;
    Ok(Created::new("/customer/profile").body(signed_in.into()))
}
