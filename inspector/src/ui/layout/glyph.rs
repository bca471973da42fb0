//! One cluster of characters and how a terminal shows it.

use unicode_width::UnicodeWidthStr;

/// Columns between two stops of the tabulator.
pub const TAB_STOP: usize = 4;

/// Bytes of a cluster that are shown; heaped accents beyond it would flood a cell.
const CLUSTER_MAX: usize = 64;

/// What a glyph stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Itself.
    Text,
    /// White space; `Glyph::text` holds what is shown for it.
    Space,
    /// A control character, spelt out so that it cannot act.
    Control,
    /// A character without width or ink, spelt out where asked.
    Invisible,
}

/// A cluster of characters at a place of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glyph {
    /// First byte in the text.
    pub start: usize,
    /// Bytes in the text.
    pub len: usize,
    /// What is shown.
    pub text: String,
    /// Columns on the screen.
    pub width: usize,
    /// What it stands for.
    pub class: Class,
}

/// The glyph of `cluster`, which stands at byte `start` and at `column` of its row.
pub fn glyph(cluster: &str, start: usize, column: usize, whitespace: bool) -> Glyph {
    let (text, class) = spell(cluster, column, whitespace);
    let width = text.width();
    Glyph { start, len: cluster.len(), text, width, class }
}

fn spell(cluster: &str, column: usize, whitespace: bool) -> (String, Class) {
    let mut chars = cluster.chars();
    let first = chars.next().unwrap_or(' ');
    let single = chars.next().is_none();
    match first {
        '\t' => (tab(column, whitespace), Class::Space),
        ' ' if single => ((if whitespace { "·" } else { " " }).to_owned(), Class::Space),
        '\n' => ((if whitespace { "¶" } else { "" }).to_owned(), Class::Space),
        '\r' if cluster == "\r\n" => {
            ((if whitespace { "␍¶" } else { "" }).to_owned(), Class::Space)
        }
        _ if single && named(first).is_some() => invisible(first, whitespace),
        _ if cluster.chars().any(acts) => (controls(cluster), Class::Control),
        _ if cluster.len() > CLUSTER_MAX => (shortened(cluster), Class::Text),
        // a cluster that starts with a mark has no letter to sit on
        _ if cluster.width() == 0 => lone_mark(cluster, whitespace),
        _ => (cluster.to_owned(), Class::Text),
    }
}

fn tab(column: usize, whitespace: bool) -> String {
    let width = TAB_STOP - column % TAB_STOP;
    let mut text = " ".repeat(width);
    if whitespace {
        text.replace_range(..1, "→");
    }
    text
}

/// The name of a character that has no ink, and whether it is as wide as a space.
fn named(c: char) -> Option<(&'static str, bool)> {
    Some(match c {
        '\u{a0}' => ("⍽", true),
        '\u{202f}' => ("<NNBSP>", true),
        '\u{2007}' => ("<FIGSP>", true),
        '\u{3000}' => ("<IDSP>", true),
        '\u{2000}'..='\u{2006}' | '\u{2008}'..='\u{200a}' | '\u{205f}' => ("<SP>", true),
        '\u{ad}' => ("<SHY>", false),
        '\u{200b}' => ("<ZWSP>", false),
        '\u{200c}' => ("<ZWNJ>", false),
        '\u{200d}' => ("<ZWJ>", false),
        '\u{2060}' => ("<WJ>", false),
        '\u{feff}' => ("<BOM>", false),
        '\u{2028}' => ("<LS>", false),
        '\u{2029}' => ("<PS>", false),
        _ => return None,
    })
}

fn invisible(c: char, whitespace: bool) -> (String, Class) {
    let (name, space) = named(c).unwrap_or(("", false));
    let text = match (whitespace, space) {
        (true, _) => name.to_owned(),
        (false, true) if c == '\u{3000}' => "  ".to_owned(),
        (false, true) => " ".to_owned(),
        (false, false) => String::new(),
    };
    (text, Class::Invisible)
}

