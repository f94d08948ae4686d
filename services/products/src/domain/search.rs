//! What somebody looks for, in words.

/// The words of a search: each has to be the beginning of a word in a product's name or description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchTerms(Vec<String>);

impl SearchTerms {
    /// The words in `text`, in small letters; `None` if it is blank, which looks for nothing in particular.
    ///
    /// A text without any letter or digit has no words, and so finds no product.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.trim().is_empty() {
            return None;
        }
        let words = text.split(|character| !is_of_a_word(character)).filter(|word| !word.is_empty());
        Some(Self(words.map(str::to_lowercase).collect()))
    }

    /// The words. They contain letters, digits and combining accents, and nothing that a query language could mistake
    /// for its own.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.0
    }
}

fn is_of_a_word(character: char) -> bool {
    // An accent that follows its letter (Unicode's form NFD) does not end the word.
    character.is_alphanumeric() || matches!(character, '\u{300}'..='\u{36f}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(text: &str) -> Vec<String> {
        SearchTerms::parse(text).unwrap().words().to_vec()
    }

    #[test]
    fn words_are_what_stands_between_other_characters() {
        assert_eq!(words(r#" Moka-pot "3 cups" OR * "#), ["moka", "pot", "3", "cups", "or"]);
        assert_eq!(words("Café cafe\u{301}"), ["café", "cafe\u{301}"]);
    }

    #[test]
    fn a_blank_text_looks_for_nothing_in_particular() {
        assert_eq!(SearchTerms::parse(" \t"), None);
        assert_eq!(words("?!"), Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn no_word_has_a_character_that_a_query_language_uses(text in any::<String>()) {
            let terms = SearchTerms::parse(&text);
            for word in terms.iter().flat_map(SearchTerms::words) {
                prop_assert!(!word.is_empty());
                let special = |character: char| character.is_ascii() && !character.is_ascii_alphanumeric();
                prop_assert!(!word.contains(special), "{word}");
            }
        }
    }
}
