//! Highlighted places that lie inside the text and on borders of characters, whatever a file says.

use crate::model::{Mark, MarkKind};

/// Marks a text carries at most.
const MARKS_MAX: usize = 10_000;

/// A mark at `start..end` moved onto borders of characters; none where nothing is left of it.
pub(crate) fn mark(
    text: &str,
    start: usize,
    end: usize,
    kind: MarkKind,
    why: usize,
) -> Option<Mark> {
    let start = text.floor_char_boundary(start.min(text.len()));
    let end = text.ceil_char_boundary(end.min(text.len()));
    (start < end).then_some(Mark { start, end, kind, why })
}

/// Marks by start, each once.
pub(crate) fn sorted(mut marks: Vec<Mark>) -> Vec<Mark> {
    marks.sort_by_key(|mark| (mark.start, mark.end, mark.why));
    marks.dedup();
    marks.truncate(MARKS_MAX);
    marks
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn marks_cut_the_text_anywhere(text in ".{0,30}", start in any::<u8>(), end in any::<u8>()) {
            let (start, end) = (usize::from(start % 64), usize::from(end % 64));
            if let Some(mark) = mark(&text, start, end, MarkKind::Rule, 0) {
                prop_assert!(!text[mark.start..mark.end].is_empty());
            }
        }
    }

    #[test]
    fn far_away_places_are_no_marks() {
        assert_eq!(mark("abc", usize::MAX, usize::MAX, MarkKind::Rule, 0), None);
        assert_eq!(mark("abc", 5, 2, MarkKind::Rule, 0), None);
        assert!(mark("aé", 2, 3, MarkKind::Rule, 0).is_some_and(|m| (m.start, m.end) == (1, 3)));
    }
}
