//! Those who ask, and what they ask about.

use contracts::{AddressId, OrderId, ProductId};
use serde_json::{Value, json};
use testkit::{
    AddressBody, Client, ProductBody, Shop, Shopper, Staff,
    bodies::fresh_email,
    client::Call,
    eventually,
    views::{Address, Tokens},
};

/// Somebody who asks with a good token, or with none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Person {
    Nobody,
    Owner,
    Other,
    Staff,
}

/// What is there to be asked about, and those who may ask.
#[derive(Clone)]
pub(super) struct Scene {
    pub cup: ProductId,
    pub address: AddressId,
    /// Confirmed, and its payment captured.
    pub order: OrderId,
    /// Whose address and order they are.
    pub owner: Shopper,
    other: Shopper,
    clerk: Clerk,
    /// Whoever has signed out, and has to sign in before they ask again.
    left: Vec<Person>,
}

/// A member of staff, whom only this test knows.
#[derive(Clone)]
struct Clerk {
    email: String,
    password: String,
    client: Client,
}

impl Clerk {
    async fn hire(shop: &Shop) -> Self {
        let email = fresh_email();
        let password = shop.mercato().run(&["staff", "add", &email]).await.expect(0).stdout.trim().to_owned();
        let client = Staff::log_in(&shop.client(), &email, &password).await.client;
        Self { email, password, client }
    }
}

impl Scene {
    pub(super) async fn set(shop: &Shop) -> Self {
        let clerk = Clerk::hire(shop).await;
        let (owner, other) = (Shopper::sign_up(shop).await, Shopper::sign_up(shop).await);
        let staff = Staff { client: clerk.client.clone() };
        let cup = staff.add(&ProductBody::named("Cup")).await;
        let address: Address = owner
            .client
            .post("/customer/addresses", &AddressBody::in_city("Bremen"))
            .await
            .expect(201)
            .json();
        let order = owner.buy(&cup, 1, "tok_ok").await.id;
        owner.order_ends(order).await;
        staff.order_is_paid(order).await;
        Self { cup: cup.id, address: address.id, order, owner, other, clerk, left: Vec::new() }
    }

    /// Somebody; who has signed out signs in again, and who has closed their account is replaced.
    pub(super) async fn find(&mut self, shop: &Shop, person: Person) -> Client {
        if let Some(place) = self.left.iter().position(|left| *left == person) {
            self.left.swap_remove(place);
            match person {
                Person::Nobody => {}
                Person::Owner => self.owner = self.owner.log_in_again(shop).await,
                Person::Other => self.other = self.other.log_in_again(shop).await,
                Person::Staff => {
                    let Clerk { email, password, .. } = &self.clerk;
                    self.clerk.client = Staff::log_in(&shop.client(), email, password).await.client;
                }
            }
        }
        match person {
            Person::Nobody => shop.client(),
            Person::Owner => self.owner.client.clone(),
            Person::Other => self.other.client.clone(),
            Person::Staff => self.clerk.client.clone(),
        }
    }

    /// The same, asking about an order that nobody has.
    pub(super) fn about_no_order(&self) -> Self {
        Self { order: OrderId::new(), ..self.clone() }
    }

    pub(super) fn has_left(&mut self, person: Person) {
        self.left.push(person);
    }

    /// All that could have been changed, or taken.
    pub(super) async fn state(&self) -> Vec<Value> {
        let order = self.order;
        let owners = [
            "/customer/profile?include=shopping".to_owned(),
            "/customer/addresses?limit=100".to_owned(),
            format!("/shopping/orders/{order}/timeline"),
        ];
        let staffs = [
            format!("/products/{}", self.cup),
            "/products/?limit=100".to_owned(),
            format!("/payment/payments/{order}"),
        ];
        let mut state = Vec::new();
        for path in owners {
            state.push(self.owner.client.get(&path).await.expect(200).json());
        }
        for path in staffs {
            state.push(self.clerk.client.get(&path).await.expect(200).json());
        }
        state
    }

    /// The header of staff who have signed out, once every service knows.
    pub(super) async fn signed_out(&self, shop: &Shop) -> String {
        let body = json!({ "email": self.clerk.email, "password": self.clerk.password });
        let tokens: Tokens = shop.client().post("/customer/login", &body).await.expect(200).json();
        let client = shop.client().signed_in(&tokens.access_token);
        client.post("/customer/logout", &json!({})).await.expect(204);
        self.refused_everywhere(shop, &tokens.access_token).await
    }

    /// The header of somebody whose account is closed, once every service knows.
    pub(super) async fn closed(&self, shop: &Shop) -> String {
        let leaver = Shopper::sign_up(shop).await;
        leaver.client.delete("/customer/profile").await.expect(204);
        self.refused_everywhere(shop, &leaver.tokens.access_token).await
    }

    /// What is taken back is known elsewhere once the event is there.
    async fn refused_everywhere(&self, shop: &Shop, token: &str) -> String {
        let client = shop.client().signed_in(token);
        let asked: [&dyn Fn() -> Call; 4] = [
            &|| client.get("/customer/profile"),
            &|| client.get(&format!("/products/{}", self.cup)),
            &|| client.get("/shopping/wishlist"),
            &|| client.get(&format!("/payment/payments/{}", self.order)),
        ];
        for ask in asked {
            eventually("a token to be known as revoked", || async {
                (ask().await.status() == 401).then_some(())
            })
            .await;
        }
        format!("Bearer {token}")
    }
}
