//! What a cart and an order are: pure rules, no I/O.

mod cart;
mod order;

pub use cart::{Cart, CartError, CartLine, CartOwner, MAX_LINES, MAX_QUANTITY};
pub use order::{Order, OrderLine, Timeline, TimelineEntry};
