//! A catalogue as text: NDJSON (<https://github.com/ndjson/ndjson-spec>), a product in each line.

use serde_json::Value;

use super::NewProduct;

/// Faults that are told: whoever sends a wholly wrong file learns no more from the rest.
const MAX_FAULTS: usize = 100;
/// The longest message that is repeated from the parser, in characters: it may quote the line.
const MAX_MESSAGE: usize = 200;

/// What is wrong in which line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineFault {
    /// Which line: the first is 1.
    pub line: usize,
    /// Which field of the product in it; empty for the line as a whole.
    pub field: String,
    /// What it has to be.
    pub message: String,
}

/// The products in `text`. Blank lines are passed over.
///
/// # Errors
/// The first 100 faults, in the order of the lines; a text without any product is one, too.
pub fn parse_catalogue(text: &str) -> Result<Vec<NewProduct>, Vec<LineFault>> {
    let mut products = Vec::new();
    let mut faults = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        match parse_line(line, index + 1) {
            Ok(product) => products.push(product),
            Err(found) => faults.extend(found),
        }
        if faults.len() >= MAX_FAULTS {
            faults.truncate(MAX_FAULTS);
            break;
        }
    }
    if products.is_empty() && faults.is_empty() {
        faults.push(LineFault { line: 1, field: String::new(), message: "must be a product".to_owned() });
    }
    if faults.is_empty() { Ok(products) } else { Err(faults) }
}

fn parse_line(line: &str, number: usize) -> Result<NewProduct, Vec<LineFault>> {
    let at_line = |field: &str, message: &str| LineFault {
        line: number,
        field: field.to_owned(),
        message: message.chars().take(MAX_MESSAGE).collect(),
    };
    // As a document first: then what is no JSON at all can be told from what is no product.
    let document: Value =
        serde_json::from_str(line).map_err(|_| vec![at_line("", "must be one JSON object in one line")])?;
    let product: NewProduct = serde_path_to_error::deserialize(document).map_err(|error| {
        let (field, message) = misread(&error);
        vec![at_line(&field, &message)]
    })?;
    let faults = product.faults();
    if faults.is_empty() {
        return Ok(product.trimmed());
    }
    Err(faults.iter().map(|fault| at_line(fault.field, &fault.message)).collect())
}

/// The field at fault and what is wrong with it. A field that is missing is named by the parser in words only.
fn misread(error: &serde_path_to_error::Error<serde_json::Error>) -> (String, String) {
    let path = Some(error.path().to_string()).filter(|path| path != ".").unwrap_or_default();
    let message = error.inner().to_string();
    match message.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
        Some(field) if path.is_empty() => (field.to_owned(), "is required".to_owned()),
        Some(field) => (format!("{path}.{field}"), "is required".to_owned()),
        None => (path, message),
    }
}

#[cfg(test)]
mod tests {
    use contracts::{Currency, Money};
    use proptest::prelude::*;

    use super::*;

    const GOOD: &str = r#"{"name":" Cup ","description":"","category":"kitchen","price":{"amount":500,"currency":"EUR"},"stock":3}"#;

    fn faults(text: &str) -> Vec<(usize, String)> {
        parse_catalogue(text).unwrap_err().into_iter().map(|fault| (fault.line, fault.field)).collect()
    }

    #[test]
    fn each_line_is_a_product_and_blank_lines_are_none() {
        let products = parse_catalogue(&format!("{GOOD}\r\n\n{GOOD}")).unwrap();
        assert_eq!(products.len(), 2);
        assert_eq!(products[0].name, "Cup");
    }

    #[test]
    fn a_fault_names_its_line_and_field() {
        let cheap = GOOD.replace("500", "0");
        assert_eq!(faults(&format!("{GOOD}\n\n{cheap}")), [(3, "price.amount".to_owned())]);
        assert_eq!(faults(&GOOD.replace("500", "\"5\"")), [(1, "price.amount".to_owned())]);
        assert_eq!(faults(&GOOD.replace("\"currency\"", "\"c\"")), [(1, "price.currency".to_owned())]);
        assert_eq!(faults(&GOOD.replace("\"stock\"", "\"s\"")), [(1, "s".to_owned())]);
        assert_eq!(faults("{"), [(1, String::new())]);
        assert_eq!(faults(&format!("{GOOD}{GOOD}")), [(1, String::new())]);
    }

    #[test]
    fn a_text_without_a_product_is_a_fault() {
        assert_eq!(faults("\n \n").len(), 1);
    }

    #[test]
    fn a_wholly_wrong_text_does_not_make_a_wholly_long_answer() {
        assert_eq!(faults(&"{}\n".repeat(5_000)).len(), MAX_FAULTS);
    }

    fn any_product() -> impl Strategy<Value = NewProduct> {
        let name = "[^\\s\\p{C}]([^\\p{C}\u{2028}\u{2029}]{0,40}[^\\s\\p{C}])?";
        (name, "[^\\p{C}\\s]{0,40}", "[a-z0-9-]{1,50}", 1..=100_000_000_i64, 0..=1_000_000_u32).prop_map(
            |(name, description, category, amount, stock)| NewProduct {
                name,
                description,
                category,
                price: Money::new(amount, Currency::EUR),
                stock,
                image_url: None,
            },
        )
    }

    proptest! {
        #[test]
        fn a_catalogue_is_read_as_it_was_written(products in prop::collection::vec(any_product(), 1..5), gap in "(\r?\n){1,3}") {
            let lines: Vec<String> = products.iter().map(|product| serde_json::to_string(product).unwrap()).collect();
            prop_assert_eq!(parse_catalogue(&lines.join(&gap)), Ok(products));
        }

        #[test]
        fn any_text_is_products_without_faults_or_faults_of_its_lines(
            text in "\\PC{0,60}|([{}\\[\\]\":,0-9a-z\\\\ \\n.-]{0,80})", put in "[\"0-9{}\\[\\],a-z.-]{0,6}", place: prop::sample::Index,
        ) {
            let place = place.index(GOOD.len());
            for text in [text, format!("{}{put}{}", &GOOD[..place], &GOOD[place..])] {
                match parse_catalogue(&text) {
                    Ok(products) => prop_assert!(!products.is_empty() && products.iter().all(|it| it.faults().is_empty())),
                    Err(faults) => {
                        prop_assert!((1..=MAX_FAULTS).contains(&faults.len()));
                        let lines = text.lines().count().max(1);
                        prop_assert!(faults.iter().all(|fault| (1..=lines).contains(&fault.line)));
                        prop_assert!(faults.iter().all(|fault| fault.message.chars().count() <= MAX_MESSAGE));
                    }
                }
            }
        }
    }
}
