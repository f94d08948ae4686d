//! A product, and what one has to be like to enter the catalogue.

use std::{borrow::Cow, ops::RangeInclusive};

use contracts::{Money, ProductId, Timestamp};
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::ToSchema;

use super::Stock;

/// Pieces that may come in at once, and that there may be of one product.
pub const MAX_STOCK: u32 = 1_000_000;

const NAME_LENGTH: RangeInclusive<usize> = 1..=200;
const MAX_DESCRIPTION: usize = 5_000;
const MAX_CATEGORY: usize = 50;
const MAX_IMAGE_URL: usize = 2_048;
/// Minor units. Nothing is given away, and a million in a currency with two decimals is a slip of the finger.
const PRICE: RangeInclusive<i64> = 1..=100_000_000;

/// A product as the catalogue has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// Which product.
    pub id: ProductId,
    /// What it is called.
    pub name: String,
    /// What there is to say about it.
    pub description: String,
    /// The slug of its category.
    pub category: String,
    /// The price of one piece.
    pub price: Money,
    /// How many there are.
    pub stock: Stock,
    /// Where a picture of it is.
    pub image_url: Option<String>,
    /// When it entered the catalogue.
    pub created_at: Timestamp,
    /// When staff last changed it.
    pub updated_at: Timestamp,
    /// When it left the catalogue, if it has.
    pub archived_at: Option<Timestamp>,
}

/// A product that is to enter the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewProduct {
    /// What it is called: 1 to 200 characters in one line.
    #[schema(example = "Moka pot, 3 cups", min_length = 1, max_length = 200)]
    pub name: String,
    /// What there is to say about it: up to 5000 characters.
    #[schema(example = "Makes three small cups of strong coffee on the hob.", max_length = 5000)]
    pub description: String,
    /// The slug of its category: small letters, digits and hyphens.
    #[schema(example = "kitchen", pattern = "^[a-z0-9-]{1,50}$")]
    pub category: String,
    /// The price of one piece: 1 to 100000000 minor units.
    pub price: Money,
    /// How many there are: up to 1000000.
    #[schema(example = 40, maximum = 1_000_000)]
    pub stock: u32,
    /// Where a picture of it is: an `http` or `https` URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        example = "https://images.example/moka-pot.jpg",
        format = "uri",
        max_length = 2048
    )]
    pub image_url: Option<String>,
}

/// A field that is not as it has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which field, such as `price.amount`.
    pub field: &'static str,
    /// What it has to be.
    pub message: Cow<'static, str>,
}

impl Fault {
    pub(super) fn unless(
        holds: bool,
        field: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> Option<Self> {
        (!holds).then(|| Self { field, message: message.into() })
    }
}

impl NewProduct {
    /// All that is wrong with it; nothing if it may enter the catalogue.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        let stock = Fault::unless(self.stock <= MAX_STOCK, "stock", format!("must be at most {MAX_STOCK}"));
        [
            name_fault(&self.name),
            description_fault(&self.description),
            category_fault(&self.category),
            price_fault(self.price),
            stock,
            self.image_url.as_deref().and_then(image_url_fault),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// The same without white space around its texts.
    #[must_use]
    pub fn trimmed(self) -> Self {
        Self { name: self.name.trim().to_owned(), description: self.description.trim().to_owned(), ..self }
    }
}

/// Whether `text` can be the slug of a category: 1 to 50 small letters, digits and hyphens.
#[must_use]
pub fn is_category(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=MAX_CATEGORY).contains(&text.len()) && text.bytes().all(allowed)
}

pub(super) fn name_fault(name: &str) -> Option<Fault> {
    let fits = NAME_LENGTH.contains(&name.chars().count()) && !name.trim().is_empty();
    let fits = fits && !name.chars().any(char::is_control);
    Fault::unless(fits, "name", "must be one line of 1 to 200 characters")
}

pub(super) fn description_fault(description: &str) -> Option<Fault> {
    let fits = description.chars().count() <= MAX_DESCRIPTION && !description.contains('\0');
    Fault::unless(fits, "description", "must have up to 5000 characters, and no NUL")
}

pub(super) fn category_fault(category: &str) -> Option<Fault> {
    Fault::unless(is_category(category), "category", "must be 1 to 50 small letters, digits and hyphens")
}

pub(super) fn price_fault(price: Money) -> Option<Fault> {
    Fault::unless(PRICE.contains(&price.amount), "price.amount", "must be 1 to 100000000 minor units")
}

pub(super) fn image_url_fault(image_url: &str) -> Option<Fault> {
    let is_web = |url: Url| matches!(url.scheme(), "http" | "https") && url.has_host();
    // The parser of browsers, which `Url` is, would silently drop tabs and line ends (https://url.spec.whatwg.org/).
    let fits = image_url.len() <= MAX_IMAGE_URL
        && !image_url.contains(|character: char| character.is_control() || character.is_whitespace())
        && Url::parse(image_url).is_ok_and(is_web);
    Fault::unless(fits, "image_url", "must be an http or https URL of up to 2048 bytes")
}

#[cfg(test)]
mod tests {
    use contracts::Currency;

