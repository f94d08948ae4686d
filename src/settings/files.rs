//! Settings from files: `MERCATO_BROKER_URL_FILE` names the file with what `MERCATO_BROKER_URL` would say. That is how
//! Docker, systemd and the clouds hand secrets over, and an environment is easier to look into than a file.

use std::{collections::BTreeMap, fs};

use super::{BadSetting, Settings, is_key};

const PREFIX: &str = "MERCATO_";
const SUFFIX: &str = "_FILE";

impl Settings {
    /// What the files say that `variables` name: each key with the text of its file, without the line's end.
    ///
    /// # Errors
    /// [`BadSetting`] if a file cannot be read, or the variable itself is there as well.
    pub(super) fn from_files(
        variables: impl Iterator<Item = (String, String)>,
    ) -> Result<BTreeMap<String, String>, BadSetting> {
        let variables: BTreeMap<String, String> = variables.collect();
        let mut found = BTreeMap::new();
        for (variable, path) in &variables {
            let direct = variable.strip_suffix(SUFFIX).filter(|direct| direct.starts_with(PREFIX));
            let Some(direct) = direct.filter(|direct| is_key(&direct[PREFIX.len()..])) else { continue };
            if variables.contains_key(direct) {
                return Err(BadSetting(format!(
                    "{direct} and {variable} are both set: leave one of them out"
                )));
            }
            let text = fs::read_to_string(path).map_err(|error| {
                BadSetting(format!("{variable} names {path}, which cannot be read: {error}"))
            })?;
            found.insert(direct[PREFIX.len()..].to_ascii_lowercase(), text.trim_end().to_owned());
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<BTreeMap<String, String>, BadSetting> {
        Settings::from_files(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn a_file_says_what_the_variable_would() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "amqp://shop:secret@rabbitmq/\n").unwrap();
        let path = file.path().to_str().unwrap();
        let read = read(&[("MERCATO_BROKER_URL_FILE", path), ("MERCATO_TEST_FILE", "x"), ("FILE", "x")]);
        let expected = BTreeMap::from([("broker_url".to_owned(), "amqp://shop:secret@rabbitmq/".to_owned())]);
        assert_eq!(read.unwrap(), expected);
    }

    #[test]
    fn both_a_value_and_a_file_are_refused() {
        let error = read(&[("MERCATO_SENTRY_DSN", "a"), ("MERCATO_SENTRY_DSN_FILE", "b")]).unwrap_err();
        assert!(error.to_string().contains("MERCATO_SENTRY_DSN_FILE are both set"), "{error}");
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = read(&[("MERCATO_STORE_URL_FILE", "/no/such/file")]).unwrap_err().to_string();
        assert!(error.contains("MERCATO_STORE_URL_FILE") && error.contains("/no/such/file"), "{error}");
    }
}
