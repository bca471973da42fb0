//! The lines of a text and what each looks like by itself.

use memchr::memchr_iter;
use tamis_kernels::columns;

/// Bytes of a line in which columns are looked for.
const COLUMN_BYTES: usize = 600;

/// What a line is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Class {
    /// Nothing but white space.
    #[default]
    Blank,
    /// Running text.
    Text,
    /// A heading with a mark, or numbered.
    Heading,
    /// A row or rule of a table.
    Table,
    /// Code, or anything else kept as it is.
    Pre,
    /// A drawing of punctuation.
    Art,
    /// The first line of a list item.
    Item,
    /// A quoted line.
    Quote,
    /// A line of a table of contents.
    Toc,
    /// A displayed formula.
    Math,
    /// A link, footnote or reference definition.
    Definition,
    /// A rule, a directive, a comment, an option: markup with no text of its own.
    Markup,
}

impl Class {
    /// Whether mentions on such a line count for nothing.
    pub(super) fn is_masked(self) -> bool {
        matches!(
            self,
            Self::Pre | Self::Art | Self::Toc | Self::Math | Self::Heading | Self::Markup
        )
    }
}

/// One line, without its line break.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Line {
    /// The first byte.
    pub(super) start: u32,
    /// The byte after the last one.
    pub(super) end: u32,
    /// What the line is.
    pub(super) class: Class,
    /// Columns of white space before the text; a tab counts four.
    pub(super) indent: u8,
    /// Vertical bars.
    pub(super) pipes: u8,
    /// Gaps of two or more spaces, or tabs, inside the line.
    pub(super) gaps: u8,
    /// The column, in bytes, at which text goes on after the first gap.
    pub(super) column: u8,
    /// Commas or semicolons with no space behind them.
    pub(super) commas: u8,
    /// Tabs inside the line.
    pub(super) tabs: u8,
    /// The first byte of the text; zero on a blank line.
    pub(super) first: u8,
}

impl Line {
    /// Its text.
    pub(super) fn of<'a>(&self, text: &'a str) -> &'a str {
        text.get(self.start as usize..self.end as usize).unwrap_or_default()
    }

    /// Bytes without the white space before.
    pub(super) fn width(&self) -> usize {
        (self.end - self.start) as usize - usize::from(self.indent).min(self.len())
    }

    fn len(&self) -> usize {
        (self.end - self.start) as usize
    }
}

/// Puts the lines of `text` into `lines`, after emptying it; no line has a class but blank yet.
pub(super) fn split(text: &str, lines: &mut Vec<Line>) {
    lines.clear();
    let mut start = 0;
    let ends = memchr_iter(b'\n', text.as_bytes()).chain(std::iter::once(text.len()));
    for end in ends {
        lines.push(measure(text, start, end));
        start = end + 1;
    }
}

fn measure(text: &str, start: usize, end: usize) -> Line {
    let bytes = text.as_bytes().get(start..end).unwrap_or_default();
    let cut = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let trimmed = bytes.trim_ascii_end();
    let mut line = Line { start: cut(start), end: cut(start + trimmed.len()), ..Line::default() };
    let mut at = 0;
    let mut indent = 0_usize;
    for &byte in trimmed {
        match byte {
            b' ' => indent += 1,
            b'\t' => indent += 4,
            _ => break,
        }
        at += 1;
    }
    line.indent = u8::try_from(indent).unwrap_or(u8::MAX);
    line.class = if trimmed.is_empty() { Class::Blank } else { Class::Text };
    line.first = trimmed.get(at).copied().unwrap_or(0);
    // what makes a table shows in the first few hundred bytes
    let last = trimmed.len().min(at + COLUMN_BYTES);
    let found = columns(text.as_bytes(), start + at, start + last);
    let few = |count: u32| u8::try_from(count).unwrap_or(u8::MAX);
    line.gaps = few(found.gaps);
    line.column = found.column.map_or(0, |at| u8::try_from(at - start).unwrap_or(u8::MAX));
    line.pipes = few(found.bars);
    line.commas = few(found.commas);
    line.tabs = few(found.tabs);
    line
}

