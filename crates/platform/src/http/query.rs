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
    use proptest::prelude::*;
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

    proptest! {
        #[test]
        fn what_was_asked_is_what_is_read(q in "[^\\x00]{0,40}", limit in 1..=100_u32, tags in prop::collection::vec("[^\\x00]{0,9}", 0..3)) {
            let mut query = form_urlencoded::Serializer::new(String::new());
            query.append_pair("q", &q).append_pair("limit", &limit.to_string());
            tags.iter().for_each(|tag| { query.append_pair("tag", tag); });
            let search: Search = parse(&query.finish()).unwrap();
            prop_assert_eq!((search.q, search.limit.get(), search.tag), (Some(q), limit, tags));
        }

        #[test]
        fn whatever_is_asked_is_valid_or_a_422(query in "\\PC{0,80}|((q|limit|tag|%00|)(=|%|&|[0-9a-f]|-){0,9}&?){0,8}") {
            match parse::<Search>(&query) {
                Ok(search) => prop_assert!((1..=100).contains(&search.limit.get()) && search.tag.len() < 3),
                Err(problem) => prop_assert_eq!(problem.status().code, 422),
            }
        }
    }
}
