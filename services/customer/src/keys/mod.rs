//! The keys that access tokens are signed with: files in a folder, of which the newest signs and all verify.
//!
//! To rotate: put a new key beside the old one and restart; take the old one away when its last token has expired.

mod folder;

use std::{io, path::PathBuf};

use async_trait::async_trait;
use contracts::rpc::PublicKeySet;
use platform::{
    auth::{Claims, KeySource, SignError, Signer},
    messaging::RpcError,
};
use thiserror::Error;

pub use folder::load;

/// Why there are no keys to sign with.
#[derive(Debug, Error)]
pub enum KeyError {
    /// There is no key, and none is to be made.
    #[error(
        "there is no signing key in {0}: put one there (openssl genpkey -algorithm ed25519, readable by its owner alone), \
         or let one be made"
    )]
    Missing(PathBuf),
    /// Others than the owner may read a key.
    #[error(
        "the signing key {path} can be used by others (mode {mode:03o}): chmod 600 it, and replace it if it may have been read"
    )]
    Exposed {
        /// Which file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// A file is no key.
    #[error("{path}: {source}")]
    NotAKey {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: SignError,
    },
    /// The folder or a file cannot be used.
    #[error("the signing keys in {path} cannot be used: {source}")]
    Unusable {
        /// Which folder or file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// No key could be made.
    #[error(transparent)]
    NotGenerated(#[from] SignError),
}

/// The keys of this service.
pub struct KeyRing {
    newest: Signer,
    public: PublicKeySet,
}

impl KeyRing {
    /// Signs with `newest`, and verifies with `older` as well.
    #[must_use]
    pub fn new(newest: Signer, older: &[Signer]) -> Self {
        let keys = std::iter::once(&newest).chain(older).map(Signer::jwk).collect();
        Self { newest, public: PublicKeySet { keys } }
    }

    /// A token that says `claims`.
    ///
    /// # Errors
    /// [`SignError::NotSigned`].
    pub fn sign(&self, claims: &Claims) -> Result<String, SignError> {
        self.newest.sign(claims)
    }

    /// What the world verifies with.
    #[must_use]
    pub fn public(&self) -> PublicKeySet {
        self.public.clone()
    }

    /// For this service's own use, which need not ask anybody.
    #[must_use]
    pub fn source(&self) -> LocalKeys {
        LocalKeys(self.public())
    }
}

/// The public keys at hand.
pub struct LocalKeys(PublicKeySet);

#[async_trait]
impl KeySource for LocalKeys {
    async fn keys(&self) -> Result<PublicKeySet, RpcError> {
        Ok(self.0.clone())
    }
}
