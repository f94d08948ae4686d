//! Whose processes servers are: PostgreSQL refuses to be root's, and none of the others needs to be.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, chown},
    path::Path,
};

use super::ServerError;

/// An ordinary user.
#[derive(Clone, Copy, Debug)]
pub(crate) struct User {
    pub uid: u32,
    pub gid: u32,
}

impl User {
    /// The user `preferred`, or `nobody` if there is none such; `None` if we are an ordinary user ourselves.
    pub(crate) fn ordinary(preferred: &str) -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            return None;
        }
        let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
        find(&users, preferred).or_else(|| find(&users, "nobody"))
    }

    /// Makes `folder` this user's, or ours if there is none, and nobody else's: there are passwords in it.
    pub(crate) fn hand_over(user: Option<Self>, folder: &Path) -> Result<(), ServerError> {
        let closing = ServerError::io(format!("closing {} to others", folder.display()));
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).map_err(closing)?;
        user.map_or(Ok(()), |user| user.own(folder))
    }

    /// Makes `path`, and what is in it, this user's.
    fn own(self, path: &Path) -> Result<(), ServerError> {
        let refused = || format!("giving {} to an ordinary user", path.display());
        chown(path, Some(self.uid), Some(self.gid)).map_err(ServerError::io(refused()))?;
        if path.is_dir() {
            for entry in fs::read_dir(path).map_err(ServerError::io(refused()))? {
                self.own(&entry.map_err(ServerError::io(refused()))?.path())?;
            }
        }
        Ok(())
    }
}

/// The user `name` in the text of a `passwd` file.
fn find(users: &str, name: &str) -> Option<User> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next()? == name).then_some(())?;
        let (uid, gid) = (fields.nth(1)?, fields.next()?);
        Some(User { uid: uid.parse().ok()?, gid: gid.parse().ok()? })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_name() {
        let users = "root:x:0:0:root:/root:/bin/sh\npostgres:x:101:104::/var/lib/postgresql:/bin/sh\n";
        let user = find(users, "postgres").unwrap();
        assert_eq!((user.uid, user.gid), (101, 104));
        assert!(find(users, "rabbitmq").is_none());
    }
}
