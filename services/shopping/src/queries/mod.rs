//! What reads and never writes: one file a query.

mod get_cart;
mod get_order;
mod list_orders;
mod list_wishlist;
mod overview;

pub(crate) use get_cart::priced;
pub use get_cart::{GetCartError, get_cart};
pub use get_order::{Viewer, get_order, get_timeline, steps_since};
pub use list_orders::{list_orders, order_view};
pub use list_wishlist::{ListWishlistError, list_wishlist};
pub use overview::overview;
