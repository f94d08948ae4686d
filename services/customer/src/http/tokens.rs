//! The answer to whoever has signed in.

use contracts::CustomerId;
use platform::http::Json;
use rocket::{Responder, http::Header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::SignedIn;

/// Tokens (RFC 6749, section 5.1).
#[derive(Serialize, ToSchema)]
pub struct Tokens {
    /// Who has signed in.
    id: CustomerId,
    /// To be sent with each request: `Authorization: Bearer …`.
    access_token: String,
    /// To be exchanged, once, for the next tokens.
    #[schema(example = "6Yx3m1dG2y0sYB5vCqk7y3nqkG0Jr4m8aJk2bqj3U5E")]
    refresh_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// How long the access token is good, in seconds.
    #[schema(example = 900)]
    expires_in: u64,
}

/// Tokens that no cache may keep.
#[derive(Responder)]
pub struct Fresh {
    tokens: Json<Tokens>,
    caching: Header<'static>,
}

impl From<SignedIn> for Fresh {
    fn from(signed_in: SignedIn) -> Self {
        let tokens = Tokens {
            id: signed_in.id,
            access_token: signed_in.access_token,
            refresh_token: signed_in.refresh_token.expose(),
            token_type: "Bearer",
            expires_in: signed_in.expires_in.as_secs(),
        };
        Self { tokens: Json(tokens), caching: Header::new("Cache-Control", "no-store") }
    }
}