/// The line that byte `at` is on.
pub(super) fn line_of(lines: &[Line], at: usize) -> usize {
    lines.partition_point(|line| line.start as usize <= at).saturating_sub(1)
}

/// Whether the line has dots that lead to a page number.
pub(super) fn is_toc(line: &str) -> bool {
    let trimmed = line.trim_end();
    if !trimmed.ends_with(|c: char| c.is_ascii_digit() || matches!(c, 'i' | 'v' | 'x')) {
        return false;
    }
    let body = trimmed.trim_end_matches(|c: char| c.is_ascii_alphanumeric());
    let body = body.trim_end();
    body.ends_with("....")
        || body.ends_with(". . .")
        || body.ends_with("……")
        || body.ends_with("_____")
}

/// Characters of a line by which it is known to be drawn.
const DRAWN_CHARS: usize = 160;

/// How much each ASCII byte speaks for a drawing.
const DRAWN: [i8; 128] = {
    let mut weights = [-2; 128];
    let mut byte = 0_u8;
    while byte < 128 {
        weights[byte as usize] = match byte {
            b' ' | b'\t' => 0,
            b'|' | b'+' | b'-' | b'/' | b'\\' | b'<' | b'>' | b'^' | b'=' | b'_' | b'*' | b'~'
            | b'.' | b':' => 1,
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => -1,
            _ => -2,
        };
        byte += 1;
    }
    weights
};

/// Whether code has more of a byte than prose: one of `{}()[]=<>;$\/_|&*#`.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "without branches many bytes are compared at once"
)]
fn is_code_mark(byte: u8) -> bool {
    let within = |from: u8, to: u8| byte.wrapping_sub(from) <= to - from;
    within(b'#', b'$')
        | (byte == b'&')
        | within(b'(', b'*')
        | (byte == b'/')
        | within(b';', b'>')
        | within(b'[', b']')
        | (byte == b'_')
        | within(b'{', b'}')
}

/// How many of at most 255 bytes are meant; many are counted at once.
fn count(bytes: &[u8], is_meant: impl Fn(u8) -> bool) -> usize {
    bytes.iter().map(|byte| u8::from(is_meant(*byte))).fold(0_u8, u8::wrapping_add).into()
}

/// Whether a line is drawn rather than written: mostly lines, corners and arrows.
pub(super) fn is_drawn(line: &str) -> bool {
    let start = line.as_bytes().get(..line.len().min(DRAWN_CHARS)).unwrap_or_default();
    // letters, of which characters outside ASCII have more, outweigh the marks
    let letters = count(start, |byte| byte.is_ascii_alphanumeric());
    if letters * 2 >= start.len() && (line.len() <= DRAWN_CHARS || start.is_ascii()) {
        return false;
    }
    if start.is_ascii() {
        let weigh = |byte: &u8| DRAWN.get(usize::from(*byte)).copied().unwrap_or(0);
        let score: i32 = start.iter().map(|byte| i32::from(weigh(byte))).sum();
        return score > 0 && start.iter().filter(|byte| weigh(byte) > 0).count() >= 4;
    }
    let (mut marks, mut letters, mut rest) = (0_u32, 0_u32, 0_u32);
    for c in line.chars().take(DRAWN_CHARS) {
        match c {
            ' ' | '\t' => {}
            '|' | '+' | '-' | '/' | '\\' | '<' | '>' | '^' | '=' | '_' | '*' | '~' | '.' | ':' => {
                marks += 1;
            }
            '\u{2190}'..='\u{21ff}' | '\u{2500}'..='\u{25ff}' => marks += 2,
            c if c.is_alphanumeric() => letters += 1,
            _ => rest += 1,
        }
    }
    marks >= 4 && marks > letters + 2 * rest
}

