//! What deploy/compose does that no other shape does: it is scaled, replaced by another version, and loses a container, each
//! under load and without an edit. `cargo xtask test containers` brings the shop up and says where it is.

mod beanstalk;
mod compose;
mod kill;
#[path = "../production/load.rs"]
mod load;
mod rolling;
mod safety;
mod scaling;

use compose::Compose;
use testkit::{Client, Front, Staff};

/// The shop that is up.
struct Shop {
    stack: Compose,
}

impl Shop {
    async fn find() -> Self {
        Self { stack: Compose::find().await }
    }

    /// Somebody who has not signed in, at the published port.
    fn client(&self) -> Client {
        Client::new(&Front::new(self.stack.url()))
    }

    async fn staff(&self) -> Staff {
        let (email, password) = self.stack.staff_login();
        Staff::log_in(&self.client(), email, password).await
    }
}
