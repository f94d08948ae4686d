//! A fresh store for a test, and what can be seen of it from outside.

use std::{any::Any, sync::Arc, time::Duration};

use contracts::{
    Currency, Money, OrderId, Service, Timestamp,
    events::{Event, PaymentAuthorised, PaymentCaptured, PaymentDeclined, PaymentRefunded},
};
use platform::{
    inbox::Received,
    messaging::Envelope,
    store::{Durability, Store as PlatformStore, StoreUrl},
    timers::Timer,
};
use uuid::Uuid;

use crate::{
    domain::Answer,
    provider::sandbox::{self, Account, Ledger},
    store::{self, Moment, SETTLE, Store},
};

/// What the orders of the tests cost.
pub const TOTAL: Money = Money::new(1_250, Currency::EUR);

/// Makes a test of each of these functions, for each kind of store.
macro_rules! over_each_store {
    ($($test:ident),+ $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test]
                async fn $test() {
                    super::$test(crate::fixture::Fixture::sqlite().await).await;
                }
            )+
        }

        #[cfg(feature = "real-servers")]
        mod postgres {
            $(
                #[tokio::test]
                async fn $test() {
                    super::$test(crate::fixture::Fixture::postgres().await).await;
                }
            )+
        }
    };
}

/// A store with nothing in it yet.
pub struct Fixture {
    pub platform: PlatformStore,
    pub store: Arc<dyn Store>,
    pub ledger: Arc<dyn Ledger>,
    /// What has to live as long as the store.
    _keep: Box<dyn Any + Send + Sync>,
}

impl Fixture {
    pub async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = StoreUrl::Sqlite(folder.path().to_owned());
        Self::at(&url, Box::new(folder)).await
    }

    /// A database of its own, on a server.
    #[cfg(feature = "real-servers")]
    pub async fn postgres() -> Self {
        let database = testkit::servers::FreshDatabase::create().await;
        let url = database.store_url();
        Self::at(&url, Box::new(database)).await
    }

    async fn at(url: &StoreUrl, keep: Box<dyn Any + Send + Sync>) -> Self {
        PlatformStore::migrate(url, Service::Payment, crate::migrations()).await.unwrap();
        let platform = PlatformStore::open(url, Service::Payment, Durability::Normal).await.unwrap();
        Self { store: store::open(&platform), ledger: sandbox::open(&platform), platform, _keep: keep }
    }

    /// What the checkout has been told, first to last.
    pub async fn answers(&self) -> Vec<Answer> {
        let messaging = self.platform.messaging();
        messaging.hold(Timestamp::now(), Duration::from_secs(60)).await.unwrap();
        let rows = messaging.fetch(0, 1_000).await.unwrap();
        rows.iter().map(|row| answer(row.envelope.as_ref().unwrap())).collect()
    }

    /// The timers of payments that have something to settle, whenever they are due.
    pub async fn timers(&self) -> Vec<Timer> {
        let far = Timestamp::now() + Duration::from_secs(24 * 60 * 60);
        let timers = self.platform.messaging().claim_due(far, Duration::ZERO, 1_000).await.unwrap();
        assert!(timers.iter().all(|timer| timer.kind == SETTLE));
        timers
    }

    /// What the provider's books say about an order.
    pub async fn account(&self, order_id: OrderId) -> Account {
        let accounts = self.ledger.accounts(None, 1_000).await.unwrap();
        let found = accounts.into_iter().find(|account| account.order_id == order_id);
        found.unwrap_or_else(|| Account::empty(order_id))
    }
}

fn answer(envelope: &Envelope) -> Answer {
    match envelope.event_type.as_str() {
        PaymentAuthorised::TYPE => Answer::Authorised(envelope.open::<PaymentAuthorised>().unwrap().amount),
        PaymentDeclined::TYPE => Answer::Declined(envelope.open::<PaymentDeclined>().unwrap().reason),
        PaymentCaptured::TYPE => Answer::Captured(envelope.open::<PaymentCaptured>().unwrap().amount),
        PaymentRefunded::TYPE => Answer::Refunded(envelope.open::<PaymentRefunded>().unwrap().amount),
        other => panic!("payment does not publish {other}"),
    }
}

/// A message that has not been seen before.
pub fn message() -> Received {
    Received { consumer: Service::Payment, message_id: Uuid::now_v7(), occurred_at: Timestamp::now() }
}

/// Now, with the timer in a minute.
pub fn moment() -> Moment {
    let now = Timestamp::now();
    Moment { now, retry_at: now + Duration::from_secs(60) }
}
