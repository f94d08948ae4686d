//! What staff asked for with a key is done once.

use platform::{
    idempotency::{
        Known, Once,
        postgres::{keep, known},
    },
    store::{StoreError, postgres::Transaction},
};
use serde::{Serialize, de::DeserializeOwned};

use crate::store::ByStaff;

/// The answer if there is nothing left to do: the key was used before.
pub(super) async fn answered<T: DeserializeOwned>(
    tx: &Transaction<'_>,
    by: &ByStaff,
) -> Result<Option<Once<T>>, StoreError> {
    let Some(idempotency) = &by.idempotency else { return Ok(None) };
    Ok(match known(tx, idempotency).await? {
        Known::New => None,
        Known::Answered(answer) => Some(Once::Replayed(answer)),
        Known::Conflict => Some(Once::Conflict),
    })
}

/// Keeps `answer` with the key, if there is one.
pub(super) async fn keep_answer<T: Serialize + Sync>(
    tx: &Transaction<'_>,
    by: &ByStaff,
    answer: &T,
) -> Result<(), StoreError> {
    match &by.idempotency {
        None => Ok(()),
        Some(idempotency) => keep(tx, idempotency, answer, by.at).await,
    }
}
