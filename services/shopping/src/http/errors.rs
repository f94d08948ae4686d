//! What the errors of commands and queries are to a client.

use platform::http::{FieldError, Problem};

use crate::{
    commands::{
        AddToCartError, ChangeOrderError, MergeCartsError, NoSuchCart, NotOnWishlist, PlaceOrderError,
        SetQuantityError, WishlistError,
    },
    domain::CartError,
    queries::{GetCartError, ListWishlistError},
};

fn no_cart() -> Problem {
    Problem::not_found("cart")
}

fn not_for_sale() -> Problem {
    Problem::unprocessable(vec![FieldError {
        field: "product_id".into(),
        message: "there is no such product for sale".into(),
    }])
}

fn cart_refused(refusal: CartError) -> Problem {
    match refusal {
        CartError::TooMany => Problem::unprocessable(vec![FieldError {
            field: "quantity".into(),
            message: refusal.to_string().into(),
        }]),
        CartError::Full => Problem::conflict("cart-full", "Cart full", sentence(&refusal)),
        CartError::MixedCurrencies => {
            Problem::conflict("mixed-currencies", "Mixed currencies", sentence(&refusal))
        }
    }
}

/// An error's text as a sentence.
fn sentence(error: &impl ToString) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

impl From<AddToCartError> for Problem {
    fn from(error: AddToCartError) -> Self {
        match error {
            AddToCartError::NotForSale => not_for_sale(),
            AddToCartError::NoCart => no_cart(),
            AddToCartError::Refused(refusal) => cart_refused(refusal),
            AddToCartError::KeyConflict => Self::key_reused(),
            AddToCartError::Rpc(error) => error.into(),
            AddToCartError::Store(error) => error.into(),
        }
    }
}

impl From<SetQuantityError> for Problem {
    fn from(error: SetQuantityError) -> Self {
        match error {
            SetQuantityError::NotInCart => Self::not_found("product in the cart"),
            SetQuantityError::NotForSale => {
                let detail = "It is no longer sold: it can only be taken out of the cart.";
                Self::conflict("not-for-sale", "No longer sold", detail)
            }
            SetQuantityError::NoCart => no_cart(),
            SetQuantityError::Refused(refusal) => cart_refused(refusal),
            SetQuantityError::Rpc(error) => error.into(),
            SetQuantityError::Store(error) => error.into(),
        }
    }
}

impl From<MergeCartsError> for Problem {
    fn from(error: MergeCartsError) -> Self {
        match error {
            MergeCartsError::NoCart => no_cart(),
            MergeCartsError::Refused(refusal) => cart_refused(refusal),
            MergeCartsError::Store(error) => error.into(),
        }
    }
}

impl From<NoSuchCart> for Problem {
    fn from(error: NoSuchCart) -> Self {
        match error {
            NoSuchCart::UnknownToken => no_cart(),
            NoSuchCart::Store(error) => error.into(),
        }
    }
}

impl From<GetCartError> for Problem {
    fn from(error: GetCartError) -> Self {
        match error {
            GetCartError::NoCart => no_cart(),
            GetCartError::Rpc(error) => error.into(),
            GetCartError::Store(error) => error.into(),
        }
    }
}

impl From<WishlistError> for Problem {
    fn from(error: WishlistError) -> Self {
        match error {
            WishlistError::NotForSale => not_for_sale(),
            WishlistError::Full => Self::conflict("wishlist-full", "Wishlist full", sentence(&error)),
            WishlistError::Rpc(error) => error.into(),
            WishlistError::Store(error) => error.into(),
        }
    }
}

impl From<NotOnWishlist> for Problem {
    fn from(error: NotOnWishlist) -> Self {
        match error {
            NotOnWishlist::Absent => Self::not_found("product on the wishlist"),
            NotOnWishlist::Store(error) => error.into(),
        }
    }
}

impl From<ListWishlistError> for Problem {
    fn from(error: ListWishlistError) -> Self {
        match error {
            ListWishlistError::Rpc(error) => error.into(),
            ListWishlistError::Store(error) => error.into(),
        }
    }
}

impl From<ChangeOrderError> for Problem {
    fn from(error: ChangeOrderError) -> Self {
        match error {
            ChangeOrderError::NotFound => Self::not_found("order"),
            ChangeOrderError::Refused(refusal) => {
                Self::conflict("order-status", "Not in this status", sentence(&refusal))
            }
            ChangeOrderError::Store(error) => error.into(),
        }
    }
}

impl From<PlaceOrderError> for Problem {
    fn from(error: PlaceOrderError) -> Self {
        match error {
            PlaceOrderError::EmptyCart => {
                Self::conflict("empty-cart", "Empty cart", "There is nothing to order.")
            }
            PlaceOrderError::NotForSale(products) => {
                let detail = format!("No longer sold: {}. Take it out of the cart.", products.join(", "));
                Self::conflict("not-for-sale", "No longer sold", detail)
            }
            PlaceOrderError::PricesChanged(changes) => {
                let change = |change: &crate::commands::PriceChange| {
                    format!(
                        "{} ({}) costs {} {} and not {} {}",
                        change.name,
                        change.product_id,
                        change.today.amount,
                        change.today.currency,
                        change.shown.amount,
                        change.shown.currency
                    )
                };
                let changes: Vec<String> = changes.iter().map(change).collect();
                let detail = format!(
                    "{}. The cart has today's prices; order again to accept them.",
                    changes.join("; ")
                );
                Self::conflict("price-changed", "Price changed", detail)
            }
            PlaceOrderError::OtherTotal(total) => {
                let detail = format!(
                    "The cart costs {} {}, which is not expected_total.",
                    total.amount, total.currency
                );
                Self::conflict("total-changed", "Other total", detail)
            }
            PlaceOrderError::TooExpensive => {
                Self::conflict("too-expensive", "Too expensive", sentence(&error))
            }
            PlaceOrderError::CartChanged => Self::conflict("cart-changed", "Cart changed", sentence(&error)),
            PlaceOrderError::NoSuchAddress => Self::unprocessable(vec![FieldError {
                field: "address_id".into(),
                message: error.to_string().into(),
            }]),
            PlaceOrderError::CustomerGone => Self::unauthorized("The account is closed."),
            PlaceOrderError::KeyConflict => Self::key_reused(),
            PlaceOrderError::Rpc(error) => error.into(),
            PlaceOrderError::Store(error) => error.into(),
        }
    }
}
