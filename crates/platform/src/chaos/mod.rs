//! Ways to break the shop on purpose, for `cargo xtask chaos` and its tests. They exist with the cargo feature `chaos` only:
//! without it every function here is empty and `const`, nothing of it is left in the program, and no variable can bring it
//! back. With it they are set by variables, and production refuses to start.
//!
//! | variable | what it does |
//! |---|---|
//! | `MERCATO_CRASH_AT=POINT:N` | the process ends, as by `kill -9`, when it comes to that [`Point`] for the N-th time |
//! | `MERCATO_DISORDER=SHARE` | that share of all events is published twice, delivered twice, and delivered late |
//! | `MERCATO_CLOCK=FILE` | the clock is ahead by as many seconds as the file says, from when it says so |
//! | `MERCATO_WITHOUT=SAFEGUARD` | does without one [`Safeguard`], so that it can be seen what it is for |

#[cfg(feature = "chaos")]
mod disorder;
#[cfg(feature = "chaos")]
mod switches;

use std::{fmt, str::FromStr};

use thiserror::Error;
#[cfg(not(feature = "chaos"))]
use uuid::Uuid;

#[cfg(feature = "chaos")]
pub use disorder::in_disorder;
#[cfg(feature = "chaos")]
pub use switches::{ahead, crash_point, does_without, loses_first};

/// Whether this program can be broken on purpose.
pub const BUILT_IN: bool = cfg!(feature = "chaos");

/// A place in the program where a crash would hurt most, if anything did not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// A transaction has done all that it is to do.
    BeforeCommit,
    /// The database has committed, and nobody knows yet.
    AfterCommit,
    /// An event was taken out of the outbox to be published.
    BeforePublish,
    /// The broker has it, and has not confirmed it.
    AfterPublish,
    /// The broker has confirmed it.
    AfterConfirm,
    /// Confirmed events are to be deleted from the outbox.
    BeforeDelete,
    /// They were.
    AfterDelete,
    /// A delivery has come to its handler.
    BeforeEffect,
    /// Its effect is committed, and it is to be acknowledged.
    AfterEffect,
    /// It was acknowledged.
    AfterAck,
}

impl Point {
    /// All of them, in the order in which an event comes to them.
    pub const ALL: [Self; 10] = [
        Self::BeforeCommit,
        Self::AfterCommit,
        Self::BeforePublish,
        Self::AfterPublish,
        Self::AfterConfirm,
        Self::BeforeDelete,
        Self::AfterDelete,
        Self::BeforeEffect,
        Self::AfterEffect,
        Self::AfterAck,
    ];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BeforeCommit => "before_commit",
            Self::AfterCommit => "after_commit",
            Self::BeforePublish => "before_publish",
            Self::AfterPublish => "after_publish",
            Self::AfterConfirm => "after_confirm",
            Self::BeforeDelete => "before_delete",
            Self::AfterDelete => "after_delete",
            Self::BeforeEffect => "before_effect",
            Self::AfterEffect => "after_effect",
            Self::AfterAck => "after_ack",
        }
    }
}

/// Something that a promise of the shop's hangs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Safeguard {
    /// A message that was applied is not applied again.
    Inbox,
    /// A process relays only what it holds by a lease that stands.
    Fence,
    /// A request that is repeated with its key is not done again.
    Idempotency,
    /// Stock is taken only as far as there is any, and the schema says so, too.
    Stock,
    /// An event stays in the outbox until the broker has confirmed it. Without it the first answer of products to every fourth
    /// order is lost, and shopping asks again.
    Confirm,
}

impl Safeguard {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Inbox, Self::Fence, Self::Idempotency, Self::Stock, Self::Confirm];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inbox => "inbox",
            Self::Fence => "fence",
            Self::Idempotency => "idempotency",
            Self::Stock => "stock",
            Self::Confirm => "confirm",
        }
    }
}

/// What a process says as it crashes at `point`.
#[must_use]
pub fn crash_notice(point: Point) -> String {
    format!("mercato: crashes at {point}")
}

/// There is nothing of this name.
#[derive(Debug, Error)]
#[error("there is no '{0}'")]
pub struct Unknown(String);

impl FromStr for Point {
    type Err = Unknown;

    fn from_str(name: &str) -> Result<Self, Unknown> {
        Self::ALL.into_iter().find(|it| it.name() == name).ok_or_else(|| Unknown(name.to_owned()))
    }
}

impl FromStr for Safeguard {
    type Err = Unknown;

    fn from_str(name: &str) -> Result<Self, Unknown> {
        Self::ALL.into_iter().find(|it| it.name() == name).ok_or_else(|| Unknown(name.to_owned()))
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Safeguard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Ends the process here, if that was asked for.
#[cfg(not(feature = "chaos"))]
#[inline]
pub const fn crash_point(_: Point) {}

/// Whether the shop is to do without `safeguard`.
#[cfg(not(feature = "chaos"))]
#[inline]
#[must_use]
pub const fn does_without(_: Safeguard) -> bool {
    false
}

/// Whether this is an event of `aggregate` to lose, as a shop would that does not wait for [confirms](Safeguard::Confirm).
#[cfg(not(feature = "chaos"))]
#[inline]
#[must_use]
pub const fn loses_first(_: Uuid) -> bool {
    false
}

/// By how much the clock is ahead of the machine's.
#[cfg(not(feature = "chaos"))]
#[inline]
#[must_use]
pub const fn ahead() -> std::time::Duration {
    std::time::Duration::ZERO
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_found_by_its_name() {
        assert!(Point::ALL.into_iter().all(|point| point.name().parse::<Point>().unwrap() == point));
        assert!(Safeguard::ALL.into_iter().all(|it| it.name().parse::<Safeguard>().unwrap() == it));
        assert_eq!("never".parse::<Point>().unwrap_err().to_string(), "there is no 'never'");
    }

    #[cfg(not(feature = "chaos"))]
    #[test]
    fn without_the_feature_nothing_can_be_broken() {
        const { assert!(!BUILT_IN && !does_without(Safeguard::Inbox) && ahead().is_zero()) };
        Point::ALL.into_iter().for_each(crash_point);
    }
}
