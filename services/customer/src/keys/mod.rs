//! The keys that access tokens are signed with: files in a folder, of which the newest signs and all verify.
//!
//! | module | what is in it |
//! |---|---|
//! | `folder` | reading the folder; the key of a first start |
//! | `ring` | which of the keys signs, and what the world verifies with |
//! | `live` | keys that are put there or taken away while the service runs |
//! | `rotate` | writing a new one beside the others, and listing them |

mod folder;
mod live;
mod ring;
mod rotate;

use std::{io, path::PathBuf};

use platform::auth::SignError;
use thiserror::Error;

pub use folder::check;
pub use live::Keys;
pub use rotate::{KeyFile, list, rotate};

/// Why there are no keys to sign with.
#[derive(Debug, Error)]
pub enum KeyError {
    /// There is no key, and none is to be made.
    #[error("there is no signing key in {0}: mercato keys rotate makes one")]
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
    /// A new key would not be the newest.
    #[error("{0} comes after the name that a new key is given, which is the time in seconds: rename it")]
    Unordered(PathBuf),
    /// No key could be made.
    #[error(transparent)]
    NotGenerated(#[from] SignError),
}
