//! TLS before a server of our own that has none.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::AbortHandle,
    time::timeout,
};
use tokio_rustls::TlsAcceptor;

use super::{Certificate, ServerError, ports, proxy::accept};

/// How long a client may take to shake hands.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);

/// What ends TLS before a server on loopback. It ends with this value, and all of its connections with it.
#[derive(Debug)]
pub struct TlsFront {
    port: u16,
    running: AbortHandle,
}

impl TlsFront {
    /// Takes connections to the server at `target`, a port of loopback, from clients that believe `certificate`.
    ///
    /// # Errors
    /// If it cannot listen.
    ///
    /// # Panics
    /// If the certificate and its key are none.
    pub async fn start(target: u16, certificate: &Certificate) -> Result<Self, ServerError> {
        let chain = vec![CertificateDer::from_pem_slice(certificate.certificate.as_bytes()).expect("PEM")];
        let key = PrivateKeyDer::from_pem_slice(certificate.key.as_bytes()).expect("PEM");
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions of the provider's own")
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .expect("a certificate and its key");
        let port = ports::free();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
        let listener = listener.map_err(ServerError::io("listening for TLS"))?;
        let target = SocketAddr::from((Ipv4Addr::LOCALHOST, target));
        let tls = TlsAcceptor::from(Arc::new(config));
        let carry = move |client| carry(client, target, tls.clone());
        let running = tokio::spawn(accept(listener, carry)).abort_handle();
        Ok(Self { port, running })
    }

    /// Its port on loopback.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for TlsFront {
    fn drop(&mut self) {
        self.running.abort();
    }
}

/// Carries one connection until either end closes it.
async fn carry(client: TcpStream, target: SocketAddr, tls: TlsAcceptor) {
    client.set_nodelay(true).ok();
    let Ok(Ok(mut client)) = timeout(HANDSHAKE_LIMIT, tls.accept(client)).await else { return };
    let Ok(mut server) = TcpStream::connect(target).await else { return };
    server.set_nodelay(true).ok();
    copy_bidirectional(&mut client, &mut server).await.ok();
}
