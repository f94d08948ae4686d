//! The checkout against a model of the world: messages that are repeated, reordered, lost and late, answers that cross
//! a cancellation, reservations that lapse. Whatever happens, when all is quiet an order has ended and nobody holds
//! anything that they should not.

use contracts::{
    CustomerId, Money, OrderId, ProductId, Timestamp,
    rpc::OrderStatus::{self, Cancelled, Confirmed, Declined, Refunded, Rejected},
};
use proptest::prelude::*;

use super::{Input, Message, TimerChange, advance};
use crate::domain::{Order, OrderLine};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stock {
    Untouched,
    Held,
    Sold,
    Released,
    Refused,
    Expired,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Funds {
    Untouched,
    Held,
    Captured,
    Declined,
    Voided,
    Refunded,
}

#[derive(Clone, Debug)]
enum InFlight {
    Told(Message),
    Answered(Input),
}

struct World {
    order: Order,
    timer: Option<u32>,
    stock: Stock,
    money: Funds,
    in_stock: bool,
    solvent: bool,
    holds: u32,
    network: Vec<InFlight>,
}

fn order() -> Order {
    let price = Money::new(500, contracts::Currency::EUR);
    let line = OrderLine { product_id: ProductId::new(), name: "Cup".to_owned(), price, quantity: 1 };
    Order {
        id: OrderId::new(),
        customer_id: Some(CustomerId::new()),
        status: OrderStatus::Pending,
        reason: None,
        lines: vec![line],
        total: price,
        payment_token: "tok_ok".to_owned(),
        address: None,
        captured: false,
        refund_requested: false,
        placed_at: Timestamp::from_micros(0),
        updated_at: Timestamp::from_micros(0),
    }
}

impl World {
    fn new(in_stock: bool, solvent: bool) -> Self {
        Self {
            order: order(),
            timer: Some(1),
            stock: Stock::Untouched,
            money: Funds::Untouched,
            in_stock,
            solvent,
            holds: 0,
            network: vec![InFlight::Told(Message::Placed)],
        }
    }

    fn happen(&mut self, input: &Input) {
        let before = self.order.status;
        let Ok(step) = advance(&self.order, input) else { return };
        assert!(may_follow(before, step.status), "{before:?} → {:?} on {input:?}", step.status);
        self.order.status = step.status;
        self.order.captured = step.captured;
        self.order.refund_requested = step.refund_requested;
        self.network.extend(step.messages.into_iter().map(InFlight::Told));
        match step.timer {
            TimerChange::Keep => {}
            TimerChange::Set(attempt) => self.timer = Some(attempt),
            TimerChange::Clear => self.timer = None,
        }
    }

    fn fire(&mut self) {
        if let Some(attempt) = self.timer {
            self.happen(&Input::TimedOut(attempt));
        }
    }

    fn arrive(&mut self, message: InFlight) {
        match message {
            InFlight::Answered(input) => self.happen(&input),
            InFlight::Told(message) => {
                if let Some(answer) = self.products(message) {
                    self.network.push(InFlight::Answered(answer));
                }
                if let Some(answer) = self.payment(message) {
                    self.network.push(InFlight::Answered(answer));
                }
            }
        }
    }

    fn products(&mut self, message: Message) -> Option<Input> {
        match message {
            Message::Placed => {
                if self.stock == Stock::Untouched {
                    self.stock = if self.in_stock { Stock::Held } else { Stock::Refused };
                }
                Some(match self.stock {
                    Stock::Held | Stock::Sold => Input::StockReserved,
                    _ => Input::StockRefused(Vec::new()),
                })
            }
            Message::Authorised => {
                if self.stock == Stock::Held {
                    self.stock = Stock::Sold;
                }
                Some(if self.stock == Stock::Sold { Input::StockCommitted } else { Input::StockExpired })
            }
            Message::Declined | Message::Cancelled => {
                if !matches!(self.stock, Stock::Refused | Stock::Expired) {
                    self.stock = Stock::Released;
                }
                None
            }
            _ => None,
        }
    }

    fn payment(&mut self, message: Message) -> Option<Input> {
        match message {
            Message::Reserved => {
                if self.money == Funds::Untouched {
                    self.money = if self.solvent { Funds::Held } else { Funds::Declined };
                    self.holds += u32::from(self.solvent);
                }
                Some(match self.money {
                    Funds::Held | Funds::Captured => Input::PaymentAuthorised,
                    _ => Input::PaymentDeclined("no".to_owned()),
                })
            }
            Message::Confirmed => {
                assert!(!matches!(self.money, Funds::Untouched | Funds::Declined));
                if self.money == Funds::Held {
                    self.money = Funds::Captured;
                }
                (self.money != Funds::Voided).then_some(Input::PaymentCaptured)
            }
            Message::RefundRequested => {
                self.money = Funds::Refunded;
                Some(Input::PaymentRefunded)
            }
            Message::Cancelled => {
                self.money = match self.money {
                    Funds::Declined => Funds::Declined,
                    Funds::Captured | Funds::Refunded => Funds::Refunded,
                    _ => Funds::Voided,
                };
                None
            }
            _ => None,
        }
    }

    /// One thing out of what may happen, chosen by `dice`.
    fn chance(&mut self, dice: u8) {
        let pick = usize::from(dice >> 4);
        match dice & 0x0f {
            0..=6 if !self.network.is_empty() => {
                let message = self.network.swap_remove(pick % self.network.len());
                self.arrive(message);
            }
            7 | 8 if !self.network.is_empty() => {
                let again = self.network[pick % self.network.len()].clone();
                self.arrive(again);
            }
            9 if !self.network.is_empty() => self.lose(pick % self.network.len()),
            10 | 11 => self.fire(),
            12 if self.stock == Stock::Held => {
                self.stock = Stock::Expired;
                self.network.push(InFlight::Answered(Input::StockExpired));
            }
            13 => self.happen(&[Input::Cancel, Input::CallOff][pick % 2]),
            14 => self.happen(&Input::Refund),
            15 => self.happen(&[Input::Ship, Input::Deliver, Input::CustomerDeleted][pick % 3]),
            _ => {}
        }
    }

    /// A message that nobody waits for is never lost: it stays in an outbox or becomes a dead letter.
    fn lose(&mut self, at: usize) {
        if !matches!(self.network[at], InFlight::Told(Message::Declined | Message::Cancelled)) {
            self.network.swap_remove(at);
        }
    }

    /// No more accidents: everything arrives, and timers fire.
    fn settle(&mut self) {
        for _ in 0..200 {
            while let Some(message) = self.network.pop() {
                self.arrive(message);
            }
            if self.timer.is_none() {
                return;
            }
            self.fire();
        }
        panic!("the order never comes to rest: {:?}", self.order.status);
    }
}

fn may_follow(before: OrderStatus, after: OrderStatus) -> bool {
    use OrderStatus::{Authorised, Delivered, Pending, Reserved, Shipped};
    before == after
        || match before {
            Pending => matches!(after, Reserved | Rejected | Cancelled),
            Reserved => matches!(after, Authorised | Declined | Cancelled),
            Authorised => matches!(after, Confirmed | Cancelled),
            Confirmed => matches!(after, Shipped | Refunded | Cancelled),
            Shipped => matches!(after, Delivered | Refunded),
            Delivered => after == Refunded,
            Rejected | Declined | Cancelled | Refunded => false,
        }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_096, ..ProptestConfig::default() })]

    #[test]
    fn an_order_ends_and_nobody_holds_what_they_should_not(
        in_stock in prop::bool::weighted(0.8),
        solvent in prop::bool::weighted(0.8),
        dice in prop::collection::vec(any::<u8>(), 0..80),
    ) {
        let mut world = World::new(in_stock, solvent);
        for dice in dice {
            world.chance(dice);
        }
        world.settle();
        let (status, stock, money) = (world.order.status, world.stock, world.money);
        prop_assert!(world.order.is_settled(), "still {status:?}");
        prop_assert!(world.holds <= 1);
        match status {
            Rejected => {
                // Asked again about a reservation that has lapsed, products refuses too.
                prop_assert!(matches!(stock, Stock::Refused | Stock::Expired), "{stock:?}");
                prop_assert!(matches!(money, Funds::Untouched | Funds::Voided), "{money:?}");
            }
            Declined | Cancelled => {
                prop_assert!(!matches!(stock, Stock::Held | Stock::Sold), "{stock:?} after {status:?}");
                prop_assert!(!matches!(money, Funds::Held | Funds::Captured), "{money:?} after {status:?}");
            }
            Refunded => {
                prop_assert_eq!((stock, money), (Stock::Sold, Funds::Refunded));
            }
            _ => {
                let expected = if world.order.refund_requested { Funds::Refunded } else { Funds::Captured };
                prop_assert_eq!((stock, money), (Stock::Sold, expected));
                prop_assert!(world.order.captured);
            }
        }
    }
}

#[test]
fn without_accidents_an_order_is_confirmed_and_captured() {
    let mut world = World::new(true, true);
    world.settle();
    assert_eq!((world.order.status, world.order.captured), (Confirmed, true));
}

#[test]
fn an_authorisation_that_comes_after_a_cancellation_is_undone() {
    let mut order = order();
    order.status = Cancelled;
    let step = advance(&order, &Input::PaymentAuthorised).unwrap();
    assert_eq!((step.status, step.messages), (Cancelled, vec![Message::Cancelled]));
}
