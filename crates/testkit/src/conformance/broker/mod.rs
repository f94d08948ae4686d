//! The promises of [`Broker`].

mod asking;
mod delivery;
mod limits;
mod outage;
mod publishing;
mod samples;

use std::{any::Any, sync::Arc, time::Duration};

use async_trait::async_trait;
use contracts::Service;
use platform::messaging::{Broker, Delivery, Envelope};
use tokio::{sync::mpsc, task::JoinHandle, time::timeout};

pub use asking::{
    a_large_answer_arrives_whole, a_question_is_answered, a_refusal_arrives_as_it_was_given,
    a_server_that_drops_a_question_has_failed_before_the_deadline, concurrent_questions_are_not_mixed_up,
};
pub use delivery::{
    instances_of_a_service_share_its_events, the_order_within_an_aggregate_is_kept,
    what_was_given_back_is_delivered_again, what_was_held_by_a_consumer_that_went_away_goes_to_the_next,
    what_was_settled_is_not_delivered_again,
};
pub use limits::{
    a_flood_of_questions_is_bounded_and_passes, a_full_consumer_does_not_hold_up_another,
    a_question_that_is_too_late_is_not_asked, a_server_that_does_not_answer_is_given_up_at_the_deadline,
    a_service_that_nobody_serves_is_given_up_by_the_deadline, an_answer_that_is_too_late_goes_to_nobody,
    no_more_than_the_window_is_unsettled,
};
pub use outage::{
    a_client_of_a_broker_that_is_gone_says_so, streams_end_when_the_broker_goes_away,
    what_was_confirmed_survives_a_restart,
};
pub use publishing::{
    a_confirmed_event_reaches_a_consumer_that_comes_later, an_event_arrives_as_it_was_published,
    an_event_reaches_every_service_that_subscribes_to_it_and_no_other,
};

/// What a broker can do beyond what all have to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Supports {
    /// Two processes may serve the same service, and share its events and questions.
    pub instances: bool,
    /// It can be stopped and started again while its clients live on: [`BrokerHarness::restart`].
    pub restart: bool,
    /// It tells an asker at once that a server's window is full. Otherwise the deadline does.
    pub tells_busy: bool,
}

/// How the suite gets at an adapter and its broker.
#[async_trait]
pub trait BrokerHarness: Send + Sync + Sized + 'static {
    /// What the broker can do.
    const SUPPORTS: Supports;

    /// A broker that has never seen a message: a new one, or a corner of a running one that is this test's alone.
    async fn fresh() -> Self;

    /// A client of this broker, as a process has one. Several may be connected at a time.
    async fn connect(&self) -> Arc<dyn Broker>;

    /// Stops the broker and starts it again with what it had stored, if [`Supports::restart`].
    async fn restart(&self) {}

    /// The broker goes away for good.
    ///
    /// # Returns
    /// Those of the `clients` that can still be asked. A client that is the broker itself cannot.
    async fn stop(self, clients: Vec<Arc<dyn Broker>>) -> Vec<Arc<dyn Broker>>;

    /// After the last promise of a `broker_conformance!(in one test …)`.
    ///
    /// # Returns
    /// What the promises have shared. It ends with this value, and tells what it has said if that is in a panic.
    async fn finish() -> Option<Box<dyn Any + Send>> {
        None
    }
}

/// How long something that has to happen may take, on a busy machine.
const LIMIT: Duration = Duration::from_secs(30);
/// How long the suite listens for what must not come.
const QUIET: Duration = Duration::from_millis(250);
/// A deadline that is far away for a question that is answered.
const PATIENCE: Duration = Duration::from_secs(30);

/// The next delivery.
async fn next(deliveries: &mut mpsc::Receiver<Delivery>) -> Delivery {
    let delivery = timeout(LIMIT, deliveries.recv()).await.expect("a delivery should have come");
    delivery.expect("the stream ended, and a delivery should have come")
}

/// What `client` is delivered for `consumer`.
async fn subscribed(client: &Arc<dyn Broker>, consumer: Service, window: usize) -> mpsc::Receiver<Delivery> {
    client.subscribe(consumer, window).await.expect("a subscription")
}

/// Publishes as the relay does: again and again, until it is confirmed.
fn publishing(client: &Arc<dyn Broker>, envelope: &Envelope) -> JoinHandle<()> {
    let (client, envelope) = (Arc::clone(client), envelope.clone());
    tokio::spawn(async move {
        while let Err(_not_taken_yet) = client.publish(&envelope).await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
}

/// Waits for something that [`publishing`] or the test itself began.
async fn done<T>(what: &str, task: JoinHandle<T>) -> T {
    let outcome = timeout(LIMIT, task).await.unwrap_or_else(|_| panic!("waited {LIMIT:?} in vain: {what}"));
    outcome.unwrap_or_else(|error| panic!("{what}: {error}"))
}

/// Makes one test of each promise of a [`Broker`], over the [`BrokerHarness`] that is named; with `in one test` before it,
/// a single test that goes through all of them, for a broker that takes long to start.
#[macro_export]
macro_rules! broker_conformance {
    (in one test $harness:ty) => {
        $crate::broker_conformance!(@promises together $harness);
    };
    (@promises $how:ident $harness:ty) => {
        $crate::broker_conformance!(@$how $harness:
            a_client_of_a_broker_that_is_gone_says_so,
            a_confirmed_event_reaches_a_consumer_that_comes_later,
            a_flood_of_questions_is_bounded_and_passes,
            a_full_consumer_does_not_hold_up_another,
            a_large_answer_arrives_whole,
            a_question_is_answered,
            a_question_that_is_too_late_is_not_asked,
            a_refusal_arrives_as_it_was_given,
            a_server_that_does_not_answer_is_given_up_at_the_deadline,
            a_server_that_drops_a_question_has_failed_before_the_deadline,
            a_service_that_nobody_serves_is_given_up_by_the_deadline,
            an_answer_that_is_too_late_goes_to_nobody,
            an_event_arrives_as_it_was_published,
            an_event_reaches_every_service_that_subscribes_to_it_and_no_other,
            concurrent_questions_are_not_mixed_up,
            instances_of_a_service_share_its_events,
            no_more_than_the_window_is_unsettled,
            streams_end_when_the_broker_goes_away,
            the_order_within_an_aggregate_is_kept,
            what_was_confirmed_survives_a_restart,
            what_was_given_back_is_delivered_again,
            what_was_held_by_a_consumer_that_went_away_goes_to_the_next,
            what_was_settled_is_not_delivered_again,
        );
    };
    (@together $harness:ty: $($promise:ident),+ $(,)?) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn every_promise_of_a_broker_is_kept() {
            let mut broken = Vec::new();
            $(
                let promise = $crate::conformance::broker::$promise::<$harness>();
                if tokio::spawn(promise).await.is_err() {
                    broken.push(stringify!($promise));
                }
            )+
            let _shared = <$harness as $crate::conformance::broker::BrokerHarness>::finish().await;
            assert!(broken.is_empty(), "what each panicked with is above: {broken:#?}");
        }
    };
    (@apart $harness:ty: $($promise:ident),+ $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                $crate::conformance::broker::$promise::<$harness>().await;
            }
        )+
    };
    ($harness:ty) => {
        $crate::broker_conformance!(@promises apart $harness);
    };
}
