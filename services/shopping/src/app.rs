//! The service: what its commands, queries and handlers work with.

use std::{sync::Arc, time::Duration};

use contracts::{OrderId, ProductId, rpc::ProductSnapshot};
use platform::{
    Clock,
    messaging::{RpcClient, RpcError},
};
use tokio::sync::broadcast;

use crate::{catalogue::Catalogue, store::Store};

/// Progress that may wait to be looked at by those who follow an order; who falls behind looks at the store instead.
const PROGRESS: usize = 256;

/// The shopping service.
pub struct Shopping {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) rpc: RpcClient,
    catalogue: Catalogue,
    pub(crate) clock: Clock,
    /// Orders that have just taken a step in this process.
    pub(crate) progress: broadcast::Sender<OrderId>,
}

impl Shopping {
    /// The service over `store`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, rpc: RpcClient, clock: Clock) -> Self {
        let catalogue = Catalogue::new(rpc.clone());
        Self { store, rpc, catalogue, clock, progress: broadcast::channel(PROGRESS).0 }
    }

    /// What products says of `ids`, in no particular order; those it does not know are missing.
    ///
    /// # Errors
    /// [`RpcError`].
    pub(crate) async fn products(&self, ids: &[ProductId]) -> Result<Vec<ProductSnapshot>, RpcError> {
        self.catalogue.find(ids).await
    }

    /// Tells those who follow `order_id` that it took a step.
    pub(crate) fn moved(&self, order_id: OrderId) {
        // Nobody may be following.
        self.progress.send(order_id).ok();
    }
}

/// How long a guest's cart is kept after it was last touched.
pub(crate) const GUEST_CART_AGE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
