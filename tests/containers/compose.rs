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
        let from_the_host = ["run", "--rm", "--pid", "host", "--user", "0", "--network", "none"];
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
        let port = TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a port").port();
        let environment = fs::read_to_string(self.folder.join(".env")).expect("what is set");
        let value = |name: &str| {
            let found = environment.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            found.unwrap_or_else(|| panic!("{name} is not set")).to_owned()
        };
        let project = value("COMPOSE_PROJECT_NAME");
        let properties = format!(
            "COMPOSE_PROJECT_NAME={project}-bundle\nMERCATO_HTTP_PORT={port}\nMERCATO_PRIVATE_NETWORK=true\n\
             MERCATO_SECRETS={}\nNGINX_IMAGE={}\n",
            secrets.display(),
            value("NGINX_IMAGE"),
        );
        fs::write(app.join(".env"), properties).expect("the properties");
        // In place of the way to a managed database: the network that this shop's servers are on.
        let services = ["migrate", "customer", "products", "shopping", "payment"];
        let on: String = services
            .iter()
            .map(|service| format!("  {service}: {{ networks: [default, shop] }}\n"))
            .collect();
        let networks =
            format!("networks:\n  shop: {{ external: true, name: {project}_back }}\nservices:\n{on}");
        fs::write(app.join("docker-compose.override.yml"), networks).expect("an override");
        compose_in(app, &["up", "--detach"]).await;
        format!("http://127.0.0.1:{port}")
    }

    /// Takes down what [`Compose::up_beside`] has brought up.
    pub async fn down_beside(&self, app: &Path) {
        compose_in(app, &["down", "--volumes", "--timeout", "20"]).await;
    }

    async fn compose(&self, arguments: &[&str]) -> String {
        compose_in(&self.folder, arguments).await
    }
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
