//! A change to a product: what it does not name stays as it is.

use contracts::Money;

use super::{Fault, NewProduct, Product, product};

/// What is to be different.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProductPatch {
    /// What it is called from now on.
    pub name: Option<String>,
    /// What there is to say from now on.
    pub description: Option<String>,
    /// The slug of its new category.
    pub category: Option<String>,
    /// What it costs from now on. Orders keep the price that they were placed at.
    pub price: Option<Money>,
    /// Where its new picture is; `Some(None)` takes the picture away.
    pub image_url: Option<Option<String>>,
}

impl ProductPatch {
    /// Whether nothing is to be different.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// All that is wrong with it, by the rules of [`NewProduct::faults`].
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        let image_url = self.image_url.as_ref().and_then(Option::as_deref);
        [
            Fault::unless(!self.is_empty(), "", "must have at least one field to change"),
            self.name.as_deref().and_then(product::name_fault),
            self.description.as_deref().and_then(product::description_fault),
            self.category.as_deref().and_then(product::category_fault),
            self.price.and_then(product::price_fault),
            image_url.and_then(product::image_url_fault),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// What the texts and the price of `product` are after the change. Its stock is not of them.
    #[must_use]
    pub fn applied_to(self, product: &Product) -> NewProduct {
        NewProduct {
            name: self.name.unwrap_or_else(|| product.name.clone()),
            description: self.description.unwrap_or_else(|| product.description.clone()),
            category: self.category.unwrap_or_else(|| product.category.clone()),
            price: self.price.unwrap_or(product.price),
            stock: product.stock.on_hand(),
            image_url: self.image_url.unwrap_or_else(|| product.image_url.clone()),
        }
        .trimmed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_patch_is_a_fault_and_taking_the_picture_away_is_not() {
        assert_eq!(ProductPatch::default().faults().len(), 1);
        let without_picture = ProductPatch { image_url: Some(None), ..ProductPatch::default() };
        assert_eq!(without_picture.faults(), []);
    }

    #[test]
    fn what_is_changed_obeys_the_same_rules() {
        let patch = ProductPatch { category: Some("No".into()), ..ProductPatch::default() };
        assert_eq!(patch.faults()[0].field, "category");
    }
}
