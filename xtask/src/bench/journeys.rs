//! What a shopper does, over and over: one step of the load is one whole journey.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{
    client::{Connection, Failure},
    world::{Customer, Product, empty_cart},
};

/// How many different products a cart that only grows holds: the answer to an addition has them all.
const LINES: usize = 5;
/// After so many additions a cart is emptied: it holds at most 1000 pieces of a product.
const ADDITIONS: usize = 4_000;
/// How long an order may take to its end. One step of a checkout is tried again after ten seconds.
const ORDER_LIMIT: Duration = Duration::from_secs(60);

/// A journey.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Journey {
    /// The first page of the catalogue.
    Browse,
    /// One product.
    View,
    /// One piece into the cart.
    Cart,
    /// The cart, as it is: a query with an RPC in it. Only by a single shopper.
    ReadCart,
    /// Two additions, an order, and waiting until it is confirmed.
    Order,
}

impl Journey {
    /// Its name in the report.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Browse => "browse",
            Self::View => "view",
            Self::Cart => "cart",
            Self::ReadCart => "read cart",
            Self::Order => "order",
        }
    }
}

/// Somebody on a connection of their own, who shops in the name of a few customers in turn.
pub(super) struct Shopper {
    connection: Connection,
    customers: Vec<Customer>,
    products: Arc<[Product]>,
    payment: Bytes,
    turn: usize,
}

/// A journey that went well.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    /// How long the journey took.
    pub took: Duration,
    /// For an order: from sending it until it was seen to be confirmed.
    pub confirmed_in: Option<Duration>,
    /// The requests that it took.
    pub requests: u64,
}

#[derive(Deserialize)]
struct Order<'a> {
    #[serde(borrow)]
    id: &'a str,
}

#[derive(Deserialize)]
struct Step<'a> {
    #[serde(borrow)]
    status: &'a str,
}

impl Shopper {
    /// A shopper who begins at another product than others, by `number`.
    pub fn new(
        connection: Connection,
        customers: Vec<Customer>,
        products: Arc<[Product]>,
        number: usize,
    ) -> Self {
        let payment = Bytes::from_static(br#"{"payment":{"token":"tok_ok"}}"#);
        // A distance that shares no divisor with the number of products, so that shoppers do not walk in step.
        Self { connection, customers, products, payment, turn: number * 7 }
    }

    /// Makes one journey.
    ///
    /// # Errors
    /// If it did not end as it ought to.
    pub async fn make(&mut self, journey: Journey) -> Result<Sample, Failure> {
        self.turn += 1;
        let (begin, before) = (Instant::now(), self.connection.requests);
        let confirmed_in = match journey {
            Journey::Browse => self.browse().await.map(|()| None),
            Journey::View => self.view().await.map(|()| None),
            Journey::Cart => self.add_to_growing_cart().await.map(|()| None),
            Journey::ReadCart => self.read_cart().await.map(|()| None),
            Journey::Order => self.order().await.map(Some),
        }?;
        Ok(Sample { took: begin.elapsed(), confirmed_in, requests: self.connection.requests - before })
    }

    /// After a failure: what is left in the cart would be in the next order as well.
    pub async fn recover(&mut self) {
        let customer = self.customer();
        // If this fails too, so will the next journey, and that is counted.
        empty_cart(&mut self.connection, &customer).await.ok();
    }

    async fn browse(&mut self) -> Result<(), Failure> {
        self.connection.get("/products/?limit=20", None).await?.expect(200).map(drop)
    }

    async fn view(&mut self) -> Result<(), Failure> {
        let path = &self.products[self.turn % self.products.len()].path;
        self.connection.get(path, None).await?.expect(200).map(drop)
    }

    async fn add_to_growing_cart(&mut self) -> Result<(), Failure> {
        let customer = self.customer();
        let round = self.turn / self.customers.len();
        if round.is_multiple_of(ADDITIONS) {
            empty_cart(&mut self.connection, &customer).await?;
        }
        self.add(&customer, round % LINES).await
    }

    async fn read_cart(&mut self) -> Result<(), Failure> {
        let customer = self.customer();
        self.connection.get("/shopping/cart", Some(&customer.bearer)).await?.expect(200).map(drop)
    }

    async fn order(&mut self) -> Result<Duration, Failure> {
        let customer = self.customer();
        self.add(&customer, self.turn * 2).await?;
        self.add(&customer, self.turn * 2 + 1).await?;
        let placed = Instant::now();
        let bearer = Some(&customer.bearer);
        let answer =
            self.connection.post("/shopping/orders", bearer, self.payment.clone()).await?.expect(202)?;
        let path = format!("/shopping/orders/{}/events", read::<Order<'_>>(&answer.body)?.id);
        while placed.elapsed() < ORDER_LIMIT {
            // The stream ends with the checkout, so that the answer has all its steps.
            let answer = self.connection.get(&path, bearer).await?.expect(200)?;
            match last_status(&answer.body)? {
                "confirmed" => return Ok(placed.elapsed()),
                // The shop has ended it, as one that restarts would.
                "pending" | "reserved" | "authorised" => {}
                other => return Err(format!("an order ended as {other}")),
            }
        }
        Err("an order did not end in time".to_owned())
    }

    async fn add(&mut self, customer: &Customer, product: usize) -> Result<(), Failure> {
        let addition = self.products[product % self.products.len()].addition.clone();
        self.connection.post("/shopping/cart", Some(&customer.bearer), addition).await?.expect(200).map(drop)
    }

    fn customer(&self) -> Customer {
        self.customers[self.turn % self.customers.len()].clone()
    }
}

fn read<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, Failure> {
    serde_json::from_slice(json).map_err(|error| format!("an order that is not understood: {error}"))
}

/// The status in the last event of a stream.
fn last_status(stream: &[u8]) -> Result<&str, Failure> {
    let lines = stream.rsplit(|&byte| byte == b'\n');
    let last = lines.filter_map(|line| line.strip_prefix(b"data:")).next();
    last.map_or_else(|| Err("a stream without events".to_owned()), |data| Ok(read::<Step<'_>>(data)?.status))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_order_only_the_id_is_read() {
        let order: Order<'_> = read(br#"{"id":"7","status":"pending","items":[{"quantity":1}]}"#).unwrap();
        assert_eq!(order.id, "7");
    }

    #[test]
    fn of_a_stream_only_the_last_status_is_read() {
        let stream = b"id:1\nevent:status\ndata:{\"status\":\"pending\"}\n\n:still there\n\nid:2\ndata:{\"status\":\"confirmed\"}\n\n";
        assert_eq!(last_status(stream).unwrap(), "confirmed");
        last_status(b":still there\n\n").unwrap_err();
    }
}
