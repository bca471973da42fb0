//! Texts whose mentions can lose nothing: their structure need not be read.

use super::key::Key;
use super::kinds::{Form, Kind};
use super::mention::{Mention, Next};
use super::words::head;

/// Different numbers of citations from which on a text counts them up.
const CITED_MIN: usize = 3;
/// Bytes behind a colon in which what it announces begins.
const BEHIND_BYTES: usize = 200;

/// Whether each of `mentions` is a promise that what follows plainly keeps, or one of fewer numbers
/// in brackets than citations have; then promises are marked as kept.
pub(super) fn is_idle(text: &str, mentions: &mut [Mention]) -> bool {
    let mut cited: [Key; CITED_MIN] = [Key::default(); CITED_MIN];
    let mut different = 0;
    for mention in mentions.iter() {
        let idle = match (mention.form, mention.kind) {
            (Form::Promise, _) => is_kept(text, mention.span.end),
            (Form::Numbered, Kind::Citation) if is_number(mention.key) => {
                if !cited.iter().take(different).any(|key| *key == mention.key) {
                    if let Some(slot) = cited.get_mut(different) {
                        *slot = mention.key;
                    }
                    different += 1;
                }
                different < CITED_MIN
            }
            _ => false,
        };
        if !idle {
            return false;
        }
    }
    for mention in mentions.iter_mut().filter(|mention| mention.form == Form::Promise) {
        mention.next = Next::Object;
    }
    true
}

fn is_number(key: Key) -> bool {
    !key.is_empty() && key.as_str().bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a list, code or a table begins in the next line with anything on it.
fn is_kept(text: &str, end: usize) -> bool {
    let rest = head(text.get(end..).unwrap_or_default(), BEHIND_BYTES);
    let Some((own, below)) = rest.split_once('\n') else { return false };
    if !own.trim_matches([' ', '*', '_', '\r', '\t']).is_empty() {
        return false;
    }
    let Some(line) = below.lines().find(|line| !line.trim().is_empty()) else { return false };
    let line = line.trim_start();
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let numbered = (1..=3).contains(&digits)
        && line.get(digits..).is_some_and(|rest| rest.starts_with(['.', ')']));
    let marks = ["- ", "* ", "+ ", "• ", "```", "~~~", "|", "<pre", "<ul", "<ol", "<table", "<li"];
    numbered || marks.iter().any(|mark| line.starts_with(mark))
}
