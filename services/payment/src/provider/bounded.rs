//! No question to a provider is waited for without end.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use contracts::{Money, OrderId};

use super::{Authorisation, Key, Provider, ProviderError, Voiding};

/// A provider that is waited for only so long. What took longer is [`ProviderError::Unknown`].
pub struct Bounded {
    inner: Arc<dyn Provider>,
    limit: Duration,
}

impl Bounded {
    /// Waits at most `limit` for each answer of `inner`.
    #[must_use]
    pub fn new(inner: Arc<dyn Provider>, limit: Duration) -> Self {
        Self { inner, limit }
    }

    async fn within<T>(
        &self,
        answer: impl Future<Output = Result<T, ProviderError>> + Send,
    ) -> Result<T, ProviderError> {
        tokio::time::timeout(self.limit, answer)
            .await
            .unwrap_or_else(|_| Err(ProviderError::Unknown(format!("no answer within {:?}", self.limit))))
    }
}

#[async_trait]
impl Provider for Bounded {
    async fn authorise(
        &self,
        key: &Key,
        order_id: OrderId,
        amount: Money,
        token: &str,
    ) -> Result<Authorisation, ProviderError> {
        self.within(self.inner.authorise(key, order_id, amount, token)).await
    }

    async fn capture(&self, key: &Key, order_id: OrderId, amount: Money) -> Result<(), ProviderError> {
        self.within(self.inner.capture(key, order_id, amount)).await
    }

    async fn void(&self, key: &Key, order_id: OrderId) -> Result<Voiding, ProviderError> {
        self.within(self.inner.void(key, order_id)).await
    }

    async fn refund(&self, key: &Key, order_id: OrderId, amount: Money) -> Result<(), ProviderError> {
        self.within(self.inner.refund(key, order_id, amount)).await
    }
}

#[cfg(test)]
mod tests {
    use contracts::Currency;

    use super::*;
    use crate::domain::Operation;

    struct Silent;

    #[async_trait]
    impl Provider for Silent {
        async fn authorise(
            &self,
            _: &Key,
            _: OrderId,
            _: Money,
            _: &str,
        ) -> Result<Authorisation, ProviderError> {
            std::future::pending().await
        }

        async fn capture(&self, _: &Key, _: OrderId, _: Money) -> Result<(), ProviderError> {
            std::future::pending().await
        }

        async fn void(&self, _: &Key, _: OrderId) -> Result<Voiding, ProviderError> {
            std::future::pending().await
        }

        async fn refund(&self, _: &Key, _: OrderId, _: Money) -> Result<(), ProviderError> {
            std::future::pending().await
        }
    }

    #[tokio::test]
    async fn silence_is_not_waited_for_and_means_that_nothing_is_known() {
        let provider = Bounded::new(Arc::new(Silent), Duration::from_millis(1));
        let (order, amount) = (OrderId::new(), Money::new(1, Currency::EUR));
        let key = Key::of(order, Operation::Capture);
        assert!(matches!(provider.capture(&key, order, amount).await, Err(ProviderError::Unknown(_))));
        assert!(matches!(provider.void(&key, order).await, Err(ProviderError::Unknown(_))));
        assert!(matches!(provider.refund(&key, order, amount).await, Err(ProviderError::Unknown(_))));
        let authorised = provider.authorise(&key, order, amount, "tok_ok").await;
        assert!(matches!(authorised, Err(ProviderError::Unknown(_))));
    }
}
