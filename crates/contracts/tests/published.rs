//! An event's version is a promise: an old reader still reads what we write, and a new reader reads what
//! was written before. Each file in `published/` is the schema of one version as the world knows it.
//!
//! `MERCATO_PUBLISH=1 cargo test -p contracts --test published` writes the file of a new event, and adds
//! new optional properties to that of an old one. It never writes a break: that takes a new version.

use std::{collections::BTreeSet, env, fs, path::PathBuf};

use contracts::asyncapi::{EVENTS, ListedEvent};
use schemars::{
    Schema,
    generate::SchemaSettings,
    transform::{RecursiveTransform, Transform as _},
};
use serde_json::{Value, json};

const PUBLISH: &str = "MERCATO_PUBLISH=1 cargo test -p contracts --test published";

#[test]
fn no_event_breaks_what_was_published_of_it() {
    let publishing = env::var_os("MERCATO_PUBLISH").is_some();
    let mut complaints = Vec::new();
    for event in EVENTS {
        let read = schema(event, SchemaSettings::draft07().for_deserialize());
        let written = schema(event, SchemaSettings::draft07().for_serialize());
        let path = folder().join(format!("{}.json", event.event_type));
        let published =
            fs::read_to_string(&path).ok().map(|text| serde_json::from_str::<Value>(&text).unwrap());
        let found = published.as_ref().map_or_else(Vec::new, |published| breaks(published, &read, &written));
        if !found.is_empty() {
            complaints.push(format!("{}: {}", event.event_type, found.join("; ")));
        } else if published.as_ref() != Some(&read) {
            if publishing {
                fs::write(&path, format!("{read:#}\n")).unwrap();
            } else {
                complaints.push(format!("{}: run `{PUBLISH}` and commit what it writes", event.event_type));
            }
        }
    }
    assert!(complaints.is_empty(), "a break takes a new version of the event\n{}", complaints.join("\n"));
}

#[test]
fn a_published_event_does_not_go_away() {
    let listed: BTreeSet<_> = EVENTS.iter().map(|event| format!("{}.json", event.event_type)).collect();
    for entry in fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(listed.contains(&name), "{name} was published, and no event is listed for it");
    }
}

#[test]
fn the_checker_reports_each_kind_of_break() {
    let published = object(
        json!({ "id": { "type": "string" }, "note": { "type": "string" }, "lines": lines("integer") }),
        &["id", "lines"],
    );
    let same = published.clone();
    let reported = |changed: &Value| breaks(&published, changed, changed);

    let mut removed = same.clone();
    removed["properties"].as_object_mut().unwrap().remove("note");
    assert_eq!(reported(&removed), ["note was removed"]);

    let mut retyped = same.clone();
    retyped["properties"]["id"]["type"] = json!("integer");
    assert_eq!(reported(&retyped), [r#"id: type was "string" and is now "integer""#]);

    let mut nested = same.clone();
    nested["properties"]["lines"] = lines("string");
    assert_eq!(reported(&nested), [r#"lines[].quantity: type was "integer" and is now "string""#]);

    let mut demanding = same.clone();
    demanding["properties"]["gift"] = json!({ "type": "boolean" });
    demanding["required"] = json!(["id", "lines", "gift"]);
    assert_eq!(reported(&demanding), ["gift is required, and old events may lack it"]);

    let mut stricter = same.clone();
    stricter["required"] = json!(["id", "lines", "note"]);
    assert_eq!(reported(&stricter), ["note is required, and old events may lack it"]);

    let mut laxer = same.clone();
    laxer["required"] = json!(["lines"]);
    assert_eq!(reported(&laxer), ["id may now be left out, and old readers require it"]);

    let mut closed = same;
    closed["additionalProperties"] = json!(false);
    assert_eq!(reported(&closed), ["the event: additionalProperties was null and is now false"]);
}

#[test]
fn the_checker_lets_optional_properties_and_new_words_pass() {
    let published = object(json!({ "id": { "type": "string" } }), &["id"]);
    let mut read = published.clone();
    read["properties"]["gift"] = json!({ "type": "boolean", "default": false });
    read["properties"]["id"]["title"] = json!("Said better");
    let mut written = read.clone();
    written["required"] = json!(["id", "gift"]);
    assert_eq!(breaks(&published, &read, &written), Vec::<String>::new());
}

/// What would go wrong between those who know the schema `published` and us, who now accept `read` and
/// send `written`. Serde's defaults make the two differ: what may be missing may still always be sent.
fn breaks(published: &Value, read: &Value, written: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare("", [published, read, written], &mut found);
    found
}

fn compare(path: &str, schemas: [&Value; 3], found: &mut Vec<String>) {
    let [published, read, written] = schemas;
    for keyword in keywords(&schemas) {
        let was = &published[&keyword];
        if let Some(is) = [&read[&keyword], &written[&keyword]].into_iter().find(|is| *is != was) {
            let place = if path.is_empty() { "the event" } else { path };
            found.push(format!("{place}: {keyword} was {was} and is now {is}"));
        }
    }
    if published["items"].is_object() {
        compare(&format!("{path}[]"), schemas.map(|schema| &schema["items"]), found);
    }
    let inside = |name: &str| match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    };
    for name in published["properties"].as_object().iter().flat_map(|all| all.keys()) {
        let properties = schemas.map(|schema| &schema["properties"][name]);
        if properties.iter().any(|property| property.is_null()) {
            found.push(format!("{} was removed", inside(name)));
            continue;
        }
        compare(&inside(name), properties, found);
        if required(published).contains(name.as_str()) && !required(written).contains(name.as_str()) {
            found.push(format!("{} may now be left out, and old readers require it", inside(name)));
        }
    }
    for name in required(read).difference(&required(published)) {
        found.push(format!("{} is required, and old events may lack it", inside(name)));
    }
}

/// The keywords that have to stay as they are: all but words for people, and what is compared by its parts.
fn keywords(schemas: &[&Value]) -> BTreeSet<String> {
    const APART: [&str; 7] =
        ["default", "description", "examples", "items", "properties", "required", "title"];
    schemas
        .iter()
        .filter_map(|schema| schema.as_object())
        .flat_map(|keywords| keywords.keys().cloned())
        .filter(|keyword| !APART.contains(&keyword.as_str()))
        .collect()
}

fn required(schema: &Value) -> BTreeSet<&str> {
    schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// The schema in one piece, without the words for people, which may change as they like.
fn schema(event: &ListedEvent, settings: SchemaSettings) -> Value {
    let mut generator = settings.with(|settings| settings.inline_subschemas = true).into_generator();
    let mut schema = (event.schema)(&mut generator);
    RecursiveTransform(|schema: &mut Schema| {
        schema.remove("description");
    })
    .transform(&mut schema);
    let mut value = schema.to_value();
    value.sort_all_objects();
    value
}

fn folder() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "published"].iter().collect()
}

fn object(properties: Value, required: &[&str]) -> Value {
    json!({ "type": "object", "properties": properties, "required": required })
}

fn lines(quantity: &str) -> Value {
    let line = object(json!({ "quantity": { "type": quantity } }), &["quantity"]);
    json!({ "type": "array", "items": line })
}
