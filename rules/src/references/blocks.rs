//! What each line of a text belongs to: the marks of Markdown, reST, `AsciiDoc`, LaTeX, Org, wiki
//! and HTML that open and close blocks.

use memchr::memmem;

use super::fences::delimited;
use super::lines::{Class, Line, is_toc, item_mark, split};
use super::markup::{inline_objects, starts_with_ignore_case};
use super::objects::{ObjectKind, TargetObject, push, runs};

/// Marks that rules are made of.
const RULES: &[u8] = b"=-~^\"'`#*+._:";
/// Characters from which on a line is no title.
const TITLE_CHARS: usize = 120;
/// Lines in which the end of a block with a weak mark is looked for.
const CLOSE_LINES_MAX: usize = 100;

/// The structure of a text.
#[derive(Debug, Default)]
pub(super) struct Structure {
    pub(super) lines: Vec<Line>,
    pub(super) objects: Vec<TargetObject>,
    /// Quoted lines are somebody else's mail.
    pub(super) mail: bool,
}

/// Finds lines and objects of `text`, reusing the buffers.
pub(super) fn read(text: &str, structure: &mut Structure) {
    structure.objects.clear();
    split(text, &mut structure.lines);
    structure.mail = is_mail(text, &structure.lines);
    let lines = &mut structure.lines;
    let objects = &mut structure.objects;
    let mut at = front_matter(text, lines);
    let mut margin = Margin::of(lines);
    margin.org = text.starts_with("#+") || memmem::find(text.as_bytes(), b"\n#+").is_some();
    margin.wiki = memmem::find(text.as_bytes(), b"\n==").is_some()
        && memmem::find(text.as_bytes(), b" ==\n").is_some();
    while at < lines.len() {
        at = block(text, lines, at, objects, &mut margin).max(at + 1);
    }
    continue_definitions(lines);
    runs(text, lines, objects);
    inline_objects(text, lines, objects);
    objects.sort_unstable_by_key(|object| (object.start, object.end));
}

/// Indented lines below a definition belong to it.
fn continue_definitions(lines: &mut [Line]) {
    let mut inside = false;
    for line in lines {
        match line.class {
            Class::Definition => inside = true,
            Class::Text if inside && line.indent > 0 => line.class = Class::Definition,
            _ => inside = false,
        }
    }
}

/// What indentation means in this text.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact about the text so far")]
struct Margin {
    /// The usual indentation of running text.
    columns: u8,
    /// The last text line belonged to a list.
    in_list: bool,
    /// The last text line announced code: it ended in a colon.
    colon: bool,
    /// Stars mark headings, as in Org.
    org: bool,
    /// Number signs mark list items, as in wikis.
    wiki: bool,
    /// It ended in two colons, which makes what is indented deeper code, and its indentation.
    literal: Option<u8>,
}

impl Margin {
    fn of(lines: &[Line]) -> Self {
        let mut counts = [0_u32; 9];
        for line in lines.iter().filter(|line| line.class != Class::Blank).take(2000) {
            if let Some(count) = counts.get_mut(usize::from(line.indent)) {
                *count += 1;
            }
        }
        let all: u32 = counts.iter().sum();
        let usual = counts.iter().position(|count| *count * 6 > all);
        let columns = usual.map_or(0, |columns| u8::try_from(columns).unwrap_or(0));
        Self { columns, in_list: false, colon: false, org: false, wiki: false, literal: None }
    }
}

/// Classes the block that begins at line `at`; gives the line after it.
fn block(
    text: &str,
    lines: &mut [Line],
    at: usize,
    objects: &mut Vec<TargetObject>,
    margin: &mut Margin,
) -> usize {
    let Some(line) = lines.get(at).copied() else { return at };
    if line.class == Class::Blank {
        return at + 1;
    }
    let full = line.of(text);
    let trimmed = full.trim_start();
    let blank_before = at == 0 || lines.get(at - 1).is_some_and(|l| l.class == Class::Blank);
    if let Some((kind, class, end)) = delimited(text, lines, at, trimmed, blank_before) {
        set(lines, at, end, class);
        if let Some(kind) = kind {
            push(objects, lines, kind, at, end);
        }
        margin.colon = false;
        return end;
    }
    if indented_code(line, blank_before, margin, trimmed) {
        // a drawing's first line may be set in deeper than its others
        let plain = if margin.in_list { line.indent } else { margin.columns.saturating_add(4) };
        let least = margin.literal.take().map_or(plain, |indent| indent + 1);
        let end = indented_end(lines, at, least.min(line.indent));
        // captions set in as deep as their drawings part these
        let end = (at + 1..end)
            .find(|line| {
                lines.get(*line).is_some_and(|line| {
                    line.indent >= 8
                        && super::captions::looks_like_label(line.of(text).trim_start())
                })
            })
            .unwrap_or(end);
        let drawn = lines.get(at..end).unwrap_or_default().iter();
        let drawn = drawn.filter(|line| super::lines::is_drawn(line.of(text))).count();
        // aligned columns are a table wherever they stand
        let gaps = lines.get(at..end).unwrap_or_default().iter().filter(|l| l.gaps > 0).count();
        if drawn * 3 > end - at && drawn >= 3 {
            set(lines, at, end, Class::Art);
            push(objects, lines, ObjectKind::Art, at, end);
            return end;
        }
        if gaps * 5 < (end - at) * 4 || end - at < 3 {
            set(lines, at, end, Class::Pre);
            push(objects, lines, ObjectKind::Pre, at, end);
            return end;
        }
        return end;
    }
    let class = if begins_as_words(trimmed) {
        words(text, lines, at, trimmed, blank_before)
    } else {
        single(text, lines, at, trimmed, blank_before, margin)
    };
    if let Some(line) = lines.get_mut(at) {
        line.class = class;
    }
    if class == Class::Heading
        && !rule_at(text, lines, at + 1).is_empty()
        && let Some(rule) = lines.get_mut(at + 1)
    {
        rule.class = Class::Markup;
        return at + 2;
    }
    if class != Class::Text || line.indent <= margin.columns {
        margin.in_list = class == Class::Item || (margin.in_list && !blank_before);
    }
    margin.colon = full.ends_with([':', '：']);
    margin.literal = full.ends_with("::").then_some(line.indent);
    at + 1
}

