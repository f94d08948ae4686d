//! The service: what its commands, queries and handlers work with.

use std::{sync::Arc, time::Duration};

use contracts::{
    ProductId,
    rpc::{FindProducts, ProductSnapshot},
};
use platform::{
    Clock,
    loader::Loader,
    messaging::{RpcClient, RpcError},
};

use crate::{progress::Progress, store::Store};

/// The shopping service.
pub struct Shopping {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) rpc: RpcClient,
    catalogue: Loader<ProductId, ProductSnapshot, RpcError>,
    pub(crate) clock: Clock,
    /// Who follows which order.
    pub(crate) progress: Progress,
}

impl Shopping {
    /// The service over `store`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, rpc: RpcClient, clock: Clock) -> Self {
        let catalogue = catalogue(rpc.clone());
        Self { store, rpc, catalogue, clock, progress: Progress::default() }
    }

    /// What products says of `ids`, in their order; those it does not know are missing.
    ///
    /// # Errors
    /// [`RpcError`].
    pub(crate) async fn products(&self, ids: &[ProductId]) -> Result<Vec<ProductSnapshot>, RpcError> {
        self.catalogue.load_many(ids).await
    }
}

/// What products says of its products.
fn catalogue(rpc: RpcClient) -> Loader<ProductId, ProductSnapshot, RpcError> {
    Loader::new(move |ids| {
        let rpc = rpc.clone();
        Box::pin(async move {
            let found = rpc.ask(&FindProducts { ids }).await?;
            Ok(found.products.into_iter().map(|product| (product.id, product)).collect())
        })
    })
}

/// How long a guest's cart is kept after it was last touched.
pub(crate) const GUEST_CART_AGE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
