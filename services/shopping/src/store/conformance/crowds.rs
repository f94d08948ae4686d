//! Many at the same time, each with something of their own: whoever shares a transaction with others gets what is theirs.

use contracts::{CustomerId, OrderId, ProductId, rpc::OrderStatus};
use futures::future::join_all;
use platform::{idempotency::Once, store::StoreError};

use super::fixture::{Fixture, LONG, NOW, SECOND, addition, euros, key, message};
use crate::{
    checkout::Input,
    domain::{CartLine, CartOwner},
    store::{AddToCart, Added, Advanced, Cause, PlaceOrder, Placing},
};

const MANY: u32 = 30;

fn line(quantity: u32) -> CartLine {
    CartLine { product_id: ProductId::new(), quantity, price: euros(500) }
}

pub async fn each_cart_gets_what_was_put_into_it(fixture: Fixture) {
    let additions: Vec<AddToCart> = (1..=MANY)
        .map(|n| {
            let owner = if n % 2 == 0 {
                CartOwner::Customer(CustomerId::new())
            } else {
                CartOwner::Guest([u8::try_from(n).unwrap(); 32])
            };
            let idempotency = (n % 3 == 0).then(|| key(&n.to_string(), "some"));
            AddToCart { idempotency, ..addition(owner, line(n)) }
        })
        .collect();
    for replayed in [false, true] {
        let added = join_all(additions.iter().map(|addition| fixture.store.add_to_cart(addition.clone())));
        for (addition, added) in additions.iter().zip(added.await) {
            let again = replayed && addition.idempotency.is_none();
            let quantity = addition.line.quantity * if again { 2 } else { 1 };
            let lines = vec![CartLine { quantity, ..addition.line }];
            match added.unwrap() {
                Once::Done(Added::Cart(cart)) => assert_eq!(cart.lines, lines),
                Once::Replayed(Added::Cart(cart)) if replayed && !again => assert_eq!(cart.lines, lines),
                other => panic!("{other:?}"),
            }
            assert_eq!(fixture.cart(addition.owner).await.lines, lines);
        }
    }
}

/// Who comes first forgets the carts that nobody has touched for long; one of them is added to at the same moment.
pub async fn an_old_cart_that_is_added_to_is_not_forgotten(fixture: Fixture) {
    let (old, later) = (CartOwner::Guest([1; 32]), NOW + LONG + LONG);
    let first = line(1);
    fixture.put(old, first.product_id, 1, 500).await;
    let newcomer = AddToCart {
        forget_before: later - SECOND,
        now: later,
        ..addition(CartOwner::Guest([2; 32]), line(1))
    };
    let known = AddToCart { new_guest: false, ..addition(old, line(2)) };
    let known = AddToCart { now: later, ..known };
    let (ours, theirs) = (known.line, newcomer.line);
    let (new, added) =
        tokio::join!(fixture.store.add_to_cart(newcomer.clone()), fixture.store.add_to_cart(known));
    assert!(matches!(new.unwrap(), Once::Done(Added::Cart(cart)) if cart.lines == [theirs]));
    match added.unwrap() {
        Once::Done(Added::Cart(cart)) => {
            assert_eq!(cart.lines, [first, ours]);
            assert_eq!(fixture.cart(old).await.lines, [first, ours]);
        }
        // It was forgotten a moment before.
        Once::Done(Added::NoCart) => assert_eq!(fixture.store.cart(old).await.unwrap(), None),
        other => panic!("{other:?}"),
    }
}

pub async fn each_order_is_that_of_its_cart(fixture: Fixture) {
    let prepared = (0..MANY).map(|_| fixture.prepared(CustomerId::new()));
    let mut placings: Vec<PlaceOrder> = join_all(prepared).await;
    for (n, placing) in placings.iter_mut().enumerate() {
        match n % 3 {
            0 => placing.idempotency = Some(key(&n.to_string(), "an order")),
            1 => placing.from.lines.truncate(1),
            _ => {}
        }
    }
    let placed = join_all(placings.iter().map(|placing| fixture.store.place_order(placing.clone()))).await;
    for (n, (placing, placed)) in placings.iter().zip(placed).enumerate() {
        let owner = CartOwner::Customer(placing.order.customer_id.unwrap());
        if n % 3 == 1 {
            assert_eq!(placed.unwrap(), Placing::CartChanged);
            assert_eq!(fixture.cart(owner).await.lines.len(), 2);
            assert_eq!(fixture.store.order(placing.order.id).await.unwrap(), None);
            continue;
        }
        assert_eq!(placed.unwrap(), Placing::Placed);
        assert_eq!(fixture.order(placing.order.id).await, placing.order);
        assert!(fixture.cart(owner).await.lines.is_empty());
        assert_eq!(fixture.told(placing.order.id).await, ["order.placed.v1"]);
        assert!(fixture.steps(placing.order.id, 0).await.len() == 1);
    }
}

pub async fn each_order_takes_its_own_step(fixture: Fixture) {
    let orders: Vec<OrderId> =
        join_all((0..MANY).map(|_| fixture.placed(CustomerId::new()))).await.iter().map(|o| o.id).collect();
    let inputs = [Input::StockReserved, Input::StockRefused(Vec::new()), Input::StockExpired, Input::CallOff];
    let reached =
        [OrderStatus::Reserved, OrderStatus::Rejected, OrderStatus::Cancelled, OrderStatus::Cancelled];
    let causes: Vec<Cause> = (0..orders.len())
        .map(|n| if n % 4 == 3 { Cause::Staff } else { Cause::Message(message()) })
        .collect();
    let all = || {
        let steps = orders.iter().zip(&causes).enumerate();
        join_all(steps.map(|(n, (order, cause))| {
            fixture.store.advance(*order, cause.clone(), inputs[n % 4].clone(), NOW)
        }))
    };
    // One that cannot be, in the middle of them.
    let unknown = fixture.store.advance(OrderId::new(), Cause::Message(message()), Input::StockReserved, NOW);
    let (taken, unknown) = tokio::join!(all(), unknown);
    assert!(matches!(unknown, Err(StoreError::Failed(_))), "{unknown:?}");
    for (n, taken) in taken.into_iter().enumerate() {
        assert_eq!(taken.unwrap().0, Advanced::Now(reached[n % 4]), "{n}");
    }
    for (n, again) in all().await.into_iter().enumerate() {
        let expected = if n % 4 == 3 { Advanced::Now(reached[3]) } else { Advanced::Before };
        assert_eq!(again.unwrap(), (expected, None), "{n}");
        let order = fixture.order(orders[n]).await;
        let timeline = fixture.steps(orders[n], 0).await;
        assert_eq!((order.status, timeline.len()), (reached[n % 4], 2));
    }
}
