//! How the failures of commands and queries look from outside.

use platform::{
    auth::SignError,
    http::{FieldError, Problem},
};

use crate::{
    commands::{
        add_address::AddAddressError, change_password::ChangePasswordError, log_in::LogInError,
        prove_password::ProofError, refresh::RefreshError, remove_address::RemoveAddressError,
        replace_address::ReplaceAddressError, sign_up::SignUpError, update_profile::UpdateProfileError,
    },
    domain::NotAnEmail,
    hashing::HashingError,
    queries::get_profile::GetProfileError,
};

/// A 422 about one field.
pub fn unfit(field: &'static str, error: &impl std::fmt::Display) -> Problem {
    Problem::unprocessable(vec![FieldError { field: field.into(), message: error.to_string().into() }])
}

fn wrong_password() -> Problem {
    unfit("current_password", &"is not your password")
}

fn email_taken() -> Problem {
    let detail = "There is an account with that email address: sign in, or give another.";
    Problem::conflict("email-taken", "The email address is taken", detail)
}

fn gone() -> Problem {
    Problem::unauthorized("The account is gone.")
}

fn hashing(error: &HashingError) -> Problem {
    match error {
        HashingError::Busy => {
            tracing::warn!(%error, "a client was sent away");
            Problem::unavailable()
        }
        HashingError::Failed(_) => {
            tracing::error!(%error, "a password could not be handled");
            Problem::internal()
        }
    }
}

fn signing(error: &SignError) -> Problem {
    tracing::error!(%error, "a token could not be signed");
    Problem::internal()
}

impl From<NotAnEmail> for Problem {
    fn from(error: NotAnEmail) -> Self {
        unfit("email", &error)
    }
}

impl From<ProofError> for Problem {
    fn from(error: ProofError) -> Self {
        match error {
            ProofError::TooManyFailures(wait) => Self::too_many_requests(wait),
            ProofError::Hashing(error) => hashing(&error),
            ProofError::Store(error) => error.into(),
        }
    }
}

impl From<LogInError> for Problem {
    fn from(error: LogInError) -> Self {
        match error {
            LogInError::WrongCredentials => Self::unauthorized("The email address or the password is wrong."),
            LogInError::Proof(error) => error.into(),
            LogInError::Signing(error) => signing(&error),
            LogInError::Store(error) => error.into(),
        }
    }
}

impl From<SignUpError> for Problem {
    fn from(error: SignUpError) -> Self {
        match error {
            SignUpError::EmailTaken => email_taken(),
            SignUpError::KeyReused => Self::key_reused(),
            SignUpError::Hashing(error) => hashing(&error),
            SignUpError::Replay(error) => error.into(),
            SignUpError::Signing(error) => signing(&error),
            SignUpError::Store(error) => error.into(),
        }
    }
}

impl From<RefreshError> for Problem {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::Unknown => Self::unauthorized("The refresh token is not good: sign in again."),
            RefreshError::Reused => {
                tracing::warn!(%error, "a session was ended");
                Self::unauthorized(
                    "The refresh token was used before, so the session has ended: sign in again.",
                )
            }
            RefreshError::Signing(error) => signing(&error),
            RefreshError::Store(error) => error.into(),
        }
    }
}

impl From<UpdateProfileError> for Problem {
    fn from(error: UpdateProfileError) -> Self {
        match error {
            UpdateProfileError::EmailTaken => email_taken(),
            UpdateProfileError::WrongPassword => wrong_password(),
            UpdateProfileError::Proof(error) => error.into(),
            UpdateProfileError::Gone => gone(),
            UpdateProfileError::Store(error) => error.into(),
        }
    }
}

impl From<ChangePasswordError> for Problem {
    fn from(error: ChangePasswordError) -> Self {
        match error {
            ChangePasswordError::WrongPassword => wrong_password(),
            ChangePasswordError::Gone => gone(),
            ChangePasswordError::Proof(error) => error.into(),
            ChangePasswordError::Hashing(error) => hashing(&error),
            ChangePasswordError::Store(error) => error.into(),
        }
    }
}

impl From<GetProfileError> for Problem {
    fn from(error: GetProfileError) -> Self {
        match error {
            GetProfileError::Gone => gone(),
            GetProfileError::Shopping(error) => error.into(),
            GetProfileError::Store(error) => error.into(),
        }
    }
}

impl From<AddAddressError> for Problem {
    fn from(error: AddAddressError) -> Self {
        match error {
            AddAddressError::TooMany => Self::conflict(
                "too-many-addresses",
                "There are too many addresses",
                "Remove one to add another.",
            ),
            AddAddressError::KeyReused => Self::key_reused(),
            AddAddressError::Gone => gone(),
            AddAddressError::Store(error) => error.into(),
        }
    }
}

impl From<ReplaceAddressError> for Problem {
    fn from(error: ReplaceAddressError) -> Self {
        match error {
            ReplaceAddressError::NotFound => Self::not_found("address"),
            ReplaceAddressError::Store(error) => error.into(),
        }
    }
}

impl From<RemoveAddressError> for Problem {
    fn from(error: RemoveAddressError) -> Self {
        match error {
            RemoveAddressError::NotFound => Self::not_found("address"),
            RemoveAddressError::Store(error) => error.into(),
        }
    }
}
