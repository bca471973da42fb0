//! The sentence around a span.

use super::kinds::Span;
use super::words::{fold, head, tail};

/// Bytes looked at on each side.
const SENTENCE_BYTES_MAX: usize = 2000;

/// The sentence around `span`, with the white space behind it, in bytes of `text`.
///
/// A dot after one of `abbreviations` (lower case, no dot), after a single letter or before a
/// small letter or digit ends no sentence; a blank line always does.
pub(super) fn sentence_span(text: &str, span: Span, abbreviations: &dyn Fn(&str) -> bool) -> Span {
    let before = tail(text.get(..span.start).unwrap_or_default(), SENTENCE_BYTES_MAX);
    let base = span.start.saturating_sub(before.len());
    let mut start = base;
    for (at, c) in before.char_indices() {
        let next = before.get(at + c.len_utf8()..).unwrap_or_default();
        if ends(before.get(..at).unwrap_or_default(), c, next, abbreviations) {
            start = base + at + c.len_utf8();
        }
    }
    let lead = text.get(start..span.start).unwrap_or_default();
    start +=
        lead.len() - lead.trim_start_matches([' ', '\n', '\r', '\t', '"', '”', ')', '’']).len();
    let after = head(text.get(span.end..).unwrap_or_default(), SENTENCE_BYTES_MAX);
    let mut end = span.end + after.len();
    for (at, c) in after.char_indices() {
        let next = after.get(at + c.len_utf8()..).unwrap_or_default();
        let prior = text.get(start..span.end + at).unwrap_or_default();
        if ends(prior, c, next, abbreviations) {
            end = span.end + at + if c == '\n' { 0 } else { c.len_utf8() };
            let closing = text.get(end..).unwrap_or_default();
            let trimmed = closing.trim_start_matches(['"', '”', '’', ')', '»', '」']);
            end += closing.len() - trimmed.len();
            let spaces = trimmed.len() - trimmed.trim_start_matches([' ', '\t']).len();
            end += spaces;
            break;
        }
    }
    Span::new(start, end)
}

/// Whether `c`, with `prior` before and `next` behind it, ends a sentence.
fn ends(prior: &str, c: char, next: &str, abbreviations: &dyn Fn(&str) -> bool) -> bool {
    match c {
        '。' | '！' | '？' => true,
        '\n' => {
            let line = next.trim_start_matches([' ', '\t', '\r']);
            line.starts_with('\n')
                || super::lines::item_mark(line).is_some()
                || line.starts_with(['#', '|'])
        }
        '!' | '?' => next.is_empty() || next.starts_with([' ', '\n', '"', '”', ')']),
        '.' => {
            let after = next.trim_start_matches(['"', '”', '’', ')', '»', '*', '_']);
            if !(after.is_empty() || after.starts_with([' ', '\n', '\t', '['])) {
                return false;
            }
            let following = after.trim_start().chars().next();
            if following.is_some_and(char::is_lowercase) {
                return false;
            }
            let word = prior.rsplit(|c: char| c.is_whitespace() || matches!(c, '(' | '[')).next();
            let word = word.unwrap_or_default();
            let mut lower = String::new();
            fold(word, &mut lower);
            let letter = word.chars().count() == 1 && word.chars().all(char::is_uppercase);
            !(letter || abbreviations(lower.trim_matches('.')))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences() {
        let known = |word: &str| matches!(word, "fig" | "al" | "e.g" | "abb" | "z.b" | "рис");
        for (text, mention, sentence) in [
            ("One. See Fig. 3 for it. Two.", "Fig. 3", "See Fig. 3 for it. "),
            ("As Smith et al. show (Fig. 2). Then", "Fig. 2", "As Smith et al. show (Fig. 2). "),
            ("Eins. Siehe Abb. 4 dazu. Zwei.", "Abb. 4", "Siehe Abb. 4 dazu. "),
            ("Да. См. рис. 2 ниже. Нет.", "рис. 2", "См. рис. 2 ниже. "),
            ("前文。如图1所示。后文。", "图1", "如图1所示。"),
            ("A title\n\nTable 1 shows it\n\nNext", "Table 1", "Table 1 shows it"),
            ("Is it 3.5 or so? See Table 1! Yes", "Table 1", "See Table 1! "),
            (
                "Over\ntwo lines, Table 1\nshows it. Next.",
                "Table 1",
                "Over\ntwo lines, Table 1\nshows it. ",
            ),
        ] {
            let at = text.find(mention).unwrap();
            let span =
                sentence_span(text, Span::new(at, at + mention.len()), &|w| known(w) || w == "см");
            assert_eq!(span.of(text), sentence, "{text}");
        }
    }
}
