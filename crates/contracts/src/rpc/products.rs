//! Questions that the products service answers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Rpc;
use crate::{Money, ProductId, Service};

/// What are these products called, what do they cost, and how many are there?
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FindProducts {
    /// At most 500.
    pub ids: Vec<ProductId>,
}

impl Rpc for FindProducts {
    const METHOD: &'static str = "products.find_products";
    const SERVICE: Service = Service::Products;
    type Reply = FoundProducts;
}

/// Those of the products asked for that exist, in no order that means anything.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FoundProducts {
    /// One for each id that is known, archived products included.
    pub products: Vec<ProductSnapshot>,
}

/// A product as it was when the question was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProductSnapshot {
    /// Which product.
    pub id: ProductId,
    /// Its name.
    pub name: String,
    /// Its price.
    pub price: Money,
    /// How many are on hand and not reserved.
    pub available: u32,
    /// Whether it was taken out of the catalogue: it may be looked at, and no longer bought.
    pub archived: bool,
}
