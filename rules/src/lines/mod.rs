//! What rules can ask of one line: `remove_lines_if` is SQL over these measures.

mod condition;

use tamis_kernels::is_space;

pub use condition::LineCondition;

/// Measures one thing about one line, its end left out.
///
/// No value is below 0 or above the bytes of the line, so that most lines need no measuring for a
/// bound far above their length.
#[derive(Clone, Copy)]
pub struct LineMeasure {
    /// The name conditions use.
    pub name: &'static str,
    /// The unit, for a person.
    pub unit: &'static str,
    /// What exactly is measured.
    pub definition: &'static str,
    /// Lines with their values worked out by hand; they are run as tests.
    pub examples: &'static [(&'static str, f64)],
    /// Measures the line.
    pub measure: fn(&str) -> f64,
}

/// Every measure, in the order of the catalogue.
pub const LINE_MEASURES: &[LineMeasure] = &[
    LineMeasure {
        name: "line_char_count",
        unit: "characters",
        definition: "Characters of the line; an empty line has none.",
        examples: &[("", 0.0), ("a é", 3.0)],
        measure: |line| line.chars().count() as f64,
    },
    LineMeasure {
        name: "line_word_count",
        unit: "words",
        definition: "Words of the line: what stands between white space.",
        examples: &[("", 0.0), (" one, two\u{a0}three ", 3.0), ("-", 1.0)],
        measure: |line| words(line, |_| ()) as f64,
    },
    LineMeasure {
        name: "line_max_word_length",
        unit: "characters",
        definition: "Characters of the longest word of the line; words stand between white space.",
        examples: &[("", 0.0), ("a étés bb", 4.0)],
        measure: |line| {
            let mut longest = 0;
            words(line, |word| longest = longest.max(word.chars().count()));
            longest as f64
        },
    },
    LineMeasure {
        name: "line_uppercase_char_ratio",
        unit: "share of characters",
        definition: "Upper-case letters divided by all characters of the line, white space \
                     included; 0 for an empty line.",
        examples: &[("", 0.0), ("AB c", 0.5)],
        measure: |line| share(line, char::is_uppercase),
    },
    LineMeasure {
        name: "line_digit_char_ratio",
        unit: "share of characters",
        definition: "Decimal digits of any script divided by all characters of the line, white \
                     space included; 0 for an empty line.",
        examples: &[("", 0.0), ("12 a", 0.5), ("٣", 1.0)],
        measure: |line| share(line, is_digit),
    },
];

/// The measure called `name` and its number, if there is one.
pub fn find(name: &str) -> Option<usize> {
    LINE_MEASURES.iter().position(|measure| measure.name == name)
}

/// Counts the words of a line and calls `found` with each.
fn words(line: &str, mut found: impl FnMut(&str)) -> usize {
    if line.is_ascii() {
        let parts = line.split(|c: char| matches!(c, '\t'..='\r' | '\u{1c}'..=' '));
        return parts.filter(|word| !word.is_empty()).inspect(|word| found(word)).count();
    }
    line.split(is_space).filter(|word| !word.is_empty()).inspect(|word| found(word)).count()
}

fn share(line: &str, wanted: fn(char) -> bool) -> f64 {
    let (mut all, mut hits) = (0_u32, 0_u32);
    for c in line.chars() {
        all += 1;
        hits += u32::from(wanted(c));
    }
    if all == 0 { 0.0 } else { f64::from(hits) / f64::from(all) }
}

/// A decimal digit (category Nd).
fn is_digit(c: char) -> bool {
    use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};
    if c.is_ascii() {
        c.is_ascii_digit()
    } else {
        c.general_category() == GeneralCategory::DecimalNumber
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_value_is_above_the_bytes_of_its_line(line in "[A-Ca-c1-3٣é\u{1f}\u{a0} \t-]{0,20}") {
            for measure in LINE_MEASURES {
                let value = (measure.measure)(&line);
                prop_assert!(value >= 0.0 && value <= line.len() as f64, "{}", measure.name);
            }
            let plain = line.split(is_space).filter(|word| !word.is_empty()).count();
            prop_assert_eq!(words(&line, |_| ()), plain);
        }
    }

    #[test]
    fn every_example_holds() {
        for measure in LINE_MEASURES {
            assert!(measure.examples.len() >= 2, "{}", measure.name);
            for (line, expected) in measure.examples {
                let value = (measure.measure)(line);
                assert!((value - expected).abs() < 1e-12, "{} of {line:?}: {value}", measure.name);
            }
        }
    }
}
