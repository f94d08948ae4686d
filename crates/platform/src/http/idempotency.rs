//! The `Idempotency-Key` header (draft-ietf-httpapi-idempotency-key-header): the same key, the same effect, once.

use async_trait::async_trait;
use rocket::{
    Request,
    request::{self, FromRequest},
};

use super::{Problem, refusal::guarded};

const LONGEST: usize = 255;

/// The key that a client sent, if it sent one: 1 to 255 visible ASCII characters. The draft makes the header a quoted
/// string; a bare one is taken too, as clients send it. Any other, or more than one, is a 400.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(pub Option<String>);

impl IdempotencyKey {
    /// The key, if there is one.
    #[must_use]
    pub fn as_deref(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

#[async_trait]
impl<'r> FromRequest<'r> for IdempotencyKey {
    type Error = Problem;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Problem> {
        let mut headers = request.headers().get("Idempotency-Key");
        let key = match (headers.next(), headers.next()) {
            (None, _) => Ok(None),
            (Some(header), None) => parse(header).map(Some).ok_or_else(malformed),
            (Some(_), Some(_)) => Err(malformed()),
        };
        guarded(request, key.map(Self))
    }
}

fn malformed() -> Problem {
    Problem::bad_request("Idempotency-Key has to be one key of 1 to 255 visible ASCII characters.")
}

fn parse(header: &str) -> Option<String> {
    let header = header.trim_matches([' ', '\t']);
    let key = match header.strip_prefix('"') {
        Some(quoted) => unescape(quoted.strip_suffix('"')?)?,
        None => header.to_owned(),
    };
    let fits = (1..=LONGEST).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    fits.then_some(key)
}

/// The inside of a string of RFC 8941, section 3.3.3, where a backslash precedes a quote or another backslash.
fn unescape(quoted: &str) -> Option<String> {
    let mut key = String::with_capacity(quoted.len());
    let mut characters = quoted.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => key.push(characters.next().filter(|next| matches!(next, '"' | '\\'))?),
            '"' => return None,
            _ => key.push(character),
        }
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_key_may_be_bare_or_quoted() {
        for (header, key) in [
            ("8e03978e-40d5", "8e03978e-40d5"),
            (r#""8e03978e-40d5""#, "8e03978e-40d5"),
            (r#""a\"b\\c""#, r#"a"b\c"#),
        ] {
            assert_eq!(parse(header).as_deref(), Some(key), "{header}");
        }
        assert!(parse(&"k".repeat(255)).is_some());
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let long = "k".repeat(256);
        for wrong in ["", "\"", "\"\"", "two words", "\"a\"b\"", "\"a\\\"", "\"a\\b\"", "ключ", &long] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn a_key_is_the_same_quoted_or_bare(key in "[!-~]{1,255}") {
            let quoted = format!("\"{}\"", key.replace('\\', r"\\").replace('"', r#"\""#));
            prop_assert_eq!(parse(&quoted), Some(key.clone()));
            if !key.starts_with('"') {
                prop_assert_eq!(parse(&key), Some(key));
            }
        }

        #[test]
        fn whatever_is_sent_is_a_key_or_is_refused(header in "\\PC{0,300}|[\"\\\\ a]{0,12}") {
            if let Some(key) = parse(&header) {
                prop_assert!((1..=LONGEST).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()));
            }
        }
    }
}
