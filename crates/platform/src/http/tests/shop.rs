//! A service of test routes, written as the services' own are.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use contracts::{
    CustomerId, Money, ProductId, Service, SessionId, Timestamp,
    rpc::{JsonWebKey, PublicKeySet},
};
use rocket::{
    Route, delete, get,
    http::Status,
    local::asynchronous::{Client, LocalResponse},
    post, routes,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{OpenApi, ToSchema};

use crate::{
    Clock,
    auth::{Auth, Claims, KeySource, Revocations, Role, Signer, Verifier},
    http::{
        Caller, Cursor, FieldErrors, HealthCheck, Id, IdempotencyKey, Json, Limit, MaybeCaller, Operations,
        Page, Problem, Query, Server, ServiceHttp, Staff, Validate, in_service, operations,
    },
    messaging::RpcError,
    telemetry::metrics_handle,
};

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewProduct {
    pub name: String,
    pub price: Money,
    #[serde(default)]
    pub tags: Vec<String>,
}

impl Validate for NewProduct {
    fn check(&self, errors: &mut FieldErrors) {
        errors.length(&self.name, "name", 1, 20).require(self.tags.len() < 3, "tags", "must be at most two");
    }
}

// Named in full: where the trait is imported, the code that `params(Listing)` writes is qualified needlessly.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Listing {
    #[serde(default)]
    #[param(inline)]
    pub limit: Limit,
    #[param(value_type = Option<String>)]
    pub after: Option<Cursor<u32>>,
}

impl Validate for Listing {}

/// Adds a product to the catalogue.
#[utoipa::path(
    request_body = NewProduct,
    responses((status = 201, body = NewProduct), (status = 422, body = Problem))
)]
#[post("/", data = "<product>")]
fn add(product: Json<NewProduct>, key: IdempotencyKey) -> (Status, Json<Value>) {
    let answer = json!({"name": product.0.name, "key": key.as_deref()});
    (Status::Created, Json(answer))
}

/// Lists numbers.
#[utoipa::path(params(Listing), responses((status = 200, body = Page<u32>)))]
#[get("/")]
fn list(listing: Query<Listing>) -> Json<Page<u32>> {
    let from = listing.0.after.map_or(0, |after| after.0 + 1);
    let items = (from..50).take(listing.0.limit.get() as usize + 1).collect();
    Json(Page::new(items, listing.0.limit, |item| *item))
}

/// Finds a product.
#[utoipa::path(
    params(("id" = ProductId, Path, description = "Which product")),
    responses((status = 200, body = NewProduct), (status = 404, body = Problem))
)]
#[get("/<id>")]
fn find(id: Id<ProductId>) -> Json<ProductId> {
    Json(id.0)
}

#[delete("/<_id>")]
fn archive(_id: Id<ProductId>, staff: Staff) -> Json<CustomerId> {
    Json(staff.0.sub)
}

#[get("/me")]
fn me(caller: Caller) -> Json<CustomerId> {
    Json(caller.0.sub)
}

#[get("/anybody")]
fn anybody(caller: MaybeCaller) -> Json<bool> {
    Json(caller.0.is_some())
}

#[get("/panics")]
fn panics() -> Json<()> {
    panic!("on purpose")
}

#[get("/hangs")]
async fn hangs() -> Json<()> {
    std::future::pending().await
}

#[get("/taken")]
fn taken() -> Result<Json<()>, Problem> {
    Err(Problem::conflict("taken", "It is taken", "Choose another."))
}

#[get("/nothing")]
fn nothing() -> Option<Json<()>> {
    None
}

#[derive(OpenApi)]
#[openapi(paths(add, list, find))]
pub struct Description;

struct Keys(JsonWebKey);

#[async_trait]
impl KeySource for Keys {
    async fn keys(&self) -> Result<PublicKeySet, RpcError> {
        Ok(PublicKeySet { keys: vec![self.0.clone()] })
    }
}

pub struct Check(pub &'static str, pub Result<(), String>);

#[async_trait]
impl HealthCheck for Check {
    fn name(&self) -> &'static str {
        self.0
    }

    async fn check(&self) -> Result<(), String> {
        self.1.clone()
    }
}

/// The service under `prefix`.
pub struct Shop {
    pub client: Client,
    pub signer: Signer,
    pub context: Arc<ServiceHttp>,
}

impl Shop {
    pub async fn open(prefix: &str) -> Self {
        Self::with_checks(prefix, vec![Arc::new(Check("store", Ok(())))]).await
    }

    pub async fn with_checks(prefix: &str, checks: Vec<Arc<dyn HealthCheck>>) -> Self {
        let signer = Signer::generate().unwrap();
        let verifier = Verifier::new(Arc::new(Keys(signer.jwk())), Clock::system());
        let auth = Auth::new(verifier, Revocations::default(), Clock::system());
        let mut context = ServiceHttp::new(Service::Products, "products-1", Arc::new(auth));
        context.request_timeout = Duration::from_millis(200);
        let context = Arc::new(context);
        let rocket = Server::default()
            .mount(prefix, in_service(&context, test_routes()))
            .mount(prefix, in_service(&context, operations_with(checks)))
            .rocket();
        let client = Client::untracked(rocket).await.unwrap();
        Self { client, signer, context }
    }

    pub fn claims(role: Role) -> Claims {
        let lifetime = Duration::from_secs(900);
        Claims::new(CustomerId::new(), SessionId::new(), role, Timestamp::now(), lifetime)
    }

    /// A GET of `path`: the status and the document.
    pub async fn get(&self, path: &str) -> (u16, Value) {
        document(self.client.get(path.to_owned()).dispatch().await).await
    }
}

fn test_routes() -> Vec<Route> {
    routes![add, list, find, archive, me, anybody, panics, hangs, taken, nothing]
}

fn operations_with(checks: Vec<Arc<dyn HealthCheck>>) -> Vec<Route> {
    operations(Operations {
        service: Service::Products,
        instance: "products-1".into(),
        checks,
        metrics: metrics_handle(),
        openapi: Description::openapi(),
    })
}

pub async fn document(response: LocalResponse<'_>) -> (u16, Value) {
    let status = response.status().code;
    let text = response.into_string().await.unwrap_or_default();
    let document = serde_json::from_str(&text).unwrap_or(Value::Null);
    (status, document)
}
