//! A moment in UTC, to the microsecond: what PostgreSQL's `timestamptz` keeps.

use std::{fmt, time::Duration};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::Error as _};
use thiserror::Error;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// A moment in UTC, to the microsecond. On the wire it is an RFC 3339 string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment `micros` microseconds after the Unix epoch.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the Unix epoch.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, as JWTs count them (RFC 7519 `NumericDate`).
    #[must_use]
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// What the machine's clock says now. Code below `main` asks its `Clock` instead.
    #[must_use]
    pub fn now() -> Self {
        Self(i64::try_from(OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX))
    }

    /// The time from `earlier` to this moment, or zero if `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    fn to_rfc3339(self) -> Result<String, time::Error> {
        let moment = OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000)?;
        Ok(moment.format(&Rfc3339)?)
    }
}

impl std::ops::Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, after: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(after.as_micros()).unwrap_or(i64::MAX)))
    }
}

impl std::ops::Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, before: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(before.as_micros()).unwrap_or(i64::MAX)))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_rfc3339().map_err(|_| fmt::Error)?)
    }
}

/// Why a text is no moment.
#[derive(Debug, Error)]
pub enum NotATimestamp {
    /// It is not written as RFC 3339 has it.
    #[error(transparent)]
    Malformed(#[from] time::error::Parse),
    /// Its offset leads out of the years that can be written.
    #[error("the year has to be from 0 to 9999 in UTC")]
    OutOfRange,
}

impl std::str::FromStr for Timestamp {
    type Err = NotATimestamp;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let nanos = OffsetDateTime::parse(text, &Rfc3339)?.unix_timestamp_nanos();
        let moment = Self(i64::try_from(nanos.div_euclid(1_000)).unwrap_or(i64::MAX));
        // What was read has to be writable: whoever shows it, or sends it on, counts on that.
        moment.to_rfc3339().map_err(|_| NotATimestamp::OutOfRange)?;
        Ok(moment)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_rfc3339().map_err(S::Error::custom)?)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl JsonSchema for Timestamp {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}

impl utoipa::ToSchema for Timestamp {}

impl utoipa::PartialSchema for Timestamp {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .into()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_timestamp_survives_the_wire() {
        let moment = Timestamp::from_micros(1_763_933_000_123_456);
        let json = serde_json::to_string(&moment).unwrap();
        assert_eq!(json, "\"2025-11-23T21:23:20.123456Z\"");
        assert_eq!(serde_json::from_str::<Timestamp>(&json).unwrap(), moment);
    }

    #[test]
    fn another_offset_is_the_same_moment() {
        let utc: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let berlin: Timestamp = "2026-01-01T01:00:00+01:00".parse().unwrap();
        assert_eq!(utc, berlin);
    }

    #[test]
    fn elapsed_time_never_goes_below_zero() {
        let now = Timestamp::now();
        assert_eq!(now.since(now + Duration::from_secs(1)), Duration::ZERO);
        assert_eq!((now + Duration::from_secs(1)).since(now), Duration::from_secs(1));
    }

    proptest! {
        #[test]
        fn what_was_read_can_be_written_and_is_read_again(
            text in "\\PC{0,40}|[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9](\\.[0-9]{1,9})?(Z|[+-][0-2][0-9]:[0-5][0-9])",
        ) {
            if let Ok(moment) = text.parse::<Timestamp>() {
                prop_assert_eq!(moment.to_string().parse::<Timestamp>().unwrap(), moment);
            }
        }
    }

    #[test]
    fn a_year_that_cannot_be_written_is_refused() {
        for edge in ["9999-12-31T23:59:59-00:01", "0000-01-01T00:00:00+00:01"] {
            assert!(matches!(edge.parse::<Timestamp>(), Err(NotATimestamp::OutOfRange)), "{edge}");
        }
    }
}
