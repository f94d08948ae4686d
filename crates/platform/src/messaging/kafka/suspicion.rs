//! Which events may be what ends their process.
//!
//! Kafka does not count how often it has delivered something. So each consumer that is given a partition counts in the
//! metadata of the committed offset, before it works on anything, that it begins there; whoever gets on wipes that out. Where
//! many have begun and nobody has got on, something may end them all before they can say so. What lies there is then handed
//! out one after the other, with a mark, so that the inbox counts its attempts before they are made.

/// How many begin in vain before the events there are suspected.
const STARTS: u32 = 10;
/// How many offsets are then suspected: more than a consumer has under way at a time.
const SPAN: i64 = 1_024;

/// What is known of a partition's beginnings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Suspicion {
    /// How many have begun since somebody got on.
    starts: u32,
    /// The offset at which the suspicion ends.
    until: i64,
}

impl Suspicion {
    /// Of nothing.
    #[cfg(test)]
    pub(super) const fn none() -> Self {
        Self { starts: 0, until: 0 }
    }

    /// What is known when somebody begins at `offset`, after `metadata` was committed.
    pub(super) fn after(metadata: &str, offset: i64) -> Self {
        let mut numbers = metadata.split(' ').map(str::parse::<i64>);
        let (Some(Ok(starts)), Some(Ok(until))) = (numbers.next(), numbers.next()) else {
            return Self { starts: 1, until: 0 };
        };
        let starts = u32::try_from(starts).unwrap_or(0).saturating_add(1);
        let until = if starts == STARTS { offset + SPAN } else { until };
        Self { starts, until }
    }

    /// Whether the event at `offset` is suspect.
    pub(super) const fn is_of(self, offset: i64) -> bool {
        self.starts >= STARTS && offset < self.until
    }

    /// The metadata for a commit at `offset` by somebody who has got on; that a suspicion holds is kept until its end.
    pub(super) fn at(self, offset: i64) -> String {
        if self.is_of(offset) { self.to_string() } else { String::new() }
    }
}

impl std::fmt::Display for Suspicion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.starts, self.until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_beginnings_without_getting_on_make_what_lies_there_suspect() {
        let mut suspicion = Suspicion::after("", 7);
        for _ in 1..STARTS {
            assert!(!suspicion.is_of(7));
            suspicion = Suspicion::after(&suspicion.to_string(), 7);
        }
        assert!(suspicion.is_of(7) && suspicion.is_of(7 + SPAN - 1) && !suspicion.is_of(7 + SPAN));
        let next = Suspicion::after(&suspicion.at(8), 8);
        assert!(next.is_of(8) && !next.is_of(7 + SPAN), "it is kept by who gets on, and does not move");
        assert_eq!(next.at(7 + SPAN), "", "and it ends");
    }

    #[test]
    fn who_gets_on_wipes_the_count_out() {
        let mut suspicion = Suspicion::after("", 7);
        for offset in 8..100 {
            suspicion = Suspicion::after(&suspicion.at(offset), offset);
            assert!(!suspicion.is_of(offset));
        }
    }

    #[test]
    fn metadata_of_others_is_no_suspicion() {
        assert_eq!(Suspicion::after("written by something else", 0), Suspicion::after("", 0));
    }
}
