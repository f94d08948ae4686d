//! TLS: what a client sees of the certificate, the protocol, and those who come without.

use std::path::Path;

use testkit::servers::{Authority, Lifetime, Nginx, ports};
use tokio::process::Command;

use crate::{before, stub::Stub};

/// A gateway with TLS, and where it is.
struct Secured {
    nginx: Nginx,
    url: String,
    folder: tempfile::TempDir,
    _stub: Stub,
}

async fn secured() -> Secured {
    let (stub, authority, port) = (Stub::start("a").await, Authority::new(), ports::free());
    let folder = tempfile::tempdir().unwrap();
    let certificate = authority.issue(&["localhost"]);
    let gateway = before(&[&stub])
        .set("TLS_LISTEN", format!("127.0.0.1:{port}"))
        .set("TLS_PORT", port.to_string())
        .set("CERTIFICATE", "server.pem")
        .set("KEY", "server.key");
    // In its own folder, where it can read them as its own user.
    certificate.write(folder.path()).unwrap();
    let nginx = Nginx::start_in(folder.path(), gateway, Lifetime::WithUs).await.unwrap();
    Secured { nginx, url: format!("https://localhost:{port}"), folder, _stub: stub }
}

/// What curl says of `url`: the protocol, the status, and everything that came.
async fn curl(authority: &Path, arguments: &[&str], url: &str) -> Result<(String, String), String> {
    let mut command = Command::new("curl");
    command.args(["--silent", "--show-error", "--include", "--max-time", "20", "--noproxy", "*"]);
    command.args(["--resolve", "elsewhere:443:127.0.0.1", "--write-out", "\n%{http_version} %{http_code}"]);
    command.arg("--cacert").arg(authority).args(arguments).arg(url);
    let output = command.output().await.expect("curl");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let (answer, outcome) = text.rsplit_once('\n').unwrap();
    Ok((outcome.to_owned(), answer.to_ascii_lowercase()))
}

#[tokio::test]
async fn the_gateway_speaks_tls_and_http_2_and_sends_others_there() {
    let shop = secured().await;
    let authority = shop.folder.path().join("authority.pem");
    let page = format!("{}/products/x", shop.url);

    let (outcome, answer) = curl(&authority, &[], &page).await.unwrap();
    assert_eq!(outcome, "2 200", "{answer}");
    assert!(answer.contains("strict-transport-security: max-age=63072000\r\n"), "{answer}");
    assert!(answer.contains(r#""x-forwarded-proto":"https""#), "{answer}");
    let (outcome, _) = curl(&authority, &["--http1.1"], &page).await.unwrap();
    assert_eq!(outcome, "1.1 200");

    let plain = format!("{}/products/x?q=1", shop.nginx.url());
    let (outcome, answer) = curl(&authority, &[], &plain).await.unwrap();
    assert_eq!(outcome, "1.1 308", "{answer}");
    let there = format!("location: {}/products/x?q=1\r\n", shop.url.replace("localhost", "127.0.0.1"));
    assert!(answer.contains(&there), "{answer}");
    // Somebody who speaks plain HTTP at the port for TLS.
    let (outcome, answer) = curl(&authority, &[], &page.replace("https:", "http:")).await.unwrap();
    assert_eq!(outcome, "1.1 308", "{answer}");
    assert!(answer.contains(&format!("location: {page}\r\n")), "{answer}");
}

#[tokio::test]
async fn old_protocols_and_other_authorities_do_not_get_through() {
    let shop = secured().await;
    let page = format!("{}/products/x", shop.url);
    let (ours, theirs) = (shop.folder.path().join("authority.pem"), shop.folder.path().join("theirs.pem"));
    std::fs::write(&theirs, Authority::new().pem()).unwrap();
    assert!(curl(&theirs, &[], &page).await.unwrap_err().contains("certificate"));
    assert!(
        curl(&ours, &[], &page.replace("localhost", "127.0.0.1")).await.unwrap_err().contains("127.0.0.1")
    );
    curl(&ours, &["--tls-max", "1.2"], &page).await.unwrap();
    // Without a lower level curl would itself refuse, and nothing be learned of the gateway.
    let old = ["--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0"];
    let refused = curl(&ours, &old, &page).await.unwrap_err();
    assert!(refused.contains("alert protocol version"), "{refused}");
}
