//! Standard output is for data: everything that a script may want to read goes through here.

use std::io::{self, Write as _};

use serde::Serialize;

/// Writes one line. A reader that has gone away is no failure of ours.
pub fn line(text: impl AsRef<str>) {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", text.as_ref()).and_then(|()| out.flush()).ok();
}

/// Writes `value` as indented JSON.
///
/// # Errors
/// If `value` cannot be JSON.
pub fn json(value: &impl Serialize) -> anyhow::Result<()> {
    line(serde_json::to_string_pretty(value)?);
    Ok(())
}
