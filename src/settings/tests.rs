use super::*;

#[test]
fn the_defaults_make_sense() {
    Settings::default().check().unwrap();
}

#[test]
fn production_is_told_by_its_name() {
    for (name, is) in [
        ("Production", true),
        ("prod-eu", true),
        ("prod_eu", true),
        ("production.eu", true),
        ("production2", true),
        (" production ", true),
        ("pre-production", false),
        ("productive", false),
        ("", false),
    ] {
        let settings = Settings { environment: name.to_owned(), ..Settings::default() };
        assert_eq!(settings.is_production(), is, "{name}");
    }
}

#[test]
fn a_duration_of_nothing_is_refused() {
    let settings = Settings { rpc_timeout_ms: 0, ..Settings::default() };
    assert!(settings.check().unwrap_err().to_string().contains("rpc_timeout_ms"));
}
