//! What follows the paragraph of a mention that points by place.

use super::blocks::Structure;
use super::kinds::{Direction, Form, Kind};
use super::lines::{Class, Line, is_codey, item_mark, line_of};
use super::mention::{Mention, Next};
use super::words::head;

/// Bytes in which the end of the mention's sentence is looked for.
const SENTENCE_BYTES_MAX: usize = 400;
/// Lines looked at after the mention's own.
const LINES_MAX: usize = 12;

/// Bytes of a line that was broken because it was long.
const LINE_BYTES_MIN: usize = 60;

/// Lines before a mention in which the heading above it is looked for.
const HEADING_LINES_MAX: usize = 200;

/// Says for each deictic mention and promise what follows its paragraph.
pub(super) fn look_after(text: &str, structure: &Structure, mentions: &mut [Mention]) {
    for mention in mentions {
        if matches!(mention.form, Form::Deictic | Form::Promise) {
            let (colon, next) = after(text, structure, mention);
            mention.colon |= colon;
            mention.next = if holds_code(text, mention) { Next::Object } else { next };
        }
    }
}

/// Whether the code that is announced stands in the same paragraph: behind a colon, as commands of
/// TeX, in marks of code.
fn holds_code(text: &str, mention: &Mention) -> bool {
    if mention.kind != Kind::Listing || mention.direction != Direction::Below {
        return false;
    }
    let rest = head(text.get(mention.span.end..).unwrap_or_default(), SENTENCE_BYTES_MAX);
    let rest = rest.split("\n\n").next().unwrap_or_default();
    let sentence = rest.split(['.', '!', '?', '。']).next().unwrap_or_default();
    let behind = sentence.split_once([':', '：']).map_or("", |(_, behind)| behind.trim());
    let marked = |text: &str| {
        let command = |tail: &str| tail.starts_with(|c: char| c.is_ascii_alphabetic());
        text.split('\\').skip(1).any(command) || text.contains('`') || text.contains("<code")
    };
    behind.len() > 2 || marked(rest)
}

fn after(text: &str, structure: &Structure, mention: &Mention) -> (bool, Next) {
    let from = mention.span.end.saturating_sub(usize::from(mention.form == Form::Promise));
    let rest = head(text.get(from..).unwrap_or_default(), SENTENCE_BYTES_MAX);
    let colon = rest.char_indices().find_map(|(at, c)| {
        let tail = rest.get(at + c.len_utf8()..).unwrap_or_default();
        let tail = tail.trim_start_matches(['*', '_', ' ', '\t', '\r']);
        let line_end = tail.is_empty() || tail.starts_with('\n');
        match c {
            ':' | '：' if line_end => Some(Some(at)),
            '.' | '!' | '?' if tail.starts_with('\n') || rest.get(at + 1..)?.starts_with(' ') => {
                Some(None)
            }
            '。' => Some(None),
            '\n' if tail.starts_with('\n') => Some(None),
            _ => None,
        }
    });
    let colon = colon.flatten();
    let line = line_of(&structure.lines, from + colon.unwrap_or(0));
    let here = structure.lines.get(line).copied().unwrap_or_default();
    // without a colon the paragraph may go on
    if colon.is_none() {
        let found = structure.lines.iter().enumerate().skip(line + 1);
        let start =
            found.take(LINES_MAX).find(|(_, l)| l.class != Class::Text).map_or(line + 1, |f| f.0);
        return (false, next_of(text, structure, start, here));
    }
    // a broken line goes on
    let goes_on = structure.lines.get(line + 1).is_some_and(|next| next.class == Class::Text);
    let next = next_of(text, structure, line + 1, here);
    (true, if goes_on && here.width() > LINE_BYTES_MIN { Next::Object } else { next })
}

