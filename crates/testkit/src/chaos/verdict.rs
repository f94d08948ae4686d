//! Whether a promise was kept.

use serde::Serialize;

use crate::shop::Invariant;

/// How many examples of what breaks a promise are kept.
const EXAMPLES: usize = 10;

/// Who looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// `mercato audit`, in the databases.
    Audit,
    /// The clients' log, against what the shop says.
    Clients,
    /// Triggers in the databases.
    Witnesses,
}

/// A promise, and how it stands with it.
#[derive(Clone, Debug, Serialize)]
pub struct Verdict {
    /// Its name.
    pub name: String,
    /// Who looked.
    pub by: By,
    /// What is promised.
    pub promise: String,
    /// How many cases were looked at.
    pub checked: u64,
    /// How many of them break it.
    pub violations: u64,
    /// Some of those.
    pub examples: Vec<String>,
}

impl Verdict {
    /// Nothing looked at yet.
    #[must_use]
    pub fn new(by: By, name: &str, promise: &str) -> Self {
        let (name, promise) = (name.to_owned(), promise.to_owned());
        Self { name, by, promise, checked: 0, violations: 0, examples: Vec::new() }
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

    /// Whether nothing breaks it.
    #[must_use]
    pub const fn holds(&self) -> bool {
        self.violations == 0
    }
}

impl From<&Invariant> for Verdict {
    fn from(invariant: &Invariant) -> Self {
        let Invariant { name, promise, checked, violations, mut examples } = invariant.clone();
        examples.truncate(EXAMPLES);
        Self { name, by: By::Audit, promise, checked, violations, examples }
    }
}
