//! The problems that routes have in common, for the description of the API.

use std::collections::BTreeMap;

use utoipa::{
    IntoResponses,
    openapi::{Content, Ref, RefOr, Response, ResponseBuilder},
};

/// Each is a group of statuses, to be named among a route's `responses`.
macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident { $($status:literal: $meaning:literal,)* })*) => {$(
        $(#[$doc])*
        pub(super) enum $name {}

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                [$(($status, $meaning)),*].into_iter().map(problem).collect()
            }
        }
    )*};
}

problems! {
    /// What any route may answer.
    Failures {
        "500": "Something went wrong here; it has been logged",
        "503": "A part of the shop cannot be reached: try again in a moment",
        "504": "The answer took too long",
    }
    /// A token came along that is no good.
    BadToken {
        "401": "The access token is not valid",
    }
    /// The caller is no member of staff.
    NotStaff {
        "401": "There is no access token, or one that is not valid",
        "403": "The caller is no member of staff",
    }
    /// The body cannot be taken.
    BadBody {
        "400": "The body or the Idempotency-Key cannot be read",
        "413": "The body is too long",
        "415": "The body is of another type",
        "422": "Some fields are not valid",
    }
}

fn problem((status, meaning): (&str, &str)) -> (String, RefOr<Response>) {
    let content = Content::new(Some(Ref::from_schema_name("Problem")));
    let response = ResponseBuilder::new().description(meaning).content("application/problem+json", content);
    (status.to_owned(), response.build().into())
}
