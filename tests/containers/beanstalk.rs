//! The bundle for Elastic Beanstalk, as an instance takes it: it is unpacked, its hook lays the secrets out, and its services
//! come up on databases and a broker that are somebody else's, here those of the shop that is up.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use contracts::Service;
use serde_json::{Value, json};
use testkit::{Client, Front, within};

use crate::Shop;

const PARAMETERS: &str = "/mercato/test";
/// How long the second set of services takes to be ready.
const LIMIT: Duration = Duration::from_secs(120);

#[tokio::test]
async fn the_bundle_is_unpacked_and_comes_up_with_the_secrets_that_the_hook_lays_out() {
    let shop = Shop::find().await;
    let home = tempfile::tempdir().expect("a folder");
    let (app, tools, secrets) =
        (home.path().join("app"), home.path().join("tools"), home.path().join("secrets"));
    let image = shop.stack.inspect(&shop.stack.containers("customer").await[0], "{{.Config.Image}}").await;

    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/beanstalk/bundle");
    let bundle = home.path().join("bundle.zip");
    run(Command::new(script).arg(&image).arg(&bundle));
    // As Elastic Beanstalk does, with the rights that the archive says.
    run(Command::new("unzip").args(["-q", "-d"]).arg(&app).arg(&bundle));
    let hook = app.join(".platform/hooks/prebuild/10-secrets");
    assert_eq!(fs::metadata(&hook).expect("the hook").permissions().mode() & 0o777, 0o755);

    tool(&tools, "get-config", &format!("echo {PARAMETERS}"));
    tool(&tools, "aws", &format!("cat '{}'", parameters(home.path(), &shop).await.display()));
    fs::write(home.path().join("authorities"), "none are needed here\n").expect("a file");
    let path = format!("{}:{}", tools.display(), std::env::var("PATH").expect("a path"));
    let mut prebuild = Command::new(&hook);
    prebuild
        .env("PATH", path)
        .env("MERCATO_SECRETS", &secrets)
        .env("MERCATO_GET_CONFIG", tools.join("get-config"));
    prebuild.env("MERCATO_AUTHORITIES_URL", format!("file://{}", home.path().join("authorities").display()));
    run(&mut prebuild);
    let mode = |path: &Path| fs::metadata(path).expect("a secret").permissions().mode() & 0o777;
    assert_eq!((mode(&secrets), mode(&secrets.join("keys/0001.pem"))), (0o700, 0o600));

    let url = shop.stack.up_beside(&app, &secrets).await;
    let client = Client::new(&Front::new(url));
    for service in Service::ALL {
        within(LIMIT, "every service to be ready", || async {
            let answer = client.get(&format!("/{service}/health/ready")).attempt().await.ok()?;
            (answer.status() == 200).then_some(())
        })
        .await;
        let who: Value = client.get(&format!("/{service}/whoami")).await.expect(200).json();
        assert_eq!(who["service"], service.name());
    }
    shop.stack.down_beside(&app).await;
}

/// What Parameter Store would answer, in a file.
async fn parameters(home: &Path, shop: &Shop) -> std::path::PathBuf {
    let mut parameters = Vec::new();
    for name in
        ["broker_url", "customer_store_url", "products_store_url", "shopping_store_url", "payment_store_url"]
    {
        parameters.push(json!([format!("{PARAMETERS}/{name}"), shop.stack.secret(name)]));
    }
    // The same key on each instance, or a token would be good at some of them.
    let text = shop.stack.key().await;
    parameters.push(json!([format!("{PARAMETERS}/keys/0001.pem"), text]));
    let file = home.join("parameters.json");
    fs::write(&file, Value::from(parameters).to_string()).expect("a file");
    file
}

fn tool(folder: &Path, name: &str, script: &str) {
    fs::create_dir_all(folder).expect("a folder");
    let file = folder.join(name);
    fs::write(&file, format!("#!/bin/sh\n{script}\n")).expect("a tool");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("a tool");
}

fn run(command: &mut Command) {
    let ran = command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(ran.status.success(), "{command:?}: {}", String::from_utf8_lossy(&ran.stderr));
}
