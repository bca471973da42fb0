//! Where the inside of a run is cut.

use super::affixes::{is_lower, is_quote, is_upper};
use crate::char_class::{char_at, is_icon};

/// The bounds of the first infix of `run` at or after byte `from`.
pub(super) fn find(run: &str, from: usize) -> Option<(usize, usize)> {
    let bytes = run.as_bytes();
    let mut at = from;
    while let Some(&byte) = bytes.get(at) {
        let length = match byte {
            b'.' | b',' | b'+' | b'-' | b'*' | b'^' | b':' | b'<' | b'>' | b'=' | b'/' | b'~' => {
                ascii(run, at, byte)
            }
            0xc2.. => wide(run, at),
            _ => 0,
        };
        if length > 0 {
            return Some((at, at + length));
        }
        at += 1;
    }
    None
}

fn before(run: &str, at: usize) -> Option<char> {
    match run.as_bytes().get(at.checked_sub(1)?) {
        Some(&byte) if byte < 0x80 => Some(char::from(byte)),
        _ => run.get(..at)?.chars().next_back(),
    }
}

/// Whether letters or digits, then a letter, stand around the bytes from `at` to `end`.
fn between_letters(run: &str, at: usize, end: usize) -> bool {
    before(run, at).is_some_and(|c| c.is_ascii_digit() || c.is_alphabetic())
        && char_at(run, end).is_alphabetic()
}

fn ascii(run: &str, at: usize, byte: u8) -> usize {
    let next = run.as_bytes().get(at + 1).copied();
    let cut = match byte {
        b'.' => {
            let dots = run.bytes().skip(at).take_while(|byte| *byte == b'.').count();
            if dots > 1 {
                return dots;
            }
            let after = char_at(run, at + 1);
            before(run, at).is_some_and(|c| is_lower(c) || is_quote(c))
                && (is_upper(after) || is_quote(after))
        }
        b',' => {
            before(run, at).is_some_and(char::is_alphabetic) && char_at(run, at + 1).is_alphabetic()
        }
        b'+' | b'*' | b'^' => digits(run, at, next),
        b'-' => {
            if digits(run, at, next) {
                return 1;
            }
            let dashes = run.bytes().skip(at).take(4).take_while(|byte| *byte == b'-').count();
            return if dashes <= 3 && between_letters(run, at, at + dashes) { dashes } else { 0 };
        }
        _ => between_letters(run, at, at + 1),
    };
    usize::from(cut)
}

/// Whether a digit stands before, and a digit or hyphen after the operator at `at`.
fn digits(run: &str, at: usize, next: Option<u8>) -> bool {
    before(run, at).is_some_and(|c| c.is_ascii_digit())
        && next.is_some_and(|byte| byte.is_ascii_digit() || byte == b'-')
}

fn wide(run: &str, at: usize) -> usize {
    let c = char_at(run, at);
    match c {
        '…' => 3,
        '—' if char_at(run, at + 3) == '—' && between_letters(run, at, at + 6) => 6,
        '–' | '—' => 3 * usize::from(between_letters(run, at, at + 3)),
        _ if is_icon(c) => c.len_utf8(),
        _ => 0,
    }
}
