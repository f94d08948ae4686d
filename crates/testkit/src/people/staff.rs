//! Those who run the shop.

use contracts::{
    OrderId, ProductId,
    rpc::{OrderStatus, OrderView},
};
use reqwest::Method;
use serde_json::{Value, json};

use super::orders;
use crate::{
    bodies::{ProductBody, fresh_key},
    client::{Answer, Client},
    views::{Payment, Product, Tokens},
    wait::eventually,
};

/// A member of staff who has signed in.
#[derive(Clone, Debug)]
pub struct Staff {
    /// Sends requests in their name.
    pub client: Client,
}

impl Staff {
    /// Signs in.
    ///
    /// # Panics
    /// If that is refused.
    pub async fn log_in(client: &Client, email: &str, password: &str) -> Self {
        let body = json!({ "email": email, "password": password });
        let tokens: Tokens = client.post("/customer/login", &body).await.expect(200).json();
        Self { client: client.signed_in(&tokens.access_token) }
    }

    /// Puts a product into the catalogue.
    ///
    /// # Panics
    /// If that is refused.
    pub async fn add(&self, product: &ProductBody) -> Product {
        self.client.post("/products/", product).key(&fresh_key()).await.expect(201).json()
    }

    /// Changes a product.
    ///
    /// # Panics
    /// If that is refused.
    pub async fn revise(&self, id: ProductId, changes: &Value) -> Product {
        self.client.patch(&format!("/products/{id}"), changes).await.expect(200).json()
    }

    /// Asks for more or less stock, for whoever wants to see the answer.
    pub async fn adjust_stock(&self, id: ProductId, by: i64) -> Answer {
        self.client.post(&format!("/products/{id}/stock"), &json!({ "adjust": by })).key(&fresh_key()).await
    }

    /// Takes a product out of the catalogue.
    ///
    /// # Panics
    /// If that is refused.
    pub async fn archive(&self, id: ProductId) {
        self.client.delete(&format!("/products/{id}")).await.expect(204);
    }

    /// Takes an archived product back into the catalogue.
    ///
    /// # Panics
    /// If that is refused.
    pub async fn restore(&self, id: ProductId) -> Product {
        self.client.call(Method::POST, &format!("/products/{id}/restore")).await.expect(200).json()
    }

    /// A product, archived or not.
    ///
    /// # Panics
    /// If there is none.
    pub async fn product(&self, id: ProductId) -> Product {
        self.client.get(&format!("/products/{id}")).await.expect(200).json()
    }

    /// The payment of an order, if there is one.
    ///
    /// # Panics
    /// If that is refused.
    pub async fn payment(&self, order: OrderId) -> Option<Payment> {
        let answer = self.client.get(&format!("/payment/payments/{order}")).await;
        (answer.status() != 404).then(|| answer.expect(200).json())
    }

    /// Waits until the payment of an order has this status.
    ///
    /// # Panics
    /// If it does not in time.
    pub async fn payment_reaches(&self, order: OrderId, status: &str) -> Payment {
        eventually(&format!("the payment of {order} to be {status}"), || async {
            self.payment(order).await.filter(|payment| payment.status == status)
        })
        .await
    }

    /// Waits until the payment of `order` is captured, and the order has been told.
    ///
    /// # Panics
    /// If that does not come to pass in time.
    pub async fn order_is_paid(&self, order: OrderId) -> Payment {
        let payment = self.payment_reaches(order, "captured").await;
        eventually(&format!("{order} to be told of its capture"), || async {
            self.find_order(order).await.captured.then_some(())
        })
        .await;
        payment
    }

    /// Ships, delivers or refunds an order (`ship`, `deliver`, `refund`), for whoever wants to see the answer.
    pub async fn treat(&self, order: OrderId, how: &str) -> Answer {
        self.client.call(Method::POST, &format!("/shopping/orders/{order}/{how}")).await
    }

    /// Anybody's order.
    ///
    /// # Panics
    /// If there is none.
    pub async fn find_order(&self, id: OrderId) -> OrderView {
        orders::find(&self.client, id).await
    }

    /// Waits until anybody's order has this status.
    ///
    /// # Panics
    /// If it ends otherwise, or not at all.
    pub async fn order_reaches(&self, id: OrderId, status: OrderStatus) -> OrderView {
        orders::reaches(&self.client, id, status).await
    }
}
