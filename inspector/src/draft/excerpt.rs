//! A piece of a document that is short enough for a test and still shows what it shall.

use std::ops::Range;

/// Most characters of a test's text.
pub(crate) const CHARS_MAX: usize = 2000;

/// Pieces that are tried before giving up: each is judged like a document.
const TRIES_MAX: usize = 400;

/// The text where it is short, else whole lines of it for which `fires` holds: those around `hint`
/// (bytes), else the first that do. A line that is too long alone is cut between words.
pub(crate) fn excerpt<E>(
    text: &str,
    hint: Option<Range<usize>>,
    mut fires: impl FnMut(&str) -> Result<bool, E>,
) -> Result<Option<String>, E> {
    if chars(text) <= CHARS_MAX {
        return Ok(fires(text)?.then(|| text.to_owned()));
    }
    let pieces = pieces(text);
    if let Some(hint) = hint {
        let around = around(text, &pieces, &hint);
        if fires(around)? {
            return Ok(Some(around.to_owned()));
        }
    }
    let mut first = 0;
    for _ in 0..TRIES_MAX {
        let Some(from) = pieces.get(first) else { break };
        let (window, last) = window(text, &pieces, first);
        if fires(window)? {
            return Ok(Some(window.to_owned()));
        }
        if last + 1 == pieces.len() {
            break;
        }
        // half a window further, so that what lies at a border is whole in the next one
        let half = from.start + window.len() / 2;
        first = (first + 1).max(pieces.partition_point(|piece| piece.start < half));
    }
    Ok(None)
}

fn chars(text: &str) -> usize {
    text.chars().count()
}

/// Lines with their ends; one of more than half a test is cut between words, or where it must be.
fn pieces(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let end = start + line.len();
        while chars(&text[start..end]) > CHARS_MAX / 2 {
            let limit = text[start..end]
                .char_indices()
                .nth(CHARS_MAX / 2)
                .map_or(end, |(at, _)| start + at);
            let space = text[start..limit].rfind(char::is_whitespace).map(|at| start + at);
            let cut = space.filter(|space| *space > start).unwrap_or(limit);
            found.push(start..cut);
            start = cut;
        }
        found.push(start..end);
        start = end;
    }
    found
}

/// As many pieces from `first` on as fit; and the number of the last.
fn window<'a>(text: &'a str, pieces: &[Range<usize>], first: usize) -> (&'a str, usize) {
    let (mut last, mut length) = (first, 0);
    for (number, piece) in pieces.iter().enumerate().skip(first) {
        length += chars(&text[piece.clone()]);
        if length > CHARS_MAX {
            break;
        }
        last = number;
    }
    (&text[pieces[first].start..pieces[last].end], last)
}

/// The pieces around a place, grown to both sides as long as they fit.
fn around<'a>(text: &'a str, pieces: &[Range<usize>], hint: &Range<usize>) -> &'a str {
    let at = |byte: usize| pieces.partition_point(|piece| piece.end <= byte).min(pieces.len() - 1);
    let (mut first, mut last) = (at(hint.start), at(hint.end.saturating_sub(1).max(hint.start)));
    let length = |first: usize, last: usize| chars(&text[pieces[first].start..pieces[last].end]);
    // a paragraph on each side says what it is about; a whole page is not needed
    let enough = CHARS_MAX / 2;
    loop {
        let before = first > 0 && length(first - 1, last) <= enough;
        first -= usize::from(before);
        let after = last + 1 < pieces.len() && length(first, last + 1) <= enough;
        last += usize::from(after);
        if !before && !after {
            return &text[pieces[first].start..pieces[last].end];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::convert::Infallible;

    fn found(text: &str, hint: Option<Range<usize>>, word: &str) -> Option<String> {
        excerpt(text, hint, |piece| Ok::<_, Infallible>(piece.contains(word))).unwrap()
    }

    #[test]
    fn a_short_text_is_its_own_excerpt() {
        assert_eq!(found("a\nbee \n", None, "bee").as_deref(), Some("a\nbee \n"));
        assert_eq!(found("a", None, "bee"), None);
    }

    #[test]
    fn whole_lines_around_the_place_are_taken() {
        let mut text: String = (0..500).map(|n| format!("line number {n}\n")).collect();
        text.push_str("the needle stands here\n");
        text.extend((0..500).map(|n| format!("further line {n}\n")));
        let at = text.find("needle").unwrap();
        let piece = found(&text, Some(at..at + 6), "needle").unwrap();
        assert!(piece.contains("\nthe needle stands here\n") && piece.starts_with("line number"));
        assert!(piece.ends_with('\n') && piece.chars().count() <= CHARS_MAX);
        // without a hint the windows find it
        assert!(found(&text, None, "needle").unwrap().contains("the needle stands here\n"));
    }

    #[test]
    fn one_endless_line_is_cut_between_words() {
        let text = format!("{} needle {}", "word ".repeat(3000), "word ".repeat(3000));
        let piece = found(&text, None, "needle").unwrap();
        assert!(piece.chars().count() <= CHARS_MAX);
        assert!(piece.split_whitespace().all(|word| word == "word" || word == "needle"));
    }

    proptest! {
        #[test]
        fn pieces_tile_the_text(text in "([a\u{1f600} ]{0,40}\n?){0,20}", times in 1_usize..60) {
            let text = text.repeat(times);
            let pieces = pieces(&text);
            let joined: String = pieces.iter().map(|piece| &text[piece.clone()]).collect();
            prop_assert_eq!(&joined, &text);
            for first in 0..pieces.len() {
                prop_assert!(chars(window(&text, &pieces, first).0) <= CHARS_MAX);
            }
        }
    }
}
