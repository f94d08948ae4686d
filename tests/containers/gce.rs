//! An instance of GCE as it starts: deploy/gce/startup gets bundle and secrets, and brings the four services up. Google's
//! metadata, secrets and storage are files here; what they are asked for is Google's own, the tokens are not looked at.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use tokio::process::Command;

use crate::{
    Shop,
    beanstalk::{URLS, bundle, expect_ready, tool},
    compose::{containers_in, free_port, run, take_down},
};

const BALANCER: &str = "203.0.113.7";

#[tokio::test]
async fn an_instance_starts_by_itself_and_knows_the_balancer_from_its_clients() {
    let shop = Shop::find().await;
    let (home, google) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    publish(google.path(), &shop).await;
    let web = free_port();
    let mut server = Command::new("python3");
    server.args(["-m", "http.server", "--bind", "127.0.0.1", "--directory"]).arg(google.path());
    server.arg(web.to_string()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let _server = server.kill_on_drop(true).spawn().expect("a server");
    testkit::eventually("the stand-in for Google", || async {
        tokio::net::TcpStream::connect(("127.0.0.1", web)).await.ok().map(drop)
    })
    .await;

    let tools = home.path().join("tools");
    let path = std::env::var("PATH").expect("a path");
    // There is no registry to log in to.
    let docker =
        format!("case $1 in login) cat >/dev/null ;; logout) ;; *) PATH='{path}' exec docker \"$@\" ;; esac");
    tool(&tools, "docker", &docker);
    let compose = format!(
        "PATH='{path}'; if command -v docker-compose >/dev/null; then exec docker-compose \"$@\"; fi; exec docker compose \"$@\""
    );
    tool(&tools, "docker-compose", &compose);
    let (app, port) = (home.path().join("app"), free_port());
    fs::create_dir(&app).expect("a folder");
    shop.stack.reach_servers(&app);
    let here = format!("http://127.0.0.1:{web}");
    let mut startup = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/gce/startup"));
    startup.env("PATH", format!("{}:{path}", tools.display())).env("MERCATO_HOME", home.path());
    for api in ["MERCATO_METADATA", "MERCATO_SECRETS_API", "MERCATO_STORAGE_API"] {
        startup.env(api, &here);
    }
    // They are stronger than the .env that the script writes.
    let settings = shop.stack.bundle_settings(port);
    run(startup.envs(settings.iter().map(|(name, value)| (name, value)))).await;
    expect_ready(format!("http://127.0.0.1:{port}")).await;

    let written = fs::read_to_string(app.join(".env")).expect("what is set");
    let project = &settings[0].1;
    fs::write(app.join(".env"), written.replace("NAME=mercato\n", &format!("NAME={project}\n")))
        .expect(".env");
    let gateway = containers_in(&app, "gateway").await.remove(0);
    for line in [&format!("set_real_ip_from {BALANCER};"), "keepalive_timeout 620s;"] {
        let grep = ["grep", "-qxF", line, "/run/gateway/generated/settings.conf"];
        assert!(shop.stack.exec(&gateway, &grep).await, "{line}");
    }
    take_down(&app).await;
}

/// What Google would say, each under its path.
async fn publish(google: &Path, shop: &Shop) {
    let say = |path: &str, text: String| {
        let file = google.join(path);
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        fs::write(&file, text).expect("a file");
        file
    };
    for (name, value) in [
        ("project/project-id", "project"),
        ("instance/attributes/mercato-group", "mercato"),
        ("instance/attributes/mercato-bundle", "bucket/bundle.zip"),
        ("instance/attributes/mercato-balancer", BALANCER),
        ("instance/service-accounts/default/token", r#"{"access_token":"token"}"#),
    ] {
        say(&format!("computeMetadata/v1/{name}"), value.to_owned());
    }
    let mut secrets: Vec<(&str, String)> = URLS.iter().map(|name| (*name, shop.stack.secret(name))).collect();
    secrets.push(("authorities", "none are needed here\n".to_owned()));
    secrets.push(("key", shop.stack.key().await));
    for (name, value) in secrets {
        let plain: PathBuf = say("plain", value);
        let data = run(Command::new("base64").arg("--wrap=0").arg(plain)).await;
        let path = format!("v1/projects/project/secrets/mercato-{name}/versions/latest:access");
        say(&path, format!(r#"{{"payload":{{"data":"{data}"}}}}"#));
    }
    fs::create_dir(google.join("bucket")).expect("a folder");
    let image = shop.stack.inspect(&shop.stack.containers("customer").await[0], "{{.Config.Image}}").await;
    bundle(&image, &google.join("bucket")).await;
}
