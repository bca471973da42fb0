//! Two texts word by word, as one text with what went and what came.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use similar::{ChangeTag, TextDiff};

use super::shown::{Paint, Shown, Span};

/// Bytes of both texts above which they are compared by lines only.
const WORDS_MAX: usize = 2 << 20;

/// Bytes of both texts above which they are not compared at all.
const BYTES_MAX: usize = 64 << 20;

/// A text that holds both, and how their bytes correspond.
#[derive(Debug, Clone, Default)]
pub struct Diff {
    /// Both texts in one; what only one has is painted.
    pub shown: Shown,
    /// The old text with what went.
    pub old: Shown,
    /// The new text with what came.
    pub new: Shown,
    /// Pieces that are equal in both: bytes of the old one, and of the new one.
    pub equal: Vec<(Range<usize>, Range<usize>)>,
}

impl Diff {
    /// The byte of the old text that stands beside `byte` of the new one.
    pub fn beside(&self, byte: usize) -> usize {
        let at = self.equal.partition_point(|(_, new)| new.start <= byte);
        let Some((old, new)) = at.checked_sub(1).and_then(|at| self.equal.get(at)) else {
            return 0;
        };
        (old.start + (byte - new.start)).min(old.end)
    }
}

/// Compares two texts; none where they are too long for it.
pub fn compare(old: &Arc<str>, new: &Arc<str>, time: Duration) -> Option<Diff> {
    let bytes = old.len() + new.len();
    if bytes > BYTES_MAX {
        return None;
    }
    let mut config = TextDiff::configure();
    config.timeout(time);
    let (old_str, new_str): (&str, &str) = (old, new);
    let pieces = if bytes > WORDS_MAX {
        pieces(&config.diff_lines(old_str, new_str))
    } else {
        pieces(&config.diff_unicode_words(old_str, new_str))
    };
    Some(join(old, new, &pieces))
}

/// Changes with their lengths; neighbours of one kind are one piece.
fn pieces(diff: &TextDiff<'_, '_, str>) -> Vec<(ChangeTag, usize)> {
    let mut pieces: Vec<(ChangeTag, usize)> = Vec::new();
    for change in diff.iter_all_changes() {
        let (tag, len) = (change.tag(), change.value().len());
        match pieces.last_mut() {
            Some((last, sum)) if *last == tag => *sum += len,
            _ => pieces.push((tag, len)),
        }
    }
    pieces
}

fn join(old: &Arc<str>, new: &Arc<str>, pieces: &[(ChangeTag, usize)]) -> Diff {
    let mut text = String::with_capacity(old.len().max(new.len()));
    let (mut both, mut gone, mut come) = (Vec::new(), Vec::new(), Vec::new());
    let mut equal = Vec::new();
    let (mut at_old, mut at_new) = (0, 0);
    for &(tag, len) in pieces {
        let start = text.len();
        match tag {
            ChangeTag::Equal => {
                text.push_str(&new[at_new..at_new + len]);
                equal.push((at_old..at_old + len, at_new..at_new + len));
                at_old += len;
                at_new += len;
            }
            ChangeTag::Delete => {
                text.push_str(&old[at_old..at_old + len]);
                both.push(Span { start, end: start + len, paint: Paint::Gone });
                gone.push(Span { start: at_old, end: at_old + len, paint: Paint::Gone });
                at_old += len;
            }
            ChangeTag::Insert => {
                text.push_str(&new[at_new..at_new + len]);
                both.push(Span { start, end: start + len, paint: Paint::New });
                come.push(Span { start: at_new, end: at_new + len, paint: Paint::New });
                at_new += len;
            }
        }
    }
    Diff {
        shown: Shown { text: text.into(), spans: both.into() },
        old: Shown { text: Arc::clone(old), spans: gone.into() },
        new: Shown { text: Arc::clone(new), spans: come.into() },
        equal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_texts_can_be_read_in_one() {
        let (old, new): (Arc<str>, Arc<str>) = ("one two three".into(), "one 2 three four".into());
        let diff = compare(&old, &new, Duration::from_secs(5)).unwrap();
        let of = |paint: Paint| -> Vec<&str> {
            let spans = diff.shown.spans.iter().filter(|span| span.paint == paint);
            spans.map(|span| &diff.shown.text[span.start..span.end]).collect()
        };
        assert_eq!(of(Paint::Gone), ["two"]);
        assert_eq!(of(Paint::New), ["2", " four"]);
        assert_eq!(diff.beside(6), 8);
        assert_eq!(diff.beside(0), 0);
    }
}
