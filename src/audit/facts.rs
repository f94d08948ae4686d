//! What the databases say.

use std::collections::BTreeMap;

use anyhow::bail;
use contracts::{OrderId, Service};
use payment::{domain::Payment, provider::sandbox::Account};
use platform::store::Store;
use products::store::{LiveReservation, StockAudit};
use shopping::{
    domain::Order,
    store::{OrderAudit, OrderFilter},
};
use uuid::Uuid;

use crate::{roles, settings::Settings};

/// Rows that are read at a time.
const PAGE: u32 = 1_000;

/// What the databases of the four services say, each as of its own moment.
pub struct Facts {
    /// Orders, as shopping has them.
    pub orders: BTreeMap<OrderId, Order>,
    /// What is wrong with orders and keys as a whole.
    pub order_audit: OrderAudit,
    /// Reservations that tie up stock.
    pub reservations: BTreeMap<OrderId, LiveReservation>,
    /// What is wrong with stock.
    pub stock: StockAudit,
    /// Payments, as payment has them.
    pub payments: BTreeMap<OrderId, Payment>,
    /// What the provider really did.
    pub ledger: BTreeMap<OrderId, Account>,
    /// The outboxes in which events wait.
    pub outbox: BTreeMap<Service, Waiting>,
    /// Messages that could not be handled.
    pub dead_letters: u64,
}

/// What waits in an outbox.
#[derive(Clone, Copy, Debug)]
pub struct Waiting {
    /// The event that has waited longest.
    pub oldest: Uuid,
    /// How many there are.
    pub events: u64,
}

impl Facts {
    /// Reads everything.
    ///
    /// # Errors
    /// If a service has no store yet, or one cannot be read.
    pub async fn read(settings: &Settings) -> anyhow::Result<Self> {
        let mut stores = BTreeMap::new();
        for service in Service::ALL {
            if !roles::exists(service, settings)? {
                bail!("there is no shop in {}: {service} has no store there", settings.data.display());
            }
            stores.insert(service, roles::open(service, settings).await?);
        }
        Self::of(&stores).await
    }

    /// Reads everything from the stores of all services.
    ///
    /// # Errors
    /// If one cannot be read.
    pub async fn of(stores: &BTreeMap<Service, Store>) -> anyhow::Result<Self> {
        let (mut outbox, mut dead_letters) = (BTreeMap::new(), 0);
        for (service, store) in stores {
            let store = store.messaging();
            // By its name: an outbox of a busy shop is never seen without any, and each of them is soon gone.
            if let Some(oldest) = store.oldest().await? {
                outbox.insert(*service, Waiting { oldest, events: store.depth().await?.max(1) });
            }
            dead_letters += store.count_dead_letters().await?;
        }
        let shopping = shopping::store::open(&stores[&Service::Shopping]);
        let products = products::store::open(&stores[&Service::Products]);
        let payment = &stores[&Service::Payment];
        let reservations = products.live_reservations().await?;
        Ok(Self {
            orders: orders(&*shopping).await?,
            order_audit: shopping.audit_orders().await?,
            reservations: reservations.into_iter().map(|held| (held.order_id, held)).collect(),
            stock: products.audit_stock().await?,
            payments: payments(&*payment::store::open(payment)).await?,
            ledger: ledger(&*payment::provider::sandbox::open(payment)).await?,
            outbox,
            dead_letters,
        })
    }
}

async fn orders(store: &dyn shopping::store::Store) -> anyhow::Result<BTreeMap<OrderId, Order>> {
    let (mut orders, mut after) = (BTreeMap::new(), None);
    loop {
        let page = store.orders(OrderFilter { customer_id: None, status: None }, after, PAGE).await?;
        after = page.last().map(|order| order.id);
        orders.extend(page.into_iter().map(|order| (order.id, order)));
        if after.is_none() {
            return Ok(orders);
        }
    }
}

async fn payments(store: &dyn payment::store::Store) -> anyhow::Result<BTreeMap<OrderId, Payment>> {
    let (mut payments, mut after) = (BTreeMap::new(), None);
    loop {
        let page = store.payments(after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(payments) };
        after = Some(last.order_id);
        payments.extend(page.into_iter().map(|payment| (payment.order_id, payment)));
    }
}

async fn ledger(
    ledger: &dyn payment::provider::sandbox::Ledger,
) -> anyhow::Result<BTreeMap<OrderId, Account>> {
    let (mut accounts, mut after) = (BTreeMap::new(), None);
    loop {
        let page = ledger.accounts(after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(accounts) };
        after = Some(last.order_id);
        accounts.extend(page.into_iter().map(|account| (account.order_id, account)));
    }
}
