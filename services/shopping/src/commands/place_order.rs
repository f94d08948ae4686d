//! Place an order for what is in the cart.

use contracts::{
    AddressId, CustomerId, Money, OrderId, ProductId,
    rpc::{FindAddress, OrderStatus, PostalAddress, ProductSnapshot},
};
use platform::{
    idempotency::{Idempotency, Known},
    messaging::RpcError,
    store::StoreError,
};
use thiserror::Error;

use crate::{
    app::Shopping,
    domain::{Cart, CartOwner, Order, OrderLine},
    store::{PlaceOrder, Placing},
};

/// Tries to place an order for a cart that changes meanwhile, before the customer is told.
const TRIES: u32 = 3;

/// How the cart is to be paid and where it goes.
#[derive(Clone, Debug)]
pub struct Checkout {
    /// Whose cart.
    pub customer_id: CustomerId,
    /// The payment provider's token.
    pub payment_token: String,
    /// Where it goes; one of the customer's addresses.
    pub address_id: Option<AddressId>,
    /// What the customer was told that it costs, if the client says so.
    pub expected_total: Option<Money>,
    /// The client's key, if it sent one.
    pub idempotency: Option<Idempotency>,
}

/// A price that is not what the customer was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceChange {
    /// Of which product.
    pub product_id: ProductId,
    /// What it is called.
    pub name: String,
    /// What the customer was shown.
    pub shown: Money,
    /// What it costs today.
    pub today: Money,
}

