//! What there is to ask of the catalogue. None of these writes.

pub mod find_products;
pub mod get_product;
pub mod list_categories;
pub mod list_products;

/// Who asks: an archived product is there for some and not for others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Sees what is in the catalogue.
    Shoppers,
    /// Sees what was in it, too.
    Staff,
}
