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
    /// Measures the line; where the value is above the second argument, any value above it will do.
    pub measure: fn(&str, f64) -> f64,
}

/// Every measure, in the order of the catalogue.
pub const LINE_MEASURES: &[LineMeasure] = &[
    LineMeasure {
        name: "line_char_count",
        unit: "characters",
        definition: "Characters of the line; an empty line has none.",
        examples: &[("", 0.0), ("a é", 3.0)],
        measure: |line, _| line.chars().count() as f64,
    },
    LineMeasure {
        name: "line_word_count",
        unit: "words",
        definition: "Words of the line: what stands between white space.",
        examples: &[("", 0.0), (" one, two\u{a0}three ", 3.0), ("-", 1.0)],
        measure: |line, enough| {
            let (mut count, mut inside) = (0.0, false);
            for byte in line.bytes().take_while(u8::is_ascii) {
                let space = matches!(byte, b'\t'..=b'\r' | 0x1c..=b' ');
                count += f64::from(u8::from(!space && !inside));
                inside = !space;
                if count > enough {
                    return count;
                }
            }
            // most lines are plain, or have enough words before one that is not
            if line.is_ascii() { count } else { words(line).count() as f64 }
        },
    },
    LineMeasure {
        name: "line_max_word_length",
        unit: "characters",
        definition: "Characters of the longest word of the line; words stand between white space.",
        examples: &[("", 0.0), ("a étés bb", 4.0)],
        measure: |line, _| words(line).map(|word| word.chars().count()).max().unwrap_or(0) as f64,
    },
    LineMeasure {
        name: "line_uppercase_char_ratio",
        unit: "share of characters",
        definition: "Upper-case letters divided by all characters of the line, white space \
                     included; 0 for an empty line.",
        examples: &[("", 0.0), ("AB c", 0.5)],
        measure: |line, _| share(line, char::is_uppercase),
    },
    LineMeasure {
        name: "line_digit_char_ratio",
        unit: "share of characters",
        definition: "Decimal digits of any script divided by all characters of the line, white \
                     space included; 0 for an empty line.",
        examples: &[("", 0.0), ("12 a", 0.5), ("٣", 1.0)],
        measure: |line, _| share(line, is_digit),
    },
];

/// The measure called `name` and its number, if there is one.
pub fn find(name: &str) -> Option<usize> {
    LINE_MEASURES.iter().position(|measure| measure.name == name)
}

/// The words of a line.
fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(is_space).filter(|word| !word.is_empty())
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
                let value = (measure.measure)(&line, f64::INFINITY);
                prop_assert!(value >= 0.0 && value <= line.len() as f64, "{}", measure.name);
                for enough in [0.0, 0.5, 2.0, 3.0] {
                    let early = (measure.measure)(&line, enough);
                    prop_assert_eq!(early > enough, value > enough, "{}", measure.name);
                    prop_assert!(early > enough || early.to_bits() == value.to_bits());
                }
            }
        }
    }

    #[test]
    fn every_example_holds() {
        for measure in LINE_MEASURES {
            assert!(measure.examples.len() >= 2, "{}", measure.name);
            for (line, expected) in measure.examples {
                let value = (measure.measure)(line, f64::INFINITY);
                assert!((value - expected).abs() < 1e-12, "{} of {line:?}: {value}", measure.name);
            }
        }
    }
}
