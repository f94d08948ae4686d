//! The shop that compose.yaml starts, in a folder of its own, and written down as tests look for it.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context as _, ensure};
use contracts::Service;
use tempfile::TempDir;
use testkit::stack::State;

use super::{
    engine::{Engine, output},
    images::{IMAGE, STAND_INS, VERSIONS, root},
};

const STAFF: &str = "staff@mercato.example";

/// A shop of containers. They go with this value, and their data.
pub(super) struct Shop<'a> {
    engine: &'a Engine,
    project: String,
    logs: Option<Child>,
    home: TempDir,
}

impl<'a> Shop<'a> {
    /// Copies deploy/ as an installation would, makes the secrets, and waits until all of it is healthy.
    pub(super) fn up(engine: &'a Engine, binary: &Path) -> anyhow::Result<Self> {
        let home =
            tempfile::Builder::new().prefix("mercato-test-").tempdir().context("cannot make a folder")?;
        let mut shop =
            Self { engine, project: format!("mercato-test-{}", std::process::id()), logs: None, home };
        shop.lay_out()?;
        output(shop.compose().args(["up", "--detach"]))?;
        shop.follow_logs()?;
        shop.write_down(binary)?;
        Ok(shop)
    }

    /// Where it is written down.
    pub(super) fn folder(&self) -> &Path {
        self.home.path()
    }

    /// Where its compose.yaml is.
    pub(super) fn compose_folder(&self) -> PathBuf {
        self.home.path().join("deploy/compose")
    }

    /// Takes everything down, with all data.
    pub(super) fn down(mut self) -> anyhow::Result<()> {
        self.take_down()
    }

