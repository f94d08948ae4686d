//! Opens an account, and signs its owner in.

use contracts::CustomerId;
use platform::{
    auth::{Role, SignError},
    idempotency::{Idempotency, Known},
    store::StoreError,
};
use thiserror::Error;

use super::log_in::{LogInError, log_in};
use crate::{
    app::{Customer, SignedIn},
    domain::{Origin, Password, Profile, RefreshToken},
    hashing::HashingError,
    store::{NewAccount, SignUpOutcome, signup_scope},
};

/// An account to be opened.
#[derive(Clone, Debug)]
pub struct SignUp {
    /// By whom.
    pub origin: Origin,
    /// What opens it from then on.
    pub password: Password,
    /// What its owner is called.
    pub name: Option<String>,
    /// How they are called.
    pub phone: Option<String>,
    /// The client's key for this.
    pub idempotency_key: Option<String>,
}

/// Why there is no new account.
#[derive(Debug, Error)]
pub enum SignUpError {
    /// Somebody has that email.
    #[error("there is an account with that email address")]
    EmailTaken,
    /// The key was used with something else, be it the password.
    #[error("the idempotency key was used for another sign-up")]
    KeyReused,
    /// The password could not be hashed.
    #[error(transparent)]
    Hashing(#[from] HashingError),
    /// The account was there already, by the same key, and its owner could not be signed in.
    #[error(transparent)]
    Replay(LogInError),
    /// The token could not be written.
    #[error(transparent)]
    Signing(#[from] SignError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Opens an account and its first session.
///
/// The answer has tokens in it, which nobody keeps, so that a repetition cannot be answered by what was kept of the
/// first time: it is a login instead, and gets fresh ones. Nor is the password in the key's fingerprint, which is fast
/// to compute and so could be guessed from: that login compares it.
///
/// # Errors
/// [`SignUpError`].
pub async fn sign_up(customer: &Customer, request: SignUp) -> Result<SignedIn, SignUpError> {
    let idempotency = idempotency(&request);
    if let Some(idempotency) = &idempotency {
        match customer.store.signed_up(idempotency).await? {
            Known::New => {}
            Known::Answered(_) => return replay(customer, request).await,
            Known::Conflict => return Err(SignUpError::KeyReused),
        }
    }
    // The insert decides; this saves the hash of a password that nobody will need.
    if customer.store.credentials(&request.origin.email).await?.is_some() {
        return Err(SignUpError::EmailTaken);
    }
    let password = customer.hasher.hash(&request.password).await?;
    let (token, now) = (RefreshToken::generate(), customer.clock.now());
    let profile = Profile {
        id: CustomerId::new(),
        email: request.origin.email.clone(),
        name: request.name.clone(),
        phone: request.phone.clone(),
        role: Role::Customer,
        created_at: now,
    };
    let (id, session) = (profile.id, customer.session(profile.id, &token, now));
    match customer.store.sign_up(NewAccount { profile, password }, session, idempotency).await? {
        SignUpOutcome::Opened => Ok(customer.signed_in(id, Role::Customer, session.id, token, now)?),
        SignUpOutcome::Replayed => replay(customer, request).await,
        SignUpOutcome::KeyReused => Err(SignUpError::KeyReused),
        SignUpOutcome::EmailTaken => Err(SignUpError::EmailTaken),
    }
}

fn idempotency(request: &SignUp) -> Option<Idempotency> {
    let (key, email) = (request.idempotency_key.as_ref()?, &request.origin.email);
    let what = (email, &request.name, &request.phone);
    Some(Idempotency::new(&signup_scope(email), key, "sign_up", &what))
}

async fn replay(customer: &Customer, request: SignUp) -> Result<SignedIn, SignUpError> {
    log_in(customer, request.origin, &request.password).await.map_err(|error| match error {
        LogInError::WrongCredentials => SignUpError::KeyReused,
        error => SignUpError::Replay(error),
    })
}
