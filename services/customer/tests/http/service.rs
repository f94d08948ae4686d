//! The service, whole but for a socket, with hands on its clock.

use std::{path::PathBuf, sync::Arc, time::Duration};

use contracts::{Service, Timestamp};
use customer::Settings;
use platform::{
    Clock,
    http::{Server, in_service},
    messaging::{MemoryBroker, RpcClient, RpcRouter},
    service::Environment,
    store::{Durability, Store, StoreUrl},
};
use rocket::{
    http::{Header, Method, Status},
    local::asynchronous::Client,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_util::sync::{CancellationToken, DropGuard};

/// When the tests begin.
pub const START: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);
/// A password that may be chosen.
pub const PASSWORD: &str = "correct horse";

pub struct Shop {
    client: Client,
    pub clock: Clock,
    pub broker: Arc<MemoryBroker>,
    pub rpc: RpcClient,
    pub store: Store,
    pub shutdown: CancellationToken,
    _stop: DropGuard,
    folder: TempDir,
}

pub struct Answer {
    pub status: Status,
    pub location: Option<String>,
    pub retry_after: Option<String>,
    pub body: Value,
}

impl Answer {
    pub fn text(&self, field: &str) -> &str {
        self.body[field].as_str().unwrap_or_else(|| panic!("no {field} in {}", self.body))
    }

    /// The fields at fault.
    pub fn faults(&self) -> Vec<&str> {
        let errors = self.body["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
        errors.iter().filter_map(|error| error["field"].as_str()).collect()
    }
}

impl Shop {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = StoreUrl::Sqlite(folder.path().to_owned());
        Store::migrate(&url, Service::Customer, customer::migrations()).await.unwrap();
        let store = Store::open(&url, Service::Customer, Durability::Normal).await.unwrap();
        let clock = Clock::manual(START);
        let broker = Arc::new(MemoryBroker::new(clock.clone()));
        let rpc = RpcClient::new(broker.clone(), clock.clone(), Duration::from_secs(5));
        let environment = Environment {
            service: Service::Customer,
            instance: "customer-1".to_owned(),
            store: store.clone(),
            broker: broker.clone(),
            rpc: rpc.clone(),
            clock: clock.clone(),
        };
        let settings = Settings { generate_keys: true, ..Settings::new(folder.path().join("keys")) };
        let parts = customer::build(environment.clone(), settings).unwrap();
        let shutdown = CancellationToken::new();
        tokio::spawn(parts.questions.run(broker.clone(), clock.clone(), shutdown.clone()));
        let server = Server::default()
            .mount("/", in_service(&environment.http(&parts.auth), parts.routes))
            .with(parts.state);
        let client = Client::untracked(server.rocket()).await.unwrap();
        let stop = shutdown.clone().drop_guard();
        Self { client, clock, broker, rpc, store, shutdown, _stop: stop, folder }
    }

    /// The folder of the keys that sign tokens.
    pub fn keys(&self) -> PathBuf {
        self.folder.path().join("keys")
    }

    /// Lets another service answer questions.
    pub fn answering(&self, router: RpcRouter) {
        tokio::spawn(router.run(self.broker.clone(), self.clock.clone(), self.shutdown.clone()));
    }

    pub async fn send(
        &self,
        method: Method,
        path: &str,
        token: &str,
        key: &str,
        body: Option<Value>,
    ) -> Answer {
        let mut request = self.client.req(method, path.to_owned());
        if !token.is_empty() {
            request.add_header(Header::new("Authorization", format!("Bearer {token}")));
        }
        if !key.is_empty() {
            request.add_header(Header::new("Idempotency-Key", key.to_owned()));
        }
        if let Some(body) = body {
            request.add_header(rocket::http::ContentType::JSON);
            request.set_body(body.to_string());
        }
        let response = request.dispatch().await;
        let header = |name| response.headers().get_one(name).map(ToOwned::to_owned);
        let (status, location, retry_after) = (response.status(), header("Location"), header("Retry-After"));
        let text = response.into_string().await.unwrap_or_default();
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() };
        Answer { status, location, retry_after, body }
    }

    pub async fn post(&self, path: &str, token: &str, body: Value) -> Answer {
        self.send(Method::Post, path, token, "", Some(body)).await
    }

    pub async fn get(&self, path: &str, token: &str) -> Answer {
        self.send(Method::Get, path, token, "", None).await
    }

    pub async fn sign_up(&self, email: &str) -> Answer {
        let answer = self.post("/signup", "", json!({ "email": email, "password": PASSWORD })).await;
        assert_eq!(answer.status, Status::Created, "{}", answer.body);
        answer
    }

    pub async fn log_in(&self, email: &str, password: &str) -> Answer {
        self.post("/login", "", json!({ "email": email, "password": password })).await
    }

    pub async fn refresh(&self, token: &str) -> Answer {
        self.post("/token/refresh", "", json!({ "refresh_token": token })).await
    }

    /// The types of the events that wait to be published.
    pub async fn events(&self) -> Vec<String> {
        let rows = self.store.messaging().fetch(0, 100).await.unwrap();
        rows.into_iter().map(|row| row.envelope.unwrap().event_type).collect()
    }
}