/// Whether a line looks like code.
pub(super) fn is_codey(line: &str) -> bool {
    let text = line.trim();
    let starts =
        ["$ ", "# ", ">>> ", "#include", "import ", "def ", "PS> ", "C:\\", "~$", "sudo ", "</"];
    let Some(first) = text.bytes().next().filter(|_| text.len() <= 200) else { return false };
    if first == b'<' && is_html_text(text) {
        return false;
    }
    if b"$#>idPC~s<".contains(&first)
        && starts.iter().any(|start| text.starts_with(start))
        && !text.ends_with('.')
    {
        return true;
    }
    if text.ends_with([';', '{', '}']) || text.ends_with("*/") || text.ends_with('\\') {
        return true;
    }
    let marks = count(text.as_bytes(), is_code_mark);
    let words = || count(text.as_bytes(), |byte| byte == b' ') + 1;
    marks >= 3 && marks * 2 >= words() || (text.starts_with('<') && text.ends_with('>'))
}

/// Whether a line is a paragraph or a part of one, in HTML.
fn is_html_text(line: &str) -> bool {
    ["<p>", "<p ", "<li>", "<dd>", "<dt>"].iter().any(|tag| line.starts_with(tag))
}

/// Whether a line marks a list item, and the bytes of its mark.
pub(super) fn item_mark(line: &str) -> Option<usize> {
    let trimmed = line.trim_start();
    let lead = line.len() - trimmed.len();
    let mut chars = trimmed.chars();
    let first = chars.next()?;
    let rest = chars.as_str();
    if matches!(first, '-' | '*' | '+' | '•' | '◦' | '▪' | '–' | '‣' | '·' | '■' | '●' | '○' | '□')
    {
        let ok = rest.starts_with([' ', '\t', '\u{a0}'])
            || (!matches!(first, '-' | '*' | '+' | '–' | '·') && !rest.is_empty())
            || (first == '*' && rest.trim_start_matches('*').starts_with(' '));
        return ok.then(|| lead + first.len_utf8());
    }
    let body = trimmed.strip_prefix('(').unwrap_or(trimmed);
    let digits = body.bytes().take_while(u8::is_ascii_digit).count();
    let label = if digits > 0 {
        digits
    } else {
        usize::from(body.starts_with(|c: char| c.is_ascii_alphabetic()))
    };
    if label == 0 || digits > 3 {
        return if matches!(first, '①'..='⑳' | '⑴'..='⒇') { Some(lead + 3) } else { None };
    }
    let after = body.get(label..)?;
    let dot = after.starts_with(['.', ')', '、', '．', '）']);
    let mark = after.chars().next().map_or(0, char::len_utf8);
    let space =
        after.get(mark..)?.starts_with([' ', '\t']) || after.starts_with(['、', '）', '．']);
    let bare = after.starts_with("..") || after.starts_with(".)");
    (dot && (space || bare)).then(|| lead + trimmed.len() - body.len() + label + mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks() {
        assert!(is_toc("1.2 Tables ............ 14"));
        assert!(!is_toc("The value is 14"));
        assert!(is_drawn("+-----+     +-----+"));
        assert!(is_drawn("   |  a  |---->|  b  |"));
        assert!(!is_drawn("a - b is a difference"));
        assert!(is_codey("int x = f(1);"));
        assert!(is_codey("$ apt install x"));
        assert!(!is_codey("We call it (see below) a day."));
        for item in ["- a", "* a", "1. a", "(a) b", "• a", "①a"] {
            assert!(item_mark(item).is_some(), "{item}");
        }
        for text in ["-a", "1.5 a", "A cat", "2010. It", "*bold*"] {
            assert!(item_mark(text).is_none(), "{text}");
        }
    }

    #[test]
    fn measures_columns() {
        let mut lines = Vec::new();
        split("a  b   c\n\n    x|y\n1,2,3", &mut lines);
        assert_eq!((lines[0].gaps, lines[0].column), (2, 3));
        assert_eq!(lines[1].class, Class::Blank);
        assert_eq!((lines[2].indent, lines[2].pipes), (4, 1));
        assert_eq!(lines[3].commas, 2);
        assert_eq!(line_of(&lines, 9), 1);
    }
}
