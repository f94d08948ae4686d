//! Who sends the requests, and what there is for them to be about.

use contracts::{AddressId, OrderId, ProductId};
use serde_json::json;
use testkit::{
    AddressBody, ProductBody, Shop, Shopper,
    views::{Address, Tokens},
};

/// Somebody who sends requests.
pub(super) struct Caller {
    pub name: &'static str,
    pub token: Option<String>,
}

/// Everybody, and what exists.
pub(super) struct Scene {
    pub url: String,
    callers: [Caller; 3],
    product: ProductId,
    order: OrderId,
    address: AddressId,
}

impl Scene {
    /// A customer with an address and an order that is confirmed.
    pub(super) async fn set(shop: &Shop) -> Self {
        let (staff, shopper) = (shop.staff().await, Shopper::sign_up(shop).await);
        let product = staff.add(&ProductBody::named("Cup").stock(1_000)).await;
        let address = shopper.client.post("/customer/addresses", &AddressBody::in_city("Hamburg")).await;
        let address: Address = address.expect(201).json();
        let order = shopper.buy(&product, 1, "tok_ok").await.id;
        shopper.order_ends(order).await;
        let login = shop.staff_login();
        let body = json!({ "email": login.email, "password": login.password });
        let tokens: Tokens = shop.client().post("/customer/login", &body).await.expect(200).json();
        let callers = [
            Caller { name: "nobody", token: None },
            Caller { name: "a customer", token: Some(shopper.tokens.access_token) },
            Caller { name: "staff", token: Some(tokens.access_token) },
        ];
        Self { url: shop.base_url(), callers, product: product.id, order, address: address.id }
    }

    pub(super) const fn callers(&self) -> &[Caller; 3] {
        &self.callers
    }

    /// By the beginning of a path, or by a field: requests about things that do not exist never get far.
    pub(super) fn known_ids(&self) -> String {
        let Self { product, order, address, .. } = self;
        json!({
            "/orders": order, "/payments": order, "/addresses": address, "/cart": product, "/wishlist": product,
            "/{id}": product, "product_id": product, "address_id": address,
        })
        .to_string()
    }
}
