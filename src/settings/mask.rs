//! Settings as they may be shown.

use super::Settings;

impl Settings {
    /// These settings without what nobody should see.
    #[must_use]
    pub fn masked(mut self) -> Self {
        self.sentry_dsn = self.sentry_dsn.map(|_| "***".to_owned());
        for url in [
            &mut self.store_url,
            &mut self.customer_store_url,
            &mut self.products_store_url,
            &mut self.shopping_store_url,
            &mut self.payment_store_url,
        ] {
            *url = url.take().map(|url| mask(&url));
        }
        self.broker_url = mask(&self.broker_url);
        self
    }
}

/// `url` without the password in it, be it before the host or among the parameters.
fn mask(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        // A path, or a URL that was mistyped: who knows what is in that.
        return match url.split_once(':') {
            Some((scheme, _)) if !matches!(scheme, "memory" | "sqlite") => format!("{scheme}:***"),
            _ => url.to_owned(),
        };
    };
    // A password that was not encoded may have any of these characters in it: rather too much is hidden than too little.
    let Some((user, host)) = rest.rsplit_once('@') else { return format!("{scheme}://{}", mask_query(rest)) };
    if user.contains("password=") {
        return format!("{scheme}://***");
    }
    let user = user.split([':', '?']).next().unwrap_or_default();
    format!("{scheme}://{user}:***@{}", mask_query(host))
}

fn mask_query(place: &str) -> String {
    let Some((place, query)) = place.split_once('?') else { return place.to_owned() };
    let shown =
        |pair: &str| if pair.starts_with("password=") { "password=***".into() } else { pair.to_owned() };
    format!("{place}?{}", query.split('&').map(shown).collect::<Vec<String>>().join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_a_url_is_masked() {
        assert_eq!(mask("amqp://shop:p@ss@host:5672/"), "amqp://shop:***@host:5672/");
        assert_eq!(mask("postgres://h/db?password=p&sslmode=x"), "postgres://h/db?password=***&sslmode=x");
        assert_eq!(
            mask("postgres://u@h/db?password=p&sslmode=x"),
            "postgres://u:***@h/db?password=***&sslmode=x"
        );
        for url in ["amqp://shop:pass?word@host/", "postgres://h/db?password=word@pass", "amqp://u:a/word@h/"]
        {
            assert!(!mask(url).contains("word@") && !mask(url).contains("pass"), "{}", mask(url));
        }
        assert_eq!(
            mask("kafkas://shop:p%40ss@one:9092,two:9092/?replication=3"),
            "kafkas://shop:***@one:9092,two:9092/?replication=3"
        );
        assert_eq!(mask("memory:"), "memory:");
        assert_eq!(mask("sqlite:/var/lib/shop.db"), "sqlite:/var/lib/shop.db");
        assert_eq!(mask("amqp:shop:secret@host"), "amqp:***");
    }
}
