//! Lists, a page at a time.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned, de::Error as _};
use utoipa::ToSchema;

use super::fields::refuse_nul;

const MOST: u32 = 100;
const USUAL: u32 = 20;

/// How many items a page has: 1 to 100, and 20 unless the client says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "u32", into = "u32")]
#[schema(value_type = u32, minimum = 1, maximum = 100, default = 20)]
pub struct Limit(u32);

impl Limit {
    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(USUAL)
    }
}

impl TryFrom<u32> for Limit {
    type Error = &'static str;

    fn try_from(limit: u32) -> Result<Self, Self::Error> {
        if (1..=MOST).contains(&limit) { Ok(Self(limit)) } else { Err("must be from 1 to 100") }
    }
}

impl From<Limit> for u32 {
    fn from(limit: Limit) -> Self {
        limit.0
    }
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// The items, in the order of the list.
    pub items: Vec<T>,
    /// What to send as `after` to get the next page; null if this is the last.
    #[schema(required = true)]
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// A page of at most `limit` of `items`. Read one item more than the limit: if it is there, there is a next page,
    /// and `position` says where the last item shown stands.
    #[must_use]
    pub fn new<P: Serialize>(mut items: Vec<T>, limit: Limit, position: impl FnOnce(&T) -> P) -> Self {
        let shown = usize::try_from(limit.get()).unwrap_or(usize::MAX);
        let more = items.len() > shown;
        items.truncate(shown);
        let last = items.last().filter(|_| more);
        let next = last.map(|item| Cursor(position(item)).encode());
        Self { items, next }
    }

    /// The same page of what `convert` makes of each item.
    #[must_use]
    pub fn map<U>(self, convert: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(convert).collect(), next: self.next }
    }
}

/// A place in a list, as `next` gives it and `after` takes it: the JSON of a position, in base64url. It is opaque to
/// clients, and not secret. As a field of a query, what is no such place is a 422 on that field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor<P>(pub P);

impl<P: Serialize> Cursor<P> {
    /// The text for `next`.
    #[must_use]
    pub fn encode(&self) -> String {
        // A position is a tuple or a struct of plain values; those always have a JSON.
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&self.0).unwrap_or_default())
    }
}

impl<P: DeserializeOwned> Cursor<P> {
    /// The place that [`Cursor::encode`] wrote down, or nothing if it did not write this.
    #[must_use]
    pub fn decode(text: &str) -> Option<Self> {
        let document = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        refuse_nul(&document).ok()?;
        serde_json::from_value(document).ok().map(Self)
    }
}

impl<P: Serialize> Serialize for Cursor<P> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.encode())
    }
}

impl<'de, P: DeserializeOwned> Deserialize<'de> for Cursor<P> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::decode(&text).ok_or_else(|| D::Error::custom("is not what `next` of an earlier page said"))
    }
}

impl<P> utoipa::PartialSchema for Cursor<P> {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        String::schema()
    }
}

impl<P> ToSchema for Cursor<P> {
    fn name() -> std::borrow::Cow<'static, str> {
        "Cursor".into()
    }
}

#[cfg(test)]
mod tests {
    use contracts::{ProductId, Timestamp};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_place_survives_the_way_to_the_client_and_back() {
        let place = Cursor((Timestamp::from_micros(1_763_933_000_123_456), ProductId::new()));
        assert_eq!(Cursor::decode(&place.encode()), Some(place));
    }

    #[test]
    fn what_is_no_place_is_refused() {
        let nul = URL_SAFE_NO_PAD.encode(r#""a\u0000b""#);
        for wrong in ["", "*", "bm9uc2Vuc2U", "MQ", &nul] {
            assert_eq!(Cursor::<String>::decode(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn only_a_full_page_with_more_behind_it_has_a_next() {
        let limit = Limit::try_from(2).unwrap();
        let last = Page::new(vec![1, 2], limit, |item| *item);
        assert_eq!((last.items.len(), last.next), (2, None));
        let first = Page::new(vec![1, 2, 3], limit, |item| *item);
        assert_eq!(first.items, [1, 2]);
        assert_eq!(Cursor::decode(&first.next.unwrap()), Some(Cursor(2)));
    }

    proptest! {
        #[test]
        fn every_place_survives_the_way_there_and_back(micros in 0..4_000_000_000_000_000_i64, id: u128, text in "[^\\x00]{0,40}") {
            let place = Cursor((Timestamp::from_micros(micros), ProductId(uuid::Uuid::from_u128(id)), text));
            let written = place.encode();
            prop_assert!(written.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
            prop_assert_eq!(Cursor::decode(&written), Some(place));
        }

        #[test]
        fn whatever_is_sent_as_a_place_is_one_or_is_refused(text in "\\PC{0,60}|[A-Za-z0-9_-]{0,90}", json in "[\\[\\]{}\"0-9a-z:,\\\\u. -]{0,60}") {
            for text in [text, URL_SAFE_NO_PAD.encode(json)] {
                if let Some(place) = Cursor::<(i64, String)>::decode(&text) {
                    prop_assert_eq!(Cursor::decode(&place.encode()), Some(place));
                }
            }
        }
    }
}
