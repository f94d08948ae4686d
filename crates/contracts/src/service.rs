//! The four services, by name and port.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// One of the four services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    /// Accounts, tokens, addresses.
    Customer,
    /// Catalogue, stock, reservations.
    Products,
    /// Cart, wishlist, orders, checkout.
    Shopping,
    /// Charges, through a payment provider.
    Payment,
}

impl Service {
    /// All four, in the order of their ports.
    pub const ALL: [Self; 4] = [Self::Customer, Self::Products, Self::Shopping, Self::Payment];

    /// The name: the prefix of its routes, the name of its database and of its queue.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Products => "products",
            Self::Shopping => "shopping",
            Self::Payment => "payment",
        }
    }

    /// The port that it listens on when it is served on its own and none is given.
    #[must_use]
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Customer => 8001,
            Self::Products => 8002,
            Self::Shopping => 8003,
            Self::Payment => 8004,
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// No service has this name.
#[derive(Debug, Error)]
#[error("no service is called '{0}': there are customer, products, shopping and payment")]
pub struct UnknownService(String);

impl FromStr for Service {
    type Err = UnknownService;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|service| service.name() == text)
            .ok_or_else(|| UnknownService(text.to_owned()))
    }
}
