//! A rolling restart: every instance, one after the other, and no request fails.

use std::time::Duration;

use super::Stack;
use crate::servers::ServerError;

/// How long after the gateway has stopped to choose an instance a request that was on its way there arrives.
const SETTLE: Duration = Duration::from_millis(300);

impl Stack {
    /// Restarts every instance in turn, as an upgrade does.
    ///
    /// Each is taken out of the gateway's choice first ([`Nginx::drain`](crate::servers::Nginx::drain)), then asked to end,
    /// which it does once all that it has begun is done, and put back when it is ready again. To send the signal without
    /// that would let it close an idle connection under a POST that nginx is just sending there, which nginx must not
    /// send again; and to reload nginx twice for each would do the same to its clients' connections.
    ///
    /// # Errors
    /// If an instance does not end, or does not come back.
    pub async fn roll(&mut self) -> Result<(), ServerError> {
        for instance in &mut self.instances {
            let (service, number) = (instance.service(), instance.number());
            self.nginx.drain(service, number)?;
            tokio::time::sleep(SETTLE).await;
            instance.restart().await?;
            self.nginx.undrain(service, number)?;
        }
        Ok(())
    }
}
