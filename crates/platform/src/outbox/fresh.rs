//! What this process has just committed: its relay takes it from here, without a question to the database.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::OutboxRow;

/// Rows that are kept for a relay that does not come. Beyond them it has to look.
const ROOM: usize = 1_000;

/// Rows on the way from a commit to the relay.
#[derive(Debug, Default)]
pub(crate) struct Fresh {
    written: Mutex<Written>,
}

/// What was written into the outbox: by one transaction, or by several.
#[derive(Debug, Default)]
pub(crate) struct Written {
    rows: Vec<OutboxRow>,
    /// Whether there is a row that waits for others of its aggregate.
    behind: bool,
}

impl Written {
    /// Nothing yet.
    pub const fn new() -> Self {
        Self { rows: Vec::new(), behind: false }
    }

    /// Adds a row, if nothing of its aggregate is `waiting` before it.
    pub fn add(&mut self, row: OutboxRow, waiting: bool) {
        if waiting {
            self.behind = true;
        } else {
            self.rows.push(row);
        }
    }

    /// Whether there is nothing.
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty() && !self.behind
    }
}

impl Fresh {
    /// Adds what a transaction has written and committed.
    pub fn add(&self, written: Written) {
        let mut all = self.written();
        all.behind |= written.behind || all.rows.len() + written.rows.len() > ROOM;
        if all.behind {
            // The look that is due finds them all.
            all.rows.clear();
        } else {
            all.rows.extend(written.rows);
        }
    }

    /// Takes everything out; nothing if a look at the outbox is due.
    pub fn take(&self) -> Option<Vec<OutboxRow>> {
        let Written { rows, behind } = std::mem::take(&mut *self.written());
        (!behind).then_some(rows)
    }

    fn written(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn row(id: i64) -> OutboxRow {
        OutboxRow { id, aggregate: Uuid::nil(), envelope: Err("not read here".to_owned()) }
    }

    fn written(row: OutboxRow, waiting: bool) -> Written {
        let mut written = Written::default();
        written.add(row, waiting);
        written
    }

    #[test]
    fn rows_are_handed_over_once_in_the_order_of_their_commits() {
        let fresh = Fresh::default();
        fresh.add(written(row(1), false));
        fresh.add(written(row(2), false));
        let ids: Vec<i64> = fresh.take().unwrap().iter().map(|row| row.id).collect();
        assert_eq!(ids, [1, 2]);
        assert!(fresh.take().unwrap().is_empty());
    }

    #[test]
    fn a_row_that_waits_makes_the_relay_look() {
        let fresh = Fresh::default();
        fresh.add(written(row(1), false));
        fresh.add(written(row(2), true));
        fresh.add(written(row(3), false));
        assert!(fresh.take().is_none());
        assert!(fresh.take().unwrap().is_empty(), "one look is enough");
    }

    #[test]
    fn what_nobody_takes_does_not_grow() {
        let fresh = Fresh::default();
        (0..=1_000).for_each(|id| fresh.add(written(row(id), false)));
        assert!(fresh.take().is_none());
    }
}
