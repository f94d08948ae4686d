//! Postal addresses.

use contracts::{AddressId, rpc::PostalAddress};
use serde::Serialize;

/// How many addresses one customer may have.
pub const MOST_ADDRESSES: u32 = 50;

/// An address of a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Which one.
    pub id: AddressId,
    /// What it says.
    pub details: AddressDetails,
}

/// What an address says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AddressDetails {
    /// Who takes the parcel, if it is not the customer.
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

impl From<AddressDetails> for PostalAddress {
    fn from(details: AddressDetails) -> Self {
        Self {
            name: details.name,
            street: details.street,
            postal_code: details.postal_code,
            city: details.city,
            country: details.country,
        }
    }
}
