//! The production shape, and what it survives: PostgreSQL, RabbitMQ, nginx, two instances of each service.
//!
//! Each test has a stack of its own, and ends parts of it under load. `cargo xtask test rabbitmq` runs them.

mod adding;
mod backup;
mod database;
mod kill;
mod load;
mod rolling;

use tempfile::TempDir;
use testkit::{
    Client, Front, Staff,
    stack::{Plan, Stack},
};

/// A stack, and the folder that it is in. It ends before its folder goes.
struct Shop {
    stack: Stack,
    _home: TempDir,
}

impl Shop {
    async fn open() -> Self {
        let home = tempfile::Builder::new().prefix("mercato-test-").tempdir().expect("a folder");
        // Without the cache every request reaches a service.
        let plan = Plan::new(env!("CARGO_BIN_EXE_mercato"), home.path()).set_gateway("CACHE", "off");
        Self { stack: Stack::start(plan).await.expect("a stack"), _home: home }
    }

    /// Somebody who has not signed in, at the gateway.
    fn client(&self) -> Client {
        Client::new(&Front::new(self.stack.url()))
    }

    async fn staff(&self) -> Staff {
        let login = self.stack.staff_login();
        Staff::log_in(&self.client(), &login.email, &login.password).await
    }
}
