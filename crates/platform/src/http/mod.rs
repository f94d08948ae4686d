//! HTTP glue: what every service's `http` module is written with. Nothing outside such a module, and outside this
//! one, knows that Rocket exists.
//!
//! | to | use |
//! |---|---|
//! | read | [`Json`], [`Query`], [`Id`], [`IdempotencyKey`], with [`Validate`] |
//! | know who calls | [`Caller`], [`MaybeCaller`], [`Staff`] |
//! | answer | [`Json`], [`Located`], [`Page`], [`Problem`] |
//! | write a guard of one's own | [`refuse`] |
//! | serve | [`in_service`], [`operations`], [`catchers`], [`Server`] |

mod catchers;
mod failures;
mod fields;
mod guards;
mod idempotency;
mod json;
mod located;
mod meter;
mod method_override;
mod no_body;
mod operations;
mod page;
mod path;
mod problem;
mod query;
mod refusal;
mod server;
mod service;
mod trailing_slash;

#[cfg(test)]
mod tests;

pub use catchers::catchers;
pub use fields::{FieldError, FieldErrors, Validate};
pub use guards::{Caller, MaybeCaller, Staff};
pub use idempotency::IdempotencyKey;
pub use json::Json;
pub use located::Located;
pub use no_body::NoBody;
pub use operations::{HealthCheck, Operations, operations};
pub use page::{Cursor, Limit, Page};
pub use path::Id;
pub use problem::Problem;
pub use query::Query;
pub use refusal::{guarded, refuse};
pub use server::{ServeError, Server};
pub use service::{ServiceHttp, in_service};
