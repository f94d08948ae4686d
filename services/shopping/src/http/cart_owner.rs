//! Whose cart a request is about: the caller's, or a guest's by the header `Cart-Token`.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use platform::http::{Caller, MaybeCaller, Problem, refuse};
use rand::RngExt as _;
use rocket::{
    Request,
    http::Header,
    outcome::Outcome,
    request::{self, FromRequest},
};
use sha2::{Digest as _, Sha256};

use crate::domain::CartOwner;

/// The header that a guest's cart is known by.
pub(super) const HEADER: &str = "Cart-Token";

/// What a guest shows for their cart: 256 random bits, of which only the hash is kept.
#[derive(Clone, Debug)]
pub(super) struct CartToken(String);

impl CartToken {
    pub(super) fn new() -> Self {
        Self(URL_SAFE_NO_PAD.encode(rand::rng().random::<[u8; 32]>()))
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        (bytes.len() == 32).then(|| Self(text.to_owned()))
    }

    pub(super) fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn header(&self) -> Header<'static> {
        Header::new(HEADER, self.0.clone())
    }
}

/// Whose cart it is: the caller's, or else the guest's who shows a token. Else 401.
#[derive(Clone, Debug)]
pub(super) struct Shopper {
    pub(super) owner: CartOwner,
    /// The guest's token, to be given back with each answer.
    pub(super) token: Option<CartToken>,
}

impl Shopper {
    pub(super) fn guest(token: CartToken) -> Self {
        Self { owner: CartOwner::Guest(token.hash()), token: Some(token) }
    }

    /// Whose idempotency keys the shopper's are.
    pub(super) fn scope(&self) -> String {
        match self.owner {
            CartOwner::Customer(customer_id) => customer_id.to_string(),
            CartOwner::Guest(hash) => URL_SAFE_NO_PAD.encode(hash),
        }
    }
}

/// A [`Shopper`], or somebody who is to become a guest.
#[derive(Clone, Debug)]
pub(super) struct AnyShopper(pub(super) Option<Shopper>);

async fn shopper(request: &Request<'_>) -> Result<Option<Shopper>, request::Outcome<Shopper, Problem>> {
    let caller = match MaybeCaller::from_request(request).await {
        Outcome::Success(MaybeCaller(caller)) => caller,
        Outcome::Error(error) => return Err(Outcome::Error(error)),
        Outcome::Forward(status) => return Err(Outcome::Forward(status)),
    };
    if let Some(claims) = caller {
        return Ok(Some(Shopper { owner: CartOwner::Customer(claims.sub), token: None }));
    }
    let Some(header) = request.headers().get_one(HEADER) else { return Ok(None) };
    match CartToken::parse(header) {
        Some(token) => Ok(Some(Shopper::guest(token))),
        None => {
            let problem = Problem::bad_request("The Cart-Token is not one that this shop gave.");
            Err(Outcome::Error((refuse(request, problem.clone()), problem)))
        }
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for AnyShopper {
    type Error = Problem;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Problem> {
        match shopper(request).await {
            Ok(shopper) => Outcome::Success(Self(shopper)),
            Err(outcome) => outcome.map(|shopper| Self(Some(shopper))),
        }
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Shopper {
    type Error = Problem;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Problem> {
        match shopper(request).await {
            Ok(Some(shopper)) => Outcome::Success(shopper),
            // Says what is missing, as it would for any route that wants a caller.
            Ok(None) => Caller::from_request(request)
                .await
                .map(|caller| Self { owner: CartOwner::Customer(caller.0.sub), token: None }),
            Err(outcome) => outcome,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cart_token_is_32_random_bytes_and_nothing_else() {
        let token = CartToken::new();
        assert_eq!(CartToken::parse(token.as_str()).unwrap().hash(), token.hash());
        assert_ne!(CartToken::new().hash(), token.hash());
        for wrong in ["", "abc", "!", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
            assert!(CartToken::parse(wrong).is_none(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn every_token_that_could_be_given_is_known_again(bytes: [u8; 32]) {
            let text = URL_SAFE_NO_PAD.encode(bytes);
            let token = CartToken::parse(&text).unwrap();
            prop_assert_eq!(token.as_str(), text);
        }

        #[test]
        fn whatever_is_shown_is_a_token_in_its_one_spelling_or_none(text in "\\PC{0,50}|[A-Za-z0-9_=+/-]{41,45}") {
            if let Some(token) = CartToken::parse(&text) {
                // Two spellings of the same bytes would be two carts.
                prop_assert_eq!(URL_SAFE_NO_PAD.encode(URL_SAFE_NO_PAD.decode(token.as_str()).unwrap()), text);
            }
        }
    }
}
