//! The proof: that it can fail, and a short run that it finds nothing in.

use super::steps::{has_nextest, run};
use crate::chaos::{Chaos, Shape, build::FEATURES};

/// Runs both on a shop of this shape, and gives the steps that failed.
///
/// # Errors
/// If cargo cannot be run.
pub(super) fn run_all(shape: Shape) -> anyhow::Result<Vec<String>> {
    // Each starts a shop: one of many processes has the machine to itself.
    let (of_shape, at_once) = match shape {
        Shape::Embedded => ("embedded::", "--test-threads=2"),
        Shape::Rabbitmq => ("rabbitmq::", "--test-threads=1"),
    };
    let chosen = ["--package", "mercato", "--features", FEATURES, "--test", "chaos"];
    let tests = if has_nextest() {
        run(&[&["nextest", "run"], &chosen[..], &[at_once, of_shape]].concat(), &[])?
    } else {
        run(&[&["test", "--no-fail-fast"], &chosen[..], &["--", at_once, of_shape]].concat(), &[])?
    };
    Ok([tests, short(shape)].into_iter().flatten().collect())
}

fn short(shape: Shape) -> Option<String> {
    let chaos = Chaos::short(shape);
    let again = chaos.replay();
    // What it found it has printed: this says only that it did.
    let error = chaos.run().err()?;
    eprintln!("xtask: {error:#}");
    Some(again)
}
