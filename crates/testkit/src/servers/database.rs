//! A database of its own for each test, on the server that the tests are told of.

use platform::store::{StoreError, StoreUrl, postgres};
use uuid::Uuid;

/// Names the server: the administrator's URL of a database on it that is always there, such as `postgres`.
const SERVER: &str = "MERCATO_TEST_POSTGRES_URL";

/// A database that is dropped with this.
pub struct FreshDatabase {
    name: String,
}

impl FreshDatabase {
    /// A database with nothing in it.
    ///
    /// # Panics
    /// If `MERCATO_TEST_POSTGRES_URL` names no server, or it refuses.
    pub async fn create() -> Self {
        let name = format!("test_{}", Uuid::new_v4().simple());
        administer(&format!("CREATE DATABASE {name}")).await.expect("a fresh database");
        Self { name }
    }

    /// How to reach it, for a store.
    #[must_use]
    pub fn store_url(&self) -> StoreUrl {
        StoreUrl::Postgres(Self::url_of(&self.name))
    }

    /// Where the database `name` is, on the server that the tests are told of.
    ///
    /// # Panics
    /// As [`FreshDatabase::create`].
    #[must_use]
    pub fn url_of(name: &str) -> String {
        let server = server();
        let (server, _) = server.rsplit_once('/').expect("a URL with a database");
        format!("{server}/{name}")
    }
}

impl Drop for FreshDatabase {
    fn drop(&mut self) {
        let sql = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        // On a thread of its own, for the test's runtime cannot be waited for in here.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(administer(&sql))
        });
        if let Ok(Err(error)) = dropping.join() {
            eprintln!("{} is left behind: {error}", self.name);
        }
    }
}

fn server() -> String {
    std::env::var(SERVER).unwrap_or_else(|_| {
        panic!("{SERVER} is missing: `cargo xtask test rabbitmq` starts a server and sets it")
    })
}

async fn administer(sql: &str) -> Result<(), StoreError> {
    postgres::open(&server())?.execute(sql, &[]).await.map(drop)
}
