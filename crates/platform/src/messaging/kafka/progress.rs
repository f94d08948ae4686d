//! How far a consumer has come in each partition that it was given.
//!
//! Kafka knows one number for a group and a partition: the offset from which the next owner reads. So what is committed is
//! the first offset that is not settled, however many after it are: nothing is skipped, and what was settled out of turn
//! comes again after a crash, where the inbox drops it.

use std::collections::{BTreeSet, HashMap};

use super::suspicion::Suspicion;

/// A topic, and the number of one of its partitions.
pub(super) type Place = (String, i32);

/// What was taken from a partition, as long as it was this consumer's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    pub(super) place: Place,
    offset: i64,
    /// Which assignment of the partition to this consumer: it may come back to it after another has had it.
    assignment: u64,
}

#[derive(Debug)]
struct Partition {
    assignment: u64,
    unsettled: BTreeSet<i64>,
    /// The offset after the last that was taken.
    next: i64,
    /// The offset of the first that was taken. What is committed there tells how many have begun there.
    begun: i64,
    committed: i64,
    suspicion: Suspicion,
}

impl Partition {
    fn first_unsettled(&self) -> i64 {
        self.unsettled.first().copied().unwrap_or(self.next)
    }
}

/// All partitions of a consumer that it has taken something from.
#[derive(Debug, Default)]
pub(super) struct Progress {
    partitions: HashMap<Place, Partition>,
    assignments: u64,
}

impl Progress {
    /// Whether something was taken from `place` since it was given to this consumer.
    pub(super) fn knows(&self, place: &Place) -> bool {
        self.partitions.contains_key(place)
    }

    /// Begins with `place` at `offset`.
    pub(super) fn begin(&mut self, place: Place, offset: i64, suspicion: Suspicion) {
        self.assignments += 1;
        let assignment = self.assignments;
        let unsettled = BTreeSet::new();
        let partition =
            Partition { assignment, unsettled, next: offset, begun: offset, committed: offset, suspicion };
        self.partitions.insert(place, partition);
    }

    /// Notes what was taken from a partition that has been begun with; `None` if it is another's by now.
    pub(super) fn take(&mut self, place: &Place, offset: i64) -> Option<Ticket> {
        let partition = self.partitions.get_mut(place)?;
        partition.unsettled.insert(offset);
        partition.next = partition.next.max(offset + 1);
        Some(Ticket { place: place.clone(), offset, assignment: partition.assignment })
    }

    /// Notes that `ticket` need not be delivered again.
    pub(super) fn settle(&mut self, ticket: &Ticket) {
        if let Some(partition) = self.partition(ticket) {
            partition.unsettled.remove(&ticket.offset);
        }
    }

    /// Whether the partition is still this consumer's, and was all the time.
    pub(super) fn holds(&mut self, ticket: &Ticket) -> bool {
        self.partition(ticket).is_some()
    }

    /// Whether `ticket` may be what ends its process again and again.
    pub(super) fn is_suspect(&mut self, ticket: &Ticket) -> bool {
        self.partition(ticket).is_some_and(|partition| partition.suspicion.is_of(ticket.offset))
    }

    /// Whether `ticket` may be worked on now: what is suspect is so alone, when all before it is done.
    pub(super) fn is_its_turn(&mut self, ticket: &Ticket) -> bool {
        self.partition(ticket).is_none_or(|partition| {
            !partition.suspicion.is_of(ticket.offset) || partition.unsettled.first() == Some(&ticket.offset)
        })
    }

    /// What is to be committed: for each partition that has got on, the offset, and what is to be said with it.
    pub(super) fn due(&mut self) -> Vec<(Place, i64, String)> {
        let due = self.partitions.iter_mut().filter_map(|(place, partition)| {
            let first = partition.first_unsettled();
            if first <= partition.committed {
                return None;
            }
            partition.committed = first;
            Some((place.clone(), first, partition.suspicion.at(first)))
        });
        due.collect()
    }

    /// What is to be committed at the end, whether or not it seems to have been: an offset that is on its way may yet be
    /// refused.
    pub(super) fn all(&mut self) -> Vec<(Place, i64, String)> {
        self.partitions.values_mut().for_each(|partition| partition.committed = partition.begun);
        self.due()
    }

