//! Targets that are no objects: headings, entries, definitions, anchors, links.

use std::collections::BTreeMap;

use memchr::memmem;

use super::blocks::Structure;
use super::finding::Target;
use super::key::Key;
use super::kinds::{Evidence, Kind, Span};
use super::lines::{Class, Line};
use super::marks::{anchor_key, label_key};
use super::words::head;

/// Sections by the number in their heading, and by the number that counting gives them.
pub(super) fn sections(text: &str, lines: &[Line], targets: &mut Vec<Target>) {
    let mut counts = [0_u32; 7];
    let mut top = None;
    for line in lines {
        if !matches!(line.class, Class::Heading | Class::Text | Class::Item) || line.width() > 160 {
            continue;
        }
        let full = line.of(text).trim();
        let span = Span::new(line.start as usize, line.end as usize);
        let marks = full.bytes().take_while(|b| matches!(b, b'#' | b'=' | b'*')).count();
        let title = full.trim_start_matches(['#', '=', '*', ' ']);
        let title = if title.starts_with('<') {
            title.split_once('>').map_or(title, |t| t.1)
        } else {
            title
        };
        if let Some(key) = leading_number(title) {
            let evidence =
                if line.class == Class::Heading { Evidence::Body } else { Evidence::Label };
            targets.push(Target { span, kind: Kind::Section, key, evidence });
            if key.as_str().starts_with(|c: char| c.is_ascii_uppercase()) {
                targets.push(Target { span, kind: Kind::Appendix, key, evidence });
            }
        }
        if line.class == Class::Heading {
            let level = if marks > 0 { marks.min(6) } else { tex_level(full) };
            let top = *top.get_or_insert(level);
            for first in [top, top + 1] {
                if level < first {
                    continue;
                }
                let depth = level - first;
                if first == top {
                    for count in counts.iter_mut().skip(level + 1) {
                        *count = 0;
                    }
                    if let Some(count) = counts.get_mut(level) {
                        *count += 1;
                    }
                }
                let parts = counts.iter().skip(first).take(depth + 1);
                let number: Vec<String> = parts.map(ToString::to_string).collect();
                let key = Key::new(&number.join("."));
                targets.push(Target { span, kind: Kind::Section, key, evidence: Evidence::Label });
            }
        }
    }
}

fn tex_level(heading: &str) -> usize {
    ["\\chapter", "\\section", "\\subsection", "\\subsubsection"]
        .iter()
        .position(|name| heading.starts_with(name))
        .unwrap_or(1)
}

/// The number that a heading begins with.
fn leading_number(title: &str) -> Option<Key> {
    let label = title.split([' ', '\t', '\u{3000}', '\u{a0}']).next()?;
    let bare = label.trim_start_matches('§').trim_end_matches(['.', ')', ':', '．']);
    let parts = bare.split('.').all(|part| {
        !part.is_empty()
            && part.len() <= 3
            && (part.bytes().all(|b| b.is_ascii_digit())
                || part.len() == 1 && part.bytes().all(|b| b.is_ascii_uppercase()))
    });
    let short = bare.len() == 1 && label.len() == 1 && bare.bytes().all(|b| b.is_ascii_uppercase());
    (parts && !short && title.len() > label.len()).then(|| Key::new(bare))
}

/// Lines that end in `(3)`: a displayed equation and its number.
pub(super) fn tagged_equations(text: &str, lines: &[Line], targets: &mut Vec<Target>) {
    for line in lines {
        let full = line.of(text).trim_end_matches(['$', ' ', '\\', '|', '.']);
        let span = Span::new(line.start as usize, line.end as usize);
        let tagged = full.rsplit_once("\\tag{").map(|(_, tag)| tag.trim_end_matches('}'));
        let ended = full.strip_suffix([')', '）', ']']).and_then(|head| {
            let (before, number) = head.rsplit_once(['(', '（', '['])?;
            let number = number.rsplit([' ', '.', '\u{a0}']).next().unwrap_or(number);
            // a cross reference at the end of a sentence names its noun
            let formula = before.contains(['=', '<', '>', '∑', '∫', '≤', '≥', '≈'])
                || before.ends_with("  ")
                || before.trim().is_empty();
            formula.then_some(number)
        });
        for number in tagged.into_iter().chain(ended) {
            if number.len() <= 8 && number.bytes().any(|b| b.is_ascii_digit()) {
                let key = Key::new(&number.replace('-', "."));
                targets.push(Target { span, kind: Kind::Equation, key, evidence: Evidence::Body });
            }
        }
    }
}

