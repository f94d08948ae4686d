//! What a release makes of a schema that a later one has brought up to date.

use refinery::{Error, Migration, Runner, error::Kind};

use super::StoreError;

/// What became of a run of `runner` that ended with `failure`, where `applied` is what the schema has.
///
/// A later release may have been there: the schema has all that `runner` knows, unchanged, and more behind it. Whoever is
/// started then is of the release before, either while the upgrade is going on or on the way back after it, and works
/// with the schema as it is.
///
/// # Errors
/// [`StoreError::Failed`] if that is not so.
pub(super) fn unless_ahead(failure: Error, runner: &Runner, applied: &[Migration]) -> Result<(), StoreError> {
    let goes_on = |later: &Migration| {
        let mut known = runner.get_migrations().iter();
        known.all(|known| known.version() < later.version() && applied.contains(known))
    };
    match failure.kind() {
        Kind::MissingVersion(later) if goes_on(later) => {
            tracing::info!(since = %later, "the schema is that of a later release, and stays so");
            Ok(())
        }
        _ => Err(StoreError::Failed(failure.into())),
    }
}
