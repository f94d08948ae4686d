//! The containers, asked by the tools that an operator has.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use contracts::Service;
use testkit::{AuditOutcome, Mercato, stack::State, within};
use tokio::{process::Command, time::timeout};

/// How long a command may take. To replace all instances is the longest.
const LIMIT: Duration = Duration::from_secs(400);
const QUIET_LIMIT: Duration = Duration::from_secs(60);
const UNDER_WAY: [&str; 3] = ["pending", "reserved", "authorised"];

/// The shop that `cargo xtask test containers` has brought up.
pub struct Compose {
    folder: PathBuf,
    state: State,
    mercato: Mercato,
    /// Orders by status, when this test came in.
    orders: BTreeMap<String, u64>,
}

impl Compose {
    /// Waits until the orders of the tests before have ended.
    pub async fn find() -> Self {
        let home: PathBuf = variable("MERCATO_TEST_STACK").into();
        let state = State::read(&home).expect("what is up").expect("a shop that is up");
        let environment = State::environment(&home).expect("what is set");
        let mercato = Mercato::new(env!("CARGO_BIN_EXE_mercato")).data(home.join("data")).folder(&home);
        let mercato = environment.iter().fold(mercato, |mercato, (name, value)| mercato.set(name, value));
        let orders = within(QUIET_LIMIT, "the orders of the tests before to end", || async {
            let orders = AuditOutcome::of(&mercato.run(&["audit", "--json"]).await).report.orders;
            UNDER_WAY.iter().all(|status| !orders.contains_key(*status)).then_some(orders)
        })
        .await;
        Self { folder: variable("MERCATO_TEST_COMPOSE").into(), state, mercato, orders }
    }

    /// Where the published port is.
    pub fn url(&self) -> String {
        self.state.gateway.clone()
    }

    pub fn staff_login(&self) -> (&str, &str) {
        self.state.staff.split_once(' ').expect("a login")
    }