fn lone_mark(cluster: &str, whitespace: bool) -> (String, Class) {
    let text = if whitespace {
        cluster.chars().take(4).map(|c| format!("<{:04X}>", u32::from(c))).collect()
    } else if cluster.chars().any(is_mark) {
        format!("◌{}", shortened(cluster))
    } else {
        String::new()
    };
    (text, Class::Invisible)
}

fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5c7}' | '\u{64b}'..='\u{65f}')
}

fn shortened(cluster: &str) -> String {
    let mut end = CLUSTER_MAX.min(cluster.len());
    while !cluster.is_char_boundary(end) {
        end -= 1;
    }
    cluster[..end].to_owned()
}

/// Whether a terminal would obey the character.
fn acts(c: char) -> bool {
    matches!(c,
        '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        | '\u{e0000}'..='\u{e007f}' | '\u{fff9}'..='\u{fffb}')
        || c.is_control()
}

fn controls(cluster: &str) -> String {
    let mut shown = String::new();
    for c in cluster.chars().take(16) {
        match c {
            '\0'..='\u{1f}' => shown.push(char::from_u32(0x2400 + u32::from(c)).unwrap_or('?')),
            '\u{7f}' => shown.push('\u{2421}'),
            _ if acts(c) => shown.push_str(&format!("<{:04X}>", u32::from(c))),
            _ => shown.push(c),
        }
    }
    shown
}

/// `text` on one line as a cell of a table can hold it: no control character, no line break.
pub fn flat(text: &str) -> String {
    let mut shown = String::with_capacity(text.len().min(4096));
    for c in text.chars().take(4096) {
        match c {
            '\n' | '\r' | '\t' => shown.push(' '),
            _ if acts(c) => shown.push_str(&controls(c.encode_utf8(&mut [0; 4]))),
            _ => shown.push(c),
        }
    }
    shown
}

/// `text` cut to `width` columns, with `…` where something is left out.
pub fn fit(text: &str, width: usize) -> String {
    use unicode_segmentation::UnicodeSegmentation as _;
    let text = flat(text);
    if text.width() <= width {
        return text;
    }
    let (mut shown, mut used) = (String::new(), 0);
    for cluster in text.graphemes(true) {
        let next = cluster.width();
        if used + next + 1 > width {
            break;
        }
        used += next;
        shown.push_str(cluster);
    }
    if width > 0 {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(cluster: &str, whitespace: bool) -> (String, usize) {
        let glyph = glyph(cluster, 0, 1, whitespace);
        (glyph.text, glyph.width)
    }

    #[test]
    fn nothing_that_a_terminal_obeys_is_left() {
        for (cluster, expected) in [
            ("\u{1b}", "␛"),
            ("\u{7f}", "␡"),
            ("\u{9b}", "<009B>"),
            ("\u{202e}", "<202E>"),
            ("\r", "␍"),
        ] {
            assert_eq!(shown(cluster, false).0, expected);
        }
        assert!(!flat("a\u{1b}]0;x\u{7}\nb").chars().any(char::is_control));
    }

    #[test]
    fn invisible_characters_are_named_where_asked() {
        assert_eq!(shown("\u{200b}", false), (String::new(), 0));
        assert_eq!(shown("\u{200b}", true), ("<ZWSP>".into(), 6));
        assert_eq!(shown("\u{a0}", false), (" ".into(), 1));
        assert_eq!(shown("\u{feff}", true), ("<BOM>".into(), 5));
        assert_eq!(shown("\t", false), ("   ".into(), 3));
        assert_eq!(shown("\t", true), ("→  ".into(), 3));
    }

    #[test]
    fn wide_and_joined_clusters_keep_their_width() {
        assert_eq!(shown("文", false).1, 2);
        assert_eq!(shown("👩‍👩‍👧", false).1, 2);
        assert_eq!(shown("e\u{301}", false), ("e\u{301}".into(), 1));
        let heap = format!("e{}", "\u{301}".repeat(1000));
        assert!(shown(&heap, false).0.len() <= CLUSTER_MAX);
    }

    #[test]
    fn a_cell_is_cut_by_columns() {
        assert_eq!(fit("naïve", 5), "naïve");
        assert_eq!(fit("文文文", 5), "文文…");
        assert_eq!(fit("abc", 0), "");
    }
}
