//! `max_word_length`: the length of the longest word.

use super::{Example, Measure, Value, ValueType};
use crate::document::Document;

/// The annotator `max_word_length`.
pub(super) const MAX_WORD_LENGTH: Measure = Measure {
    name: "max_word_length",
    value_type: ValueType::Int,
    unit: "characters",
    range: (0.0, f64::INFINITY),
    definition: "Characters of the longest word, 0 without words. Words are our own: runs of Unicode \
        letters, digits and underscores. A very long one is seldom a word: base64, minified \
        code, text that lost its blanks.",
    source: "tamis",
    examples: &[Example::int("a bb ccc", 3), Example::int("", 0), Example::int("naïveté!", 7)],
    measure,
    evidence,
};

fn measure(document: &mut Document<'_>) -> Value {
    let longest = document.words().iter().map(|word| word.chars as usize).max();
    Value::count(longest.unwrap_or(0))
}

fn evidence(document: &mut Document<'_>) -> Vec<(usize, usize)> {
    let longest = document.words().iter().rev().max_by_key(|word| word.chars);
    longest.map(|word| (word.start, word.end)).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Scratch;

    fn value(text: &str) -> Value {
        measure(&mut Document::new(text, &mut Scratch::default()))
    }

    #[test]
    fn the_first_of_the_longest_is_shown() {
        let mut scratch = Scratch::default();
        assert_eq!(evidence(&mut Document::new("a bb cc", &mut scratch)), [(2, 4)]);
        assert_eq!(value("a bb cc"), Value::Int(2));
    }
}