    /// Notes that what was due for `place` has not been committed.
    pub(super) fn not_committed(&mut self, place: &Place) {
        if let Some(partition) = self.partitions.get_mut(place) {
            partition.committed = partition.begun;
        }
    }

    /// Notes that `place` is another's.
    pub(super) fn forget(&mut self, place: &Place) {
        self.partitions.remove(place);
    }

    /// The offset that is expected next in each partition; `None` where something is still to be settled.
    pub(super) fn expected(&self) -> HashMap<Place, Option<i64>> {
        let expected = |partition: &Partition| partition.unsettled.is_empty().then_some(partition.next);
        self.partitions.iter().map(|(place, partition)| (place.clone(), expected(partition))).collect()
    }

    fn partition(&mut self, ticket: &Ticket) -> Option<&mut Partition> {
        let partition = self.partitions.get_mut(&ticket.place)?;
        (partition.assignment == ticket.assignment).then_some(partition)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn place() -> Place {
        ("events".to_owned(), 3)
    }

    fn begun(offset: i64) -> Progress {
        let mut progress = Progress::default();
        progress.begin(place(), offset, Suspicion::none());
        progress
    }

    fn due(progress: &mut Progress) -> Option<i64> {
        progress.due().first().map(|(_, offset, _)| *offset)
    }

    #[test]
    fn only_what_lies_before_everything_unsettled_is_committed() {
        let mut progress = begun(5);
        let tickets: Vec<_> = (5..9).map(|offset| progress.take(&place(), offset).unwrap()).collect();
        assert_eq!(due(&mut progress), None);
        progress.settle(&tickets[1]);
        progress.settle(&tickets[3]);
        assert_eq!(due(&mut progress), None);
        progress.settle(&tickets[0]);
        assert_eq!(due(&mut progress), Some(7));
        assert_eq!(due(&mut progress), None, "it is committed once");
        progress.settle(&tickets[2]);
        assert_eq!(due(&mut progress), Some(9));
    }

    #[test]
    fn what_is_settled_after_the_partition_was_another_s_counts_for_nothing() {
        let mut progress = begun(5);
        let ticket = progress.take(&place(), 5).unwrap();
        progress.forget(&place());
        progress.settle(&ticket);
        assert!(!progress.holds(&ticket));
        progress.begin(place(), 5, Suspicion::none());
        let again = progress.take(&place(), 5).unwrap();
        progress.settle(&ticket);
        assert_eq!(due(&mut progress), None);
        progress.settle(&again);
        assert_eq!(due(&mut progress), Some(6));
    }

    #[test]
    fn what_could_not_be_committed_is_due_again() {
        let mut progress = begun(0);
        let ticket = progress.take(&place(), 0).unwrap();
        progress.settle(&ticket);
        assert_eq!(due(&mut progress), Some(1));
        progress.not_committed(&place());
        assert_eq!(due(&mut progress), Some(1));
        assert_eq!(progress.all().len(), 1, "at the end it is committed once more");
    }

    #[test]
    fn who_has_not_got_on_does_not_wipe_out_that_somebody_began() {
        let mut progress = begun(7);
        progress.take(&place(), 7).unwrap();
        progress.not_committed(&place());
        assert_eq!(progress.all(), []);
    }

    proptest! {
        /// Offsets may have gaps, and are settled in any order: what is committed never lies beyond one that is not settled,
        /// and in the end beyond all.
        #[test]
        fn nothing_unsettled_is_ever_passed(
            offsets in proptest::collection::btree_set(0i64..1_000, 1..60),
            order in proptest::collection::vec(any::<prop::sample::Index>(), 60),
        ) {
            let mut progress = begun(0);
            let mut open: Vec<_> = offsets.iter().map(|o| progress.take(&place(), *o).unwrap()).collect();
            let last = offsets.last().copied().unwrap_or_default();
            let mut committed = 0;
            for index in order {
                if open.is_empty() {
                    break;
                }
                let ticket = open.swap_remove(index.index(open.len()));
                progress.settle(&ticket);
                if let Some(offset) = due(&mut progress) {
                    prop_assert!(offset > committed);
                    committed = offset;
                }
                prop_assert!(open.iter().all(|ticket| ticket.offset >= committed));
            }
            if open.is_empty() {
                prop_assert_eq!(committed, last + 1);
            }
        }
    }
}
