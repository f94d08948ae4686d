//! The service: what its commands, queries and handlers work with.

use std::{sync::Arc, time::Duration};

use contracts::{ProductId, rpc::ProductSnapshot};
use platform::{
    Clock,
    messaging::{RpcClient, RpcError},
};

use crate::{catalogue::Catalogue, progress::Progress, store::Store};

/// The shopping service.
pub struct Shopping {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) rpc: RpcClient,
    catalogue: Catalogue,
    pub(crate) clock: Clock,
    /// Who follows which order.
    pub(crate) progress: Progress,
}

impl Shopping {
    /// The service over `store`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, rpc: RpcClient, clock: Clock) -> Self {
        let catalogue = Catalogue::new(rpc.clone());
        Self { store, rpc, catalogue, clock, progress: Progress::default() }
    }

    /// What products says of `ids`, in no particular order; those it does not know are missing.
    ///
    /// # Errors
    /// [`RpcError`].
    pub(crate) async fn products(&self, ids: &[ProductId]) -> Result<Vec<ProductSnapshot>, RpcError> {
        self.catalogue.find(ids).await
    }
}

/// How long a guest's cart is kept after it was last touched.
pub(crate) const GUEST_CART_AGE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
