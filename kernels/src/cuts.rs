//! What goes with a stretch of text that is cut out, so that what is left reads well.
//!
//! Every function panics where a start or an end is no border of a character of the text: such a
//! span belongs to another text, and whatever came of it would be wrong.

/// A line with its indentation and its line feed.
pub fn whole_line(text: &str, start: usize, end: usize) -> (usize, usize) {
    let spaces = after(text, end).find(|c: char| c == '\n' || !c.is_whitespace());
    let to = end + spaces.unwrap_or(after(text, end).len());
    let feed = usize::from(text.as_bytes().get(to) == Some(&b'\n'));
    (indented(text, start), to + feed)
}

/// A paragraph with its indentation and the blank lines behind it.
pub fn whole_paragraph(text: &str, start: usize, end: usize) -> (usize, usize) {
    let rest = after(text, end);
    let blank = &rest[..rest.len() - rest.trim_start().len()];
    let feeds = if blank.len() == rest.len() {
        blank.len()
    } else {
        blank.rfind('\n').map_or(0, |feed| feed + 1)
    };
    (indented(text, start), end + feeds)
}

/// A passage with the punctuation and spaces up to the next word or the end of the line.
pub fn with_tail(text: &str, start: usize, end: usize) -> (usize, usize) {
    let rest = after(text, end);
    let tail = rest.find(|c: char| c == '\n' || c.is_alphanumeric() || c == '_');
    (start, end + tail.unwrap_or(rest.len()))
}

/// `text` without `cuts`, which are sorted by their starts and may overlap.
pub fn without(text: &str, cuts: &[(usize, usize)]) -> String {
    let mut left = String::with_capacity(text.len());
    let mut from = 0;
    for (start, end) in cuts {
        left.push_str(&text[from..(*start).max(from)]);
        from = from.max(*end);
    }
    left.push_str(&text[from..]);
    left
}

fn after(text: &str, end: usize) -> &str {
    &text[end..]
}

/// The start of the line where nothing but white space stands before `start`.
fn indented(text: &str, start: usize) -> usize {
    let before = &text[..start];
    let line = before.rfind('\n').map_or(0, |feed| feed + 1);
    if before[line..].trim_start().is_empty() { line } else { start }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{lines, paragraphs};
    use proptest::prelude::*;

    #[test]
    fn a_passage_goes_with_the_rest_of_its_line_up_to_the_next_word() {
        let cut = |text: &str, start, end| without(text, &[with_tail(text, start, end)]);
        assert_eq!(cut("One. Two two. Three.", 5, 12), "One. Three.");
        assert_eq!(cut("One.\nTwo two.\nThree.", 5, 12), "One.\n\nThree.");
        assert_eq!(cut("all of it!", 0, 9), "");
        assert_eq!(without("a b c d", &[(0, 3), (2, 6)]), "d");
    }

    #[test]
    fn lines_and_paragraphs_leave_no_empty_ones_behind() {
        let text = "a\n  b \nc\n\n\nd\ne\n\n- f";
        assert_eq!(without(text, &[whole_line(text, 4, 5)]), "a\nc\n\n\nd\ne\n\n- f");
        assert_eq!(without(text, &[whole_paragraph(text, 0, 8)]), "d\ne\n\n- f");
        assert_eq!(without(text, &[whole_paragraph(text, 11, 14)]), "a\n  b \nc\n\n\n- f");
        assert_eq!(without(text, &[whole_paragraph(text, 16, 19)]), "a\n  b \nc\n\n\nd\ne\n\n");
    }

    proptest! {
        #[test]
        fn cutting_every_line_or_paragraph_leaves_white_space(text in "[a-c \\n\\t\u{3000}é]{0,40}") {
            let mut parts = Vec::new();
            lines(&text, &mut parts);
            let cuts: Vec<_> = parts.iter().map(|l| whole_line(&text, l.start, l.end)).collect();
            prop_assert!(without(&text, &cuts).trim().is_empty());
            if let Some((one, (start, end))) = parts.first().zip(cuts.first()) {
                let left = without(&text, &[(*start, *end)]);
                let lost = text.matches(char::is_alphabetic).count() - left.matches(char::is_alphabetic).count();
                prop_assert_eq!(lost, text[one.start..one.end].matches(char::is_alphabetic).count());
            }
            paragraphs(&text, &mut parts);
            let cuts: Vec<_> = parts.iter().map(|p| whole_paragraph(&text, p.start, p.end)).collect();
            prop_assert!(without(&text, &cuts).trim().is_empty());
        }
    }
}
