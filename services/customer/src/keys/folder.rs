//! The folder of keys.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use contracts::Timestamp;
use platform::auth::Signer;

use super::{KeyError, ring::KeyRing, rotate};

/// Group and others, whatever they might do.
const OTHERS: u32 = 0o077;

/// Reads the keys in `folder`: every `*.pem`, the last by name being the newest. If there is none and `generate` says
/// so, makes one that is called after `now`.
///
/// # Errors
/// [`KeyError`]; a single key that is unfit refuses the whole folder.
pub(super) fn load(folder: &Path, generate: bool, now: Timestamp) -> Result<KeyRing, KeyError> {
    let missing = || KeyError::Missing(folder.to_owned());
    match read(folder)? {
        Some(ring) => Ok(ring),
        None if generate => {
            rotate::first(folder, now)?;
            read(folder)?.ok_or_else(missing)
        }
        None => Err(missing()),
    }
}

/// Whether a service that makes no key by itself can start with those in `folder`.
///
/// # Errors
/// [`KeyError`]: why not.
pub fn check(folder: &Path) -> Result<(), KeyError> {
    read(folder)?.map(drop).ok_or_else(|| KeyError::Missing(folder.to_owned()))
}

/// The keys in `folder`, if there are any.
///
/// # Errors
/// [`KeyError`]; a single key that is unfit refuses the whole folder.
pub(super) fn read(folder: &Path) -> Result<Option<KeyRing>, KeyError> {
    let paths = paths(folder)?;
    let keys = paths.iter().map(|path| open(path).map(|key| (key, rotate::made_at(path))));
    Ok(KeyRing::new(keys.collect::<Result<Vec<_>, _>>()?))
}

/// Makes `folder` if it is not there, and keeps others from writing keys until the lock is dropped.
///
/// # Errors
/// [`KeyError::Unusable`].
pub(super) fn lock(folder: &Path) -> Result<File, KeyError> {
    let unusable = |source| KeyError::Unusable { path: folder.to_owned(), source };
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(unusable)?;
    let lock = private().create(true).open(folder.join(".lock")).map_err(unusable)?;
    lock.lock().map_err(unusable)?;
    Ok(lock)
}

/// The keys' files, the newest first. A folder that is not there has none.
///
/// # Errors
/// [`KeyError::Unusable`].
pub(super) fn paths(folder: &Path) -> Result<Vec<PathBuf>, KeyError> {
    list(folder).map_err(|source| KeyError::Unusable { path: folder.to_owned(), source })
}

fn list(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "pem"));
    paths.sort_unstable_by(|one, other| other.cmp(one));
    Ok(paths)
}

/// Reads a key.
///
/// # Errors
/// [`KeyError`] if it is none, or others can read it.
pub(super) fn open(path: &Path) -> Result<Signer, KeyError> {
    let unusable = |source| KeyError::Unusable { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(unusable)?;
    let mode = file.metadata().map_err(unusable)?.permissions().mode() & 0o777;
    if mode & OTHERS != 0 {
        return Err(KeyError::Exposed { path: path.to_owned(), mode });
    }
    let mut pem = String::new();
    file.read_to_string(&mut pem).map_err(unusable)?;
    Signer::from_pem(&pem).map_err(|source| KeyError::NotAKey { path: path.to_owned(), source })
}

/// Writes a key as `name`. Under another name first: whoever lists the folder sees a whole key or none.
///
/// # Errors
/// [`KeyError::Unusable`].
pub(super) fn write(folder: &Path, name: &str, signer: &Signer) -> Result<(), KeyError> {
    let draft = folder.join(format!(".{name}.draft"));
    let written = || {
        let mut file = private().create_new(true).open(&draft)?;
        file.write_all(signer.to_pem().as_bytes())?;
        file.sync_all()?;
        fs::rename(&draft, folder.join(name))?;
        File::open(folder)?.sync_all()
    };
    written().map_err(|source| KeyError::Unusable { path: folder.to_owned(), source })
}

/// A file that nobody but its owner can ever read.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn put(folder: &Path, name: &str, mode: u32, text: &str) {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_key_that_was_made_is_private_and_is_found_again() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("keys");
        let made = load(&folder, true, Timestamp::now()).unwrap().public();
        let files = list(&folder).unwrap();
        assert_eq!((files.len(), mode(&files[0]), mode(&folder)), (1, 0o600, 0o700));
        assert_eq!(load(&folder, true, Timestamp::now()).unwrap().public(), made);
    }

    #[test]
    fn instances_that_start_together_share_one_key() {
        let home = tempfile::tempdir().unwrap();
        let start = || load(home.path(), true, Timestamp::now()).unwrap().public();
        let rings: Vec<_> = std::thread::scope(|scope| {
            let starts: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
            starts.into_iter().map(|start| start.join().unwrap()).collect()
        });
        assert!(rings.iter().all(|ring| *ring == rings[0] && ring.keys.len() == 1));
    }

    #[test]
    fn no_key_is_made_unasked() {
        let home = tempfile::tempdir().unwrap();
        let outcome = load(&home.path().join("keys"), false, Timestamp::now());
        assert!(matches!(outcome, Err(KeyError::Missing(_))));
    }

    #[test]
    fn the_last_by_name_signs_and_all_verify() {
        let home = tempfile::tempdir().unwrap();
        let (old, new) = (Signer::generate().unwrap(), Signer::generate().unwrap());
        put(home.path(), "1700000001-b.pem", 0o600, &new.to_pem());
        put(home.path(), "1700000000-a.pem", 0o400, &old.to_pem());
        put(home.path(), "notes.txt", 0o644, "not a key");
        let ring = load(home.path(), false, Timestamp::now()).unwrap();
        assert_eq!(ring.public().keys, [new.jwk(), old.jwk()]);
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let home = tempfile::tempdir().unwrap();
        put(home.path(), "1.pem", 0o640, &Signer::generate().unwrap().to_pem());
        let Err(error) = load(home.path(), true, Timestamp::now()) else { panic!("it was taken") };
        assert!(matches!(error, KeyError::Exposed { mode: 0o640, .. }));
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }

    #[test]
    fn a_file_that_is_no_key_is_named() {
        let home = tempfile::tempdir().unwrap();
        put(home.path(), "1.pem", 0o600, "-----BEGIN NONSENSE-----");
        let Err(error) = load(home.path(), true, Timestamp::now()) else { panic!("it was taken") };
        assert!(error.to_string().contains("1.pem"), "{error}");
    }
}
