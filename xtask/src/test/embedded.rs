//! All tests that need nothing but a C compiler.

use super::steps::{has_nextest, run, run_doc_tests};

/// Runs them, and gives the steps that failed.
///
/// # Errors
/// If cargo cannot be run.
pub(super) fn run_all() -> anyhow::Result<Vec<String>> {
    let all: &[&str] = if has_nextest() {
        &["nextest", "run", "--workspace"]
    } else {
        &["test", "--workspace", "--lib", "--bins", "--tests", "--no-fail-fast"]
    };
    let shape = [("MERCATO_SHAPE", "embedded".as_ref())];
    Ok([run(all, &shape)?, run_doc_tests()?].into_iter().flatten().collect())
}
