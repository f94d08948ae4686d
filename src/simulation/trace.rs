//! What happened, in words that are the same each time.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::time::Instant;
use uuid::Uuid;

/// What happened up to now. Ids are different each time, so they are called by the order in which they came up.
#[derive(Clone)]
pub(super) struct Trace(Arc<Mutex<Told>>);

struct Told {
    begun: Instant,
    lines: Vec<String>,
    names: HashMap<Uuid, usize>,
}

impl Trace {
    pub(super) fn new() -> Self {
        let told = Told { begun: Instant::now(), lines: Vec::new(), names: HashMap::new() };
        Self(Arc::new(Mutex::new(told)))
    }

    /// Adds a line that ends with what it is about.
    pub(super) fn note(&self, what: &str, about: Option<Uuid>) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = told.begun.elapsed().as_millis();
        let next = told.names.len() + 1;
        let name = about.map(|id| *told.names.entry(id).or_insert(next));
        let line = name.map_or_else(|| format!("{at:>7} {what}"), |name| format!("{at:>7} {what} #{name}"));
        told.lines.push(line);
    }

    pub(super) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).lines.clone()
    }
}
