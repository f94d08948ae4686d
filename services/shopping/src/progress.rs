//! Who follows which order in this process, and what they are told of it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use contracts::OrderId;
use tokio::sync::broadcast;

use crate::domain::TimelineEntry;

/// Steps of an order that may wait for somebody who follows it; who falls behind looks at the store instead.
const WAITING: usize = 16;

type Steps = broadcast::Sender<Option<TimelineEntry>>;

/// The orders that somebody follows.
#[derive(Clone, Default)]
pub(crate) struct Progress(Arc<Mutex<HashMap<OrderId, Steps>>>);

impl Progress {
    /// Follows an order from now on.
    pub(crate) fn follow(&self, order_id: OrderId) -> Following {
        let steps =
            self.orders().entry(order_id).or_insert_with(|| broadcast::channel(WAITING).0).subscribe();
        Following { progress: self.clone(), order_id, steps: Some(steps) }
    }

    /// Tells those who follow an order of the step that it has taken, if it has.
    pub(crate) fn moved(&self, order_id: OrderId, step: Option<TimelineEntry>) {
        if step.is_some() {
            self.tell(order_id, step);
        }
    }

    /// Has those who follow an order look at the store.
    pub(crate) fn look(&self, order_id: OrderId) {
        self.tell(order_id, None);
    }

    fn tell(&self, order_id: OrderId, step: Option<TimelineEntry>) {
        if let Some(steps) = self.orders().get(&order_id) {
            // They may all be about to leave.
            steps.send(step).ok();
        }
    }

    fn orders(&self) -> MutexGuard<'_, HashMap<OrderId, Steps>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who follows an order, until this is dropped.
pub(crate) struct Following {
    progress: Progress,
    order_id: OrderId,
    /// There until this is dropped.
    steps: Option<broadcast::Receiver<Option<TimelineEntry>>>,
}

impl Following {
    /// Waits until this process has moved the order beyond the step with the number `seen`.
    ///
    /// # Returns
    /// The next step, if it is at hand; otherwise it is to be looked for in the store.
    pub(crate) async fn next(&mut self, seen: u32) -> Option<TimelineEntry> {
        let steps = self.steps.as_mut()?;
        loop {
            match steps.recv().await {
                Ok(Some(step)) if step.number <= seen => {}
                Ok(Some(step)) if step.number == seen + 1 => return Some(step),
                // One is missing: another process took it, or this one has yet to tell of it, or told of too many.
                _ => return None,
            }
        }
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let mut orders = self.progress.orders();
        // While nobody else comes or leaves: of two who leave at once the second sees that it is the last.
        drop(self.steps.take());
        if orders.get(&self.order_id).is_some_and(|steps| steps.receiver_count() == 0) {
            orders.remove(&self.order_id);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use contracts::{Timestamp, rpc::OrderStatus};
    use tokio::time::timeout;

    use super::*;

    fn step(number: u32) -> TimelineEntry {
        let (at, status) = (Timestamp::from_micros(0), OrderStatus::Reserved);
        TimelineEntry { number, at, status, note: String::new() }
    }

    #[tokio::test]
    async fn who_follows_an_order_is_told_of_its_steps_alone_and_of_each_once() {
        let progress = Progress::default();
        let (order, other) = (OrderId::new(), OrderId::new());
        let (mut one, mut another) = (progress.follow(order), progress.follow(order));
        progress.moved(other, Some(step(2)));
        progress.moved(order, None);
        for number in 1..=3 {
            progress.moved(order, Some(step(number)));
        }
        for following in [&mut one, &mut another] {
            assert_eq!(following.next(1).await, Some(step(2)), "what was seen is not told again");
            assert_eq!(following.next(2).await, Some(step(3)));
        }
        let rest = timeout(Duration::from_millis(10), one.next(3)).await;
        assert!(rest.is_err(), "there is nothing more: {rest:?}");
    }

    #[tokio::test]
    async fn who_misses_a_step_looks_at_the_store() {
        let progress = Progress::default();
        let order = OrderId::new();
        let mut following = progress.follow(order);
        progress.moved(order, Some(step(3)));
        assert_eq!(following.next(1).await, None, "another process took the second");
        progress.look(order);
        assert_eq!(following.next(3).await, None, "it is not said what happened");
        (0..100).for_each(|number| progress.moved(order, Some(step(number))));
        assert_eq!(following.next(3).await, None, "who falls behind has missed some");
    }

    #[test]
    fn followers_who_leave_at_once_leave_nothing_behind() {
        let progress = Progress::default();
        for _ in 0..5_000 {
            let order = OrderId::new();
            let followers = [progress.follow(order), progress.follow(order)];
            let barrier = std::sync::Barrier::new(followers.len());
            std::thread::scope(|scope| {
                for following in followers {
                    let barrier = &barrier;
                    scope.spawn(move || {
                        barrier.wait();
                        drop(following);
                    });
                }
            });
        }
        assert_eq!(progress.orders().len(), 0);
    }

    #[tokio::test]
    async fn orders_that_nobody_follows_are_forgotten() {
        let progress = Progress::default();
        let order = OrderId::new();
        let (one, another) = (progress.follow(order), progress.follow(order));
        drop(one);
        assert_eq!(progress.orders().len(), 1);
        drop(another);
        assert_eq!(progress.orders().len(), 0);
        progress.moved(order, Some(step(1)));
    }
}
