//! The customer service: accounts, sign-ins, addresses, and the keys that access tokens are signed with.
//!
//! | module | what is in it |
//! |---|---|
//! | `domain` | rules without I/O: what an email, a password, a refresh token is; how often one may fail to sign in |
//! | `keys`, `hashing` | the signing keys on disk; Argon2id, a few at a time |
//! | `commands`, `queries` | what can be done and what can be asked, one file each |
//! | `handlers` | the questions of other services |
//! | `store` | the port with one method per use case, its adapters, and the suite that tests them |
//! | `http` | routes and views; the only place that knows Rocket |
//!
//! It consumes no events. It publishes `CustomerDeleted` and `SessionRevoked`.

mod app;
mod commands;
mod domain;
mod handlers;
mod hashing;
mod http;
mod keys;
mod queries;
mod settings;
mod store;

pub use app::{StartError, build};
pub use commands::{
    add_staff::{AddStaffError, add_staff},
    remove_staff::{RemoveStaffError, remove_staff},
};
pub use http::openapi;
pub use keys::{KeyError, KeyFile, check as check_keys, list as list_keys, rotate as rotate_keys};
pub use queries::staff_exists::staff_exists;
pub use settings::{LONGEST_ACCESS, Settings};

mod for_sqlite {
    refinery::embed_migrations!("migrations/sqlite");
}

mod for_postgres {
    refinery::embed_migrations!("migrations/postgres");
}

/// The schema of this service, for each kind of store.
#[must_use]
pub fn migrations() -> platform::store::Migrations {
    platform::store::Migrations {
        sqlite: for_sqlite::migrations::runner(),
        postgres: for_postgres::migrations::runner(),
    }
}
