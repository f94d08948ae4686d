//! deploy/compose for real: the image, and all that compose.yaml starts, on a Docker engine.
//!
//! The program in the image is the one that cargo has built here, in the image's own last stage but one: to build it by the
//! Dockerfile alone takes many minutes, and gives the same. What else compose.yaml names is Debian's, from
//! deploy/compose/stand-ins, so that nothing has to be pulled.

pub(super) mod engine;
mod images;
mod shop;

use std::{fs, path::Path};

use anyhow::Context as _;

use testkit::Shape;

use super::{
    choice::Build,
    stack,
    steps::{has_nextest, run},
};
use crate::stack::build::built_by;
use engine::Engine;
use shop::Shop;

/// Runs the end-to-end suite over the containers, and then the tests that scale, replace and kill them. Gives the steps that failed.
///
/// # Errors
/// If the images cannot be built, or the shop does not come up.
pub(super) fn run_all(engine: &Engine, build: Build) -> anyhow::Result<Vec<String>> {
    let features = format!("{},mercato/containers", build.features());
    let binary = built_by(["test", "--no-run", "--workspace", "--features", &features])?;
    images::build(engine, &binary)?;
    let shop = Shop::up(engine, &binary)?;
    let folder = shop.folder().to_owned();
    let end_to_end = stack::over(build, Shape::Rabbitmq, &folder)?;
    let mut arguments: Vec<&str> = if has_nextest() {
        vec!["nextest", "run", "--test-threads=1", "-E", "binary(containers)"]
    } else {
        vec!["test", "--no-fail-fast", "--test", "containers"]
    };
    arguments.extend(["--workspace", "--features", &features]);
    if !has_nextest() {
        arguments.extend(["--", "--test-threads=1"]);
    }
    let compose = shop.compose_folder();
    let containers = run(
        &arguments,
        &[
            ("MERCATO_TEST_STACK", folder.as_os_str()),
            ("MERCATO_TEST_COMPOSE", compose.as_os_str()),
            ("DOCKER_HOST", engine.host().as_ref()),
        ],
    )?;
    let failed: Vec<String> = [end_to_end, containers].into_iter().flatten().collect();
    if !failed.is_empty() {
        keep_log(&folder)?;
    }
    shop.down()?;
    Ok(failed)
}

/// Keeps what the containers have logged, which else goes with them.
fn keep_log(shop: &Path) -> anyhow::Result<()> {
    let kept = std::env::temp_dir().join(format!("mercato-containers-{}.log", std::process::id()));
    fs::copy(shop.join("logs/containers.log"), &kept).context("cannot keep the log")?;
    eprintln!("xtask: what the containers logged is in {}", kept.display());
    Ok(())
}
