//! A host of EC2, as its workflow sees it: deploy/deploy brings a shop up, and later to another version; deploy/smoke tries it.

use std::{collections::BTreeSet, fs, path::Path};

use contracts::Service;
use tokio::process::Command;

use crate::{
    Shop,
    compose::{docker, free_port, run, take_down},
};

/// Of its own name, so that the images that it removes are its own.
const IMAGE: &str = "mercato-test-host";

#[tokio::test]
async fn a_host_is_brought_up_and_to_another_version_and_is_found_well() {
    let shop = Shop::find().await;
    let (home, port) = (tempfile::tempdir().expect("a folder"), free_port());
    // Nothing of it runs here: it goes when the host is brought to another.
    take_image(&shop, "sick").await;
    let folder = home.path().join("compose");
    fs::create_dir(&folder).expect("a folder");
    fs::write(folder.join(".env"), settings(&shop, port)).expect("what is set");

    let mut secrets = BTreeSet::new();
    for version in ["one", "two"] {
        take_image(&shop, version).await;
        let mut deploy = Command::new(script("deploy"));
        run(deploy.args(["ec2", version]).env("MERCATO_IMAGE", IMAGE).env("MERCATO_HOME", home.path())).await;
        for service in Service::ALL {
            let versions = shop.stack.versions_in(&folder, service.name()).await;
            assert_eq!(versions, BTreeSet::from([version.to_owned()]), "{service}");
        }
        let said = run(Command::new(script("smoke")).arg(format!("http://127.0.0.1:{port}"))).await;
        assert!(said.ends_with("the catalogue is empty, so no cart was filled\n"), "{said}");
        secrets.insert(fs::read_to_string(folder.join("secrets/broker_url")).expect("a secret"));
    }
    assert_eq!(secrets.len(), 1, "the host's secrets stay");
    // The version before stays, for the way back.
    let tags = docker(&["image", "ls", "--format", "{{.Tag}}", IMAGE]).await;
    assert_eq!(tags.split_whitespace().collect::<BTreeSet<_>>(), BTreeSet::from(["one", "two"]));
    take_down(&folder).await;
    docker(&["image", "rm", &format!("{IMAGE}:one"), &format!("{IMAGE}:two")]).await;
}

#[tokio::test]
async fn where_something_is_sold_the_smoke_test_fills_a_cart() {
    let shop = Shop::find().await;
    let said = run(Command::new(script("smoke")).arg(shop.stack.url())).await;
    assert!(said.ends_with("signed up, and filled a cart\n"), "{said}");
}

/// What a host does that has no registry to fetch from.
async fn take_image(shop: &Shop, version: &str) {
    let image = format!("{}:{version}", shop.stack.setting("MERCATO_IMAGE"));
    docker(&["tag", &image, &format!("{IMAGE}:{version}")]).await;
}

/// What an operator has set beforehand.
fn settings(shop: &Shop, port: u16) -> String {
    let project = format!("{}-host", shop.stack.setting("COMPOSE_PROJECT_NAME"));
    let mut settings = format!(
        "COMPOSE_PROFILES=rabbitmq\nCOMPOSE_PROJECT_NAME={project}\nMERCATO_COLOUR=blue\nMERCATO_HTTP_PORT={port}\n"
    );
    for image in ["POSTGRES_IMAGE", "RABBITMQ_IMAGE", "NGINX_IMAGE"] {
        settings += &format!("{image}={}\n", shop.stack.setting(image));
    }
    settings
}

fn script(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(name)
}