/// Why no order was placed. The cart is as it was, but for prices that the customer has now been told.
#[derive(Debug, Error)]
pub enum PlaceOrderError {
    /// There is nothing to order.
    #[error("the cart is empty")]
    EmptyCart,
    /// Some products are no longer sold: their names and ids, or ids alone.
    #[error("some products in the cart are no longer sold")]
    NotForSale(Vec<String>),
    /// Some prices are not what the customer was shown. The cart has today's prices now, so the next try accepts them.
    #[error("some prices have changed")]
    PricesChanged(Vec<PriceChange>),
    /// The sum is not what the customer expected.
    #[error("the cart costs {0:?}")]
    OtherTotal(Money),
    /// The sum does not fit into any order.
    #[error("the cart costs more than an order may")]
    TooExpensive,
    /// The cart changed while the order was being placed.
    #[error("the cart has changed; look at it and try again")]
    CartChanged,
    /// The customer has no such address.
    #[error("there is no such address")]
    NoSuchAddress,
    /// The customer has been deleted.
    #[error("the account is closed")]
    CustomerGone,
    /// The key was used for something else.
    #[error("this idempotency key was used for another request")]
    KeyConflict,
    /// Another service could not be asked.
    #[error(transparent)]
    Rpc(#[from] RpcError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Places an order for the customer's cart, at the prices that they were shown, and empties the cart. The checkout goes on
/// by itself.
///
/// # Errors
/// [`PlaceOrderError`].
pub async fn place_order(shopping: &Shopping, checkout: Checkout) -> Result<Order, PlaceOrderError> {
    for _ in 0..TRIES {
        if let Some(placed) = replayed(shopping, &checkout).await? {
            return Ok(placed);
        }
        let (order, from) = match prepare(shopping, &checkout).await {
            Ok(prepared) => prepared,
            // The same request, sent twice at once, may have been served meanwhile: then it is what emptied the cart.
            Err(error) => return replayed(shopping, &checkout).await?.ok_or(error),
        };
        let placing = PlaceOrder { order: order.clone(), from, idempotency: checkout.idempotency.clone() };
        match shopping.store.place_order(placing).await? {
            // Nobody can be following it yet: its id has not been told to anybody.
            Placing::Placed => return Ok(order),
            Placing::Replayed(order_id) => return find(shopping, order_id).await,
            Placing::KeyConflict => return Err(PlaceOrderError::KeyConflict),
            Placing::CustomerGone => return Err(PlaceOrderError::CustomerGone),
            Placing::CartChanged => {}
        }
    }
    Err(PlaceOrderError::CartChanged)
}

/// The order that was placed with the same key. It has emptied the cart, so this comes before anything else.
async fn replayed(shopping: &Shopping, checkout: &Checkout) -> Result<Option<Order>, PlaceOrderError> {
    let Some(key) = &checkout.idempotency else { return Ok(None) };
    match shopping.store.placed_with(key.clone()).await? {
        Known::New => Ok(None),
        Known::Conflict => Err(PlaceOrderError::KeyConflict),
        Known::Answered(order_id) => find(shopping, order_id).await.map(Some),
    }
}

async fn find(shopping: &Shopping, order_id: OrderId) -> Result<Order, PlaceOrderError> {
    let order = shopping.store.order(order_id).await?;
    order.ok_or_else(|| StoreError::corrupt("an order is missing that a key was kept for").into())
}

/// The order that the customer's cart makes today.
async fn prepare(shopping: &Shopping, checkout: &Checkout) -> Result<(Order, Cart), PlaceOrderError> {
    let owner = CartOwner::Customer(checkout.customer_id);
    let cart = shopping.store.cart(owner).await?.unwrap_or_default();
    if cart.lines.is_empty() {
        return Err(PlaceOrderError::EmptyCart);
    }
    let found = shopping.products(&cart.product_ids()).await?;
    let lines = match price(&cart, &found) {
        Ok(lines) => lines,
        Err(PlaceOrderError::PricesChanged(changes)) => {
            let prices = changes.iter().map(|change| (change.product_id, change.today)).collect();
            shopping.store.reprice_cart(owner, prices).await?;
            return Err(PlaceOrderError::PricesChanged(changes));
        }
        Err(error) => return Err(error),
    };
    let total = total(&lines)?;
    if checkout.expected_total.is_some_and(|expected| expected != total) {
        return Err(PlaceOrderError::OtherTotal(total));
    }
    let now = shopping.clock.now();
    let order = Order {
        id: OrderId::new(),
        customer_id: Some(checkout.customer_id),
        status: OrderStatus::Pending,
        reason: None,
        lines,
        total,
        payment_token: checkout.payment_token.clone(),
        address: address(shopping, checkout).await?,
        captured: false,
        refund_requested: false,
        placed_at: now,
        updated_at: now,
    };
    Ok((order, cart))
}

/// The lines of the order, in the order of the product ids, if every product is sold at the price that was shown.
fn price(cart: &Cart, found: &[ProductSnapshot]) -> Result<Vec<OrderLine>, PlaceOrderError> {
    let (mut lines, mut gone, mut changed) = (Vec::new(), Vec::new(), Vec::new());
    for line in &cart.lines {
        match found.iter().find(|product| product.id == line.product_id) {
            None => gone.push(line.product_id.to_string()),
            Some(product) if product.archived => gone.push(format!("{} ({})", product.name, product.id)),
            Some(product) if product.price != line.price => changed.push(PriceChange {
                product_id: product.id,
                name: product.name.clone(),
                shown: line.price,
                today: product.price,
            }),
            Some(product) => lines.push(OrderLine {
                product_id: product.id,
                name: product.name.clone(),
                price: product.price,
                quantity: line.quantity,
            }),
        }
    }
    if !gone.is_empty() {
        return Err(PlaceOrderError::NotForSale(gone));
    }
    if !changed.is_empty() {
        return Err(PlaceOrderError::PricesChanged(changed));
    }
    lines.sort_by_key(|line| line.product_id);
    Ok(lines)
}

fn total(lines: &[OrderLine]) -> Result<Money, PlaceOrderError> {
    let subtotals = lines.iter().map(|line| line.price.times(line.quantity)).collect::<Result<Vec<_>, _>>();
    let total = subtotals.and_then(Money::sum).map_err(|_| PlaceOrderError::TooExpensive)?;
    total.ok_or(PlaceOrderError::EmptyCart)
}

async fn address(shopping: &Shopping, checkout: &Checkout) -> Result<Option<PostalAddress>, PlaceOrderError> {
    let Some(address_id) = checkout.address_id else { return Ok(None) };
    let question = FindAddress { customer_id: checkout.customer_id, address_id };
    let found = shopping.rpc.ask(&question).await?;
    found.address.map(Some).ok_or(PlaceOrderError::NoSuchAddress)
}

#[cfg(test)]
mod tests {
    use contracts::Currency;

    use super::*;
    use crate::domain::CartLine;

    fn snapshot(price: i64, archived: bool) -> ProductSnapshot {
        let price = Money::new(price, Currency::EUR);
        ProductSnapshot { id: ProductId::new(), name: "Cup".to_owned(), price, available: 1, archived }
    }

    fn cart_of(products: &[&ProductSnapshot]) -> Cart {
        let line = |product: &&ProductSnapshot| CartLine {
            product_id: product.id,
            quantity: 2,
            price: product.price,
        };
        Cart { lines: products.iter().map(line).collect() }
    }

    #[test]
    fn an_order_is_made_at_the_prices_that_were_shown_or_not_at_all() {
        let cup = snapshot(500, false);
        let cart = cart_of(&[&cup]);
        let lines = price(&cart, std::slice::from_ref(&cup)).unwrap();
        assert_eq!(total(&lines).unwrap(), Money::new(1_000, Currency::EUR));
        let dearer = ProductSnapshot { price: Money::new(501, Currency::EUR), ..cup };
        assert!(
            matches!(price(&cart, &[dearer]), Err(PlaceOrderError::PricesChanged(changes)) if changes.len() == 1)
        );
    }

    #[test]
    fn what_is_no_longer_sold_is_named() {
        let (cup, gone) = (snapshot(500, false), snapshot(1, true));
        let cart = cart_of(&[&cup, &gone]);
        assert!(
            matches!(price(&cart, &[cup, gone.clone()]), Err(PlaceOrderError::NotForSale(names)) if names == [format!("{} ({})", gone.name, gone.id)])
        );
    }
}
