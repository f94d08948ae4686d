//! What has to be there before anything is measured: products that do not sell out, and customers who have signed in.

use std::sync::Arc;

use anyhow::Context as _;
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use hyper::header::HeaderValue;
use serde::Deserialize;
use serde_json::json;
use testkit::{ProductBody, bodies::fresh_email};

use super::{
    client::{Connection, Failure},
    target::Target,
};

/// Products that are bought: enough for orders not to wait for each other at one row of the stock.
const PRODUCTS: u32 = 64;
/// As much of each as a stock may hold.
const STOCK: u32 = 1_000_000;
/// Customers to each connection.
const CUSTOMERS: usize = 4;
/// Customers who sign up at once: hashing their passwords is what takes long.
const AT_ONCE: usize = 4;

/// A product, with what is sent to put one piece of it into a cart.
pub(super) struct Product {
    /// `/products/{id}`.
    pub path: String,
    /// The body of `POST /shopping/cart`.
    pub addition: Bytes,
}

/// A customer who has signed in.
#[derive(Clone)]
pub(super) struct Customer {
    /// What they sign their requests with.
    pub bearer: HeaderValue,
}

/// All of it.
pub(super) struct World {
    /// What can be bought.
    pub products: Arc<[Product]>,
    /// Who buys: a few for each connection.
    pub customers: Vec<Vec<Customer>>,
}

#[derive(Deserialize)]
struct Tokens {
    access_token: String,
}

#[derive(Deserialize)]
struct Added {
    id: String,
}

impl World {
    /// Makes everything through the routes of the shop, by the staff login of its first start.
    ///
    /// # Errors
    /// If the shop refuses something.
    pub async fn make(
        target: &Target,
        staff: &impl serde::Serialize,
        connections: u32,
    ) -> anyhow::Result<Self> {
        let mut connection = Connection::new(target.front)?;
        let staff = connection.post("/customer/login", None, serde_json::to_vec(staff)?.into()).await;
        let staff = staff.and_then(|answer| answer.expect(200)).and_then(|answer| bearer(&answer.json()?));
        let staff = staff.map_err(anyhow::Error::msg).context("staff cannot sign in")?;
        let mut products = Vec::new();
        for number in 1..=PRODUCTS {
            let product = add_product(&mut connection, &staff, number).await;
            products.push(product.map_err(anyhow::Error::msg).context("cannot add a product")?);
        }
        let wanted = usize::try_from(connections)? * CUSTOMERS;
        let customers: Vec<Customer> = stream::iter(0..wanted)
            .map(|_| sign_up(target))
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await
            .context("a customer cannot sign up")?;
        let customers = customers.chunks(CUSTOMERS).map(<[Customer]>::to_vec).collect();
        Ok(Self { products: products.into(), customers })
    }

    /// Empties every cart, so that each run begins with the same.
    ///
    /// # Errors
    /// If the shop refuses that.
    pub async fn empty_carts(&self, target: &Target) -> anyhow::Result<()> {
        let mut connection = Connection::new(target.front)?;
        for customer in self.customers.iter().flatten() {
            empty_cart(&mut connection, customer).await.map_err(anyhow::Error::msg)?;
        }
        Ok(())
    }

    /// Puts one product into every cart, for those who only look at theirs.
    ///
    /// # Errors
    /// If the shop refuses that.
    pub async fn fill_carts(&self, target: &Target) -> anyhow::Result<()> {
        let mut connection = Connection::new(target.front)?;
        for customer in self.customers.iter().flatten() {
            let addition = self.products[0].addition.clone();
            let answer = connection.post("/shopping/cart", Some(&customer.bearer), addition).await;
            answer.and_then(|answer| answer.expect(200)).map_err(anyhow::Error::msg)?;
        }
        Ok(())
    }
}

/// Empties the cart of `customer`.
pub(super) async fn empty_cart(connection: &mut Connection, customer: &Customer) -> Result<(), Failure> {
    let answer = connection.delete("/shopping/cart", &customer.bearer).await?;
    if matches!(answer.status, 200 | 204) { Ok(()) } else { answer.expect(204).map(drop) }
}

async fn add_product(
    connection: &mut Connection,
    staff: &HeaderValue,
    number: u32,
) -> Result<Product, Failure> {
    let product = ProductBody::named(&format!("Benchmark cup {number}")).cents(1_250).stock(STOCK);
    let body = serde_json::to_vec(&product).map_err(|error| error.to_string())?;
    let added: Added = connection.post("/products/", Some(staff), body.into()).await?.expect(201)?.json()?;
    let addition = json!({ "product_id": added.id, "quantity": 1 }).to_string();
    Ok(Product { path: format!("/products/{}", added.id), addition: addition.into() })
}

async fn sign_up(target: &Target) -> anyhow::Result<Customer> {
    let mut connection = Connection::new(target.front)?;
    let body = json!({ "email": fresh_email(), "password": "a password for the benchmark" }).to_string();
    let answer = connection.post("/customer/signup", None, body.into()).await;
    let tokens = answer.and_then(|answer| answer.expect(201)).and_then(|answer| bearer(&answer.json()?));
    Ok(Customer { bearer: tokens.map_err(anyhow::Error::msg)? })
}

fn bearer(tokens: &Tokens) -> Result<HeaderValue, Failure> {
    HeaderValue::try_from(format!("Bearer {}", tokens.access_token)).map_err(|error| error.to_string())
}
