//! Changing the password.

use std::net::IpAddr;

use platform::http::{Caller, FieldErrors, Json, Problem, Validate};
use rocket::{Route, post, response::status::NoContent, routes};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    App,
    problems::unfit,
    refusals::{BadBody, Failures, NotSignedIn, Throttled},
};
use crate::{
    commands,
    domain::{Network, Password, UnfitPassword},
};

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![change_password]
}

/// The password, and the next one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasswordBody {
    /// What it is. If that is wrong, the answer is a 422 with this field at fault: the caller is who they are.
    #[schema(format = Password, max_length = 128)]
    current_password: String,
    /// What it is to be: any characters.
    #[schema(format = Password, min_length = 8, max_length = 128)]
    new_password: String,
}

impl Validate for PasswordBody {
    fn check(&self, errors: &mut FieldErrors) {
        let fits = self.current_password.chars().count() <= 128;
        errors.require(fits, "current_password", "must have at most 128 characters");
        errors.require(
            Password::choose(&*self.new_password).is_ok(),
            "new_password",
            UnfitPassword.to_string(),
        );
    }
}

/// Change your password. All your other sessions end.
#[utoipa::path(
    tag = "accounts",
    security(("bearer" = [])),
    request_body = PasswordBody,
    responses(
        (status = 204, description = "The password is changed"),
        BadBody, NotSignedIn, Throttled, Failures
    )
)]
#[post("/password", data = "<body>")]
async fn change_password(
    customer: &App,
    caller: Caller,
    body: Json<PasswordBody>,
    client: Option<IpAddr>,
) -> Result<NoContent, Problem> {
    let current = Password::attempt(body.0.current_password);
    let chosen = Password::choose(body.0.new_password).map_err(|error| unfit("new_password", &error))?;
    let network = Network::of(client);
    commands::change_password::change_password(customer, &caller.0, network, &current, &chosen).await?;
    Ok(NoContent)
}