/// Whether a line begins with a letter that is no label: most lines do, and only a few classes are
/// theirs.
fn begins_as_words(trimmed: &str) -> bool {
    let mut bytes = trimmed.bytes();
    let letter = bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic());
    letter && bytes.next().is_some_and(|byte| byte.is_ascii() && !matches!(byte, b'.' | b')'))
}

/// The class of a line that [`begins_as_words`]: what [`single`] gives it.
fn words(text: &str, lines: &[Line], at: usize, trimmed: &str, blank_before: bool) -> Class {
    if is_toc(trimmed) {
        return Class::Toc;
    }
    let rule = rule_at(text, lines, at + 1);
    if rule.is_empty() {
        return Class::Text;
    }
    let titled = blank_before || at == 0 || !rule_at(text, lines, at - 1).is_empty();
    let title = trimmed.chars().take(TITLE_CHARS).count();
    if titled && title < TITLE_CHARS && rule.len() * 2 >= title {
        Class::Heading
    } else {
        Class::Text
    }
}

/// The rule that line `at` is; nothing where it is none.
fn rule_at<'a>(text: &'a str, lines: &[Line], at: usize) -> &'a str {
    let Some(line) = lines.get(at) else { return "" };
    // most lines are told by their ends
    let bytes = text.as_bytes().get(line.start as usize..line.end as usize).unwrap_or_default();
    let [.., before, last] = bytes else { return "" };
    if last.is_ascii() && (before != last || !RULES.contains(last)) {
        return "";
    }
    let rule = line.of(text).trim();
    if is_rule(rule) { rule } else { "" }
}

/// The class of one line that opens no block.
fn single(
    text: &str,
    lines: &[Line],
    at: usize,
    trimmed: &str,
    blank_before: bool,
    margin: &Margin,
) -> Class {
    let hashes = trimmed.bytes().take_while(|b| *b == b'#').count();
    if (1..=6).contains(&hashes)
        && trimmed.get(hashes..).is_some_and(|r| r.starts_with([' ', '\t']))
    {
        return if margin.wiki { Class::Item } else { Class::Heading };
    }
    let equals = trimmed.bytes().take_while(|b| *b == b'=').count();
    if (1..=6).contains(&equals)
        && trimmed
            .get(equals..)
            .is_some_and(|r| r.starts_with(' ') && r.len() > 2 && !r.trim().starts_with('='))
    {
        return Class::Heading;
    }
    if (2..=6).contains(&equals)
        && trimmed.ends_with("==")
        && trimmed.bytes().any(|b| b.is_ascii_alphanumeric() || b > 127)
    {
        return Class::Heading;
    }
    let stars = trimmed.bytes().take_while(|b| *b == b'*').count();
    if stars >= 2 && trimmed.get(stars..).is_some_and(|r| r.starts_with(' ')) && blank_before {
        return if margin.org { Class::Heading } else { Class::Item };
    }
    if starts_with_ignore_case(trimmed, "<h")
        && trimmed.as_bytes().get(2).is_some_and(|b| (b'1'..=b'6').contains(b))
    {
        return Class::Heading;
    }
    if let Some(rest) = trimmed.strip_prefix('\\') {
        let section = ["section", "subsection", "subsubsection", "chapter", "paragraph", "rSec"];
        if section.iter().any(|name| rest.starts_with(name)) {
            return Class::Heading;
        }
    }
    if is_toc(trimmed) {
        return Class::Toc;
    }
    if trimmed.starts_with('>') && !trimmed.starts_with(">>> ") {
        return Class::Quote;
    }
    if is_rule(trimmed) {
        return Class::Markup;
    }
    // titles have letters; a brace above dots is elided code
    let attribute = trimmed.starts_with(['[', '.']) || !trimmed.chars().any(char::is_alphanumeric);
    // only a line above a rule is worth measuring
    let rule = rule_at(text, lines, at + 1);
    let short =
        if rule.is_empty() { TITLE_CHARS } else { trimmed.chars().take(TITLE_CHARS).count() };
    if short < TITLE_CHARS
        && !attribute
        && rule.len() * 2 >= short
        // a title may stand between two rules
        && (blank_before || at == 0 || !rule_at(text, lines, at - 1).is_empty())
    {
        return Class::Heading;
    }
    if is_definition(trimmed) {
        return Class::Definition;
    }
    if trimmed.starts_with(".. ") || trimmed.starts_with("<!--") && trimmed.ends_with("-->") {
        return Class::Markup;
    }
    if blank_before && is_numbered_heading(trimmed) {
        let blank_after = lines.get(at + 1).is_none_or(|line| line.class == Class::Blank);
        if blank_after {
            return Class::Heading;
        }
    }
    if item_mark(trimmed).is_some() {
        return Class::Item;
    }
    Class::Text
}

