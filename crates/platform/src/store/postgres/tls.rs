//! TLS to a server: what the URL asks for, in the terms of libpq.
//!
//! `sslmode=verify-full&sslrootcert=FILE` trusts the authorities in the PEM file and nobody else; without `sslrootcert`
//! it is those that the system trusts (`SSL_CERT_FILE` names others). The certificate has to be for the host in the URL.
//! `sslmode=require` is the same here: what is encrypted is verified as well.
//! <https://www.postgresql.org/docs/current/libpq-ssl.html>

use std::{path::PathBuf, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use tokio_postgres::{Config, config::SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;
use url::form_urlencoded;

use crate::store::StoreError;

/// A URL, without the parameters that tokio-postgres does not know.
pub(super) struct Target {
    pub(super) config: Config,
    authority: Option<PathBuf>,
}

impl Target {
    /// Reads `url`.
    ///
    /// # Errors
    /// [`StoreError::Failed`] if it is none; never with the URL, which has a password in it.
    pub(super) fn parse(url: &str) -> Result<Self, StoreError> {
        let (address, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut verify, mut authority, mut rest) = (false, None, Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            match (key, value) {
                ("sslmode", "verify-full") => verify = true,
                ("sslrootcert", path) => authority = Some(PathBuf::from(decoded(path))),
                _ => rest.push(pair),
            }
        }
        let known = format!("{address}?{}", rest.join("&"));
        let mut config: Config = known.parse().map_err(|error| StoreError::Failed(Box::new(error)))?;
        if verify {
            config.ssl_mode(SslMode::Require);
        }
        Ok(Self { config, authority })
    }

    /// How connections are secured.
    ///
    /// # Errors
    /// [`StoreError::Failed`] if the file of the authorities cannot be used.
    pub(super) fn tls(&self) -> Result<MakeRustlsConnect, StoreError> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| StoreError::Failed(Box::new(error)))?;
        let config = config.with_root_certificates(self.roots()?).with_no_client_auth();
        Ok(MakeRustlsConnect::new(config))
    }

    fn roots(&self) -> Result<RootCertStore, StoreError> {
        let mut roots = RootCertStore::empty();
        let Some(path) = &self.authority else {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            return Ok(roots);
        };
        let unusable =
            |why: String| StoreError::Failed(format!("the sslrootcert {}: {why}", path.display()).into());
        let found = CertificateDer::pem_file_iter(path)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| unusable(error.to_string()))?;
        if roots.add_parsable_certificates(found).0 == 0 {
            return Err(unusable("it has no certificate in it".to_owned()));
        }
        Ok(roots)
    }
}

/// `value` without its percent signs. A plus is a plus, since this is a path.
fn decoded(value: &str) -> String {
    let pair = format!("={}", value.replace('+', "%2B"));
    form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_terms_of_libpq_are_understood_and_the_others_passed_on() {
        let url = "postgres://u:p@h/db?sslmode=verify-full&application_name=x&sslrootcert=/etc/a%20b+c.pem";
        let target = Target::parse(url).unwrap();
        assert_eq!(target.config.get_ssl_mode(), SslMode::Require);
        assert_eq!(target.config.get_application_name(), Some("x"));
        assert_eq!(target.authority.unwrap(), PathBuf::from("/etc/a b+c.pem"));
    }

    #[test]
    fn a_file_that_cannot_be_used_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let empty = folder.path().join("empty.pem");
        std::fs::write(&empty, "").unwrap();
        for path in [folder.path().join("none.pem"), empty] {
            let url = format!("postgres://u:secret@h/db?sslmode=verify-full&sslrootcert={}", path.display());
            let said = Target::parse(&url).unwrap().tls().err().unwrap().to_string();
            assert!(said.contains(path.to_str().unwrap()) && !said.contains("secret"), "{said}");
        }
    }
}
