//! Where each service keeps what it owns.

use contracts::Service;
use platform::store::StoreUrl;

use super::{BadSetting, Settings};

impl Settings {
    /// Where `service` keeps what it owns.
    ///
    /// # Errors
    /// [`BadSetting`] if the URL is of no store that there is.
    pub fn store_url(&self, service: Service) -> Result<StoreUrl, BadSetting> {
        let own = self.own_store_url(service);
        match own.or(self.store_url.as_ref()) {
            None => Ok(StoreUrl::Sqlite(self.data.clone())),
            Some(url) => {
                url.parse().map_err(|error: platform::store::UnknownStore| BadSetting(error.to_string()))
            }
        }
    }

    /// The name of the setting that says where `service` keeps what it owns.
    pub fn store_key(&self, service: Service) -> String {
        self.own_store_url(service).map_or_else(|| "store_url".to_owned(), |_| format!("{service}_store_url"))
    }

    const fn own_store_url(&self, service: Service) -> Option<&String> {
        match service {
            Service::Customer => &self.customer_store_url,
            Service::Products => &self.products_store_url,
            Service::Shopping => &self.shopping_store_url,
            Service::Payment => &self.payment_store_url,
        }
        .as_ref()
    }
}
