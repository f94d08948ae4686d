//! Somebody with an account who buys.

use contracts::{
    AddressId, CustomerId, OrderId, ProductId,
    rpc::{CartView, OrderStatus, OrderView},
};
use serde_json::{Value, json};

use super::orders;
use crate::{
    Shop,
    bodies::{fresh_email, fresh_key},
    client::{Answer, Client},
    views::{Product, Tokens},
};

/// Every shopper's password.
pub const PASSWORD: &str = "correct horse battery";

/// A customer who has signed in.
#[derive(Clone, Debug)]
pub struct Shopper {
    /// Who they are.
    pub id: CustomerId,
    /// What they sign in with, beside [`PASSWORD`].
    pub email: String,
    /// Their tokens.
    pub tokens: Tokens,
    /// Sends requests in their name.
    pub client: Client,
}

impl Shopper {
    /// Somebody new, with an email address that nobody else has.
    ///
    /// # Panics
    /// If they cannot sign up.
    pub async fn sign_up(shop: &Shop) -> Self {
        Self::sign_up_at(&shop.client()).await
    }

    /// The same wherever `client` is.
    ///
    /// # Panics
    /// As [`Shopper::sign_up`].
    pub async fn sign_up_at(client: &Client) -> Self {
        let email = fresh_email();
        let body = json!({ "email": email, "password": PASSWORD });
        let tokens: Tokens = client.post("/customer/signup", &body).await.expect(201).json();
        Self { id: tokens.id, email, client: client.signed_in(&tokens.access_token), tokens }
    }

    /// The same person, signed in once more: another session.
    ///
    /// # Panics
    /// If they cannot sign in.
    pub async fn log_in_again(&self, shop: &Shop) -> Self {
        let client = shop.client();
        let body = json!({ "email": self.email, "password": PASSWORD });
        let tokens: Tokens = client.post("/customer/login", &body).await.expect(200).json();
        Self { client: client.signed_in(&tokens.access_token), tokens, ..self.clone() }
    }

    /// Puts so many of a product into the cart, and gives the cart.
    ///
    /// # Panics
    /// If that is refused.
    pub async fn put_in_cart(&self, product: &Product, quantity: u32) -> CartView {
        let body = json!({ "product_id": product.id, "quantity": quantity });
        self.client.post("/shopping/cart", &body).await.expect(200).json()
    }

    /// The cart.
    ///
    /// # Panics
    /// If it cannot be seen.
    pub async fn cart(&self) -> CartView {
        self.client.get("/shopping/cart").await.expect(200).json()
    }

    /// Orders what is in the cart, and pays by `token`.
    ///
    /// # Panics
    /// If the order is not accepted.
    pub async fn order(&self, token: &str) -> OrderView {
        let placed = self.try_to_order(&Self::paying(token), &fresh_key()).await.expect(202);
        let order: OrderView = placed.json();
        assert_eq!(placed.header("location"), Some(&*format!("/shopping/orders/{}", order.id)));
        order
    }

    /// Buys so many of a product by `token`, from the cart to the order.
    ///
    /// # Panics
    /// If the order is not accepted.
    pub async fn buy(&self, product: &Product, quantity: u32, token: &str) -> OrderView {
        self.put_in_cart(product, quantity).await;
        self.order(token).await
    }

    /// Sends an order with an idempotency key, for whoever wants to see the answer.
    pub async fn try_to_order(&self, body: &Value, key: &str) -> Answer {
        self.client.post("/shopping/orders", body).key(key).await
    }

    /// The body of an order that is paid by `token`.
    #[must_use]
    pub fn paying(token: &str) -> Value {
        json!({ "payment": { "token": token } })
    }

    /// The body of an order that is paid by `token` and goes to an address.
    #[must_use]
    pub fn paying_to(token: &str, address: AddressId) -> Value {
        json!({ "payment": { "token": token }, "address_id": address })
    }

    /// Asks for an order to be cancelled, for whoever wants to see the answer.
    pub async fn cancel(&self, id: OrderId) -> Answer {
        self.client.call(reqwest::Method::POST, &format!("/shopping/orders/{id}/cancel")).await
    }

    /// Puts a product on the wishlist.
    ///
    /// # Panics
    /// If that is refused.
    pub async fn wish_for(&self, product: ProductId) {
        self.client.post("/shopping/wishlist", &json!({ "product_id": product })).await.expect(200);
    }

    /// An order.
    ///
    /// # Panics
    /// If it is not there.
    pub async fn find_order(&self, id: OrderId) -> OrderView {
        orders::find(&self.client, id).await
    }

    /// Waits until an order has this status.
    ///
    /// # Panics
    /// If it ends otherwise, or not at all.
    pub async fn order_reaches(&self, id: OrderId, status: OrderStatus) -> OrderView {
        orders::reaches(&self.client, id, status).await
    }

    /// Waits until the checkout of an order is over, well or badly.
    ///
    /// # Panics
    /// If it is not in time.
    pub async fn order_ends(&self, id: OrderId) -> OrderView {
        orders::ends(&self.client, id).await
    }
}
