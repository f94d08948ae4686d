//! Short texts that people type.

/// `text` without the white space around it, or nothing if nothing is left.
#[must_use]
pub fn meaningful(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// Whether `text` has at most `most` characters as it was sent, and none within that controls a terminal.
#[must_use]
pub fn fits(text: &str, most: usize) -> bool {
    text.chars().count() <= most && !text.trim().chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blank_text_is_none() {
        assert_eq!(meaningful(Some(" \t".to_owned())), None);
        assert_eq!(meaningful(Some(" Ada ".to_owned())), Some("Ada".to_owned()));
        assert_eq!(meaningful(None), None);
    }

    #[test]
    fn characters_are_counted_and_not_bytes() {
        assert!(fits("äöüß", 4) && fits(" äöüß\n", 6) && fits("", 0));
        assert!(!fits("abcde", 4) && !fits(" abcd", 4) && !fits("a\nb", 4) && !fits("\u{1b}[2J", 10));
    }
}
