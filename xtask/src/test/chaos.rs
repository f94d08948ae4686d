//! The proof: that it can fail, and a short run that it finds nothing in.

use testkit::Shape;

use super::{
    choice::Build,
    steps::{has_nextest, run},
};
use crate::chaos::{self, Chaos};

/// Runs both on a shop of this shape, and gives the steps that failed.
///
/// # Errors
/// If cargo cannot be run.
pub(super) fn run_all(shape: Shape, build: Build) -> anyhow::Result<Vec<String>> {
    // Each starts a shop: one of many processes has the machine to itself.
    let at_once = if shape.broker().is_none() { "--test-threads=2" } else { "--test-threads=1" };
    let of_shape = format!("{shape}::");
    let features = chaos::build::features(build.kafka);
    let chosen = ["--package", "mercato", "--features", features, "--test", "chaos"];
    let tests = if has_nextest() {
        run(&[&["nextest", "run"], &chosen[..], &[at_once, &of_shape]].concat(), &[])?
    } else {
        run(&[&["test", "--no-fail-fast"], &chosen[..], &["--", at_once, &of_shape]].concat(), &[])?
    };
    Ok([tests, short(shape, build)].into_iter().flatten().collect())
}

/// The short run alone; gives how it is run again if it found something.
pub(super) fn short(shape: Shape, build: Build) -> Option<String> {
    let chaos = Chaos::short(shape, build.kafka);
    let again = chaos.replay();
    // What it found it has printed: this says only that it did.
    let error = chaos.run().err()?;
    eprintln!("xtask: {error:#}");
    Some(again)
}
