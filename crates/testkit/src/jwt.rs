//! Access tokens, as somebody outside of the shop would verify them.

use contracts::rpc::PublicKeySet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::Value;

/// The claims of `token` if one of `keys` has signed it, it has not expired, and it comes from Mercato.
///
/// # Errors
/// What is wrong with it.
pub fn verify(keys: &PublicKeySet, token: &str) -> Result<Value, jsonwebtoken::errors::Error> {
    let kid = decode_header(token)?.kid;
    let key = keys.keys.iter().find(|key| Some(&key.kid) == kid.as_ref());
    let key = key.ok_or(jsonwebtoken::errors::ErrorKind::InvalidKeyFormat)?;
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_issuer(&["mercato"]);
    Ok(decode::<Value>(token, &DecodingKey::from_ed_components(&key.x)?, &validation)?.claims)
}