/// What the first line with content from `start` on is; `here` is the mention's own line.
fn next_of(text: &str, structure: &Structure, start: usize, here: Line) -> Next {
    let mut ahead = structure.lines.iter().enumerate().skip(start).take(LINES_MAX);
    let Some((index, line)) = ahead.find(|(_, line)| line.class != Class::Blank) else {
        return if start + LINES_MAX >= structure.lines.len() { Next::End } else { Next::Prose };
    };
    let first = structure.objects.partition_point(|o| o.start < line.start as usize);
    let inline = structure.objects.get(first).is_some_and(|o| o.start < line.end as usize);
    let inside = first.checked_sub(1).and_then(|before| structure.objects.get(before));
    let inside = inside.is_some_and(|object| object.end > line.start as usize);
    if inline || inside {
        return Next::Object;
    }
    // what is set in belongs to what stands before; so does what looks like a heading below text
    // that is set in itself
    if line.indent > here.indent && (line.class != Class::Heading || here.indent > 0) {
        return Next::Object;
    }
    match line.class {
        Class::Heading if is_numbered_item(text, structure, index) => Next::Object,
        // headings below the current one are what was announced
        Class::Heading if is_deeper(text, structure, start, index) => Next::Object,
        Class::Heading if titles_object(structure, index) => Next::Object,
        Class::Heading => Next::Heading,
        Class::Text => {
            let full = line.of(text).trim();
            let full = paragraph_text(full).unwrap_or(full);
            // a caption or an attribute list announces its object
            let led = full.starts_with(['.', '[']) || super::captions::looks_like_label(full);
            if led
                || item_mark(full).is_some()
                || is_codey(full)
                || full.starts_with(['<', '$', '{', '"', '“', '«', '„', '「', '（', '【'])
                || full.starts_with("#+")
            {
                return Next::Object;
            }
            let title = line.width() < 60
                && !full.ends_with(['.', ':', ';', ',', '!', '?', '。', ')'])
                && full.starts_with(char::is_uppercase);
            let blank = structure.lines.get(index + 1).is_none_or(|l| l.class == Class::Blank);
            let later = structure.lines.get(index + 2);
            let prose = later.is_some_and(|l| l.class == Class::Text && l.width() > 100);
            if title && blank && prose { Next::Heading } else { Next::Prose }
        }
        Class::Markup if line.of(text).trim_start().starts_with(['-', '=', '*']) => Next::Prose,
        _ => Next::Object,
    }
}

/// Whether an object follows right below the heading at line `index`: "Code" above code.
fn titles_object(structure: &Structure, index: usize) -> bool {
    let below = structure.lines.iter().skip(index + 1).take(4);
    let Some(line) = below.into_iter().find(|line| line.class != Class::Blank) else {
        return false;
    };
    let at = structure.objects.partition_point(|object| object.end <= line.start as usize);
    structure.objects.get(at).is_some_and(|object| object.start <= line.end as usize)
}

/// What stands in a paragraph of HTML.
fn paragraph_text(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("<p").filter(|rest| rest.starts_with(['>', ' ']))?;
    let inside = rest.split_once('>')?.1;
    Some(inside.trim_end_matches("</p>").trim())
}

/// Whether a line that looks like a heading is rather an item of a numbered list: in wiki markup
/// `#` marks both.
fn is_numbered_item(text: &str, structure: &Structure, index: usize) -> bool {
    let at = |index: usize| structure.lines.get(index).map_or("", |line| line.of(text).trim());
    let line = at(index);
    let marks = line.bytes().take_while(|b| *b == b'#').count();
    let next = at(index + 1);
    let same = next.bytes().take_while(|b| *b == b'#').count() == marks;
    marks > 0 && (same || line.ends_with(['.', ',', ';', ':', '。', '；', '，']))
}

/// Whether the heading at line `index` is of a lower level than the one above line `start`.
fn is_deeper(text: &str, structure: &Structure, start: usize, index: usize) -> bool {
    let lines = structure.lines.get(start.saturating_sub(HEADING_LINES_MAX)..start);
    let mut above = lines.unwrap_or_default().iter().rev();
    let here = heading_level(text, &structure.lines, index);
    let before = above.find(|line| line.class == Class::Heading);
    before.is_some_and(|before| {
        let at = line_of(&structure.lines, before.start as usize);
        let level = heading_level(text, &structure.lines, at);
        level > 0 && here > level
    })
}

/// The level of the heading at line `index`, from 1; 0 where nothing tells it.
pub(super) fn heading_level(text: &str, lines: &[Line], index: usize) -> usize {
    let full = lines.get(index).map_or("", |line| line.of(text).trim_start());
    let marks = full.bytes().take_while(|b| matches!(b, b'#' | b'=' | b'*')).count();
    let html = full.get(2..3).filter(|_| full.starts_with("<h") || full.starts_with("<H"));
    let rule = lines.get(index + 1).map_or("", |next| next.of(text).trim());
    let dots = full.split([' ', '\u{a0}']).next().unwrap_or_default();
    if marks > 0 {
        marks
    } else if let Some(level) = html.and_then(|level| level.parse().ok()) {
        level
    } else if dots.starts_with(|c: char| c.is_ascii_digit()) {
        dots.bytes().filter(|b| *b == b'.').count() + 1
    } else {
        match rule.bytes().next() {
            Some(b'=') => 1,
            Some(b'-') => 2,
            Some(b'~' | b'^') => 3,
            _ => 0,
        }
    }
}