/// Link, footnote and reference definitions, and the numbered entries of a bibliography.
pub(super) fn definitions(
    text: &str,
    structure: &Structure,
    bibliography: Option<u32>,
    targets: &mut Vec<Target>,
) {
    let mut add = |span, kind, key| {
        targets.push(Target { span, kind, key, evidence: Evidence::Body });
    };
    let mut items = 0;
    for (index, line) in structure.lines.iter().enumerate() {
        let after = bibliography.is_some_and(|heading| heading < u32::try_from(index).unwrap_or(0));
        if line.first.is_ascii_alphabetic() || line.class == Class::Blank && line.first == 0 {
            continue;
        }
        let full = line.of(text).trim_start();
        let span = Span::new(line.start as usize, line.end as usize);
        if let Some(rest) = full.strip_prefix('[').or_else(|| full.strip_prefix(".. [")) {
            let Some(close) = rest.find(']') else { continue };
            let label = rest.get(..close).unwrap_or_default();
            let colon = rest.get(close + 1..).is_some_and(|r| r.starts_with(':'));
            if !(colon || full.starts_with("..")) {
                continue;
            }
            let bare = label.trim_start_matches(['^', '#']);
            let key = label_key(bare);
            if label.starts_with(['^', '#']) {
                add(span, Kind::Footnote, key);
                if label.starts_with('#') && colon {
                    add(span, Kind::Anchor, label_key(label));
                }
            } else {
                add(span, Kind::Anchor, key);
                add(span, Kind::Citation, label_key(bare.trim_start_matches('0')));
            }
            add(span, Kind::Citation, key);
        } else if full.starts_with("\\bibitem") {
            items += 1;
            add(span, Kind::Citation, Key::number(items));
        } else if after && line.class != Class::Blank {
            let digits = full.bytes().take_while(u8::is_ascii_digit).count();
            let number = full.get(..digits).unwrap_or_default();
            let dot =
                full.get(digits..).is_some_and(|rest| rest.starts_with(['.', ')', ' ', '\t', ':']));
            if digits > 0 && digits <= 3 && dot && full.len() > digits + 4 {
                add(span, Kind::Citation, label_key(number));
                add(span, Kind::Footnote, label_key(number));
            }
        }
    }
    let quoted = memmem::find(text.as_bytes(), b"=\"").is_some();
    let marks = ["id=\"fn", "id=\"footnote", "id=\"note", "name=\"fn", "id=\"cite_note"];
    for mark in marks.into_iter().filter(|_| quoted) {
        for at in memmem::find_iter(text.as_bytes(), mark.as_bytes()) {
            let rest = head(text.get(at + mark.len()..).unwrap_or_default(), 24);
            let name = rest.split('"').next().unwrap_or_default();
            let digits: String = name.chars().filter(char::is_ascii_digit).collect();
            let span = Span::new(at, at + mark.len());
            add(span, Kind::Footnote, label_key(&digits));
            add(span, Kind::Citation, label_key(&digits));
        }
    }
}

/// Names that a link of the document can point at: headings and ids.
pub(super) fn anchors(text: &str, lines: &[Line], targets: &mut Vec<Target>) {
    let mut add = |span, key: Key| {
        if !key.is_empty() {
            targets.push(Target { span, kind: Kind::Anchor, key, evidence: Evidence::Label });
        }
    };
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.class == Class::Heading) {
        let full = line.of(text).trim();
        let span = Span::new(line.start as usize, line.end as usize);
        let title = full.trim_matches(['#', '=', '*', ' ']);
        let braces = title.rfind('{').and_then(|at| title.get(at + 1..));
        let explicit = braces.and_then(|rest| rest.trim_start().strip_prefix('#'));
        if let Some(name) = explicit.and_then(|rest| rest.split(['}', ' ']).next()) {
            add(span, anchor_key(name));
        }
        let title = link_texts(title);
        add(span, anchor_key(&title));
        // the second heading of one title gets a number behind it
        let count = seen.entry(title.to_lowercase()).or_default();
        if *count > 0 {
            add(span, anchor_key(&format!("{title}{count}")));
        }
        *count += 1;
    }
    let marks = [
        "id=\"", "id='", "name=\"", "name='", "name =\"", "id =\"", "{#", "[[", "[#", "anchor:",
        "\\label{", "<a id=", "<a name=", ".. _",
    ];
    // what most texts lack is looked for once
    let absent = ["=", "{"].map(|part| memmem::find(text.as_bytes(), part.as_bytes()).is_none());
    let lacks = |mark: &&str| absent[0] && mark.contains('=') || absent[1] && mark.contains('{');
    for mark in marks.into_iter().filter(|mark| !lacks(mark)) {
        for at in memmem::find_iter(text.as_bytes(), mark.as_bytes()) {
            let rest = head(text.get(at + mark.len()..).unwrap_or_default(), 120);
            let end =
                rest.find(['"', '\'', '}', ']', ',', '>', '\n', ' ', ':']).unwrap_or(rest.len());
            let name = rest.get(..end).unwrap_or_default();
            add(Span::new(at, at + mark.len() + end), anchor_key(name));
        }
    }
}

