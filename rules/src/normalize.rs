//! What is made of a text before near duplicates are looked for, where it is not taken as it is.

use std::sync::LazyLock;

use regex::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// How texts are made alike before they are cut into shingles.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Normalize {
    /// Our words as they are, lower-cased.
    #[default]
    None,
    /// What datatrove 0.10.1 does by default (`TextNormConfig`): lower case, numbers become 0,
    /// punctuation becomes space, diacritics go. Then our words.
    Datatrove,
}

impl Normalize {
    /// `none` or `datatrove`.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Datatrove => "datatrove",
        }
    }

    /// Whether texts stay as they are.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
    pub(crate) fn is_none(&self) -> bool {
        *self == Self::None
    }
}

/// A number with its decimals in any script.
const NUMBER: &str = r"\p{Nd}+(?:[.,،٫⎖⎗⎘]\p{Nd}+)?";

#[expect(clippy::expect_used, reason = "the pattern is a constant and a test compiles it")]
static NUMBERS: LazyLock<Regex> = LazyLock::new(|| Regex::new(NUMBER).expect("a fine pattern"));

/// The characters that datatrove takes for punctuation, control characters among them.
fn is_punctuation(c: char) -> bool {
    match c {
        '\u{0}'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{7f}'..='\u{9f}' => true,
        c if c.is_ascii() => c.is_ascii_punctuation(),
        '«' | '´' | '»' | '–' | '—' | '’' | '“' | '”' | '„' | '…' | '∶' | '━' | '►' | '、'
        | '。' | '〈' | '〉' | '《' | '》' | '「' | '」' | '【' | '】' | '！' | '％' | '（'
        | '）' | '，' | '．' | '１' | '：' | '；' | '？' | '～' => true,
        _ => false,
    }
}

/// The text as datatrove compares it, but for the white space.
pub(crate) fn datatrove(text: &str) -> String {
    let lower = text.to_lowercase();
    let numbered = NUMBERS.replace_all(&lower, "0");
    let plain = |c: char| c.general_category() != GeneralCategory::NonspacingMark;
    let spaced = numbered.chars().map(|c| if is_punctuation(c) { ' ' } else { c });
    spaced.nfd().filter(|c| plain(*c)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_become_what_datatrove_makes_of_them() {
        // worked out with datatrove 0.10.1's own function
        for (text, expected) in [
            ("The Price: 1,234.50 €!", "the price 0 0 €"),
            ("Émile ÉCOLE naïve Ångström", "emile ecole naive angstrom"),
            ("snake_case and kebab-case", "snake case and kebab case"),
            ("12 monkeys, 7.5%, 3,14159 v1.2.3", "0 monkeys 0 0 v0 0"),
            ("٣٫١٤ and ４２", "0 and 0"),
            ("ΟΔΥΣΣΕΥΣ Straße İstanbul", "οδυσσευς straße istanbul"),
            ("a\tb\n\nc \u{3000} d", "a b c d"),
            ("日本語（テスト）。ガギグ", "日本語 テスト カキク"),
            ("«quoted» – it’s", "quoted it s"),
        ] {
            let found = datatrove(text);
            let words: Vec<&str> = found.split_whitespace().collect();
            assert_eq!(words.join(" "), expected, "{text}");
        }
    }

    #[test]
    fn the_number_pattern_is_one() {
        assert!(NUMBERS.is_match("12"));
    }
}