    fn lay_out(&self) -> anyhow::Result<()> {
        let deploy = self.home.path().join("deploy");
        fs::create_dir_all(&deploy).context("cannot make a folder")?;
        for part in ["compose", "gateway"] {
            output(Command::new("cp").arg("-r").arg(root().join("deploy").join(part)).arg(&deploy))?;
        }
        for leftover in ["secrets", ".env"] {
            output(Command::new("rm").arg("-rf").arg(self.compose_folder().join(leftover)))?;
        }
        output(&mut Command::new(self.compose_folder().join("prepare")))?;
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|it| it.local_addr())
            .context("no port is free")?
            .port();
        let mut settings = vec![
            "COMPOSE_PROFILES=rabbitmq".to_owned(),
            format!("COMPOSE_PROJECT_NAME={}", self.project),
            format!("MERCATO_IMAGE={IMAGE}"),
            format!("MERCATO_VERSION={}", VERSIONS[0]),
            "MERCATO_COLOUR=blue".to_owned(),
            format!("MERCATO_HTTP_PORT={port}"),
            // All of the suite comes from one address, and must not be shown what was so a second ago.
            "MERCATO_GATEWAY_UNLIMITED=0.0.0.0/0".to_owned(),
            "MERCATO_GATEWAY_CACHE=off".to_owned(),
        ];
        settings.extend(STAND_INS.map(|(variable, _, tag)| format!("{variable}={tag}")));
        fs::write(self.compose_folder().join(".env"), settings.join("\n") + "\n")
            .context("cannot write .env")?;
        fs::create_dir_all(self.home.path().join("logs")).context("cannot make a folder")
    }

    fn compose(&self) -> Command {
        let mut compose = self.engine.compose();
        compose.current_dir(self.compose_folder());
        compose
    }

    fn follow_logs(&mut self) -> anyhow::Result<()> {
        let file =
            fs::File::create(self.home.path().join("logs/containers.log")).context("cannot write a log")?;
        let logs = self
            .compose()
            .args(["logs", "--follow", "--no-color"])
            .stdout(file)
            .stderr(Stdio::null())
            .spawn();
        self.logs = Some(logs.context("cannot follow the logs")?);
        Ok(())
    }

    /// As `testkit` knows shops: the containers are reached by their own addresses, as everything is from the host.
    fn write_down(&self, binary: &Path) -> anyhow::Result<()> {
        let mut instances = Vec::new();
        for service in Service::ALL {
            let url = format!("http://{}:{}", self.address(service.name(), "front")?, service.default_port());
            instances.push((format!("{service}-1"), url));
        }
        let mut environment = vec![(
            "MERCATO_BROKER_URL".to_owned(),
            self.secret("broker_url")?
                .replace("@rabbitmq/", &format!("@{}/", self.address("rabbitmq", "back")?)),
        )];
        let postgres = self.address("postgres", "back")?;
        for service in Service::ALL {
            let url =
                self.secret(&format!("{service}_store_url"))?.replace("@postgres/", &format!("@{postgres}/"));
            environment.push((format!("MERCATO_{}_STORE_URL", service.name().to_uppercase()), url));
        }
        environment.push(("MERCATO_KEYS".to_owned(), self.keys()?));
        let mut mercato = Command::new(binary);
        mercato.current_dir(self.home.path()).envs(environment.iter().cloned());
        output(mercato.arg("seed"))?;
        let mut mercato = Command::new(binary);
        mercato.current_dir(self.home.path()).envs(environment.iter().cloned());
        let password = output(mercato.args(["staff", "add", STAFF]))?;
        let port = self.setting("MERCATO_HTTP_PORT")?;
        let state = State {
            gateway: format!("http://127.0.0.1:{port}"),
            staff: format!("{STAFF} {}", password.trim()),
            instances,
            processes: Vec::new(),
        };
        state.write(self.home.path())?;
        Ok(State::write_environment(self.home.path(), &environment)?)
    }

    fn setting(&self, name: &str) -> anyhow::Result<String> {
        let text = fs::read_to_string(self.compose_folder().join(".env")).context("cannot read .env")?;
        let found = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        found.map(str::to_owned).with_context(|| format!(".env has no {name}"))
    }

    fn secret(&self, name: &str) -> anyhow::Result<String> {
        let file = self.compose_folder().join("secrets").join(name);
        fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))
    }

    /// A copy of the keys that customer signs with, for the test that signs what it must not accept.
    fn keys(&self) -> anyhow::Result<String> {
        let copy = self.home.path().join("keys").display().to_string();
        let inside = format!("{}:/var/lib/mercato/keys", self.container("customer")?);
        self.engine.docker(&["cp", &inside, &copy])?;
        Ok(copy)
    }

    fn container(&self, service: &str) -> anyhow::Result<String> {
        Ok(output(self.compose().args(["ps", "--quiet", service]))?.trim().to_owned())
    }

    fn address(&self, service: &str, network: &str) -> anyhow::Result<String> {
        let container = self.container(service)?;
        let format =
            format!("{{{{(index .NetworkSettings.Networks \"{}_{network}\").IPAddress}}}}", self.project);
        let address = self.engine.docker(&["inspect", "--format", &format, &container])?;
        ensure!(!address.trim().is_empty(), "{service} has no address");
        Ok(address.trim().to_owned())
    }

    fn take_down(&mut self) -> anyhow::Result<()> {
        if let Some(mut logs) = self.logs.take() {
            logs.kill().ok();
            logs.wait().ok();
        }
        // What a test of the bundle may have left, which would hold a network of ours.
        let beside = format!("label=com.docker.compose.project={}-bundle", self.project);
        let beside = self.engine.docker(&["ps", "--all", "--quiet", "--filter", &beside])?;
        let beside: Vec<&str> = beside.split_whitespace().collect();
        if !beside.is_empty() {
            self.engine.docker(&[&["rm", "--force", "--volumes"], beside.as_slice()].concat())?;
        }
        output(self.compose().args(["down", "--volumes", "--remove-orphans", "--timeout", "20"])).map(drop)
    }
}

impl Drop for Shop<'_> {
    fn drop(&mut self) {
        if self.compose_folder().join(".env").exists() {
            self.take_down().ok();
        }
    }
}
