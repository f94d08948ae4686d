//! Hostile input to a whole shop: schemathesis makes requests out of the OpenAPI documents, sensible ones and others, and
//! checks each answer against the same documents.

mod program;
mod scene;

use std::{
    fmt,
    path::Path,
    process::{Output, Stdio},
};

use anyhow::{Context as _, bail, ensure};
use contracts::Service;
use serde_json::Value;
use testkit::{Mercato, Shape, Shop};
use tokio::process::Command;

use crate::stack::build::built_by;
use program::Program;
use scene::{Caller, Scene};

/// How long each caller sends requests to a service, the four services at the same time, unless `MERCATO_HOSTILE_SECONDS`
/// says otherwise.
const SECONDS: &str = "15";
/// The same requests in each run, unless `MERCATO_SEED` says otherwise. A failure is printed with the request, and with how to send it again.
const SEED: &str = "1";
/// What would sign the caller out, and make a 401 of all that comes after it. The end-to-end suite goes there.
const LEAVING: [&str; 2] = ["log_out", "delete_profile"];

/// How it went.
pub(super) enum Outcome {
    /// It was run, and this failed.
    Ran(Vec<String>),
    /// It could not be run, for this reason.
    Skipped(String),
}

/// Runs it over a shop of one process.
///
/// # Errors
/// If the shop cannot be built or started.
pub(super) fn run() -> anyhow::Result<Outcome> {
    let program = match program::installed() {
        Ok(program) => program,
        Err(error) => return Ok(Outcome::Skipped(format!("{error:#}"))),
    };
    let binary = built_by(["build", "--package", "mercato", "--bin", "mercato"])?;
    let runtime = tokio::runtime::Runtime::new().context("cannot start a runtime")?;
    runtime.block_on(over(&program, &binary)).map(Outcome::Ran)
}

async fn over(program: &Program, binary: &Path) -> anyhow::Result<Vec<String>> {
    let shop = Shop::start_as(Shape::Embedded, Mercato::new(binary)).await;
    let scene = Scene::set(&shop).await;
    sees_what_is_not_described(program, &scene).await?;
    let mut failed = Vec::new();
    for caller in scene.callers() {
        let runs = Service::ALL.map(|service| attack(program, &scene, caller, service));
        for run in futures::future::join_all(runs).await {
            failed.extend(run?);
        }
    }
    if shop.log().contains("panicked") {
        failed.push(format!("the shop panicked:\n{}", shop.log()));
    }
    let audit = shop.audit().await;
    if audit.code != Some(0) || audit.report.dead_letters > 0 {
        failed.push(format!("the audit after schemathesis: {:#?}", audit.report));
    }
    Ok(failed)
}

/// Requests of one caller to one service; what failed, if anything did.
async fn attack(
    program: &Program,
    scene: &Scene,
    caller: &Caller,
    service: Service,
) -> anyhow::Result<Option<String>> {
    let document = format!("{}/{service}/openapi.json", scene.url);
    let mut command = program.run(&document, scene);
    command.args(["--max-time", &asked_for("MERCATO_HOSTILE_SECONDS", SECONDS)]);
    if let Some(token) = &caller.token {
        command.arg("--header").arg(format!("Authorization: Bearer {token}"));
        for operation in LEAVING {
            // The others have no such operation, and would be warned of it.
            if service == Service::Customer {
                command.args(["--exclude-operation-id", operation]);
            }
        }
    }
    let output = spoken(command).await?;
    let told = Told(&output);
    eprintln!("xtask: schemathesis: {service}, asked by {}: {}", caller.name, told.cases());
    if output.status.success() {
        return Ok(None);
    }
    eprintln!("{told}");
    Ok(Some(format!("schemathesis: {service}, asked by {}", caller.name)))
}

/// A check that cannot fail is worth nothing: a document that keeps a 401 secret has to be found out.
async fn sees_what_is_not_described(program: &Program, scene: &Scene) -> anyhow::Result<()> {
    let url = format!("{}/payment", scene.url);
    let document = reqwest::get(format!("{url}/openapi.json")).await?.text().await?;
    let mut document: Value = serde_json::from_str(&document)?;
    let responses = &mut document["paths"]["/payments/{order_id}"]["get"]["responses"];
    let kept_secret = responses.as_object_mut().and_then(|responses| responses.remove("401"));
    ensure!(kept_secret.is_some(), "the document of payment has no 401 that could be kept secret");
    let file = tempfile::Builder::new().suffix(".json").tempfile()?;
    serde_json::to_writer(&file, &document)?;
    let mut command = program.run(&file.path().display().to_string(), scene);
    let output =
        spoken(&mut *command.args(["--url", &url, "--max-time", "5", "--phases", "fuzzing"])).await?;
    if output.status.code() != Some(1) || !Told(&output).to_string().contains("401") {
        bail!("schemathesis does not see an answer that is not described:\n{}", Told(&output));
    }
    Ok(())
}

/// What the environment asks for, else `usual`.
fn asked_for(variable: &str, usual: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| usual.to_owned())
}

async fn spoken(mut command: impl std::borrow::BorrowMut<Command>) -> anyhow::Result<Output> {
    let command = command.borrow_mut().stdin(Stdio::null()).kill_on_drop(true);
    command.output().await.context("schemathesis cannot be run")
}

impl Program {
    fn run(&self, document: &str, scene: &Scene) -> Command {
        let mut command = self.command();
        command.args([
            "run",
            document,
            "--seed",
            &asked_for("MERCATO_HOSTILE_SEED", SEED),
            "--no-shrink",
            "--warnings",
            "off",
        ]);
        command.args(["--suppress-health-check", "all", "--request-timeout", "40"]);
        command.env("MERCATO_KNOWN_IDS", scene.known_ids());
        command
    }
}

/// What it said.
struct Told<'a>(&'a Output);

impl Told<'_> {
    /// How much it did.
    fn cases(&self) -> String {
        let text = self.to_string();
        let line = text.lines().find(|line| line.contains(" generated, "));
        line.unwrap_or("no requests").trim().to_owned()
    }
}

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0.stdout))?;
        f.write_str(&String::from_utf8_lossy(&self.0.stderr))
    }
}
