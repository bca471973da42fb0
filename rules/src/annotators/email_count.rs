//! `email_count`: mail addresses.

use super::evidence::Spans;
use super::{Example, Measure, Value, ValueType};
use crate::document::Document;

/// The annotator `email_count`.
pub(super) const EMAIL_COUNT: Measure = Measure {
    name: "email_count",
    value_type: ValueType::Int,
    unit: "addresses",
    range: (0.0, f64::INFINITY),
    definition: "Mail addresses: an at sign after a letter, digit or one of . _ % + -, and before a \
        domain of letters, digits, hyphens and dots whose last part is at least two letters.",
    source: "tamis",
    examples: &[
        Example::int("Write to jo@a.org, or jo.b@c-d.co.uk.", 2),
        Example::int("a @b.org x@y @z", 0),
        Example::int("jo@1.2.3.4", 0),
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

/// Calls `found` with the bounds of each address.
fn each(text: &str, mut found: impl FnMut(usize, usize)) {
    let bytes = text.as_bytes();
    for at in memchr::memchr_iter(b'@', bytes) {
        let (before, after) = (bytes.get(..at), bytes.get(at + 1..));
        let user = before.unwrap_or_default().iter().rev().take_while(|byte| is_user(**byte));
        let user = user.count();
        let domain = domain(after.unwrap_or_default());
        if user > 0 && domain > 0 {
            found(at - user, at + 1 + domain);
        }
    }
}

fn is_user(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._%+-".contains(&byte)
}

/// The bytes of the domain at the start of `bytes`; 0 where there is none.
fn domain(bytes: &[u8]) -> usize {
    let run = bytes
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
        .count();
    let run = bytes.get(..run).unwrap_or_default();
    let ends = run.iter().rev().take_while(|byte| matches!(byte, b'.' | b'-')).count();
    let name = run.get(..run.len() - ends).unwrap_or_default();
    let top = name.iter().rev().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let dot = name.len().checked_sub(top + 1).and_then(|at| name.get(at));
    let starts = name.first().is_some_and(u8::is_ascii_alphanumeric);
    if top >= 2 && dot == Some(&b'.') && starts { name.len() } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Scratch;

    fn value(text: &str) -> Value {
        measure(&mut Document::new(text, &mut Scratch::default()))
    }

    #[test]
    fn the_full_stop_of_the_sentence_is_not_part() {
        let mut scratch = Scratch::default();
        assert_eq!(evidence(&mut Document::new("to a@b.org.", &mut scratch)), [(3, 10)]);
        assert_eq!(value("a@b.o"), Value::Int(0));
    }
}
