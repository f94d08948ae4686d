//! Query strings.

use async_trait::async_trait;
use rocket::{
    Request,
    request::{self, FromRequest},
};
use serde::de::DeserializeOwned;
use url::form_urlencoded;

use super::{
    Problem, Validate,
    fields::{checked, invalid, mistyped},
    refusal::guarded,
};

/// The query of a URL, as a valid `T` ([`Validate`]); else the answer is 422 with the fields at fault. A field that is
/// a list is given by repeating its name. `T` must not `#[serde(flatten)]`: its numbers would arrive as strings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query<T>(pub T);

#[async_trait]
impl<'r, T: DeserializeOwned + Validate> FromRequest<'r> for Query<T> {
    type Error = Problem;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Problem> {
        let query = request.uri().query().map_or("", |query| query.as_str());
        guarded(request, parse(query).map(Self))
    }
}

fn parse<T: DeserializeOwned + Validate>(query: &str) -> Result<T, Problem> {
    let pairs = form_urlencoded::parse(query.as_bytes());
    if let Some((name, _)) = pairs.clone().find(|(_, value)| value.contains('\0')) {
        return Err(invalid(name.into_owned(), "must not contain a NUL character"));
    }
    let value = serde_path_to_error::deserialize(serde_html_form::Deserializer::new(pairs))
        .map_err(|error| mistyped(&error))?;
    checked(value)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::http::{FieldErrors, Limit};

    #[derive(Debug, Deserialize)]
    struct Search {
        q: Option<String>,
        #[serde(default)]
        limit: Limit,
        #[serde(default)]
        tag: Vec<String>,
    }

    impl Validate for Search {
        fn check(&self, errors: &mut FieldErrors) {
            errors.require(self.tag.len() < 3, "tag", "must not be repeated more than twice");
        }
    }

    #[test]
    fn a_query_may_be_empty_and_may_repeat_a_list() {
        let empty: Search = parse("").unwrap();
        assert_eq!((empty.q, empty.limit.get(), empty.tag.len()), (None, 20, 0));
        let full: Search = parse("q=caf%C3%A9&limit=100&tag=a&tag=b").unwrap();
        assert_eq!((full.q.as_deref(), full.limit.get(), full.tag.len()), (Some("café"), 100, 2));
    }

    #[test]
    fn each_mistake_names_its_field() {
        for (query, field) in [
            ("limit=0", "limit"),
            ("limit=101", "limit"),
            ("limit=many", "limit"),
            ("q=%00", "q"),
            ("tag=a&tag=b&tag=c", "tag"),
        ] {
            let problem = parse::<Search>(query).unwrap_err();
            assert!(format!("{problem:?}").contains(&format!("field: \"{field}\"")), "{query}: {problem:?}");
        }
    }
}
