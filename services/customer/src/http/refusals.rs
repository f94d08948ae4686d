//! The refusals that many routes have in common, as the API document names them.

use std::collections::BTreeMap;

use utoipa::{
    IntoResponses,
    openapi::{Content, Ref, RefOr, Response, ResponseBuilder},
};

macro_rules! refusals {
    ($(#[$doc:meta])* $name:ident { $($status:literal: $description:literal,)+ }) => {
        $(#[$doc])*
        pub struct $name;

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                BTreeMap::from([$(($status.to_owned(), problem($description))),+])
            }
        }
    };
}

refusals!(
    /// Whatever a handler does, it needs the store.
    Failures {
        "500": "Something failed; it has been logged",
        "503": "Try again in the time that `Retry-After` says",
        "504": "It took too long",
    }
);
refusals!(
    /// A body has to be one that is understood.
    BadBody {
        "400": "The body or a header cannot be read",
        "413": "The body is too long",
        "415": "The body is not JSON",
        "422": "Some fields are not valid",
    }
);
refusals!(
    /// The caller has to have signed in.
    NotSignedIn {
        "401": "There is no access token, or it is not good",
    }
);
refusals!(
    /// A password may not be guessed for ever.
    Throttled {
        "429": "Too many failed logins: wait as long as `Retry-After` says",
    }
);
refusals!(
    /// What the path names has to exist, and be the caller's.
    NotFound {
        "404": "There is none by that id, or it is somebody else's",
    }
);

fn problem(description: &str) -> RefOr<Response> {
    let content = Content::new(Some(Ref::from_schema_name("Problem")));
    ResponseBuilder::new()
        .description(description)
        .content("application/problem+json", content)
        .build()
        .into()
}
