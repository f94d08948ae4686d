//! Those who order, and what they remember of it.

use std::{future::Future, sync::Arc, time::Duration};

use contracts::{CustomerId, OrderId, ProductId};
use platform::idempotency::Idempotency;
use shopping::{
    Shopping,
    commands::{
        AddToCartError, Addition, ChangeOrderError, Checkout, PlaceOrderError, add_to_cart, cancel_order,
        place_order, refund_order, ship_order,
    },
    domain::CartOwner,
};
use tokio::time::{sleep, timeout};

use super::running::Ground;

/// How long an answer is waited for. After that it is not known what happened, and the same is asked again.
const PATIENCE: Duration = Duration::from_secs(5);
const REST: Duration = Duration::from_millis(300);

/// Mostly money that is there.
const TOKENS: [&str; 8] = [
    "tok_ok",
    "tok_ok",
    "tok_ok",
    "tok_ok",
    "tok_declined",
    "tok_slow",
    "tok_error_once",
    "tok_timeout_after_charge",
];

/// Somebody comes, fills a cart, orders, and may think better of it. Gives the order, unless there is no end to trouble.
pub(super) async fn visit(ground: Arc<Ground>, shopper: usize, products: Vec<ProductId>) -> OrderId {
    let dice = &ground.dice;
    dice.dawdle(Duration::from_secs(6)).await;
    let customer_id = CustomerId::new();
    for product_id in &products {
        let quantity = 1 + dice.throw(2);
        fill_cart(&ground, customer_id, *product_id, quantity).await;
    }
    let token = TOKENS[dice.throw(8) as usize];
    let order = order(&ground, customer_id, token).await;
    ground.trace.note(&format!("shopper {shopper} has ordered by {token}"), Some(order.0));
    match dice.throw(4) {
        0 => change_mind(&ground, customer_id, order).await,
        1 => treat(&ground, order).await,
        _ => {}
    }
    order
}

async fn fill_cart(ground: &Ground, customer_id: CustomerId, product_id: ProductId, quantity: u32) {
    let key = Idempotency::new(&customer_id.to_string(), &product_id.to_string(), "add_to_cart", &quantity);
    until_answered(ground, |shopping| {
        let addition = Addition {
            owner: CartOwner::Customer(customer_id),
            new_guest: false,
            product_id,
            quantity,
            idempotency: Some(key.clone()),
        };
        async move {
            match add_to_cart(&shopping, addition).await {
                Ok(_) => Some(()),
                Err(AddToCartError::Rpc(_) | AddToCartError::Store(_)) => None,
                Err(error) => panic!("{error}"),
            }
        }
    })
    .await;
}

async fn order(ground: &Ground, customer_id: CustomerId, token: &str) -> OrderId {
    let key = Idempotency::new(&customer_id.to_string(), "the order", "place_order", &token);
    until_answered(ground, |shopping| {
        let checkout = Checkout {
            customer_id,
            payment_token: token.to_owned(),
            address_id: None,
            expected_total: None,
            idempotency: Some(key.clone()),
        };
        async move {
            match place_order(&shopping, checkout).await {
                Ok(order) => Some(order.id),
                Err(PlaceOrderError::Rpc(_) | PlaceOrderError::Store(_)) => None,
                Err(error) => panic!("{error}"),
            }
        }
    })
    .await
}

async fn change_mind(ground: &Ground, customer_id: CustomerId, order: OrderId) {
    ground.dice.dawdle(Duration::from_secs(3)).await;
    let cancelled = until_answered(ground, |shopping| async move {
        match cancel_order(&shopping, customer_id, order).await {
            Ok(_) => Some(true),
            Err(ChangeOrderError::Refused(_)) => Some(false),
            Err(ChangeOrderError::Store(_)) => None,
            Err(error @ ChangeOrderError::NotFound) => panic!("{error}: an order that was acknowledged"),
        }
    })
    .await;
    ground.trace.note(if cancelled { "cancelled" } else { "too late to cancel" }, Some(order.0));
}

/// Staff send it off, or give the money back, if it comes to that soon.
async fn treat(ground: &Ground, order: OrderId) {
    let ship = ground.dice.chance(50);
    for _ in 0..5 {
        ground.dice.dawdle(Duration::from_secs(4)).await;
        let done = until_answered(ground, |shopping| async move {
            let treated =
                if ship { ship_order(&shopping, order).await } else { refund_order(&shopping, order).await };
            match treated {
                Ok(_) => Some(true),
                Err(ChangeOrderError::Refused(_)) => Some(false),
                Err(ChangeOrderError::Store(_)) => None,
                Err(error @ ChangeOrderError::NotFound) => panic!("{error}: an order that was acknowledged"),
            }
        })
        .await;
        if done {
            ground.trace.note(if ship { "shipped" } else { "to be refunded" }, Some(order.0));
            return;
        }
    }
}

/// Asks until there is an answer, each time whoever is there to be asked.
async fn until_answered<T, A: Future<Output = Option<T>>>(
    ground: &Ground,
    ask: impl Fn(Arc<Shopping>) -> A,
) -> T {
    loop {
        if let Some(shopping) = ground.shopping()
            && let Ok(Some(answer)) = timeout(PATIENCE, ask(shopping)).await
        {
            return answer;
        }
        sleep(REST).await;
    }
}