    /// What `mercato audit` finds; orders are counted from where this test came in.
    pub async fn audit(&self) -> AuditOutcome {
        let mut outcome = AuditOutcome::of(&self.mercato.run(&["audit", "--json"]).await);
        for (status, count) in &mut outcome.report.orders {
            *count -= self.orders.get(status).copied().unwrap_or_default();
        }
        outcome
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

    /// Fails to replace every instance by one of `version`, whose containers have that long to be ready.
    pub async fn fail_to_roll(&self, version: &str, limit: Duration) {
        let mut roll = self.roll_by_hand(version);
        roll.env("MERCATO_ROLL_LIMIT", limit.as_secs().to_string());
        let ran = timeout(LIMIT, roll.output()).await.expect("an end").expect("a roll");
        assert_eq!(ran.status.code(), Some(1), "{}", String::from_utf8_lossy(&ran.stderr));
    }

    /// Begins to replace every instance by one of `version`, and kills that with all that it has started as soon as `cut` is
    /// true.
    pub async fn roll_until(&self, version: &str, what: &str, cut: impl AsyncFn() -> bool) {
        let mut roll = self.roll_by_hand(version);
        let mut roll = roll.process_group(0).spawn().expect("a roll");
        let group = format!("-{}", roll.id().expect("a process"));
        within(LIMIT, what, || async { cut().await.then_some(()) }).await;
        run(Command::new("kill").args(["-KILL", "--", &group])).await;
        assert!(!roll.wait().await.expect("an end").success());
    }

    fn roll_by_hand(&self, version: &str) -> Command {
        let mut roll = Command::new("./roll");
        roll.arg(version).current_dir(&self.folder).stdin(Stdio::null()).kill_on_drop(true);
        roll
    }

    /// Puts a line at the end of a file of deploy/gateway, as a newer installation would, and gives what it was before.
    pub fn append_to_gateway(&self, file: &str, line: &str) -> String {
        let before = fs::read_to_string(self.folder.join("../gateway").join(file)).expect("a file");
        self.write_gateway(file, &format!("{before}{line}\n"));
        before
    }

    /// Writes a file of deploy/gateway.
    pub fn write_gateway(&self, file: &str, text: &str) {
        fs::write(self.folder.join("../gateway").join(file), text).expect("a file");
    }

    /// What nginx leaves out: SERVICE-COLOUR of each.
    pub async fn drained(&self) -> BTreeSet<String> {
        let gateway = self.containers("gateway").await.remove(0);
        let files = docker(&["exec", &gateway, "ls", "/run/gateway/drain"]).await;
        files.split_whitespace().map(str::to_owned).collect()
    }

    /// Leaves out what is of that name, which nobody will take back.
    pub async fn drain(&self, name: &str) {
        let gateway = self.containers("gateway").await.remove(0);
        docker(&["exec", &gateway, "touch", &format!("/run/gateway/drain/{name}")]).await;
    }

    /// The colour of the first container of `service`.
    pub async fn colour(&self, service: &str) -> String {
        let label = "{{index .Config.Labels \"mercato.colour\"}}";
        self.inspect(&self.containers(service).await[0], label).await
    }

    /// The running containers of `service`.
    pub async fn containers(&self, service: &str) -> Vec<String> {
        containers_in(&self.folder, service).await
    }

    /// What Docker knows of a container, by a format.
    pub async fn inspect(&self, container: &str, format: &str) -> String {
        docker(&["inspect", "--format", format, container]).await.trim().to_owned()
    }

    /// The version that each container of `service` is of.
    pub async fn versions(&self, service: &str) -> BTreeSet<String> {
        self.versions_in(&self.folder, service).await
    }

    /// The same of another shop, whose compose.yaml is in `folder`.
    pub async fn versions_in(&self, folder: &Path, service: &str) -> BTreeSet<String> {
        let mut versions = BTreeSet::new();
        for container in containers_in(folder, service).await {
            let label = "{{index .Config.Labels \"org.opencontainers.image.version\"}}";
            versions.insert(self.inspect(&container, label).await);
        }
        versions
    }

    /// Ends the process of a container as `kill -9` on the host does, of which Docker is not told beforehand.
    pub async fn kill_9(&self, container: &str) {
        let pid = self.inspect(container, "{{.State.Pid}}").await;
        let image = self.inspect(container, "{{.Image}}").await;
        let from_the_host = ["run", "--rm", "--pid", "host", "--user", "0", "--network", "none"];
        docker(
            &[&from_the_host[..], &["--entrypoint", "/bin/sh", &image, "-c", &format!("kill -9 {pid}")]]
                .concat(),
        )
        .await;
    }

    /// Runs a command within a container, and gives whether it succeeded.
    pub async fn exec(&self, container: &str, command: &[&str]) -> bool {
        succeeds(Command::new("docker").args(["exec", container]).args(command)).await
    }

    /// The same as root.
    pub async fn exec_as_root(&self, container: &str, command: &[&str]) -> bool {
        succeeds(Command::new("docker").args(["exec", "--user", "0", container]).args(command)).await
    }

    /// What a secret of the shop says.
    pub fn secret(&self, name: &str) -> String {
        fs::read_to_string(self.folder.join("secrets").join(name)).expect("a secret")
    }

    /// The key that tokens are signed with.
    pub async fn key(&self) -> String {
        let container = &self.containers("customer").await[0];
        docker(&["exec", container, "sh", "-c", "cat /var/lib/mercato/keys/*.pem"]).await
    }

    /// Brings up the bundle in `app` on the databases and the broker of this shop, and gives where it takes connections.
    pub async fn up_beside(&self, app: &Path, secrets: &Path) -> String {
        let port = free_port();
        let mut properties = self.bundle_settings(port);
        properties.push(("MERCATO_SECRETS", secrets.display().to_string()));
        let properties: String = properties.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
        fs::write(app.join(".env"), properties).expect("the properties");
        self.reach_servers(app);
        compose_in(app, &["up", "--detach"]).await;
        format!("http://127.0.0.1:{port}")
    }

    /// What a bundle has to be told to come up here, at `port`.
    pub fn bundle_settings(&self, port: u16) -> Vec<(&'static str, String)> {
        vec![
            ("COMPOSE_PROJECT_NAME", format!("{}-bundle", self.setting("COMPOSE_PROJECT_NAME"))),
            ("MERCATO_HTTP_PORT", port.to_string()),
            ("MERCATO_PRIVATE_NETWORK", "true".to_owned()),
            ("NGINX_IMAGE", self.setting("NGINX_IMAGE")),
        ]
    }

    /// Has the bundle in `app` reach the databases and the broker of this shop.
    pub fn reach_servers(&self, app: &Path) {
        // In place of the way to a managed database: the network that this shop's servers are on.
        let services = ["migrate", "customer", "products", "shopping", "payment"];
        let on: String = services
            .iter()
            .map(|service| format!("  {service}: {{ networks: [default, shop] }}\n"))
            .collect();
        let network = format!("{}_back", self.setting("COMPOSE_PROJECT_NAME"));
        let networks = format!("networks:\n  shop: {{ external: true, name: {network} }}\nservices:\n{on}");
        fs::write(app.join("docker-compose.override.yml"), networks).expect("an override");
    }

    /// What the shop's .env says.
    pub fn setting(&self, name: &str) -> String {
        let environment = fs::read_to_string(self.folder.join(".env")).expect("what is set");
        let found = environment.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        found.unwrap_or_else(|| panic!("{name} is not set")).to_owned()
    }

    async fn compose(&self, arguments: &[&str]) -> String {
        compose_in(&self.folder, arguments).await
    }
}

async fn succeeds(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).stderr(Stdio::null());
    timeout(LIMIT, command.status()).await.expect("an end").expect("a command").success()
}

/// Takes down what the compose file in `folder` has brought up.
pub async fn take_down(folder: &Path) {
    compose_in(folder, &["down", "--volumes", "--timeout", "20"]).await;
}

/// The running containers of a service of the shop whose compose file is in `folder`.
pub async fn containers_in(folder: &Path, service: &str) -> Vec<String> {
    compose_in(folder, &["ps", "--quiet", service]).await.split_whitespace().map(str::to_owned).collect()
}

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a port").port()
}

async fn compose_in(folder: &Path, arguments: &[&str]) -> String {
    let plugin = Command::new("docker").args(["compose", "version"]).stdin(Stdio::null()).output().await;
    let mut command = if plugin.is_ok_and(|ran| ran.status.success()) {
        let mut docker = Command::new("docker");
        docker.arg("compose");
        docker
    } else {
        Command::new("docker-compose")
    };
    run(command.args(arguments).current_dir(folder)).await
}

/// Runs `docker ARGUMENTS`, and gives what it says.
pub async fn docker(arguments: &[&str]) -> String {
    run(Command::new("docker").args(arguments)).await
}

/// Runs `command`, which has to succeed, and gives what it says.
pub async fn run(command: &mut Command) -> String {
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
