//! A private authority, and the certificates that it gives to servers.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use uuid::Uuid;

use super::ServerError;

/// An authority that nobody trusts who is not told to.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// What a server shows to its clients, with the key that belongs to it. Both are PEM.
#[derive(Clone)]
pub struct Certificate {
    /// For everybody.
    pub certificate: String,
    /// For the server alone.
    pub key: String,
    /// The certificate of the authority.
    pub authority: String,
}

impl Authority {
    /// A new one.
    ///
    /// # Panics
    /// If the system has no randomness to give.
    #[must_use]
    pub fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new([]).expect("no names");
        // Each has a name of its own: authorities are told apart by it before their keys are looked at.
        let mut name = DistinguishedName::new();
        name.push(DnType::CommonName, format!("Mercato's tests {}", Uuid::new_v4()));
        params.distinguished_name = name;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// A certificate for a server that is reached by `names`, which are host names or addresses.
    ///
    /// # Panics
    /// If one of them is neither.
    #[must_use]
    pub fn issue(&self, names: &[&str]) -> Certificate {
        let key = KeyPair::generate().expect("a key");
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let params = CertificateParams::new(names).expect("names of a server");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate").pem();
        Certificate { certificate, key: key.serialize_pem(), authority: self.pem.clone() }
    }

    /// Its own certificate, for those who are to trust it.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

impl Certificate {
    /// Writes `server.pem`, `server.key` and `authority.pem` into `folder`, the key for its owner alone.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), ServerError> {
        let writing = || ServerError::io(format!("writing a certificate into {}", folder.display()));
        let key = folder.join("server.key");
        fs::write(&key, "").map_err(writing())?;
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).map_err(writing())?;
        for (name, text) in
            [("server.key", &self.key), ("server.pem", &self.certificate), ("authority.pem", &self.authority)]
        {
            fs::write(folder.join(name), text).map_err(writing())?;
        }
        Ok(())
    }
}
