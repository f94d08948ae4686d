//! The routes as a client sees them, on a real store and without a socket.

mod reading;
mod writing;

use std::sync::Arc;

use async_trait::async_trait;
use contracts::{
    CustomerId, Service, SessionId, Timestamp,
    rpc::{JsonWebKey, PublicKeySet},
};
use platform::{
    Clock,
    auth::{Auth, Claims, KeySource, Revocations, Role, Signer, Verifier},
    http::{Server, ServiceHttp, in_service},
    messaging::RpcError,
};
use rocket::{
    http::{ContentType, Header, Method},
    local::asynchronous::Client,
};
use serde_json::{Value, json};

use super::{openapi, routes};
use crate::{Products, Settings, store};

#[test]
fn the_description_of_the_api_is_the_one_that_was_reviewed() {
    let mut document = serde_json::to_value(openapi()).unwrap();
    document["info"]["version"] = "[version]".into();
    insta::assert_json_snapshot!("openapi", document);
}

struct Keys(JsonWebKey);

#[async_trait]
impl KeySource for Keys {
    async fn keys(&self) -> Result<PublicKeySet, RpcError> {
        Ok(PublicKeySet { keys: vec![self.0.clone()] })
    }
}

/// The service at `/products`.
struct Front {
    client: Client,
    shop: store::Shop,
    staff: String,
    customer: String,
}

/// An answer: its status, its `Location`, and its document.
struct Answer {
    status: u16,
    location: Option<String>,
    body: Value,
}

impl Answer {
    /// The fields at fault.
    fn fields(&self) -> Vec<&str> {
        let errors = self.body["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
        errors.iter().map(|error| error["field"].as_str().unwrap()).collect()
    }

    fn names(&self) -> Vec<&str> {
        self.body["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap()).collect()
    }
}

impl Front {
    async fn open() -> Self {
        let shop = store::shop().await;
        let signer = Signer::generate().unwrap();
        let verifier = Verifier::new(Arc::new(Keys(signer.jwk())), Clock::system());
        let auth = Auth::new(verifier, Revocations::default(), Clock::system());
        let context = Arc::new(ServiceHttp::new(Service::Products, "products-1", Arc::new(auth)));
        let products = Arc::new(Products::new(Arc::clone(&shop.store), Clock::system(), Settings::default()));
        let rocket = Server::default().mount("/products", in_service(&context, routes())).rocket();
        let client = Client::untracked(rocket.manage(products)).await.unwrap();
        let token = |role| {
            let lifetime = std::time::Duration::from_secs(900);
            let claims = Claims::new(CustomerId::new(), SessionId::new(), role, Timestamp::now(), lifetime);
            signer.sign(&claims).unwrap()
        };
        Self { client, shop, staff: token(Role::Staff), customer: token(Role::Customer) }
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl AsRef<[u8]>,
    ) -> Answer {
        let mut request = self.client.req(method, path.to_owned()).body(body);
        for (name, value) in headers {
            request.add_header(Header::new((*name).to_owned(), (*value).to_owned()));
        }
        let response = request.dispatch().await;
        let status = response.status().code;
        let location = response.headers().get_one("Location").map(str::to_owned);
        let is_json = response.content_type().is_some_and(|sent| {
            sent == ContentType::JSON || sent == ContentType::new("application", "problem+json")
        });
        assert!(is_json || status == 204, "{status} is of another type");
        let text = response.into_string().await.unwrap_or_default();
        Answer { status, location, body: serde_json::from_str(&text).unwrap_or(Value::Null) }
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask(Method::Get, path, &[], "").await
    }

    /// A request with a JSON body by a member of staff.
    async fn staff(&self, method: Method, path: &str, body: &Value) -> Answer {
        self.keyed(method, path, None, body).await
    }

    async fn keyed(&self, method: Method, path: &str, key: Option<&str>, body: &Value) -> Answer {
        let bearer = format!("Bearer {}", self.staff);
        let mut headers = vec![("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
        headers.extend(key.map(|key| ("Idempotency-Key", key)));
        self.ask(method, path, &headers, body.to_string()).await
    }

    /// Adds `product`, and gives its path.
    async fn added(&self, product: &Value) -> String {
        let answer = self.staff(Method::Post, "/products", product).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.location.unwrap()
    }
}

fn moka_pot() -> Value {
    json!({
        "name": "Moka pot", "description": "For the hob.", "category": "kitchen",
        "price": {"amount": 2990, "currency": "EUR"}, "stock": 3,
    })
}

fn with(mut product: Value, field: &str, value: impl Into<Value>) -> Value {
    product[field] = value.into();
    product
}
