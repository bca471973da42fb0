//! Right-to-left text in the order in which it is seen.

use unicode_bidi::{BidiClass, BidiInfo, Level, bidi_class};

use super::glyph::Glyph;

/// Bytes of a line that are looked at for its direction.
const LOOK: usize = 1024;

/// Whether the line that starts at or before `byte` is written from right to left.
pub fn rtl_line(text: &str, byte: usize) -> bool {
    let from = super::wrap::anchor(text, byte);
    text[from..]
        .chars()
        .take(LOOK)
        .take_while(|&c| c != '\n')
        .find_map(|c| match bidi_class(c) {
            BidiClass::L => Some(false),
            BidiClass::R | BidiClass::AL => Some(true),
            _ => None,
        })
        .unwrap_or(false)
}

/// Whether any character of a row is written from right to left.
pub fn has_rtl(glyphs: &[Glyph]) -> bool {
    glyphs.iter().any(|glyph| glyph.text.chars().any(is_rtl))
}

fn is_rtl(c: char) -> bool {
    // below the Hebrew block nothing is written from right to left
    c >= '\u{590}' && matches!(bidi_class(c), BidiClass::R | BidiClass::AL | BidiClass::AN)
}

/// Glyphs of one row in visual order.
///
/// The order follows from what is shown: control characters are spelt out by then, so a document
/// cannot turn its text around by them.
pub fn visual(glyphs: Vec<Glyph>, rtl: bool) -> Vec<Glyph> {
    let mut shown = String::new();
    let mut starts = Vec::with_capacity(glyphs.len());
    for glyph in &glyphs {
        starts.push(shown.len());
        shown.push_str(if glyph.text.is_empty() { "\u{200b}" } else { &glyph.text });
    }
    let base = if rtl { Level::rtl() } else { Level::ltr() };
    let info = BidiInfo::new(&shown, Some(base));
    let levels: Vec<Level> =
        starts.iter().map(|&at| info.levels.get(at).copied().unwrap_or(base)).collect();
    let mut glyphs: Vec<Option<Glyph>> = glyphs.into_iter().map(Some).collect();
    BidiInfo::reorder_visual(&levels)
        .into_iter()
        .filter_map(|at| glyphs.get_mut(at).and_then(Option::take))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::layout::Wrap;

    fn seen(text: &str) -> String {
        let row = Wrap { width: 80, whitespace: false }.row(text, 0);
        visual(row.glyphs, rtl_line(text, 0)).into_iter().map(|glyph| glyph.text).collect()
    }

    #[test]
    fn hebrew_is_seen_from_right_to_left() {
        // a number after Hebrew belongs to the Hebrew, and is read from left to right itself
        assert_eq!(seen("abc אבג 12"), "abc 12 גבא");
        assert_eq!(seen("abc אבג, def"), "abc גבא, def");
        assert_eq!(seen("אבג abc"), "abc גבא");
    }

    #[test]
    fn an_override_does_not_act() {
        assert_eq!(seen("a\u{202e}bc"), "a<202E>bc");
    }
}
