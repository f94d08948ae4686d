//! Somebody without an account, who may have a cart all the same.

use contracts::rpc::CartView;
use serde_json::json;

use crate::{
    Shop,
    client::{Answer, Call, Client},
    views::Product,
};

/// A guest; known by their token from the first thing that they put into their cart.
#[derive(Clone, Debug)]
pub struct Guest {
    client: Client,
    /// Their `Cart-Token`.
    pub token: String,
}

impl Guest {
    /// Somebody who puts so many of a product into a cart that they did not have before.
    ///
    /// # Panics
    /// If that is refused, or no token is given.
    pub async fn with(shop: &Shop, product: &Product, quantity: u32) -> Self {
        let client = shop.client();
        let body = json!({ "product_id": product.id, "quantity": quantity });
        let answer = client.post("/shopping/cart", &body).await.expect(200);
        let token = answer.header("cart-token").expect("a token for the new guest").to_owned();
        assert_eq!(answer.json::<serde_json::Value>()["cart_token"], token.as_str());
        Self { client, token }
    }

    /// Puts more of a product in, and gives the cart.
    ///
    /// # Panics
    /// If that is refused.
    pub async fn put_in_cart(&self, product: &Product, quantity: u32) -> CartView {
        let body = json!({ "product_id": product.id, "quantity": quantity });
        self.showing_token(self.client.post("/shopping/cart", &body)).await.expect(200).json()
    }

    /// The answer to who asks for the cart.
    pub async fn look_into_cart(&self) -> Answer {
        self.showing_token(self.client.get("/shopping/cart")).await
    }

    /// Empties the cart.
    ///
    /// # Panics
    /// If that is refused.
    pub async fn clear_cart(&self) -> CartView {
        self.showing_token(self.client.delete("/shopping/cart")).await.expect(200).json()
    }

    fn showing_token(&self, call: Call) -> Call {
        call.header("Cart-Token", &self.token)
    }
}
