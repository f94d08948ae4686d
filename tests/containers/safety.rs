//! What a container may not do.

use contracts::Service;

use crate::Shop;

#[tokio::test]
async fn no_service_is_root_or_can_write_to_its_image() {
    let shop = Shop::find().await;
    for service in Service::ALL {
        let container = shop.stack.containers(service.name()).await.remove(0);
        assert_eq!(shop.stack.inspect(&container, "{{.Config.User}}").await, "10001:10001", "{service}");
        assert!(
            shop.stack.exec(&container, &["touch", "/var/lib/mercato/scratch"]).await,
            "{service}: its folder"
        );
        for file in ["/scratch", "/usr/local/bin/mercato", "/etc/scratch"] {
            assert!(!shop.stack.exec(&container, &["touch", file]).await, "{service} can write {file}");
        }
    }
}

#[tokio::test]
async fn a_service_has_no_secret_but_its_own() {
    let shop = Shop::find().await;
    let container = shop.stack.containers("products").await.remove(0);
    let environment = shop.stack.inspect(&container, "{{json .Config.Env}}").await;
    assert!(!environment.contains("postgres://") && !environment.contains("amqp://"), "{environment}");
    for (secret, readable) in
        [("products_store_url", true), ("customer_store_url", false), ("postgres_password", false)]
    {
        let file = format!("/run/secrets/{secret}");
        assert_eq!(shop.stack.exec(&container, &["test", "-r", &file]).await, readable, "{secret}");
    }
    assert!(
        !shop.stack.exec(&container, &["test", "-e", "/var/lib/mercato/keys/."]).await,
        "keys are customer's"
    );
}
