//! The images: ours with the program that was built here, under two tags, and the stand-ins for those that others make.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, ensure};

use super::engine::Engine;

/// What all of them are made from.
const BASE: &str = "mercato-stand-in/debian:bookworm-slim";
/// Ours. The tags differ by a label, which is enough for Docker to replace one by the other.
pub(super) const IMAGE: &str = "mercato-test";
/// The version that comes up first, and the one that it is replaced by.
pub(super) const VERSIONS: [&str; 2] = ["one", "two"];
/// What compose.yaml takes images from, and what takes their place.
pub(super) const STAND_INS: [(&str, &str, &str); 3] = [
    ("POSTGRES_IMAGE", "postgres", "mercato-stand-in/postgres:bookworm"),
    ("RABBITMQ_IMAGE", "rabbitmq", "mercato-stand-in/rabbitmq:bookworm"),
    ("NGINX_IMAGE", "nginx", "mercato-stand-in/nginx:bookworm"),
];

/// Builds what is not there yet.
pub(super) fn build(engine: &Engine, binary: &Path) -> anyhow::Result<()> {
    if engine.docker(&["image", "inspect", BASE]).is_err() {
        import_base(engine)?;
    }
    let base = format!("BASE_IMAGE={BASE}");
    let stand_ins = root().join("deploy/compose/stand-ins");
    for (_, target, tag) in STAND_INS {
        build_one(engine, &["--build-arg", &base, "--target", target, "--tag", tag], &stand_ins)?;
    }
    let dockerfile = root().join("deploy/docker/Dockerfile").display().to_string();
    let runtime = format!("{IMAGE}-runtime");
    build_one(
        engine,
        &["--build-arg", &base, "--target", "runtime", "--tag", &runtime, "--file", &dockerfile],
        &root(),
    )?;
    let context = tempfile::tempdir().context("cannot make a folder")?;
    let stripped = context.path().join("mercato");
    let strip =
        Command::new("strip").arg("-o").arg(&stripped).arg(binary).status().context("cannot run strip")?;
    ensure!(strip.success(), "strip failed");
    for version in VERSIONS {
        let text = format!(
            "FROM {runtime}\nCOPY mercato /usr/local/bin/mercato\nLABEL org.opencontainers.image.version={version}\n"
        );
        fs::write(context.path().join("Dockerfile"), text).context("cannot write a Dockerfile")?;
        build_one(engine, &["--tag", &format!("{IMAGE}:{version}")], context.path())?;
    }
    Ok(())
}

fn build_one(engine: &Engine, options: &[&str], context: &Path) -> anyhow::Result<()> {
    let context = context.display().to_string();
    engine.docker(&[&["build", "--quiet"], options, &[&context]].concat()).map(drop)
}

/// Debian, as small as debootstrap makes it.
fn import_base(engine: &Engine) -> anyhow::Result<()> {
    eprintln!("xtask: making {BASE} by debootstrap");
    let folder =
        tempfile::Builder::new().prefix("mercato-debian-").tempdir().context("cannot make a folder")?;
    let made = Command::new("debootstrap")
        .args(["--variant=minbase", "bookworm"])
        .arg(folder.path())
        .stdout(Stdio::null())
        .status()
        .context("cannot run debootstrap")?;
    ensure!(made.success(), "debootstrap failed");
    let mut tar = Command::new("tar")
        .arg("--directory")
        .arg(folder.path())
        .args(["--exclude=./var/cache/apt/archives/*.deb", "--create", "."])
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot run tar")?;
    let archive = tar.stdout.take().context("tar gives nothing")?;
    let imported =
        engine.command("docker").args(["import", "-", BASE]).stdin(archive).stdout(Stdio::null()).status();
    let packed = tar.wait().context("tar cannot be waited for")?;
    ensure!(
        imported.context("cannot run docker")?.success() && packed.success(),
        "{BASE} cannot be imported"
    );
    Ok(())
}

/// The root of the workspace.
pub(super) fn root() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), ".."].iter().collect()
}
