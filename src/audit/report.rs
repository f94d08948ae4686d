//! What an audit found.

use std::collections::BTreeMap;

use serde::Serialize;

/// Examples that are named of what breaks an invariant.
const EXAMPLES: usize = 10;

/// Whether something that is promised is so.
#[derive(Debug, Serialize)]
pub struct Invariant {
    /// Its name, for scripts.
    pub name: &'static str,
    /// What is promised.
    pub promise: &'static str,
    /// How many cases were looked at.
    pub checked: u64,
    /// How many of them break it.
    pub violations: u64,
    /// Some of those.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<String>,
}

impl Invariant {
    /// Nothing looked at yet.
    pub const fn new(name: &'static str, promise: &'static str) -> Self {
        Self { name, promise, checked: 0, violations: 0, examples: Vec::new() }
    }

    /// Looks at one case, which `holds` or is described by `example`.
    pub fn case(&mut self, holds: bool, example: impl FnOnce() -> String) {
        self.checked += 1;
        if !holds {
            self.violations += 1;
            if self.examples.len() < EXAMPLES {
                self.examples.push(example());
            }
        }
    }

    /// Looks at `checked` cases, of which `violations` break it.
    #[must_use]
    pub fn counted(mut self, checked: u64, violations: u64) -> Self {
        self.checked += checked;
        self.violations += violations;
        self
    }

    /// Whether no case breaks it.
    pub const fn holds(&self) -> bool {
        self.violations == 0
    }
}

/// What an audit found.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Whether every invariant holds.
    pub holds: bool,
    /// Each with its counts.
    pub invariants: Vec<Invariant>,
    /// Orders by status.
    pub orders: BTreeMap<&'static str, u64>,
    /// Messages that a person has to look at. They are not lost, so they break no invariant.
    pub dead_letters: u64,
}
