//! What an order wants of the stock.

use std::collections::BTreeMap;

use contracts::{ProductId, events::OrderLine};
use thiserror::Error;

/// How many pieces of which products: each product once, in the order of the product ids. Whoever takes stock takes it
/// in this order, so that two orders for the same products wait for each other and never both wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demand(Vec<OrderLine>);

/// Lines that no order can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NotAnOrder {
    /// None at all.
    #[error("an order has at least one line")]
    Empty,
    /// A line for nothing.
    #[error("a line of an order is for at least one piece")]
    NoPieces,
    /// More than can be counted.
    #[error("a line of an order is for too many pieces")]
    TooMany,
}

impl Demand {
    /// What the lines of an order want together.
    ///
    /// # Errors
    /// [`NotAnOrder`].
    pub fn of(lines: &[OrderLine]) -> Result<Self, NotAnOrder> {
        let mut wanted: BTreeMap<ProductId, u32> = BTreeMap::new();
        for line in lines {
            if line.quantity == 0 {
                return Err(NotAnOrder::NoPieces);
            }
            let quantity = wanted.entry(line.product_id).or_default();
            *quantity = quantity.checked_add(line.quantity).ok_or(NotAnOrder::TooMany)?;
        }
        if wanted.is_empty() {
            return Err(NotAnOrder::Empty);
        }
        Ok(Self(
            wanted.into_iter().map(|(product_id, quantity)| OrderLine { product_id, quantity }).collect(),
        ))
    }

    /// A line for each product.
    #[must_use]
    pub fn lines(&self) -> &[OrderLine] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_demand_names_each_product_once_and_in_order() {
        let (first, second) = (ProductId::new(), ProductId::new());
        let line = |product_id, quantity| OrderLine { product_id, quantity };
        let demand = Demand::of(&[line(second, 1), line(first, 2), line(second, 3)]).unwrap();
        assert_eq!(demand.lines(), [line(first, 2), line(second, 4)]);
    }

    #[test]
    fn an_order_for_nothing_is_none() {
        let line = |quantity| OrderLine { product_id: ProductId(uuid::Uuid::nil()), quantity };
        assert_eq!(Demand::of(&[]), Err(NotAnOrder::Empty));
        assert_eq!(Demand::of(&[line(0)]), Err(NotAnOrder::NoPieces));
        assert_eq!(Demand::of(&[line(u32::MAX), line(1)]), Err(NotAnOrder::TooMany));
    }
}
