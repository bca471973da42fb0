//! `url_count`: web addresses.

use super::evidence::Spans;
use super::{Example, Measure, Value, ValueType};
use crate::document::Document;

/// The annotator `url_count`.
pub(super) const URL_COUNT: Measure = Measure {
    name: "url_count",
    value_type: ValueType::Int,
    unit: "addresses",
    range: (0.0, f64::INFINITY),
    definition: "Web addresses: `http://`, `https://` or `ftp://` in any case with a letter, digit or \
        bracket after it, and `www.` at the start of a word.",
    source: "tamis",
    examples: &[
        Example::int("See http://a.org and www.b.com.", 2),
        Example::int("HTTPS://www.c.org/x", 1),
        Example::int("http:// www", 0),
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

/// Calls `found` with the bounds of each address, up to the next white space.
fn each(text: &str, mut found: impl FnMut(usize, usize)) {
    let bytes = text.as_bytes();
    for at in memchr::memchr2_iter(b':', b'.', bytes) {
        let start = if bytes.get(at) == Some(&b':') { scheme(bytes, at) } else { www(bytes, at) };
        if let Some(start) = start {
            let rest = text.get(start..).unwrap_or_default();
            let length = rest.find(char::is_whitespace).unwrap_or(rest.len());
            found(start, start + length);
        }
    }
}

/// Where the scheme starts whose colon is at `at`.
fn scheme(bytes: &[u8], at: usize) -> Option<usize> {
    let host = bytes.get(at..)?.strip_prefix(b"://")?.first()?;
    if !(host.is_ascii_alphanumeric() || *host >= 0x80 || *host == b'[') {
        return None;
    }
    let before = bytes.get(..at)?;
    let schemes: [&[u8]; 3] = [b"https", b"http", b"ftp"];
    schemes.into_iter().find_map(|scheme| {
        let start = at.checked_sub(scheme.len())?;
        before.get(start..)?.eq_ignore_ascii_case(scheme).then_some(start)
    })
}

/// Where the word `www` starts whose dot is at `at`.
fn www(bytes: &[u8], at: usize) -> Option<usize> {
    let start = at.checked_sub(3)?;
    let alone = start.checked_sub(1).is_none_or(|before| {
        !bytes.get(before).is_some_and(|b| b.is_ascii_alphanumeric() || b"/.@-_".contains(b))
    });
    let host = bytes.get(at + 1)?;
    let named = bytes.get(start..at)?.eq_ignore_ascii_case(b"www");
    (alone && named && host.is_ascii_alphanumeric()).then_some(start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Scratch;

    fn value(text: &str) -> Value {
        measure(&mut Document::new(text, &mut Scratch::default()))
    }

    #[test]
    fn an_address_with_both_marks_counts_once() {
        assert_eq!(value("http://www.a.org"), Value::Int(1));
        assert_eq!(value("://a http:/a awww.b"), Value::Int(0));
    }
}
