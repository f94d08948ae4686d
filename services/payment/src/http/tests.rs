//! The routes, over the service as it is built.

use std::sync::Arc;

use async_trait::async_trait;
use contracts::{
    CustomerId, OrderId, Service, SessionId, Timestamp,
    events::{OrderCancelled, OrderReserved},
    rpc::{JsonWebKey, PublicKeySet},
    subscriptions_of,
};
use platform::{
    Clock,
    auth::{Claims, KeySource, Role, Signer},
    http::{Server, in_service},
    inbox::EventRouter,
    messaging::{Envelope, MemoryBroker, RpcClient, RpcError},
    service::Environment,
};
use rocket::{http::Header, local::asynchronous::Client};
use serde_json::{Value, json};

use crate::{
    Settings,
    fixture::{Fixture, TOTAL},
};

over_each_store!(
    staff_see_a_payment_with_all_that_happened,
    a_cancelled_order_has_a_payment_without_an_amount,
    what_is_no_payment_is_not_found,
    nobody_else_may_look,
    every_subscription_has_a_handler,
);

struct Keys(JsonWebKey);

#[async_trait]
impl KeySource for Keys {
    async fn keys(&self) -> Result<PublicKeySet, RpcError> {
        Ok(PublicKeySet { keys: vec![self.0.clone()] })
    }
}

struct Running {
    client: Client,
    signer: Signer,
    events: EventRouter,
    _fixture: Fixture,
}

impl Running {
    async fn over(fixture: Fixture) -> Self {
        let (signer, clock) = (Signer::generate().unwrap(), Clock::system());
        let broker = Arc::new(MemoryBroker::new(clock.clone()));
        let settings = Settings::default();
        let environment = Environment {
            service: Service::Payment,
            instance: "payment-1".to_owned(),
            store: fixture.platform.clone(),
            rpc: RpcClient::new(Arc::clone(&broker) as _, clock.clone(), settings.provider_timeout),
            broker,
            clock,
        };
        let parts = crate::build(&environment, settings);
        let context = environment.http(&environment.auth(Arc::new(Keys(signer.jwk()))));
        let server = Server::default().mount("/payment", in_service(&context, parts.routes));
        let client = Client::untracked(server.with(parts.state).rocket()).await.unwrap();
        Self { client, signer, events: parts.events, _fixture: fixture }
    }

    async fn get(&self, path: &str, role: Option<Role>) -> (u16, Value) {
        let mut request = self.client.get(format!("/payment/payments/{path}"));
        if let Some(role) = role {
            let lifetime = std::time::Duration::from_secs(60);
            let claims = Claims::new(CustomerId::new(), SessionId::new(), role, Timestamp::now(), lifetime);
            let bearer = format!("Bearer {}", self.signer.sign(&claims).unwrap());
            request.add_header(Header::new("Authorization", bearer));
        }
        let response = request.dispatch().await;
        let status = response.status().code;
        (status, serde_json::from_str(&response.into_string().await.unwrap()).unwrap())
    }

    async fn reserve(&self, order_id: OrderId) {
        let event = OrderReserved { order_id, total: TOTAL, payment_token: "tok_ok".to_owned() };
        self.events.dispatch(&Envelope::seal(&event, Timestamp::now())).await.unwrap();
    }
}

async fn staff_see_a_payment_with_all_that_happened(fixture: Fixture) {
    let (payment, order) = (Running::over(fixture).await, OrderId::new());
    payment.reserve(order).await;
    let (status, body) = payment.get(&order.to_string(), Some(Role::Staff)).await;
    let euros = |amount: i64| json!({"amount": amount, "currency": "EUR"});
    assert_eq!((status, &body["status"]), (200, &json!("authorised")));
    assert_eq!((&body["amount"], &body["captured"]), (&euros(1_250), &euros(0)));
    assert_eq!(body["history"][0]["operation"], "authorise");
    assert_eq!(body["history"][0]["outcome"], "held");
}

async fn a_cancelled_order_has_a_payment_without_an_amount(fixture: Fixture) {
    let (payment, order_id) = (Running::over(fixture).await, OrderId::new());
    let cancelled = Envelope::seal(&OrderCancelled { order_id }, Timestamp::now());
    payment.events.dispatch(&cancelled).await.unwrap();
    let (_, body) = payment.get(&order_id.to_string(), Some(Role::Staff)).await;
    assert_eq!((&body["status"], &body["amount"]), (&json!("voided"), &Value::Null));
}

async fn what_is_no_payment_is_not_found(fixture: Fixture) {
    let payment = Running::over(fixture).await;
    for path in [OrderId::new().to_string(), "7".to_owned(), "%00".to_owned()] {
        assert_eq!(payment.get(&path, Some(Role::Staff)).await.0, 404, "{path}");
    }
}

async fn nobody_else_may_look(fixture: Fixture) {
    let (payment, order) = (Running::over(fixture).await, OrderId::new());
    payment.reserve(order).await;
    let path = order.to_string();
    assert_eq!(payment.get(&path, None).await.0, 401);
    assert_eq!(payment.get(&path, Some(Role::Customer)).await.0, 403);
}

async fn every_subscription_has_a_handler(fixture: Fixture) {
    let payment = Running::over(fixture).await;
    let mut handled: Vec<_> = payment.events.handled().collect();
    let mut expected = subscriptions_of(Service::Payment).to_vec();
    handled.sort_unstable();
    expected.sort_unstable();
    assert_eq!(handled, expected);
}

#[test]
fn the_openapi_document_is_the_one_that_was_reviewed() {
    insta::assert_json_snapshot!(super::openapi());
}
