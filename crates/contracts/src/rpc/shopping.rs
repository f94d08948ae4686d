//! Questions that the shopping service answers.

use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

use super::{PostalAddress, Rpc};
use crate::{CustomerId, Money, OrderId, ProductId, Service, Timestamp};

/// What is in this customer's cart and wishlist, and what have they ordered?
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CustomerOverview {
    /// Whose.
    pub customer_id: CustomerId,
}

impl Rpc for CustomerOverview {
    const METHOD: &'static str = "shopping.customer_overview";
    const SERVICE: Service = Service::Shopping;
    type Reply = ShoppingOverview;
}

/// What shopping knows of a customer.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, ToSchema)]
pub struct ShoppingOverview {
    /// The cart.
    pub cart: CartView,
    /// The wishlist, newest first.
    pub wishlist: Vec<WishlistItem>,
    /// The latest 20 orders, newest first.
    pub orders: Vec<OrderView>,
}

/// A product with the price that counts here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
pub struct PricedProduct {
    /// Which product.
    pub id: ProductId,
    /// Its name.
    #[schema(example = "Moka pot, 3 cups")]
    pub name: String,
    /// The price of one piece.
    pub price: Money,
}

/// A line of a cart or of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
pub struct CartItem {
    /// What.
    pub product: PricedProduct,
    /// How many.
    #[schema(example = 2)]
    pub quantity: u32,
    /// Price times quantity.
    pub subtotal: Money,
    /// In a cart: whether so many of it can be bought right now. Left out of an order.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub in_stock: Option<bool>,
}

/// A cart with today's names and prices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
pub struct CartView {
    /// In the order in which they were put in.
    pub items: Vec<CartItem>,
    /// The sum of the subtotals; 0 for an empty cart.
    pub total: Money,
}

/// A product that somebody would like to have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
pub struct WishlistItem {
    /// What, at today's price.
    pub product: PricedProduct,
    /// Whether it could be bought now.
    pub in_stock: bool,
    /// Since when it has been on the list.
    pub added_at: Timestamp,
}

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum OrderStatus {
    /// Placed; the stock is being reserved.
    Pending,
    /// The stock is held; the payment is being authorised.
    Reserved,
    /// The money is held; the stock is being sold.
    Authorised,
    /// Stock sold and money held: the order stands.
    Confirmed,
    /// On its way.
    Shipped,
    /// Arrived.
    Delivered,
    /// There was not enough stock.
    Rejected,
    /// The payment was declined.
    Declined,
    /// Called off before it was confirmed.
    Cancelled,
    /// The money went back.
    Refunded,
}

impl OrderStatus {
    /// All of them, in the order in which an order may pass through them.
    pub const ALL: [Self; 10] = [
        Self::Pending,
        Self::Reserved,
        Self::Authorised,
        Self::Confirmed,
        Self::Shipped,
        Self::Delivered,
        Self::Rejected,
        Self::Declined,
        Self::Cancelled,
        Self::Refunded,
    ];

    /// Whether the checkout of an order that stands so is over, well or badly.
    #[must_use]
    pub const fn is_settled(self) -> bool {
        !matches!(self, Self::Pending | Self::Reserved | Self::Authorised)
    }

    /// Its name on the wire and in databases.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Reserved => "reserved",
            Self::Authorised => "authorised",
            Self::Confirmed => "confirmed",
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
            Self::Rejected => "rejected",
            Self::Declined => "declined",
            Self::Cancelled => "cancelled",
            Self::Refunded => "refunded",
        }
    }
}

/// No order stands like that.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("'{0}' is no status of an order")]
pub struct UnknownStatus(String);

impl FromStr for OrderStatus {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| UnknownStatus(text.to_owned()))
    }
}

/// An order as its customer sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
pub struct OrderView {
    /// Which order.
    pub id: OrderId,
    /// Whose, for staff; left out once the customer is gone.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub customer_id: Option<CustomerId>,
    /// Where it stands.
    pub status: OrderStatus,
    /// Why it ended as it did, where there is something to say.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// What was ordered, at the prices it was sold at.
    pub items: Vec<CartItem>,
    /// What it costs.
    pub total: Money,
    /// Whether the money is the shop's. Goods are not sent before.
    #[serde(default)]
    pub captured: bool,
    /// Whether staff have asked for the money to go back. Until it has, the order stays where it stands.
    #[serde(default)]
    pub refund_requested: bool,
    /// Where it goes, if an address was given.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub address: Option<PostalAddress>,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}
