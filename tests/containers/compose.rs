//! The containers, asked by the tools that an operator has.

use std::{collections::BTreeSet, path::PathBuf, process::Stdio, time::Duration};

use contracts::Service;
use testkit::{AuditOutcome, Mercato, stack::State};
use tokio::{process::Command, time::timeout};

/// How long a command may take. To replace all instances is the longest.
const LIMIT: Duration = Duration::from_secs(400);

/// The shop that `cargo xtask test containers` has brought up.
pub struct Compose {
    folder: PathBuf,
    state: State,
    mercato: Mercato,
}

impl Compose {
    pub fn find() -> Self {
        let home: PathBuf = variable("MERCATO_TEST_STACK").into();
        let state = State::read(&home).expect("what is up").expect("a shop that is up");
        let environment = State::environment(&home).expect("what is set");
        let mercato = Mercato::new(env!("CARGO_BIN_EXE_mercato")).data(home.join("data")).folder(&home);
        let mercato = environment.iter().fold(mercato, |mercato, (name, value)| mercato.set(name, value));
        Self { folder: variable("MERCATO_TEST_COMPOSE").into(), state, mercato }
    }

    /// Where the published port is.
    pub fn url(&self) -> String {
        self.state.gateway.clone()
    }

    pub fn staff_login(&self) -> (&str, &str) {
        self.state.staff.split_once(' ').expect("a login")
    }

    pub async fn audit(&self) -> AuditOutcome {
        AuditOutcome::of(&self.mercato.run(&["audit", "--json"]).await)
    }

    /// Brings up `count` of `service`.
    pub async fn scale(&self, service: Service, count: usize) {
        let scale = format!("{service}={count}");
        self.compose(&["up", "--detach", "--no-recreate", "--scale", &scale]).await;
    }

    /// Replaces every instance by one of `version`.
    pub async fn roll(&self, version: &str) {
        run(Command::new("./roll").arg(version).current_dir(&self.folder)).await;
    }

    /// The running containers of `service`.
    pub async fn containers(&self, service: &str) -> Vec<String> {
        self.compose(&["ps", "--quiet", service]).await.split_whitespace().map(str::to_owned).collect()
    }

    /// What Docker knows of a container, by a format.
    pub async fn inspect(&self, container: &str, format: &str) -> String {
        docker(&["inspect", "--format", format, container]).await.trim().to_owned()
    }

    /// The version that each container of `service` is of.
    pub async fn versions(&self, service: &str) -> BTreeSet<String> {
        let mut versions = BTreeSet::new();
        for container in self.containers(service).await {
            let label = "{{index .Config.Labels \"org.opencontainers.image.version\"}}";
            versions.insert(self.inspect(&container, label).await);
        }
        versions
    }

    /// Ends the process of a container as `kill -9` on the host does, of which Docker is not told beforehand.
    pub async fn kill_9(&self, container: &str) {
        let pid = self.inspect(container, "{{.State.Pid}}").await;
        let image = self.inspect(container, "{{.Image}}").await;
        let from_the_host =
            ["run", "--rm", "--privileged", "--pid", "host", "--user", "0", "--network", "none"];
        docker(
            &[&from_the_host[..], &["--entrypoint", "/bin/sh", &image, "-c", &format!("kill -9 {pid}")]]
                .concat(),
        )
        .await;
    }

    /// Runs a command within a container, and gives whether it succeeded.
    pub async fn exec(&self, container: &str, command: &[&str]) -> bool {
        let mut docker = Command::new("docker");
        docker.args(["exec", container]).args(command).stdin(Stdio::null()).stderr(Stdio::null());
        timeout(LIMIT, docker.status()).await.expect("an end").expect("docker").success()
    }

    async fn compose(&self, arguments: &[&str]) -> String {
        let plugin = Command::new("docker").args(["compose", "version"]).stdin(Stdio::null()).output().await;
        let mut command = if plugin.is_ok_and(|ran| ran.status.success()) {
            let mut docker = Command::new("docker");
            docker.arg("compose");
            docker
        } else {
            Command::new("docker-compose")
        };
        run(command.args(arguments).current_dir(&self.folder)).await
    }
}

async fn docker(arguments: &[&str]) -> String {
    run(Command::new("docker").args(arguments)).await
}

async fn run(command: &mut Command) -> String {
    command.stdin(Stdio::null()).kill_on_drop(true);
    let ran = timeout(LIMIT, command.output()).await;
    let ran = ran.unwrap_or_else(|_| panic!("{command:?} has not ended in {LIMIT:?}"));
    let ran = ran.unwrap_or_else(|error| panic!("{command:?} cannot be run: {error}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(ran.status.success(), "{command:?}: {}\n{}", text(&ran.stdout), text(&ran.stderr));
    text(&ran.stdout)
}

fn variable(name: &str) -> std::ffi::OsString {
    std::env::var_os(name).unwrap_or_else(|| {
        panic!("{name} is missing: `cargo xtask test containers` brings a shop up and sets it")
    })
}
