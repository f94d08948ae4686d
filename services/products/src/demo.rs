//! The demo catalogue: what a shop that was just set up can sell.

use contracts::ProductId;
use platform::{Clock, store::StoreError};
use thiserror::Error;

use crate::{
    domain::{LineFault, NewProduct, parse_catalogue},
    store,
};

const CATALOGUE: &str = include_str!("../demo/catalogue.ndjson");

/// Why the shop was not seeded.
#[derive(Debug, Error)]
pub enum SeedError {
    /// The catalogue that came with this program is not one.
    #[error("the demo catalogue is broken in {} places, the first in line {}", .0.len(), .0.first().map_or(0, |fault| fault.line))]
    Broken(Vec<LineFault>),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The products of the demo catalogue.
///
/// # Errors
/// [`SeedError::Broken`], which a test of this crate rules out.
pub fn demo_catalogue() -> Result<Vec<NewProduct>, SeedError> {
    parse_catalogue(CATALOGUE).map_err(SeedError::Broken)
}

/// Puts the demo catalogue into the products service's `store`, all of it or nothing, unless there is a product already.
///
/// # Returns
/// How many products it put there: zero if there were some.
///
/// # Errors
/// [`SeedError`].
pub async fn seed(store: &platform::store::Store, clock: &Clock) -> Result<u32, SeedError> {
    let products = demo_catalogue()?.into_iter().map(|product| (ProductId::new(), product)).collect();
    Ok(store::open(store).seed_products(products, clock.now()).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store;

    #[tokio::test]
    async fn a_shop_is_seeded_with_it_once() {
        let shop = store::shop().await;
        assert_eq!(seed(&shop.opened, &Clock::system()).await.unwrap(), 120);
        assert_eq!(seed(&shop.opened, &Clock::system()).await.unwrap(), 0);
        let store = store::open(&shop.opened);
        let stock = store.audit_stock().await.unwrap();
        assert!(stock.is_clean() && stock.products == 120);
        assert!(store.live_reservations().await.unwrap().is_empty());
    }

    #[test]
    fn the_demo_catalogue_is_in_order() {
        assert_eq!(demo_catalogue().unwrap().len(), 120);
    }
}
