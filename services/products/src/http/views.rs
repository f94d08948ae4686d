//! What clients see.

use contracts::{Money, ProductId, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{domain::Product, store::Category};

/// A product.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct ProductView {
    /// Which product.
    pub id: ProductId,
    /// What it is called.
    #[schema(example = "Moka pot, 3 cups")]
    pub name: String,
    /// What there is to say about it.
    #[schema(example = "Makes three small cups of strong coffee on the hob.")]
    pub description: String,
    /// The slug of its category.
    #[schema(example = "kitchen")]
    pub category: String,
    /// The price of one piece.
    pub price: Money,
    /// How many can be bought now: on hand and not reserved.
    #[schema(example = 40)]
    pub stock: u32,
    /// Whether any can be bought now.
    pub in_stock: bool,
    /// Where a picture of it is.
    #[schema(required = true, example = "https://images.example/moka-pot.jpg")]
    pub image_url: Option<String>,
    /// When it entered the catalogue.
    pub created_at: Timestamp,
    /// When staff last changed it.
    pub updated_at: Timestamp,
    /// When it left the catalogue: only members of staff see such a product.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub archived_at: Option<Timestamp>,
}

impl From<Product> for ProductView {
    fn from(product: Product) -> Self {
        let available = product.stock.available();
        Self {
            id: product.id,
            name: product.name,
            description: product.description,
            category: product.category,
            price: product.price,
            stock: available,
            in_stock: available > 0 && product.archived_at.is_none(),
            image_url: product.image_url,
            created_at: product.created_at,
            updated_at: product.updated_at,
            archived_at: product.archived_at,
        }
    }
}

/// A category.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct CategoryView {
    /// The slug.
    #[schema(example = "kitchen")]
    pub name: String,
    /// How many products are in it.
    #[schema(example = 24)]
    pub products: u32,
}

impl From<Category> for CategoryView {
    fn from(category: Category) -> Self {
        Self { name: category.name, products: category.products }
    }
}

/// A list that has no pages.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct Items<T> {
    /// All of them.
    pub items: Vec<T>,
}

impl<T> Items<T> {
    /// A view of each of `items`.
    pub(super) fn of<U>(items: Vec<U>) -> Self
    where
        T: From<U>,
    {
        Self { items: items.into_iter().map(T::from).collect() }
    }
}
