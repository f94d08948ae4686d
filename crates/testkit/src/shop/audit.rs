//! What `mercato audit` says.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Ran;

/// What an audit found.
#[derive(Clone, Debug)]
pub struct AuditOutcome {
    /// The exit code.
    pub code: Option<i32>,
    /// The report.
    pub report: Report,
}

/// The report, as far as tests look at it.
#[derive(Clone, Debug, Deserialize)]
pub struct Report {
    /// Whether every invariant holds.
    pub holds: bool,
    /// Each with its counts.
    pub invariants: Vec<Invariant>,
    /// Orders by status.
    pub orders: BTreeMap<String, u64>,
    /// Messages that a person has to look at.
    pub dead_letters: u64,
}

/// An invariant, and how it stands with it.
#[derive(Clone, Debug, Deserialize)]
pub struct Invariant {
    /// Its name.
    pub name: String,
    /// What is promised.
    pub promise: String,
    /// How many cases were looked at.
    pub checked: u64,
    /// How many of them break it.
    pub violations: u64,
    /// Some of those.
    #[serde(default)]
    pub examples: Vec<String>,
}

impl AuditOutcome {
    /// What `mercato audit --json` has found, which ended as `ran` says.
    ///
    /// # Panics
    /// If it said something that is no report.
    #[must_use]
    #[track_caller]
    pub fn of(ran: &Ran) -> Self {
        Self { code: ran.code, report: ran.json() }
    }

    /// That nothing is wrong, and nothing waits for a person. Gives the report.
    ///
    /// # Panics
    /// If something is; the message says what.
    #[track_caller]
    pub fn expect_clean(self) -> Report {
        let Self { code, report } = self;
        let broken: Vec<&Invariant> = report.invariants.iter().filter(|it| it.violations > 0).collect();
        assert!(report.holds && code == Some(0) && broken.is_empty(), "exit code {code:?}: {broken:#?}");
        assert_eq!(report.dead_letters, 0, "dead letters");
        report
    }
}
