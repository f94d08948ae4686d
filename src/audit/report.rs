//! What an audit found.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
};

use serde::Serialize;

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
    /// Those that have a name: all of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<Example>,
}

/// A case that breaks a promise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
pub struct Example {
    /// What it is about, such as the order.
    of: String,
    /// What is wrong with it.
    pub text: String,
}

impl From<Example> for String {
    fn from(example: Example) -> Self {
        example.text
    }
}

impl Invariant {
    /// Nothing looked at yet.
    pub const fn new(name: &'static str, promise: &'static str) -> Self {
        Self { name, promise, checked: 0, violations: 0, examples: Vec::new() }
    }

    /// Looks at the case of `of`, which `holds` or is described by `example`.
    pub fn case(&mut self, of: impl Display, holds: bool, example: impl FnOnce() -> String) {
        self.checked += 1;
        if !holds {
            self.violations += 1;
            self.examples.push(Example { of: of.to_string(), text: example() });
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

    /// Leaves out the cases that did not break it `before`.
    fn keep_lasting(&mut self, before: &Self) {
        let known: BTreeSet<&str> = before.examples.iter().map(|example| &*example.of).collect();
        let all = self.examples.len();
        self.examples.retain(|example| known.contains(&*example.of));
        self.violations -= (all - self.examples.len()) as u64;
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

impl Report {
    /// Without what was not amiss `before`: in a shop that is busy something always is under way, while what is broken
    /// stays so.
    #[must_use]
    pub fn lasting(mut self, before: &Self) -> Self {
        for (invariant, before) in self.invariants.iter_mut().zip(&before.invariants) {
            invariant.keep_lasting(before);
        }
        self.holds = self.invariants.iter().all(Invariant::holds);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(orders: &[u32], counted: u64) -> Report {
        let mut ends = Invariant::new("orders_end", "every order ends");
        ends.case(0, true, String::new);
        for order in orders {
            ends.case(order, false, || format!("{order} is pending"));
        }
        let invariants = vec![ends, Invariant::new("stock", "stock adds up").counted(9, counted)];
        let holds = orders.is_empty() && counted == 0;
        Report { holds, invariants, orders: BTreeMap::new(), dead_letters: 0 }
    }

    #[test]
    fn what_is_under_way_is_no_violation_and_what_stays_is() {
        let stuck = found(&[1, 2, 7], 0).lasting(&found(&[7, 8], 0));
        assert!(!stuck.holds);
        assert_eq!((stuck.invariants[0].checked, stuck.invariants[0].violations), (4, 1));
        assert_eq!(stuck.invariants[0].examples[0].text, "7 is pending");
        let well = found(&[9], 0).lasting(&stuck);
        assert!(well.holds && well.invariants[0].examples.is_empty());
        assert!(!found(&[], 1).lasting(&well).holds, "what has no name is as it is now");
    }

    #[test]
    fn scripts_read_the_text_of_every_case() {
        let orders: Vec<u32> = (1..=30).collect();
        let json = serde_json::to_value(found(&orders, 0)).unwrap();
        let examples = json["invariants"][0]["examples"].as_array().unwrap();
        assert_eq!((examples.len(), &examples[29]), (30, &serde_json::json!("30 is pending")));
    }
}
