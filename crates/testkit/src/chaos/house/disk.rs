//! A small disk of its own for a shop's stores, which can be filled: a file system in memory, bounded, that only we have.

use std::{
    fs,
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, ensure};

/// Far more than a run needs.
const SIZE: &str = "size=256m,mode=0700";

/// A mounted file system. It is unmounted with this value.
#[derive(Debug)]
pub struct Disk {
    folder: PathBuf,
}

impl Disk {
    /// Whether we may mount one; if not, why not.
    ///
    /// # Errors
    /// The reason.
    pub fn may_be_mounted() -> anyhow::Result<()> {
        ensure!(rustix::process::geteuid().is_root(), "only root may mount a small disk");
        let folder = tempfile::tempdir().context("a folder")?;
        Self::mount(&folder.path().join("trial")).map(drop)
    }

    pub(super) fn mount(folder: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(folder).context("a folder for the disk")?;
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", SIZE, "mercato-chaos"]).arg(folder);
        let output = mount.output().context("cannot run mount")?;
        ensure!(output.status.success(), "cannot mount: {}", String::from_utf8_lossy(&output.stderr).trim());
        Ok(Self { folder: folder.to_owned() })
    }

    /// Fills it to the last byte.
    ///
    /// # Errors
    /// If that does not work out.
    pub fn fill(&self) -> anyhow::Result<()> {
        let mut ballast = fs::File::create(self.ballast()).context("the ballast")?;
        let mut piece = vec![0_u8; 1 << 20];
        while !piece.is_empty() {
            match ballast.write(&piece) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => piece.truncate(piece.len() / 2),
                Err(error) => return Err(error).context("the ballast"),
            }
        }
        Ok(())
    }

    /// Makes room again.
    ///
    /// # Errors
    /// If that does not work out.
    pub fn clear(&self) -> anyhow::Result<()> {
        fs::remove_file(self.ballast()).context("the ballast")
    }

    fn ballast(&self) -> PathBuf {
        self.folder.join("ballast")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a process that is just ending may have a file open.
        let unmounted = Command::new("umount").arg("-l").arg(&self.folder).status();
        if !unmounted.is_ok_and(|status| status.success()) {
            eprintln!("{} is still mounted: umount it", self.folder.display());
        }
    }
}