/// A heading without the targets of its links and without tags.
fn link_texts(title: &str) -> String {
    let mut out = String::with_capacity(title.len());
    let (mut tag, mut link, mut code) = (false, false, false);
    let mut last = ' ';
    for c in title.chars() {
        match c {
            '`' if !tag => code = !code,
            _ if code => out.push(c),
            '<' => tag = true,
            '>' if tag => tag = false,
            '(' if last == ']' => link = true,
            ')' if link => link = false,
            _ if !(tag || link) => out.push(c),
            _ => {}
        }
        last = c;
    }
    out
}

/// Anything that may be an attached file: a link, or a name with an ending.
pub(super) fn attachments(text: &str, targets: &mut Vec<Target>) {
    let marks = [
        "://",
        "](",
        "<a ",
        ".pdf",
        ".doc",
        ".xls",
        ".zip",
        ".csv",
        ".txt",
        ".png",
        ".jpg",
        ".gz",
        ".patch",
        ".diff",
        ".odt",
        ".ppt",
        "Content-Disposition",
        "<attachment",
        ".PDF",
        ".log",
    ];
    for mark in marks {
        if let Some(at) = memmem::find(text.as_bytes(), mark.as_bytes()) {
            let span = Span::new(at, at + mark.len());
            let (kind, key) = (Kind::Attachment, Key::default());
            targets.push(Target { span, kind, key, evidence: Evidence::Body });
        }
    }
}

/// Entries of a bibliography by surname and year.
pub(super) fn authors(
    text: &str,
    lines: &[Line],
    bibliography: Option<u32>,
    targets: &mut Vec<Target>,
) {
    let centuries = ["19", "20"].map(memmem::Finder::new);
    for (index, line) in lines.iter().enumerate() {
        let full = line.of(text).trim_start();
        let after = bibliography.is_some_and(|heading| heading < u32::try_from(index).unwrap_or(0));
        let start = full.trim_start_matches(|c: char| !c.is_alphabetic());
        if !after && !start.starts_with(char::is_uppercase) || line.class == Class::Blank {
            continue;
        }
        let entry = head(full, 600);
        let mut years = 0;
        for at in centuries.iter().flat_map(|century| century.find_iter(entry.as_bytes())) {
            let year = entry.get(at..at + 4).unwrap_or_default();
            if year.len() < 4 || !year.bytes().all(|b| b.is_ascii_digit()) || years > 3 {
                continue;
            }
            years += 1;
            let first = start.find(|c: char| !c.is_alphabetic() && c != '-').unwrap_or(start.len());
            let behind = start.get(first..).unwrap_or_default();
            // "Smith, J. (2010)": elsewhere a line that begins with a capital is a sentence
            if !after && !behind.starts_with(',') {
                break;
            }
            let names = head(entry, if after { 160 } else { 60 });
            let words =
                names.split(|c: char| !c.is_alphabetic() && c != '-' && c != '’' && c != '\'');
            let upper = words.filter(|w| w.len() > 1 && w.starts_with(char::is_uppercase)).take(12);
            for name in upper {
                let key = super::marks::author_key(name, year);
                let span = Span::new(line.start as usize, line.end as usize);
                targets.push(Target {
                    span,
                    kind: Kind::AuthorYear,
                    key,
                    evidence: Evidence::Body,
                });
            }
        }
    }
}
