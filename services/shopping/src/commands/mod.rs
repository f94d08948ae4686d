//! What changes state: one file a command. Each ends in one transaction.

mod add_to_cart;
mod add_to_wishlist;
mod change_order;
mod clear_cart;
mod merge_carts;
mod place_order;
mod remove_from_wishlist;
mod set_quantity;

pub use add_to_cart::{AddToCartError, Addition, add_to_cart};
pub use add_to_wishlist::{WishlistError, add_to_wishlist};
pub use change_order::{
    ChangeOrderError, call_off_order, cancel_order, deliver_order, refund_order, ship_order,
};
pub use clear_cart::{NoSuchCart, clear_cart};
pub use merge_carts::{MergeCartsError, merge_carts};
pub use place_order::{Checkout, PlaceOrderError, PriceChange, place_order};
pub use remove_from_wishlist::{NotOnWishlist, remove_from_wishlist};
pub use set_quantity::{SetQuantityError, remove_from_cart, set_quantity};
