//! `cargo xtask docs`: the documents that are made from the code.

use std::{fs, path::PathBuf};

use anyhow::Context as _;

/// Write docs/asyncapi.json: what the services say to each other
#[derive(clap::Args)]
pub struct Docs {
    /// Only check that the file is up to date
    #[arg(long)]
    check: bool,
}

impl Docs {
    /// Writes the document, or compares it with the file.
    ///
    /// # Errors
    /// If the file cannot be read or written, or with `--check` is not up to date.
    pub fn run(self) -> anyhow::Result<()> {
        let folder: PathBuf = [env!("CARGO_MANIFEST_DIR"), "..", "docs"].iter().collect();
        let path = folder.join("asyncapi.json");
        let document = format!("{:#}\n", contracts::asyncapi::document());
        if !self.check {
            fs::create_dir_all(&folder).context("cannot make the folder docs")?;
            return fs::write(&path, document).context("cannot write docs/asyncapi.json");
        }
        let written = fs::read_to_string(&path).context("cannot read docs/asyncapi.json")?;
        anyhow::ensure!(written == document, "docs/asyncapi.json is out of date: run `cargo xtask docs`");
        Ok(())
    }
}
