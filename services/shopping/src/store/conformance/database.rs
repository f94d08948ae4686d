//! A database of its own for each test, on the server that the tests are told of.

use platform::store::{StoreError, StoreUrl, postgres};
use uuid::Uuid;

/// A database that is dropped with this.
pub struct FreshDatabase {
    /// The server, through a database that is always there.
    admin: String,
    name: String,
}

impl FreshDatabase {
    /// A database with nothing in it.
    pub async fn create() -> Self {
        let admin = std::env::var("MERCATO_TEST_POSTGRES_URL").expect(
            "MERCATO_TEST_POSTGRES_URL is missing: `cargo xtask test rabbitmq` starts a server and sets it",
        );
        let name = format!("test_{}", Uuid::new_v4().simple());
        administer(&admin, &format!("CREATE DATABASE {name}")).await.unwrap();
        Self { admin, name }
    }

    /// How to reach it.
    pub fn url(&self) -> StoreUrl {
        let (server, _) = self.admin.rsplit_once('/').unwrap();
        StoreUrl::Postgres(format!("{server}/{}", self.name))
    }
}

impl Drop for FreshDatabase {
    fn drop(&mut self) {
        let (admin, sql) = (self.admin.clone(), format!("DROP DATABASE {} WITH (FORCE)", self.name));
        let drop = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(administer(&admin, &sql)).ok();
        };
        // On a thread of its own, for this one is busy with a runtime.
        std::thread::spawn(drop).join().ok();
    }
}

async fn administer(admin: &str, sql: &str) -> Result<(), StoreError> {
    postgres::open(admin)?.execute(sql, &[]).await.map(drop)
}