    use super::*;

    fn moka_pot() -> NewProduct {
        NewProduct {
            name: "Moka pot, 3 cups".into(),
            description: "Strong coffee.\nOn the hob.".into(),
            category: "kitchen".into(),
            price: Money::new(2_990, Currency::EUR),
            stock: 40,
            image_url: Some("https://images.example/moka-pot.jpg?size=2".into()),
        }
    }

    fn faulty(change: impl FnOnce(&mut NewProduct)) -> Vec<&'static str> {
        let mut product = moka_pot();
        change(&mut product);
        product.faults().into_iter().map(|fault| fault.field).collect()
    }

    #[test]
    fn an_ordinary_product_has_no_faults() {
        assert_eq!(moka_pot().faults(), []);
    }

    #[test]
    fn a_product_at_its_limits_has_no_faults() {
        assert!(faulty(|product| product.name = "é".repeat(200)).is_empty());
        assert!(faulty(|product| product.description = String::new()).is_empty());
        assert!(faulty(|product| product.description = "é".repeat(5_000)).is_empty());
        assert!(faulty(|product| product.category = "a".repeat(50)).is_empty());
        assert!(faulty(|product| product.price.amount = 1).is_empty());
        assert!(faulty(|product| product.stock = 0).is_empty());
        assert!(faulty(|product| product.image_url = None).is_empty());
    }

    #[test]
    fn each_limit_that_is_broken_is_named() {
        for name in ["", "  ", "a\nb", "a\0b", &"é".repeat(201)] {
            assert_eq!(faulty(|product| product.name = name.into()), ["name"], "{name:?}");
        }
        for category in ["", "Kitchen", "küche", "a b", &"a".repeat(51)] {
            assert_eq!(faulty(|product| product.category = category.into()), ["category"], "{category:?}");
        }
        for amount in [0, -1, 100_000_001, i64::MAX] {
            assert_eq!(faulty(|product| product.price.amount = amount), ["price.amount"], "{amount}");
        }
        for url in [
            "",
            "images/1.jpg",
            "ftp://a/b",
            "javascript:alert(1)",
            "http://",
            "https://a/\nb",
            "http://a/ b",
        ] {
            assert_eq!(faulty(|product| product.image_url = Some(url.into())), ["image_url"], "{url:?}");
        }
        assert_eq!(faulty(|product| product.description = "é".repeat(5_001)), ["description"]);
        assert_eq!(faulty(|product| product.stock = 1_000_001), ["stock"]);
    }

    #[test]
    fn all_faults_are_told_at_once() {
        let fields = faulty(|product| {
            product.name.clear();
            product.price.amount = 0;
        });
        assert_eq!(fields, ["name", "price.amount"]);
    }
}
