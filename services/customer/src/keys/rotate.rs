//! What a person does with the keys: put a new one beside the others, and see which there are.

use std::path::{Path, PathBuf};

use contracts::Timestamp;
use platform::auth::Signer;

use super::{KeyError, folder};

/// A key in its folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFile {
    /// Its thumbprint, which tokens name it by.
    pub kid: String,
    /// Where it is.
    pub path: PathBuf,
}

/// Makes a key in `folder`, which is made as well if it is not there, and calls it after `now`, or after the newest there
/// is if that is later.
///
/// # Returns
/// Its thumbprint.
///
/// # Errors
/// [`KeyError`].
pub fn rotate(folder: &Path, now: Timestamp) -> Result<String, KeyError> {
    let _lock = folder::lock(folder)?;
    make(folder, now)
}

/// Makes the first key in `folder`. Of several instances that start together one does so, and the others find it.
///
/// # Errors
/// [`KeyError`].
pub(super) fn first(folder: &Path, now: Timestamp) -> Result<(), KeyError> {
    let _lock = folder::lock(folder)?;
    if folder::paths(folder)?.is_empty() {
        make(folder, now)?;
    }
    Ok(())
}

fn make(folder: &Path, now: Timestamp) -> Result<String, KeyError> {
    let newest = folder::paths(folder)?.into_iter().next();
    let later = newest.as_deref().and_then(made_at).map_or(0, |newest| newest.as_secs() + 1);
    let signer = Signer::generate()?;
    let kid = signer.jwk().kid;
    let name = format!("{}-{kid}.pem", now.as_secs().max(later));
    if let Some(newest) = newest.filter(|newest| newest.file_name() >= Some(name.as_ref())) {
        return Err(KeyError::Unordered(newest));
    }
    folder::write(folder, &name, &signer)?;
    Ok(kid)
}

/// The keys in `folder`, the newest first.
///
/// # Errors
/// [`KeyError`]; the first that is unfit.
pub fn list(folder: &Path) -> Result<Vec<KeyFile>, KeyError> {
    let paths = folder::paths(folder)?.into_iter();
    paths.map(|path| Ok(KeyFile { kid: folder::open(&path)?.jwk().kid, path })).collect()
}

/// When a key was made, as the name of its file says; `None` if it was not called as above.
pub(super) fn made_at(path: &Path) -> Option<Timestamp> {
    let seconds: i64 = path.file_name()?.to_str()?.split_once('-')?.0.parse().ok()?;
    Some(Timestamp::from_micros(seconds.checked_mul(1_000_000)?))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn each_new_key_is_the_newest_even_within_a_second() {
        let home = tempfile::tempdir().unwrap();
        let now = Timestamp::now();
        let mut made: Vec<_> = (0..5).map(|_| rotate(home.path(), now).unwrap()).collect();
        made.reverse();
        let listed: Vec<_> = list(home.path()).unwrap().into_iter().map(|file| file.kid).collect();
        assert_eq!(listed, made);
    }

    #[test]
    fn a_key_that_would_not_be_the_newest_is_not_made() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("zebra.pem"), "").unwrap();
        assert!(matches!(rotate(home.path(), Timestamp::now()), Err(KeyError::Unordered(_))));
    }
}
