//! Refresh tokens: opaque to everybody, good for one use.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

/// 256 random bits. The client has them, and nobody else.
pub struct RefreshToken([u8; 32]);

/// What is kept of a refresh token: its SHA-256. Of 256 random bits a fast hash tells nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TokenHash(pub [u8; 32]);

impl RefreshToken {
    /// A fresh one.
    #[must_use]
    pub fn generate() -> Self {
        Self(rand::random())
    }

    /// Reads what [`RefreshToken::expose`] wrote, or gives nothing if it did not write this.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self)
    }

    /// The token as its client gets it: 43 characters of base64url.
    #[must_use]
    pub fn expose(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// What the store knows it by.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0).into())
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_token_is_known_again_by_its_text() {
        let token = RefreshToken::generate();
        assert_eq!(RefreshToken::parse(&token.expose()).unwrap().hash(), token.hash());
        assert_ne!(RefreshToken::generate().hash(), token.hash());
    }

    #[test]
    fn what_is_no_token_is_none() {
        for wrong in ["", "token", "AAAA", &"A".repeat(44), &"*".repeat(43)] {
            assert!(RefreshToken::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_token_is_never_shown() {
        assert_eq!(format!("{:?}", RefreshToken::generate()), "RefreshToken(…)");
    }

    proptest! {
        #[test]
        fn whatever_is_sent_is_a_token_in_its_one_spelling_or_none(text in "\\PC{0,50}|[A-Za-z0-9_=+/-]{41,45}") {
            if let Some(token) = RefreshToken::parse(&text) {
                prop_assert_eq!(token.expose(), text);
            }
        }
    }
}
