//! Fields of a patch (RFC 7396): absent is not the same as null.

use serde::{Deserialize, Deserializer};

/// For a field that may be left out, `#[serde(default, deserialize_with = "present")]`: one that is there has to be a
/// `T`, so null is `Some(None)` for an optional `T` and a mistake for any other.
pub fn present<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(deserializer).map(Some)
}
