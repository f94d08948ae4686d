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

#[test]
fn a_misspelt_variable_is_told_from_a_setting() {
    for misspelt in ["MERCATO_ENVIROMENT", "MERCATO_STORE_URI_FILE", "MERCATO_"] {
        assert!(is_unknown(misspelt), "{misspelt}");
    }
    for known in [
        "MERCATO_ENVIRONMENT",
        "MERCATO_STORE_URL",
        "MERCATO_STORE_URL_FILE",
        "MERCATO_CONFIG",
        "MERCATO_GATEWAY_CACHE",
        "MERCATO_TEST_KAFKA",
        "PATH",
    ] {
        assert!(!is_unknown(known), "{known}");
    }
}
