//! One process at a time serves from a data folder: two would each have a broker of their own, and neither would
//! hear of the other's events.

use std::{
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use contracts::Service;
use thiserror::Error;

use super::sqlite_file;

/// Holds a service's place in a data folder for as long as it lives. The system frees it when the process ends, however
/// it ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Why a data folder cannot be served from.
#[derive(Debug, Error)]
pub enum LockError {
    /// Somebody else does.
    #[error(
        "{folder} is in use: another mercato serves {service} from it. Stop that one, or give another folder with --data"
    )]
    InUse {
        /// Which folder.
        folder: PathBuf,
        /// Which service.
        service: Service,
    },
    /// It, or a file of the service's database in it, cannot be written to.
    #[error("cannot keep data in {place}; it has to be writable, or give another folder with --data")]
    Unusable {
        /// The folder or the file.
        place: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

impl Lock {
    /// Takes `service`'s place in `folder`, making the folder if there is none.
    ///
    /// # Errors
    /// [`LockError`].
    pub fn take(folder: &Path, service: Service) -> Result<Self, LockError> {
        let unusable = |source| LockError::Unusable { place: folder.to_owned(), source };
        // What is in it is nobody else's business: password hashes, addresses, keys.
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(unusable)?;
        let path = folder.join(format!("{service}.lock"));
        let file =
            OpenOptions::new().create(true).truncate(false).write(true).open(path).map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(LockError::InUse { folder: folder.to_owned(), service }),
            Err(TryLockError::Error(source)) => Err(unusable(source)),
        }
    }
}

/// Looks whether the database of `service` in `folder`, if there is one, can be written to. SQLite opens a file that it may not write
/// to all the same, for reading: a service on it would seem well until its first command.
///
/// Only for a process that has not opened the database: whoever closes a file of SQLite's ends all the locks that the process has
/// on it (<https://www.sqlite.org/howtocorrupt.html>, section 2.2).
///
/// # Errors
/// [`LockError::Unusable`], with the file.
pub fn ensure_writable(folder: &Path, service: Service) -> Result<(), LockError> {
    let database = sqlite_file(folder, service).into_os_string();
    for suffix in ["", "-wal", "-shm"] {
        let mut place = database.clone();
        place.push(suffix);
        match OpenOptions::new().write(true).open(&place) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(LockError::Unusable { place: place.into(), source });
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_served_by_one_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let first = Lock::take(folder.path(), Service::Customer).unwrap();
        assert!(matches!(Lock::take(folder.path(), Service::Customer), Err(LockError::InUse { .. })));
        Lock::take(folder.path(), Service::Payment).unwrap();
        drop(first);
        Lock::take(folder.path(), Service::Customer).unwrap();
    }

    #[test]
    fn a_database_that_cannot_be_written_to_is_refused_and_named() {
        let folder = tempfile::tempdir().unwrap();
        // Whoever tests as root may write to any file, but not to one that is a folder.
        let database = folder.path().join("payment.db");
        std::fs::create_dir(&database).unwrap();
        let refused = ensure_writable(folder.path(), Service::Payment).unwrap_err();
        assert!(matches!(&refused, LockError::Unusable { place, .. } if *place == database), "{refused}");
        ensure_writable(folder.path(), Service::Customer).unwrap();
    }

    #[test]
    fn a_folder_that_is_a_file_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(matches!(Lock::take(file.path(), Service::Customer), Err(LockError::Unusable { .. })));
    }
}