/// Whether the line at `at` begins code that only its indentation marks.
fn indented_code(line: Line, blank_before: bool, margin: &Margin, trimmed: &str) -> bool {
    if blank_before && margin.literal.is_some_and(|indent| line.indent > indent) {
        return true;
    }
    let deep = line.indent >= margin.columns.saturating_add(4);
    if !deep || !blank_before || trimmed.starts_with("[^") || is_definition(trimmed) {
        return false;
    }
    if super::captions::looks_like_label(trimmed) {
        return false;
    }
    if margin.in_list {
        // four more than the item's own text, or it goes on with the item
        return margin.colon && line.indent >= margin.columns.saturating_add(6)
            || line.indent >= margin.columns.saturating_add(8);
    }
    item_mark(trimmed).is_none() || margin.colon
}

/// The line after the last one that is indented by at least `indent` columns.
pub(super) fn indented_end(lines: &[Line], from: usize, indent: u8) -> usize {
    let mut end = from;
    for (index, line) in lines.iter().enumerate().skip(from) {
        if line.class == Class::Blank {
            continue;
        }
        if line.indent < indent {
            break;
        }
        end = index + 1;
    }
    end
}

/// Sets the class of the lines from `from` up to, not including, `to`.
fn set(lines: &mut [Line], from: usize, to: usize, class: Class) {
    for line in lines.get_mut(from..to).unwrap_or_default() {
        line.class = class;
    }
}

/// Marks YAML or TOML front matter; gives the line after it.
fn front_matter(text: &str, lines: &mut [Line]) -> usize {
    let mark = lines.first().map_or("", |line| line.of(text)).to_owned();
    if mark != "---" && mark != "+++" {
        return 0;
    }
    let close = lines.iter().skip(1).take(CLOSE_LINES_MAX).position(|line| line.of(text) == mark);
    let end = close.map_or(0, |offset| offset + 2);
    set(lines, 0, end, Class::Markup);
    end
}

/// A line of one punctuation mark, three times or more.
fn is_rule(line: &str) -> bool {
    let mut bytes = line.bytes();
    let Some(first) = bytes.next() else { return false };
    line.len() >= 3 && RULES.contains(&first) && bytes.all(|b| b == first)
}

/// `[label]: target`, `[^1]: note`, `.. [1] entry`, `.. _label:`.
fn is_definition(line: &str) -> bool {
    if let Some(rest) = line.strip_prefix('[') {
        let close = super::words::head(rest, 200).find(']');
        return close.and_then(|close| rest.get(close + 1..)).is_some_and(|r| r.starts_with(':'));
    }
    line.starts_with(".. [") || line.starts_with(".. _") || line.starts_with(".. |")
}

/// `3.2 Title`, `Chapter 3`, `Appendix B`, without an end of a sentence.
fn is_numbered_heading(line: &str) -> bool {
    if line.len() > 100 || line.ends_with(['.', ',', ';', ':', '。']) {
        return false;
    }
    let label = line.split([' ', '\t', '\u{a0}']).next().unwrap_or_default();
    let dotted = label.trim_end_matches('.');
    let numbers = dotted.split('.').all(|part| {
        !part.is_empty() && part.len() <= 3 && part.bytes().all(|b| b.is_ascii_digit())
            || part.len() == 1 && part.bytes().all(|b| b.is_ascii_uppercase())
    });
    let title = line.get(label.len()..).unwrap_or_default().trim_start();
    let dots = dotted.contains('.');
    numbers
        && (dots || label.bytes().all(|b| b.is_ascii_digit()))
        && title.starts_with(|c: char| c.is_uppercase() || !c.is_ascii())
}

/// Whether the text is a mail or a thread of mails.
fn is_mail(text: &str, lines: &[Line]) -> bool {
    let headers = ["From: ", "Subject: ", "Message-ID: ", "Message-Id: ", "In-Reply-To: "];
    let top = lines.iter().take(30);
    let found = top.filter(|line| headers.iter().any(|h| line.of(text).starts_with(h))).count();
    found >= 2
        || lines.iter().zip(lines.iter().skip(1)).any(|(line, next)| {
            next.first == b'>' && next.indent == 0 && line.of(text).ends_with("wrote:")
        })
}
