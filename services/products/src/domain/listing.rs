//! A list of products: which of them, in which order, from where on.

use std::ops::RangeInclusive;

use contracts::{ProductId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Product, SearchTerms};

/// The minor units that a list may be limited to.
pub const PRICE_RANGE: RangeInclusive<i64> = 0..=100_000_000;

/// The order of a list. Where two products are equal, their ids decide, so that the order is total.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// The latest first.
    #[default]
    Newest,
    /// The cheapest first, by amount: currencies are not converted.
    PriceAsc,
    /// The dearest first.
    PriceDesc,
    /// By name, without regard to capitals.
    Name,
}

/// Where a product stands in a list of one order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "sort", rename_all = "snake_case")]
pub enum Position {
    /// In [`Sort::Newest`].
    Newest {
        /// When it entered the catalogue, in microseconds.
        at: i64,
        /// Its id.
        id: ProductId,
    },
    /// In [`Sort::PriceAsc`].
    PriceAsc {
        /// Its price in minor units.
        amount: i64,
        /// Its id.
        id: ProductId,
    },
    /// In [`Sort::PriceDesc`].
    PriceDesc {
        /// Its price in minor units.
        amount: i64,
        /// Its id.
        id: ProductId,
    },
    /// In [`Sort::Name`].
    Name {
        /// Its name in small letters.
        name: String,
        /// Its id.
        id: ProductId,
    },
}

impl Position {
    /// Where `product` stands in a list by `sort`.
    #[must_use]
    pub fn of(product: &Product, sort: Sort) -> Self {
        let id = product.id;
        match sort {
            Sort::Newest => Self::Newest { at: Timestamp::as_micros(product.created_at), id },
            Sort::PriceAsc => Self::PriceAsc { amount: product.price.amount, id },
            Sort::PriceDesc => Self::PriceDesc { amount: product.price.amount, id },
            Sort::Name => Self::Name { name: sort_name(&product.name), id },
        }
    }

    /// The order that it is a position in.
    #[must_use]
    pub const fn sort(&self) -> Sort {
        match self {
            Self::Newest { .. } => Sort::Newest,
            Self::PriceAsc { .. } => Sort::PriceAsc,
            Self::PriceDesc { .. } => Sort::PriceDesc,
            Self::Name { .. } => Sort::Name,
        }
    }
}

/// What a name is sorted by.
pub(crate) fn sort_name(name: &str) -> String {
    name.to_lowercase()
}

/// Which products, in which order, from where on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Only those that are archived; otherwise only those that are not.
    pub archived: bool,
    /// Only those that these words find.
    pub search: Option<SearchTerms>,
    /// Only those of this category.
    pub category: Option<String>,
    /// Only those that cost this much or more, in minor units of whatever currency.
    pub min_price: Option<i64>,
    /// Only those that cost this much or less, in minor units of whatever currency.
    pub max_price: Option<i64>,
    /// Only those that can be bought now, or only those that cannot: nothing that is archived can.
    pub in_stock: Option<bool>,
    /// In which order.
    pub sort: Sort,
    /// Only those behind this place, which has to be one of the same order.
    pub after: Option<Position>,
    /// How many at most.
    pub limit: u32,
}
