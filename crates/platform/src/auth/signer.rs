//! Issues tokens: Ed25519 (RFC 8032) in a JWS (RFC 8037). Only the customer service has one of these.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use contracts::rpc::JsonWebKey;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::Claims;

const PEM_BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const PEM_END: &str = "-----END PRIVATE KEY-----";
/// RFC 7468, section 2: generators wrap at exactly 64 characters.
const PEM_WIDTH: usize = 64;

/// A key could not be used.
#[derive(Debug, Error)]
pub enum SignError {
    /// Neither written by [`Signer::to_pem`] nor by `openssl genpkey -algorithm ed25519`.
    #[error("the signing key is not an Ed25519 private key in PKCS #8 ({0})")]
    NotAKey(&'static str),
    /// The key could not be made: the system has no randomness to give.
    #[error("no signing key could be generated")]
    NotGenerated,
    /// The token could not be written.
    #[error("the token could not be signed: {0}")]
    NotSigned(#[from] jsonwebtoken::errors::Error),
}

/// A private key, and what the world needs to verify what it signs.
pub struct Signer {
    der: Vec<u8>,
    key: EncodingKey,
    header: Header,
    jwk: JsonWebKey,
}

impl Signer {
    /// Makes a new key.
    ///
    /// # Errors
    ///
    /// [`SignError::NotGenerated`].
    pub fn generate() -> Result<Self, SignError> {
        let document = Ed25519KeyPair::generate()
            .and_then(|pair| pair.to_pkcs8v1())
            .map_err(|_| SignError::NotGenerated)?;
        Self::from_der(document.as_ref())
    }

    /// Reads an unencrypted PKCS #8 document (RFC 5958, RFC 8410).
    ///
    /// # Errors
    ///
    /// [`SignError::NotAKey`].
    pub fn from_der(der: &[u8]) -> Result<Self, SignError> {
        let pair = Ed25519KeyPair::from_pkcs8(der).map_err(|_| SignError::NotAKey("not such a key"))?;
        let jwk = public_jwk(pair.public_key().as_ref());
        Ok(Self {
            der: der.to_vec(),
            key: EncodingKey::from_ed_der(der),
            header: Header { kid: Some(jwk.kid.clone()), ..Header::new(Algorithm::EdDSA) },
            jwk,
        })
    }

    /// Reads the same, as PEM (RFC 7468).
    ///
    /// # Errors
    ///
    /// [`SignError::NotAKey`].
    pub fn from_pem(pem: &str) -> Result<Self, SignError> {
        let (_, rest) = pem.split_once(PEM_BEGIN).ok_or(SignError::NotAKey("no BEGIN PRIVATE KEY"))?;
        let (body, _) = rest.split_once(PEM_END).ok_or(SignError::NotAKey("no END PRIVATE KEY"))?;
        let body: String = body.split_ascii_whitespace().collect();
        let der = STANDARD.decode(body).map_err(|_| SignError::NotAKey("not base64"))?;
        Self::from_der(&der)
    }

    /// The private key as PEM, to be kept where only the customer service can read it.
    #[must_use]
    pub fn to_pem(&self) -> String {
        let body = STANDARD.encode(&self.der);
        let mut pem = format!("{PEM_BEGIN}\n");
        let mut rest = body.as_str();
        while !rest.is_empty() {
            let (line, after) = rest.split_at(rest.len().min(PEM_WIDTH));
            pem.push_str(line);
            pem.push('\n');
            rest = after;
        }
        pem.push_str(PEM_END);
        pem.push('\n');
        pem
    }

    /// The public key, by its thumbprint.
    #[must_use]
    pub fn jwk(&self) -> JsonWebKey {
        self.jwk.clone()
    }

    /// A token that says `claims`.
    ///
    /// # Errors
    ///
    /// [`SignError::NotSigned`], which should not happen with a key that could be read.
    pub fn sign(&self, claims: &Claims) -> Result<String, SignError> {
        Ok(jsonwebtoken::encode(&self.header, claims, &self.key)?)
    }
}

/// The JWK (RFC 8037, section 2) of a raw public key, with its thumbprint (RFC 7638) as the key id.
fn public_jwk(public: &[u8]) -> JsonWebKey {
    let x = URL_SAFE_NO_PAD.encode(public);
    // RFC 7638 hashes the required members alone, in lexicographic order and without white space.
    let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    JsonWebKey {
        kty: "OKP".to_owned(),
        crv: "Ed25519".to_owned(),
        kid: URL_SAFE_NO_PAD.encode(Sha256::digest(canonical)),
        alg: "EdDSA".to_owned(),
        usage: "sig".to_owned(),
        x,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thumbprint_is_that_of_rfc_8037() {
        // Appendix A.2 gives the key, and A.3 its thumbprint.
        let public = URL_SAFE_NO_PAD.decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").unwrap();
        assert_eq!(public_jwk(&public).kid, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn a_key_survives_its_pem() {
        let signer = Signer::generate().unwrap();
        let pem = signer.to_pem();
        assert!(pem.lines().all(|line| line.len() <= PEM_WIDTH), "{pem}");
        assert_eq!(Signer::from_pem(&pem).unwrap().jwk(), signer.jwk());
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let no_key = format!("{PEM_BEGIN}\nAAAA\n{PEM_END}\n");
        for wrong in ["", PEM_BEGIN, &no_key, &no_key.replace("AAAA", "*")] {
            assert!(matches!(Signer::from_pem(wrong), Err(SignError::NotAKey(_))), "{wrong}");
        }
    }
}
