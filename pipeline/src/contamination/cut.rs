//! Cutting passages of evaluation sets out of a text, as GPT-3 did (Brown et al. 2020, appendix C).

/// Characters that go on both sides of a passage.
const WINDOW_CHARS: usize = 200;
/// Characters that a piece between two windows has at least.
const PIECE_CHARS: usize = 200;
/// Pieces of a document above which it is removed.
const PIECES_MAX: usize = 10;

/// What goes of `text` for passages at `spans`, sorted; none where the whole text has to go:
/// too little of it, or too many pieces, would be left.
pub(crate) fn windows(text: &str, spans: &[(usize, usize)]) -> Option<Vec<(usize, usize)>> {
    let mut spans = spans.to_vec();
    spans.sort_unstable();
    let mut gone: Vec<(usize, usize)> = Vec::new();
    for (start, end) in spans {
        let start = back(text, start, WINDOW_CHARS);
        let end = forth(text, end, WINDOW_CHARS);
        match gone.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => gone.push((start, end)),
        }
    }
    let mut joined: Vec<(usize, usize)> = Vec::new();
    let (mut from, mut pieces) = (0, 0);
    for (start, end) in gone.iter().copied().chain([(text.len(), text.len())]) {
        let piece = text.get(from..start).unwrap_or_default();
        let short = piece.chars().take(PIECE_CHARS).count() < PIECE_CHARS;
        pieces += usize::from(!short);
        match joined.last_mut() {
            // what is left between two windows is too short to stay
            Some(last) if short => last.1 = end,
            _ if short => joined.push((0, end)),
            _ if start < text.len() => joined.push((start, end)),
            _ => {}
        }
        from = end;
    }
    (pieces > 0 && pieces <= PIECES_MAX).then_some(joined)
}

/// `text` without `windows`, a blank line in the place of each, and without `cuts`.
pub(crate) fn apply(text: &str, windows: &[(usize, usize)], cuts: &[(usize, usize)]) -> String {
    let mut gone: Vec<(usize, usize, bool)> = windows.iter().map(|w| (w.0, w.1, true)).collect();
    gone.extend(cuts.iter().map(|cut| (cut.0, cut.1, false)));
    gone.sort_unstable();
    let mut left = String::with_capacity(text.len());
    let (mut from, mut gap) = (0, false);
    let piece = |left: &mut String, part: &str, gap: &mut bool| {
        if part.is_empty() {
            return;
        }
        if std::mem::take(gap) && !left.is_empty() {
            let kept = left.trim_end().len();
            left.truncate(kept);
            left.push_str("\n\n");
            left.push_str(part.trim_start());
        } else {
            left.push_str(part);
        }
    };
    for (start, end, is_window) in gone {
        piece(&mut left, text.get(from..start.max(from)).unwrap_or_default(), &mut gap);
        gap |= is_window;
        from = from.max(end);
    }
    piece(&mut left, text.get(from..).unwrap_or_default(), &mut gap);
    left
}

/// The byte `count` characters before `at`.
fn back(text: &str, at: usize, count: usize) -> usize {
    let before = text.get(..at).unwrap_or_default();
    before.char_indices().rev().take(count).last().map_or(at, |(start, _)| start)
}

/// The byte `count` characters behind `at`.
fn forth(text: &str, at: usize, count: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    rest.char_indices().nth(count).map_or(text.len(), |(end, _)| at + end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passage_goes_with_two_hundred_characters_on_both_sides() {
        let text = format!("{}PASSAGE{}", "ä".repeat(500), "b".repeat(500));
        let found = windows(&text, &[(1000, 1007)]).unwrap();
        assert_eq!(found, [(600, 1207)]);
        let left = apply(&text, &found, &[]);
        assert_eq!(left, format!("{}\n\n{}", "ä".repeat(300), "b".repeat(300)));
    }

    #[test]
    fn short_pieces_go_too() {
        // 399 characters in front: 199 are left, one too few; 400 leave 200
        for (before, from) in [(399, 0), (400, 200)] {
            let text = format!("{}PASSAGE{}", "a".repeat(before), "b".repeat(600));
            let found = windows(&text, &[(before, before + 7)]).unwrap();
            assert_eq!(found, [(from, before + 207)]);
        }
        let text = format!("{}PASSAGE{}", "a".repeat(399), "b".repeat(399));
        assert_eq!(windows(&text, &[(399, 406)]), None, "nothing would be left");
        let between = format!("{}X{}Y{}", "a".repeat(600), "b".repeat(500), "c".repeat(600));
        let found = windows(&between, &[(600, 601), (1101, 1102)]).unwrap();
        assert_eq!(found, [(400, 1302)], "100 characters between two windows go");
    }

    #[test]
    fn eleven_pieces_are_too_many() {
        let corpus = |passages: usize| {
            let mut text = "a".repeat(600);
            let mut spans = Vec::new();
            for _ in 0..passages {
                spans.push((text.len(), text.len() + 1));
                text.push('X');
                text.push_str(&"a".repeat(600));
            }
            (text, spans)
        };
        let (text, spans) = corpus(9);
        assert_eq!(windows(&text, &spans).unwrap().len(), 9);
        let (text, spans) = corpus(10);
        assert_eq!(windows(&text, &spans), None);
    }

    #[test]
    fn windows_and_cuts_go_together() {
        let text = "one two three four five";
        assert_eq!(apply(text, &[(4, 8)], &[(14, 19)]), "one\n\nthree five");
        assert_eq!(apply(text, &[(4, 8)], &[(0, 4), (6, 14)]), "four five");
        assert_eq!(apply(text, &[(14, 23)], &[]), "one two three ");
        assert_eq!(apply(text, &[], &[]), text);
    }
}
