//! `mojibake_count`: text decoded with the wrong table.

use super::evidence::Spans;
use super::{Example, Measure, Value, ValueType};
use crate::document::Document;

/// The annotator `mojibake_count`.
pub(super) const MOJIBAKE_COUNT: Measure = Measure {
    name: "mojibake_count",
    value_type: ValueType::Int,
    unit: "sequences",
    range: (0.0, f64::INFINITY),
    definition: "Sequences that are UTF-8 read as Windows-1252: `Ã©` for é, `â€™` for ’, `Ð°` for \
        Cyrillic а, `ðŸ˜€` for a face. Only the lead characters that such damage makes in \
        quantity are looked for (Â Ã Ð Ñ â ï ð), each with the continuation characters it \
        needs.",
    source: "tamis",
    examples: &[
        Example::int("cafÃ© donâ€™t", 2),
        Example::int("café âge São Ñandú", 0),
        Example::int("Â£5", 1),
    ],
    measure,
    evidence,
};

fn measure(document: &mut Document<'_>) -> Value {
    let mut count = 0;
    each(document.text(), |_, _| count += 1);
    Value::count(count)
}

fn evidence(document: &mut Document<'_>) -> Vec<(usize, usize)> {
    let mut spans = Spans::default();
    each(document.text(), |start, end| {
        spans.push(start, end);
    });
    spans.into_vec()
}

/// Calls `found` with the bounds of each sequence.
fn each(text: &str, mut found: impl FnMut(usize, usize)) {
    let bytes = text.as_bytes();
    let mut next = 0;
    // all lead characters lie in the block that C3 starts
    for at in memchr::memchr_iter(0xc3, bytes) {
        if at < next {
            continue;
        }
        let needed = match bytes.get(at + 1) {
            Some(0x82 | 0x83 | 0x90 | 0x91) => 1,
            Some(0xa2 | 0xaf) => 2,
            Some(0xb0) => 3,
            _ => continue,
        };
        let rest = text.get(at + 2..).unwrap_or_default();
        let tail: usize =
            rest.chars().take(needed).take_while(|c| continues(*c)).map(char::len_utf8).sum();
        if rest.get(..tail).is_some_and(|tail| tail.chars().count() == needed) {
            next = at + 2 + tail;
            found(at, next);
        }
    }
}

/// Whether Windows-1252 (or Latin-1) writes `c` as a continuation byte, 80 to BF.
fn continues(c: char) -> bool {
    matches!(
        c,
        '\u{80}'
            ..='\u{bf}'
                | '€'
                | '‚'
                | 'ƒ'
                | '„'
                | '…'
                | '†'
                | '‡'
                | 'ˆ'
                | '‰'
                | 'Š'
                | '‹'
                | 'Œ'
                | 'Ž'
                | '‘'
                | '’'
                | '“'
                | '”'
                | '•'
                | '–'
                | '—'
                | '˜'
                | '™'
                | 'š'
                | '›'
                | 'œ'
                | 'ž'
                | 'Ÿ'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Scratch;

    fn value(text: &str) -> Value {
        measure(&mut Document::new(text, &mut Scratch::default()))
    }

    #[test]
    fn damage_of_other_scripts_is_found() {
        assert_eq!(value("ÐŸÑ€Ð¸"), Value::Int(3));
        assert_eq!(value("ðŸ˜€ ï¿½"), Value::Int(2));
    }

    #[test]
    fn a_lead_at_the_end_is_a_letter() {
        assert_eq!(value("SÃ"), Value::Int(0));
        assert_eq!(value("â€"), Value::Int(0));
    }
}
