//! What a stack is to be.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use contracts::Service;

use super::Broker;
use crate::{
    servers::{Gateway, Lifetime, ServerError},
    shop::Mercato,
};

/// What a stack is to be.
#[derive(Clone, Debug)]
pub struct Plan {
    pub(super) binary: PathBuf,
    pub(super) folder: PathBuf,
    pub(super) instances: usize,
    pub(super) broker: Broker,
    pub(super) lifetime: Lifetime,
    pub(super) settings: Vec<(String, String)>,
    pub(super) gateway: Gateway,
    /// Known once the servers run.
    pub(super) stores: BTreeMap<Service, String>,
    pub(super) broker_url: String,
    /// Whether instances reach their servers by proxies, and by which.
    pub(super) proxied: bool,
    pub(super) detours: Vec<(u16, u16)>,
}

impl Plan {
    /// Two instances of each service, from the binary at `binary`, in `folder`, which has to be empty or absent; for as
    /// long as this process lives. Whoever comes from loopback is not limited in how often they ask.
    #[must_use]
    pub fn new(binary: impl Into<PathBuf>, folder: impl AsRef<Path>) -> Self {
        Self {
            binary: binary.into(),
            folder: folder.as_ref().to_owned(),
            instances: 2,
            broker: Broker::default(),
            lifetime: Lifetime::WithUs,
            settings: Vec::new(),
            gateway: Gateway::new().set("UNLIMITED", "127.0.0.0/8"),
            stores: BTreeMap::new(),
            broker_url: String::new(),
            proxied: false,
            detours: Vec::new(),
        }
    }

    /// The same with this many instances of each service.
    #[must_use]
    pub fn instances(self, instances: usize) -> Self {
        Self { instances, ..self }
    }

    /// The same on this broker; without it, on RabbitMQ.
    #[must_use]
    pub fn broker(self, broker: Broker) -> Self {
        Self { broker, ..self }
    }

    /// The same, to be left running.
    #[must_use]
    pub fn detached(self) -> Self {
        Self { lifetime: Lifetime::Detached, ..self }
    }

    /// The same with a proxy between the instances and each of their servers: see [`Stack::links`](super::Stack::links).
    #[must_use]
    pub fn proxied(self) -> Self {
        Self { proxied: true, ..self }
    }

    /// The same with a variable such as `MERCATO_LOG` for every instance.
    #[must_use]
    pub fn set(mut self, variable: &str, value: &str) -> Self {
        self.settings.push((variable.to_owned(), value.to_owned()));
        self
    }

    /// The same with a setting of the gateway: see `deploy/gateway/render`.
    #[must_use]
    pub fn set_gateway(self, name: &str, value: &str) -> Self {
        Self { gateway: self.gateway.set(name, value), ..self }
    }

    /// The command line, with what every service needs and all of their stores.
    pub(super) fn mercato(&self) -> Mercato {
        self.environment()
            .into_iter()
            .fold(self.bare(), |mercato, (variable, value)| mercato.set(&variable, &value))
    }

    /// The command line for the instance `name` of `service`, which knows no store but its own, and says there who it is.
    pub(super) fn mercato_of(&self, service: Service, name: &str) -> Mercato {
        let own = store_variable(service);
        let known = |variable: &String| *variable == own || !variable.ends_with("_STORE_URL");
        let environment = self.environment().into_iter().filter(|(variable, _)| known(variable));
        let mercato = self.bare().set("MERCATO_INSTANCE", name);
        environment.fold(mercato, |mercato, (variable, value)| {
            let value = if variable.ends_with("_URL") { self.detoured(value) } else { value };
            let value = if variable == own { format!("{value}?application_name={name}") } else { value };
            mercato.set(&variable, &value)
        })
    }

    /// `url` by the proxy before where it leads, if there is one.
    fn detoured(&self, url: String) -> String {
        self.detours.iter().fold(url, |url, (server, proxy)| {
            url.replace(&format!("127.0.0.1:{server}/"), &format!("127.0.0.1:{proxy}/"))
        })
    }

    fn bare(&self) -> Mercato {
        Mercato::new(&self.binary).data(self.folder.join("data")).folder(&self.folder)
    }

    /// What is set for `mercato`.
    pub(super) fn environment(&self) -> Vec<(String, String)> {
        let mut environment = vec![
            ("MERCATO_BROKER_URL".to_owned(), self.broker_url.clone()),
            ("MERCATO_KEYS".to_owned(), self.folder.join("keys").display().to_string()),
            ("MERCATO_CLIENT_IP_HEADER".to_owned(), "X-Real-IP".to_owned()),
        ];
        environment.extend(self.stores.iter().map(|(service, url)| (store_variable(*service), url.clone())));
        environment.extend(self.settings.iter().cloned());
        environment
    }

    /// Runs `mercato ARGUMENTS` to its end, and gives what it wrote to standard output.
    pub(super) async fn command(&self, arguments: &[&str]) -> Result<String, ServerError> {
        let ran = self.mercato().run(arguments).await;
        if ran.code == Some(0) {
            return Ok(ran.stdout);
        }
        Err(ServerError::Failed {
            name: format!("mercato {}", arguments.join(" ")),
            reason: format!("failed with exit code {:?}", ran.code),
            log: ran.stderr,
        })
    }
}

fn store_variable(service: Service) -> String {
    format!("MERCATO_{}_STORE_URL", service.name().to_uppercase())
}
