//! How many pieces there are, and changes to that by hand.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::MAX_STOCK;

/// The stock of one product, in pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stock {
    /// What came in, less what was written off.
    pub received: i64,
    /// What was sold.
    pub sold: i64,
    /// What is held for orders that are not paid yet.
    pub reserved: i64,
}

impl Stock {
    /// What is in the house: received less sold.
    #[must_use]
    pub fn on_hand(&self) -> u32 {
        pieces(self.received - self.sold)
    }

    /// What can be bought: on hand less reserved.
    #[must_use]
    pub fn available(&self) -> u32 {
        pieces(self.received - self.sold - self.reserved)
    }

    /// What is received after `adjust` more pieces, or fewer if it is negative.
    ///
    /// # Errors
    /// [`AdjustmentRefused::BelowReserved`] and [`AdjustmentRefused::TooMany`].
    pub fn adjusted(&self, adjust: i32) -> Result<i64, AdjustmentRefused> {
        let on_hand = self.received - self.sold + i64::from(adjust);
        if on_hand < self.reserved {
            return Err(AdjustmentRefused::BelowReserved {
                on_hand: self.on_hand(),
                reserved: pieces(self.reserved),
            });
        }
        if adjust > 0 && on_hand > i64::from(MAX_STOCK) {
            return Err(AdjustmentRefused::TooMany { on_hand: self.on_hand() });
        }
        Ok(self.received + i64::from(adjust))
    }
}

/// The store's constraints keep these numbers from going below zero.
fn pieces(count: i64) -> u32 {
    u32::try_from(count.max(0)).unwrap_or(u32::MAX)
}

/// A change to a stock by hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adjustment {
    /// Pieces more, or fewer if it is negative.
    pub adjust: i32,
    /// Why, for whoever counts the stock next.
    pub reason: Option<String>,
}

/// Why a stock was not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AdjustmentRefused {
    /// There is no such product.
    #[error("there is no such product")]
    NoSuchProduct,
    /// What is reserved is promised to somebody.
    #[error("{on_hand} are on hand, of which {reserved} are reserved for orders and have to stay")]
    BelowReserved {
        /// What is in the house.
        on_hand: u32,
        /// What of it is held.
        reserved: u32,
    },
    /// More than [`MAX_STOCK`].
    #[error("{on_hand} are on hand, and there may be at most {MAX_STOCK}")]
    TooMany {
        /// What is in the house.
        on_hand: u32,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    const STOCK: Stock = Stock { received: 10, sold: 3, reserved: 2 };

    #[test]
    fn on_hand_is_what_came_in_and_was_not_sold() {
        assert_eq!((STOCK.on_hand(), STOCK.available()), (7, 5));
    }

    #[test]
    fn a_stock_can_be_lowered_to_what_is_reserved_and_no_further() {
        assert_eq!(STOCK.adjusted(-5), Ok(5));
        assert_eq!(STOCK.adjusted(-6), Err(AdjustmentRefused::BelowReserved { on_hand: 7, reserved: 2 }));
        assert!(STOCK.adjusted(i32::MIN).is_err());
    }

    #[test]
    fn a_stock_can_be_raised_to_a_million() {
        assert_eq!(STOCK.adjusted(999_993), Ok(1_000_003));
        assert_eq!(STOCK.adjusted(999_994), Err(AdjustmentRefused::TooMany { on_hand: 7 }));
    }

    #[test]
    fn a_stock_that_is_over_the_limit_by_returns_can_be_lowered() {
        let full = Stock { received: 1_000_005, sold: 0, reserved: 0 };
        assert_eq!(full.adjusted(-1), Ok(1_000_004));
    }
}
