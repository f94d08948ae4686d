//! What an account says of its owner.

use std::net::IpAddr;

use contracts::{CustomerId, Timestamp, rpc::ShoppingOverview};
use platform::{
    auth::Role,
    http::{Caller, FieldErrors, Json, NoBody, Problem, Query, Validate},
};
use rocket::{Route, delete, get, patch, response::status::NoContent, routes};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    App,
    accounts::{check_name, check_phone},
    patch::present,
    refusals::{BadBody, Failures, NotSignedIn, Throttled},
};
use crate::{
    commands,
    domain::{Email, Network, NotAnEmail, Password, Profile, ProfileChanges, meaningful},
    queries,
};

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![get_profile, update_profile, delete_profile]
}

/// An account.
#[derive(Serialize, ToSchema)]
struct ProfileView {
    /// Whose.
    id: CustomerId,
    /// What you sign in with.
    #[schema(example = "ada@example.com")]
    email: String,
    /// What you are called.
    #[schema(required = true)]
    name: Option<String>,
    /// How you are called.
    #[schema(required = true)]
    phone: Option<String>,
    /// `customer` or `staff`.
    #[schema(value_type = String, example = "customer")]
    role: Role,
    /// Since when you have the account.
    created_at: Timestamp,
    /// What you have in the shop, if it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    shopping: Option<ShoppingOverview>,
}

impl From<Profile> for ProfileView {
    fn from(profile: Profile) -> Self {
        Self {
            id: profile.id,
            email: profile.email.to_string(),
            name: profile.name,
            phone: profile.phone,
            role: profile.role,
            created_at: profile.created_at,
            shopping: None,
        }
    }
}

/// What to put into the answer.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct ProfileQuery {
    /// `shopping` adds cart, wishlist and orders.
    #[param(inline)]
    include: Option<Include>,
}

impl Validate for ProfileQuery {}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Include {
    Shopping,
}

/// What to change. A field that is left out stays; null clears name and phone.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ProfilePatch {
    /// What you are called.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, max_length = 100)]
    name: Option<Option<String>>,
    /// How you are called.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, max_length = 32)]
    phone: Option<Option<String>>,
    /// What to sign in with.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false, nullable = false, example = "ada@example.com", max_length = 254)]
    email: Option<String>,
    /// The password that you have: whoever changes what to sign in with has to know it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, format = Password, required = false, nullable = false, max_length = 128)]
    current_password: Option<String>,
}

impl Validate for ProfilePatch {
    fn check(&self, errors: &mut FieldErrors) {
        check_name(self.name.as_ref().and_then(Option::as_deref), errors);
        check_phone(self.phone.as_ref().and_then(Option::as_deref), errors);
        let fits = self.email.as_ref().is_none_or(|email| Email::parse(email).is_ok());
        errors.require(fits, "email", NotAnEmail.to_string());
        let proved = self.email.is_none() || self.current_password.is_some();
        errors.require(proved, "current_password", "is required to change the email");
        let fits = self.current_password.as_ref().is_none_or(|password| password.chars().count() <= 128);
        errors.require(fits, "current_password", "must have at most 128 characters");
    }
}

impl ProfilePatch {
    fn into_changes(self) -> Result<ProfileChanges, NotAnEmail> {
        Ok(ProfileChanges {
            name: self.name.map(meaningful),
            phone: self.phone.map(meaningful),
            email: self.email.map(|email| Email::parse(&email)).transpose()?,
        })
    }
}

/// Read your account.
#[utoipa::path(
    tag = "accounts",
    security(("bearer" = [])),
    params(ProfileQuery),
    responses(
        (status = 200, description = "The account", body = ProfileView),
        (status = 422, description = "There is no such thing to include",
            body = Problem, content_type = "application/problem+json"),
        (status = 502, description = "The shopping service gave no usable answer",
            body = Problem, content_type = "application/problem+json"),
        NotSignedIn, Failures
    )
)]
#[get("/profile")]
async fn get_profile(
    customer: &App,
    caller: Caller,
    query: Query<ProfileQuery>,
) -> Result<Json<ProfileView>, Problem> {
    let shopping = query.0.include == Some(Include::Shopping);
    let (profile, shopping) = queries::get_profile::get_profile(customer, caller.0.sub, shopping).await?;
    Ok(Json(ProfileView { shopping, ..profile.into() }))
}

/// Change what your account says.
#[utoipa::path(
    tag = "accounts",
    security(("bearer" = [])),
    request_body = ProfilePatch,
    responses(
        (status = 200, description = "What it says now", body = ProfileView),
        (status = 409, description = "The email address is taken",
            body = Problem, content_type = "application/problem+json"),
        BadBody, NotSignedIn, Throttled, Failures
    )
)]
#[patch("/profile", data = "<body>")]
async fn update_profile(
    customer: &App,
    caller: Caller,
    body: Json<ProfilePatch>,
    client: Option<IpAddr>,
) -> Result<Json<ProfileView>, Problem> {
    let mut patch = body.0;
    let password = patch.current_password.take().map(Password::attempt);
    let (changes, network) = (patch.into_changes()?, Network::of(client));
    let profile =
        commands::update_profile::update_profile(customer, caller.0.sub, network, password, changes).await?;
    Ok(Json(profile.into()))
}

/// Close your account. Everything in it is removed, and your tokens are no longer good.
#[utoipa::path(
    tag = "accounts",
    security(("bearer" = [])),
    responses(
        (status = 204, description = "The account is gone"),
        (status = 400, description = "There is a body", body = Problem, content_type = "application/problem+json"),
        NotSignedIn,
        Failures
    )
)]
#[delete("/profile")]
async fn delete_profile(customer: &App, caller: Caller, _body: NoBody) -> Result<NoContent, Problem> {
    commands::delete_account::delete_account(customer, caller.0.sub).await?;
    Ok(NoContent)
}
