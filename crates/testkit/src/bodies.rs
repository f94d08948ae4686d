//! What is sent.

use contracts::{Currency, Money};
use serde::Serialize;
use uuid::Uuid;

/// A product for the catalogue: something that can be sold, unless the test says otherwise.
#[derive(Clone, Debug, Serialize)]
pub struct ProductBody {
    /// What it is called.
    pub name: String,
    /// What there is to say about it.
    pub description: String,
    /// The slug of its category.
    pub category: String,
    /// The price of one piece.
    pub price: Money,
    /// How many there are.
    pub stock: u32,
    /// Where a picture of it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_url: Option<String>,
}

impl ProductBody {
    /// 100 pieces at 12.50 EUR in the category `kitchen`.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            description: format!("{name}, made to be bought by tests."),
            category: "kitchen".to_owned(),
            price: Money::new(1_250, Currency::EUR),
            stock: 100,
            image_url: None,
        }
    }

    /// The same in another category.
    #[must_use]
    pub fn category(self, category: &str) -> Self {
        Self { category: category.to_owned(), ..self }
    }

    /// The same at another price, in cents.
    #[must_use]
    pub fn cents(self, amount: i64) -> Self {
        Self { price: Money::new(amount, Currency::EUR), ..self }
    }

    /// The same with so many pieces.
    #[must_use]
    pub fn stock(self, stock: u32) -> Self {
        Self { stock, ..self }
    }
}

/// An address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AddressBody {
    /// Who takes the parcel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Street and number.
    pub street: String,
    /// Postal code.
    pub postal_code: String,
    /// City.
    pub city: String,
    /// ISO 3166-1 alpha-2 code.
    pub country: String,
}

impl AddressBody {
    /// 12 Harbour Street in `city`.
    #[must_use]
    pub fn in_city(city: &str) -> Self {
        Self {
            name: None,
            street: "12 Harbour Street".to_owned(),
            postal_code: "20095".to_owned(),
            city: city.to_owned(),
            country: "DE".to_owned(),
        }
    }
}

/// An email address that nobody else has.
#[must_use]
pub fn fresh_email() -> String {
    format!("{}@shopper.example", Uuid::new_v4().simple())
}

/// An idempotency key that nobody else has.
#[must_use]
pub fn fresh_key() -> String {
    Uuid::new_v4().to_string()
}
