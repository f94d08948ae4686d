//! What is answered, as far as `contracts` does not have it: written here anew, so that a service that changes its
//! answers breaks a test.

use contracts::{AddressId, CustomerId, Money, OrderId, ProductId, Timestamp, rpc::OrderStatus};
use serde::Deserialize;

/// A page of a list.
#[derive(Clone, Debug, Deserialize)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// What to send as `after` for the next page.
    pub next: Option<String>,
}

/// Tokens.
#[derive(Clone, Debug, Deserialize)]
pub struct Tokens {
    /// Who has signed in.
    pub id: CustomerId,
    /// The access token.
    pub access_token: String,
    /// The refresh token.
    pub refresh_token: String,
    /// `Bearer`.
    pub token_type: String,
    /// In seconds.
    pub expires_in: u64,
}

/// A product of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Product {
    /// Which product.
    pub id: ProductId,
    /// What it is called.
    pub name: String,
    /// What there is to say about it.
    pub description: String,
    /// The slug of its category.
    pub category: String,
    /// The price of one piece.
    pub price: Money,
    /// How many can be bought now.
    pub stock: u32,
    /// Whether any can be bought now.
    pub in_stock: bool,
    /// Where a picture of it is.
    pub image_url: Option<String>,
    /// When it left the catalogue.
    pub archived_at: Option<Timestamp>,
}

/// One of a customer's addresses.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Address {
    /// Which one.
    pub id: AddressId,
    /// Street and number.
    pub street: String,
    /// City.
    pub city: String,
}

/// A step that an order took.
#[derive(Clone, Debug, Deserialize)]
pub struct Step {
    /// When.
    pub at: Timestamp,
    /// Where the order stood then.
    pub status: OrderStatus,
    /// What happened.
    pub note: String,
}

/// The payment of an order, as staff see it.
#[derive(Clone, Debug, Deserialize)]
pub struct Payment {
    /// For which order.
    pub order_id: OrderId,
    /// Where it stands.
    pub status: String,
    /// How much was asked for.
    pub amount: Option<Money>,
    /// How much became ours.
    pub captured: Option<Money>,
    /// How much went back.
    pub refunded: Option<Money>,
    /// What the provider was asked and what it said.
    pub history: Vec<PaymentStep>,
}

impl Payment {
    /// How much became ours, in minor units.
    #[must_use]
    pub fn taken(&self) -> i64 {
        self.captured.map_or(0, |money| money.amount)
    }

    /// How often an operation had this outcome.
    #[must_use]
    pub fn times(&self, outcome: &str) -> usize {
        self.history.iter().filter(|step| step.outcome == outcome).count()
    }
}

/// A line of a payment's history.
#[derive(Clone, Debug, Deserialize)]
pub struct PaymentStep {
    /// What the provider was asked.
    pub operation: String,
    /// What became of it.
    pub outcome: String,
}

/// A problem document (RFC 9457).
#[derive(Clone, Debug, Deserialize)]
pub struct Problem {
    /// What kind of problem.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What was wrong this time.
    pub detail: Option<String>,
    /// The fields at fault.
    #[serde(default)]
    pub errors: Vec<FieldError>,
    /// What the logs know the request by.
    pub trace_id: String,
}

/// A field at fault.
#[derive(Clone, Debug, Deserialize)]
pub struct FieldError {
    /// Which field.
    pub field: String,
    /// What it has to be.
    pub message: String,
}
