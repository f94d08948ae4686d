//! What is wrong with which field: found by parsing, or by a type's own rules.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::Problem;

/// The longest message that is repeated from a parser, in characters: it may quote what the client sent.
const LONGEST_MESSAGE: usize = 200;
/// Faults of one kind that are named.
const MOST_FAULTS: usize = 20;

/// One field that is not valid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// Where it is, such as `price.amount` or `items[0].quantity`; empty for the whole body.
    #[schema(value_type = String, example = "price.amount")]
    pub field: Cow<'static, str>,
    /// What is wrong with it.
    #[schema(value_type = String, example = "must be at least 1")]
    pub message: Cow<'static, str>,
}

/// Rules that a type's fields have to obey beyond their types. [`super::Json`] and [`super::Query`] check them before
/// a handler sees the value.
pub trait Validate {
    /// Adds what is wrong to `errors`. The default has no rules.
    fn check(&self, errors: &mut FieldErrors) {
        let _ = errors;
    }
}

/// Collects what is wrong, so that a client learns all of it at once.
#[derive(Debug, Default)]
pub struct FieldErrors {
    errors: Vec<FieldError>,
    within: String,
}

impl FieldErrors {
    /// Unless `holds`, says `message` about `field`.
    pub fn require(
        &mut self,
        holds: bool,
        field: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> &mut Self {
        if !holds {
            let field = if self.within.is_empty() {
                Cow::Borrowed(field)
            } else {
                format!("{}.{field}", self.within).into()
            };
            self.errors.push(FieldError { field, message: message.into() });
        }
        self
    }

    /// Requires `text` to have from `least` to `most` characters, not counting white space around it.
    pub fn length(&mut self, text: &str, field: &'static str, least: usize, most: usize) -> &mut Self {
        let length = text.trim().chars().count();
        let holds = (least..=most).contains(&length) && text.chars().count() <= most;
        self.require(holds, field, format!("must have {least} to {most} characters"))
    }

    /// Checks `value` by its own rules, as the part `field` of what is being checked.
    pub fn nested(&mut self, field: &str, value: &impl Validate) -> &mut Self {
        let outer = self.within.len();
        if outer > 0 {
            self.within.push('.');
        }
        self.within.push_str(field);
        value.check(self);
        self.within.truncate(outer);
        self
    }

    /// Nothing, or all that is wrong.
    ///
    /// # Errors
    ///
    /// A 422 with the fields at fault.
    pub fn into_result(self) -> Result<(), Problem> {
        if self.errors.is_empty() { Ok(()) } else { Err(Problem::unprocessable(self.errors)) }
    }
}

/// `value`, if it obeys its rules.
pub(super) fn checked<T: Validate>(value: T) -> Result<T, Problem> {
    let mut errors = FieldErrors::default();
    value.check(&mut errors);
    errors.into_result().map(|()| value)
}

/// A 422 about `field` alone.
pub(super) fn invalid(field: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) -> Problem {
    Problem::unprocessable(vec![FieldError { field: field.into(), message: message.into() }])
}

/// A 422 for what serde could not make a value of. Where it names a field in words only, this finds it.
pub(super) fn mistyped<E: std::fmt::Display>(error: &serde_path_to_error::Error<E>) -> Problem {
    let path = match error.path().to_string() {
        path if path == "." => String::new(),
        path => path,
    };
    let message = error.inner().to_string();
    let named = |start: &str| Some(message.strip_prefix(start)?.split_once('`')?.0);
    if let Some(field) = named("missing field `") {
        return invalid(join(&path, field), "is required");
    }
    if let Some(field) = named("unknown field `") {
        return invalid(join(&path, field), "is not a field that is known here");
    }
    invalid(path, message.chars().take(LONGEST_MESSAGE).collect::<String>())
}

fn join(path: &str, field: &str) -> String {
    // For an unknown field the path may lead to the field already.
    if path.is_empty() || path == field || path.ends_with(&format!(".{field}")) {
        return if path.is_empty() { field } else { path }.to_owned();
    }
    format!("{path}.{field}")
}

/// The fields with a NUL in them: PostgreSQL's `text` cannot hold one, so no string may have one in any store. Only the first
/// [`MOST_FAULTS`] are named, each by the beginning of its path: a body may have thousands, behind a name as long as itself.
pub(super) fn refuse_nul(value: &Value) -> Result<(), Problem> {
    let mut errors = Vec::new();
    find_nul(value, &mut String::new(), &mut errors);
    if errors.is_empty() { Ok(()) } else { Err(Problem::unprocessable(errors)) }
}

fn find_nul(value: &Value, path: &mut String, errors: &mut Vec<FieldError>) {
    if errors.len() >= MOST_FAULTS {
        return;
    }
    let here = path.len();
    let start = |path: &str| path.chars().take(LONGEST_MESSAGE).collect::<String>().into();
    match value {
        Value::String(text) if text.contains('\0') => {
            errors.push(FieldError { field: start(path), message: "must not contain a NUL character".into() })
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                path.push_str(&format!("[{index}]"));
                find_nul(item, path, errors);
                path.truncate(here);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                if name.contains('\0') {
                    errors.push(FieldError {
                        field: start(path),
                        message: "must not have a NUL character in a field's name".into(),
                    });
                }
                if here > 0 {
                    path.push('.');
                }
                path.push_str(name);
                find_nul(field, path, errors);
                path.truncate(here);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Part(u32);

    impl Validate for Part {
        fn check(&self, errors: &mut FieldErrors) {
            errors.require(self.0 > 0, "amount", "must be positive");
        }
    }

    #[test]
    fn what_is_wrong_in_a_part_is_named_by_its_path() {
        let mut errors = FieldErrors::default();
        errors.length("  ", "name", 1, 5).nested("price", &Part(0)).nested("fee", &Part(1));
        let fields: Vec<_> = errors.errors.iter().map(|error| &*error.field).collect();
        assert_eq!(fields, ["name", "price.amount"]);
    }

    #[test]
    fn white_space_does_not_make_a_text_fit() {
        let fits = |text: &str| {
            let mut errors = FieldErrors::default();
            errors.length(text, "name", 2, 4).errors.is_empty()
        };
        assert!(fits("ab") && fits(" ab ") && fits("äöüß"));
        assert!(!fits(" a ") && !fits("  ab  ") && !fits("abcde"));
    }

    #[test]
    fn what_is_said_of_nuls_is_short_however_many_there_are_and_however_deep() {
        let value = serde_json::json!({"a".repeat(30_000): vec!["\0"; 3_000]});
        let problem = refuse_nul(&value).unwrap_err();
        let said = format!("{problem:?}");
        assert!(said.len() < 20_000, "{} bytes", said.len());
    }

    #[test]
    fn a_nul_is_found_wherever_it_is() {
        let value = serde_json::json!({"a": [{"b": "x\0"}, "fine"], "c": 1});
        let mut errors = Vec::new();
        find_nul(&value, &mut String::new(), &mut errors);
        assert_eq!(errors.len(), 1);
        assert_eq!(errors[0].field, "a[0].b");
    }
}
