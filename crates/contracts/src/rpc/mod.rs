//! RPC: how a service reads what another service owns. Requests never write.

mod customer;
mod products;
mod shopping;

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};

use crate::Service;

pub use customer::{FindAddress, FoundAddress, JsonWebKey, PostalAddress, PublicKeySet, PublicKeys};
pub use products::{FindProducts, FoundProducts, ProductSnapshot};
pub use shopping::{
    CartItem, CartView, CustomerOverview, OrderStatus, OrderView, PricedProduct, ShoppingOverview,
    WishlistItem,
};

/// A question to another service.
pub trait Rpc: Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static {
    /// The name of the question on the wire, unique within its service.
    const METHOD: &'static str;
    /// Who answers.
    const SERVICE: Service;
    /// The answer.
    type Reply: Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static;
}
