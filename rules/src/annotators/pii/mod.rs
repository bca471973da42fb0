//! Personal data and credentials in a text: what is found can be counted, shown and replaced.

pub(super) mod card_number;
mod digits;
pub(super) mod email;
pub(super) mod iban;
pub(super) mod phone_number;
pub(super) mod public_ip;
pub(super) mod secret;

use super::Value;
use super::evidence::Spans;
use crate::document::Document;

pub(crate) use digits::{DigitRun, digit_runs};

/// Calls its last argument with the bounds of each finding, in order and without overlap. Takes the
/// text and its runs of digits.
type Find = fn(&str, &[DigitRun], &mut dyn FnMut(usize, usize));

/// One kind of personal data.
#[derive(Debug)]
pub(crate) struct PiiKind {
    /// The name that `replace_pii` uses; the annotation is called `NAME_count`.
    pub(crate) name: &'static str,
    /// Whether it needs the runs of digits.
    pub(crate) by_digits: bool,
    pub(crate) find: Find,
}

/// Every kind, in the order of the catalogue. Where two kinds begin at the same byte the longer
/// finding is replaced, and of two of the same length that of the earlier kind.
pub(crate) const KINDS: &[PiiKind] = &[
    PiiKind { name: "email", by_digits: false, find: email::find },
    PiiKind { name: "public_ip", by_digits: true, find: public_ip::find },
    PiiKind { name: "phone_number", by_digits: true, find: phone_number::find },
    PiiKind { name: "iban", by_digits: true, find: iban::find },
    PiiKind { name: "card_number", by_digits: true, find: card_number::find },
    PiiKind { name: "secret", by_digits: false, find: secret::find },
];

/// The kinds of these names; the error says what is wrong with them.
pub(crate) fn parse_kinds<Name: AsRef<str>>(
    names: &[Name],
) -> Result<Vec<&'static PiiKind>, String> {
    let mut kinds: Vec<&'static PiiKind> = Vec::new();
    for name in names.iter().map(AsRef::as_ref) {
        if name.contains(',') {
            return Err("one kind, or write a list: replace_pii: [email, iban]".to_owned());
        }
        let kind = KINDS.iter().find(|kind| kind.name == name).ok_or_else(|| {
            let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
            let near = crate::nearest::suggest(name, names.iter().copied());
            format!("'{name}' is no kind of personal data{near}; there are {}", names.join(", "))
        })?;
        if kinds.iter().any(|known| known.name == name) {
            return Err(format!("'{name}' is named twice"));
        }
        kinds.push(kind);
    }
    if kinds.is_empty() {
        return Err("an empty list replaces nothing: name a kind of personal data".to_owned());
    }
    Ok(kinds)
}

fn count(document: &mut Document<'_>, by_digits: bool, find: Find) -> Value {
    let mut count = 0;
    each(document, by_digits, find, |_, _| count += 1);
    Value::count(count)
}

fn evidence(document: &mut Document<'_>, by_digits: bool, find: Find) -> Vec<(usize, usize)> {
    let mut spans = Spans::default();
    each(document, by_digits, find, |start, end| spans.push(start, end));
    spans.into_vec()
}

fn each(
    document: &mut Document<'_>,
    by_digits: bool,
    find: Find,
    mut found: impl FnMut(usize, usize),
) {
    let text = document.text();
    let runs = if by_digits { document.digit_runs() } else { &[] };
    find(text, runs, &mut found);
}

/// Whether a letter, digit or underscore stands before `at`. Scripts written without spaces count
/// as no letters.
fn word_before(text: &str, at: usize) -> bool {
    text.get(..at).and_then(|before| before.chars().next_back()).is_some_and(is_word)
}

/// Whether a letter, digit or underscore stands at `at`.
fn word_at(text: &str, at: usize) -> bool {
    text.get(at..).and_then(|after| after.chars().next()).is_some_and(is_word)
}

fn is_word(c: char) -> bool {
    c == '_' || (c.is_alphanumeric() && c < '\u{2e80}')
}

/// The byte at `at`, 0 behind the end.
fn byte(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests;
