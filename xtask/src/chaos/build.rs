//! The build of the shop that can be broken on purpose.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use tempfile::TempDir;

use crate::stack::build::built_by;

/// What it is built with. The same for each shape, so that it is built once; with Kafka only where that is wanted, since it
/// takes more than a C compiler.
#[must_use]
pub const fn features(kafka: bool) -> &'static str {
    if kafka { "chaos,kafka,real-servers" } else { "chaos,real-servers" }
}

/// A binary in a folder of its own, and not where cargo puts every build: nobody is to start it by mistake.
pub(super) struct Shop {
    binary: PathBuf,
    _folder: TempDir,
}

impl Shop {
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.binary
    }
}

/// Builds it.
///
/// # Errors
/// If it cannot be built.
pub(super) fn shop(release: bool, kafka: bool) -> anyhow::Result<Shop> {
    eprintln!("chaos: building the shop");
    // With its tests, which are built with it in any case: what those depend on may turn on features of what it does, and
    // then nearly all would be built once for each.
    let arguments =
        ["test", "--no-run", "--package", "mercato", "--test", "chaos", "--features", features(kafka)];
    let built = built_by(arguments.into_iter().chain(release.then_some("--release")))?;
    let folder = tempfile::Builder::new().prefix("mercato-chaos-build-").tempdir().context("a folder")?;
    let binary = folder.path().join("mercato");
    fs::copy(&built, &binary).context("cannot keep the binary")?;
    fs::remove_file(&built).context("cannot take the binary away")?;
    Ok(Shop { binary, _folder: folder })
}
