//! The cart: what somebody means to buy, and the prices that they were shown.

use contracts::{CustomerId, Money, ProductId};
use thiserror::Error;

/// Pieces of one product in a cart, at the most.
pub const MAX_QUANTITY: u32 = 1_000;
/// Products in a cart, at the most.
pub const MAX_LINES: usize = 100;

/// Whose cart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CartOwner {
    /// A customer's.
    Customer(CustomerId),
    /// A guest's: the SHA-256 of the cart token, so that whoever reads the database cannot use the cart.
    Guest([u8; 32]),
}

impl CartOwner {
    /// Whether it is a guest's.
    #[must_use]
    pub const fn is_guest(&self) -> bool {
        matches!(self, Self::Guest(_))
    }
}

/// So many pieces of one product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CartLine {
    /// Which product.
    pub product_id: ProductId,
    /// How many: 1 to [`MAX_QUANTITY`].
    pub quantity: u32,
    /// The price that the shopper was shown. Another one at the checkout is for the shopper to accept.
    pub price: Money,
}

/// What somebody means to buy, in the order in which it was put in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cart {
    /// One line a product.
    pub lines: Vec<CartLine>,
}

/// Why something cannot be in the cart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CartError {
    /// More of one product than anybody may order.
    #[error("at most {MAX_QUANTITY} pieces of a product can be ordered at once")]
    TooMany,
    /// More products than a cart holds.
    #[error("a cart holds at most {MAX_LINES} different products")]
    Full,
    /// An order has one total, so it has one currency.
    #[error("everything in a cart has to be priced in one currency")]
    MixedCurrencies,
}

impl Cart {
    /// The products in it.
    #[must_use]
    pub fn product_ids(&self) -> Vec<ProductId> {
        self.lines.iter().map(|line| line.product_id).collect()
    }

    /// Puts more of a product in. The price of the line becomes `price`, which is what the shopper was shown last.
    ///
    /// # Errors
    /// [`CartError`]; the cart is then as it was.
    pub fn add(&mut self, product_id: ProductId, quantity: u32, price: Money) -> Result<(), CartError> {
        self.one_currency(product_id, price)?;
        if let Some(line) = self.lines.iter_mut().find(|line| line.product_id == product_id) {
            let quantity = line.quantity.saturating_add(quantity);
            if quantity > MAX_QUANTITY {
                return Err(CartError::TooMany);
            }
            *line = CartLine { product_id, quantity, price };
            return Ok(());
        }
        if quantity > MAX_QUANTITY {
            return Err(CartError::TooMany);
        }
        if self.lines.len() >= MAX_LINES {
            return Err(CartError::Full);
        }
        self.lines.push(CartLine { product_id, quantity, price });
        Ok(())
    }

    /// Makes it so many pieces of a product at the price that the shopper was shown last; `None` takes it out.
    ///
    /// # Returns
    /// Whether the product was in the cart; if it was not, nothing has changed.
    ///
    /// # Errors
    /// [`CartError`]; the cart is then as it was.
    pub fn set(&mut self, product_id: ProductId, to: Option<(u32, Money)>) -> Result<bool, CartError> {
        let Some(at) = self.lines.iter().position(|line| line.product_id == product_id) else {
            return Ok(false);
        };
        match to {
            Some((quantity, _)) if quantity > MAX_QUANTITY => return Err(CartError::TooMany),
            Some((quantity, price)) => {
                self.one_currency(product_id, price)?;
                self.lines[at] = CartLine { product_id, quantity, price };
            }
            None => drop(self.lines.remove(at)),
        }
        Ok(true)
    }

    /// Whether all but `product_id` is in the currency of `price`.
    fn one_currency(&self, product_id: ProductId, price: Money) -> Result<(), CartError> {
        let mut others = self.lines.iter().filter(|line| line.product_id != product_id);
        if others.any(|line| line.price.currency != price.currency) {
            return Err(CartError::MixedCurrencies);
        }
        Ok(())
    }

    /// Takes over what was in a guest's cart. Where both hold a product the pieces add up, as far as they may.
    ///
    /// # Errors
    /// [`CartError::Full`] or [`CartError::MixedCurrencies`] if a product does not fit; the cart is then half merged.
    pub fn merge(&mut self, guest: &Self) -> Result<(), CartError> {
        for line in &guest.lines {
            let held = self.lines.iter().find(|held| held.product_id == line.product_id);
            let room = MAX_QUANTITY - held.map_or(0, |held| held.quantity);
            if room > 0 {
                self.add(line.product_id, line.quantity.min(room), line.price)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use contracts::Currency;

    use super::*;

    const PRICE: Money = Money::new(1_250, Currency::EUR);

    #[test]
    fn the_same_product_twice_is_one_line_at_the_latest_price() {
        let (mut cart, product) = (Cart::default(), ProductId::new());
        cart.add(product, 2, PRICE).unwrap();
        cart.add(product, 3, Money::new(999, Currency::EUR)).unwrap();
        assert_eq!(
            cart.lines,
            [CartLine { product_id: product, quantity: 5, price: Money::new(999, Currency::EUR) }]
        );
    }

    #[test]
    fn a_cart_has_bounds() {
        let (mut cart, product) = (Cart::default(), ProductId::new());
        cart.add(product, MAX_QUANTITY, PRICE).unwrap();
        assert_eq!(cart.add(product, 1, PRICE), Err(CartError::TooMany));
        assert_eq!(cart.add(product, u32::MAX, PRICE), Err(CartError::TooMany));
        assert_eq!(
            cart.add(ProductId::new(), 1, Money::new(1, "USD".parse().unwrap())),
            Err(CartError::MixedCurrencies)
        );
        for _ in 1..MAX_LINES {
            cart.add(ProductId::new(), 1, PRICE).unwrap();
        }
        assert_eq!(cart.add(ProductId::new(), 1, PRICE), Err(CartError::Full));
    }

    #[test]
    fn what_does_not_fit_together_is_not_merged() {
        let (mut cart, mut guest) = (Cart::default(), Cart::default());
        cart.add(ProductId::new(), 1, PRICE).unwrap();
        guest.add(ProductId::new(), 1, Money::new(1, "USD".parse().unwrap())).unwrap();
        assert_eq!(cart.merge(&guest), Err(CartError::MixedCurrencies));
        let full =
            || (0..MAX_LINES).map(|_| CartLine { product_id: ProductId::new(), quantity: 1, price: PRICE });
        let (mut cart, guest) = (Cart { lines: full().collect() }, Cart { lines: full().collect() });
        assert_eq!(cart.merge(&guest), Err(CartError::Full));
    }

    #[test]
    fn a_merge_adds_up_and_stays_within_bounds() {
        let (mut cart, mut guest) = (Cart::default(), Cart::default());
        let (both, only) = (ProductId::new(), ProductId::new());
        cart.add(both, MAX_QUANTITY - 1, PRICE).unwrap();
        guest.add(both, 5, PRICE).unwrap();
        guest.add(only, 2, PRICE).unwrap();
        cart.merge(&guest).unwrap();
        assert_eq!(cart.lines.iter().map(|line| line.quantity).collect::<Vec<_>>(), [MAX_QUANTITY, 2]);
    }
}
