//! `iban_count`: international bank account numbers.

use super::{DigitRun, byte, count, evidence, word_at, word_before};
use crate::annotators::{Example, Measure, ValueType};

/// The annotator `iban_count`.
pub(in crate::annotators) const IBAN_COUNT: Measure = Measure {
    name: "iban_count",
    value_type: ValueType::Int,
    unit: "account numbers",
    range: (0.0, f64::INFINITY),
    definition: "International bank account numbers: two capital letters of a country that has them, \
        two check digits, and capital letters and digits up to the length of that country, written \
        together or in groups of four with one space between; the whole leaves 1 when divided by 97.",
    source: "ISO 13616 and the SWIFT IBAN registry (lengths), ISO 7064 (check digits)",
    examples: &[
        Example::int("Pay to DE89 3704 0044 0532 0130 00 or GB82WEST12345698765432.", 2),
        Example::int("DE88 3704 0044 0532 0130 00, DE89 3704 0044 0532 0130, XX89370400440532", 0),
    ],
    measure: |document| count(document, true, find),
    evidence: |document| evidence(document, true, find),
};

/// Countries with the length of their numbers.
const LENGTHS: &[(&str, usize)] = &[
    ("AD", 24),
    ("AE", 23),
    ("AL", 28),
    ("AT", 20),
    ("AZ", 28),
    ("BA", 20),
    ("BE", 16),
    ("BG", 22),
    ("BH", 22),
    ("BI", 27),
    ("BR", 29),
    ("BY", 28),
    ("CH", 21),
    ("CR", 22),
    ("CY", 28),
    ("CZ", 24),
    ("DE", 22),
    ("DJ", 27),
    ("DK", 18),
    ("DO", 28),
    ("EE", 20),
    ("EG", 29),
    ("ES", 24),
    ("FI", 18),
    ("FK", 18),
    ("FO", 18),
    ("FR", 27),
    ("GB", 22),
    ("GE", 22),
    ("GI", 23),
    ("GL", 18),
    ("GR", 27),
    ("GT", 28),
    ("HN", 28),
    ("HR", 21),
    ("HU", 28),
    ("IE", 22),
    ("IL", 23),
    ("IQ", 23),
    ("IS", 26),
    ("IT", 27),
    ("JO", 30),
    ("KW", 30),
    ("KZ", 20),
    ("LB", 28),
    ("LC", 32),
    ("LI", 21),
    ("LT", 20),
    ("LU", 20),
    ("LV", 21),
    ("LY", 25),
    ("MC", 27),
    ("MD", 24),
    ("ME", 22),
    ("MK", 19),
    ("MN", 20),
    ("MR", 27),
    ("MT", 31),
    ("MU", 30),
    ("NI", 28),
    ("NL", 18),
    ("NO", 15),
    ("OM", 23),
    ("PK", 24),
    ("PL", 28),
    ("PS", 29),
    ("PT", 25),
    ("QA", 29),
    ("RO", 24),
    ("RS", 22),
    ("RU", 33),
    ("SA", 24),
    ("SC", 31),
    ("SD", 18),
    ("SE", 24),
    ("SI", 19),
    ("SK", 24),
    ("SM", 27),
    ("SO", 23),
    ("ST", 25),
    ("SV", 28),
    ("TL", 23),
    ("TN", 24),
    ("TR", 26),
    ("UA", 29),
    ("VA", 22),
    ("VG", 24),
    ("XK", 20),
    ("YE", 30),
];

/// Calls `found` with the bounds of each number.
pub(super) fn find(text: &str, runs: &[DigitRun], found: &mut dyn FnMut(usize, usize)) {
    let mut last_end = 0;
    for run in runs.iter().filter(|run| run.len() >= 2) {
        let Some(start) = run.start.checked_sub(2).filter(|start| *start >= last_end) else {
            continue;
        };
        let country = text.get(start..run.start).unwrap_or_default();
        // most numbers stand behind a space
        if !country.bytes().all(|byte| byte.is_ascii_uppercase()) {
            continue;
        }
        let Some((_, length)) = LENGTHS.iter().find(|(code, _)| *code == country) else { continue };
        if word_before(text, start) {
            continue;
        }
        let end = account(text, start, *length).filter(|end| !word_at(text, *end));
        if let Some(end) = end.filter(|end| text.get(start..*end).is_some_and(leaves_one)) {
            found(start, end);
            last_end = end;
        }
    }
}

/// The end of `length` capital letters and digits from `start`, together or in groups of four.
fn account(text: &str, start: usize, length: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let grouped = byte(bytes, start + 4) == b' ';
    let mut at = start;
    for number in 0..length {
        if grouped && number > 0 && number % 4 == 0 {
            if byte(bytes, at) != b' ' {
                return None;
            }
            at += 1;
        }
        let next = byte(bytes, at);
        if !(next.is_ascii_digit() || next.is_ascii_uppercase()) {
            return None;
        }
        at += 1;
    }
    Some(at)
}

/// Whether the number, its first four signs moved to the end and letters read as 10 to 35, leaves
/// 1 when divided by 97.
fn leaves_one(written: &str) -> bool {
    let signs: Vec<u8> = written.bytes().filter(|byte| *byte != b' ').collect();
    let (head, tail) = signs.split_at(signs.len().min(4));
    let rest = tail.iter().chain(head).fold(0_u32, |rest, sign| {
        if sign.is_ascii_digit() {
            (rest * 10 + u32::from(sign - b'0')) % 97
        } else {
            (rest * 100 + u32::from(sign.wrapping_sub(b'A')) + 10) % 97
        }
    });
    rest == 1
}

#[cfg(test)]
mod tests {
    use super::super::tests::found;
    use super::*;

    #[test]
    fn numbers_of_several_countries() {
        for number in [
            "NO93 8601 1117 947",
            "BE68539007547034",
            "GB82 WEST 1234 5698 7654 32",
            "MT84MALT011000012345MTLCAST001S",
            "FR14 2004 1010 0505 0001 3M02 606",
            "CH93 0076 2011 6238 5295 7",
        ] {
            assert_eq!(found(find, &format!("to {number}, today")), [number], "{number}");
            // any other digit breaks the check
            let broken = number.replacen(['9', '6', '8', '1'], "2", 1);
            assert!(found(find, &broken).is_empty(), "{broken}");
        }
    }

    #[test]
    fn neither_side_may_go_on() {
        let number = "BE68539007547034";
        for text in [format!("x{number}"), format!("{number}1"), format!("{number}a")] {
            assert!(found(find, &text).is_empty(), "{text}");
        }
        for text in ["BE68 5390 0754 703", "BE68 53900 7547 034", "be68539007547034", "BE"] {
            assert!(found(find, text).is_empty(), "{text}");
        }
    }
}
