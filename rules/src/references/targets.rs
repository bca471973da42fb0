//! Targets of a text: objects with their labels, headings, entries, anchors.

use memchr::{memchr_iter, memmem};

use super::blocks::Structure;
use super::captions::{Label, bind, is_label};
use super::finding::Target;
use super::key::Key;
use super::kinds::{Evidence, Form, Kind, Span, Strength};
use super::lexicon::Lexicon;
use super::lines::{Class, Line, item_mark, line_of};
use super::marks::{anchor_key, label_key};
use super::mention::Mention;
use super::objects::ObjectKind;
use super::words::{fold, head};

/// Tells labels and entries from mentions, drops mentions in masked text, and collects targets.
pub(super) fn collect(
    lexicon: &Lexicon,
    text: &str,
    structure: &Structure,
    mentions: &mut Vec<Mention>,
    targets: &mut Vec<Target>,
) {
    targets.clear();
    let mut labels = Vec::new();
    let bibliography = bibliography(lexicon, text, structure);
    let mut ticks = Ticks::default();
    let mut entry_line = u32::MAX;
    mentions.retain_mut(|mention| {
        let index = line_of(&structure.lines, mention.span.start);
        let Some(line) = structure.lines.get(index).copied() else { return false };
        let here = Place { text, structure, index, line, bibliography };
        if mention.form == Form::Numbered && mention.kind == Kind::Citation {
            if let Some(entry) = here.entry(mention, &mut entry_line) {
                targets.push(entry);
                return false;
            }
        }
        if here.labels(mention, &mut labels) {
            return false;
        }
        if mention.form == Form::Residue && mention.kind != Kind::Residue {
            targets.push(Target {
                span: mention.span,
                kind: mention.kind,
                key: Key::default(),
                evidence: Evidence::Placeholder,
            });
        }
        // in formulas brackets are intervals and indices, in tables scores
        if mention.kind == Kind::Citation && here.is_formal(mention) {
            return false;
        }
        if here.is_masked(mention) || ticks.inside(text, line, mention.span.start) {
            return false;
        }
        mention.external |= here.is_cited(mention);
        true
    });
    let mut claimed = vec![false; structure.objects.len()];
    bind(text, structure, &mut labels, &mut claimed);
    objects(structure, &labels, targets);
    let wants = |kinds: &[Kind]| mentions.iter().any(|m| kinds.contains(&m.kind));
    if wants(&[Kind::Section, Kind::Appendix]) {
        sections(text, &structure.lines, targets);
    }
    if wants(&[Kind::Equation]) {
        tagged_equations(text, &structure.lines, targets);
    }
    if wants(&[Kind::Citation, Kind::Footnote, Kind::Anchor]) {
        definitions(text, structure, bibliography, targets);
    }
    if mentions.iter().any(|m| m.kind == Kind::Anchor && !m.or_range) {
        anchors(text, &structure.lines, targets);
    }
    if wants(&[Kind::Attachment]) {
        attachments(text, targets);
    }
    if wants(&[Kind::AuthorYear]) {
        authors(text, &structure.lines, bibliography, targets);
    }
    targets.sort_unstable_by_key(|target| (target.span.start, target.kind, target.key));
}

/// A mention's line and what surrounds it.
struct Place<'a> {
    text: &'a str,
    structure: &'a Structure,
    index: usize,
    line: Line,
    /// The line of the bibliography's heading.
    bibliography: Option<u32>,
}

impl Place<'_> {
    /// The entry of a bibliography that the mention is the label of.
    fn entry(&self, mention: &Mention, last: &mut u32) -> Option<Target> {
        let line = self.line.of(self.text);
        let before = self.text.get(self.line.start as usize..mention.span.start)?;
        let lead = before.trim();
        if !(lead.is_empty() || lead == ".." || lead == "-" || lead == "*" || lead == "\\") {
            return None;
        }
        let index = u32::try_from(self.index).unwrap_or(u32::MAX);
        let above = self.index.checked_sub(1).and_then(|above| self.structure.lines.get(above));
        let blank = above.is_none_or(|above| above.class != Class::Text);
        let near = *last != u32::MAX && index <= *last + 2;
        if !(blank || near || lead == ".." || self.in_bibliography()) {
            return None;
        }
        *last = index;
        let rest = line.get(mention.span.end - self.line.start as usize..).unwrap_or_default();
        let next = self.structure.lines.get(self.index + 1);
        let goes_on = next.is_some_and(|next| {
            next.class == Class::Text && !next.of(self.text).trim_start().starts_with('[')
        });
        let filled =
            !rest.trim_matches([' ', '.', ',', ':', '-', '–', '*', '_']).is_empty() || goes_on;
        let evidence = if filled { Evidence::Body } else { Evidence::Caption };
        let span = Span::new(mention.span.start, self.line.end as usize);
        Some(Target { span, kind: Kind::Citation, key: mention.key, evidence })
    }

    /// Adds the mention to `labels` if it is one.
    fn labels(&self, mention: &Mention, labels: &mut Vec<Label>) -> bool {
        let labelled = matches!(
            mention.kind,
            Kind::Table
                | Kind::Figure
                | Kind::Equation
                | Kind::Algorithm
                | Kind::Listing
                | Kind::Section
                | Kind::Appendix
                | Kind::Footnote
        );
        if mention.form != Form::Numbered || !labelled || self.line.class == Class::Toc {
            return false;
        }
        let marked = self.text.get(mention.span.start..).is_some_and(|t| t.starts_with("[^"));
        if marked || !is_label(self.text, &self.structure.lines, self.index, mention) {
            return false;
        }
        let rest = self.text.get(mention.span.end..self.line.end as usize).unwrap_or_default();
        let body = matches!(mention.kind, Kind::Section | Kind::Appendix | Kind::Footnote);
        labels.push(Label {
            kind: mention.kind,
            key: mention.key,
            span: mention.span,
            line: u32::try_from(self.index).unwrap_or(u32::MAX),
            evidence: if body { Evidence::Body } else { Evidence::Caption },
            object: None,
            has_text: rest.len() > 70 && rest.ends_with(['.', ':', '。']),
        });
        true
    }

    /// Whether the mention stands where mentions count for nothing.
    fn is_masked(&self, mention: &Mention) -> bool {
        if mention.form == Form::Residue && mention.kind != Kind::Residue {
            return matches!(self.line.class, Class::Pre | Class::Art);
        }
        let quoted = self.line.class == Class::Quote && self.structure.mail;
        let table = self.line.class == Class::Table
            && matches!(mention.form, Form::Deictic | Form::Promise);
        let citation = self.line.class == Class::Definition
            && matches!(mention.kind, Kind::Citation | Kind::Anchor | Kind::Footnote);
        if self.line.class.is_masked() || quoted || table || citation {
            return true;
        }
        in_address(self.text, self.line, mention.span.start)
    }

    /// Whether brackets on this line are hardly citations.
    fn is_formal(&self, mention: &Mention) -> bool {
        let line = head(self.line.of(self.text), 2000);
        let tex = line.contains('\\') && line.contains('{');
        let before = self.text.get(..mention.span.start).unwrap_or_default().trim_end();
        let after_text = before.ends_with(|c: char| {
            c.is_alphanumeric()
                || matches!(
                    c,
                    '.' | ',' | ']' | ')' | '"' | '”' | '’' | '*' | '_' | ';' | '(' | '^' | '—'
                )
        });
        tex || !after_text && !before.is_empty()
            || (self.line.class == Class::Table && mention.strength == Strength::M3)
    }

    fn in_bibliography(&self) -> bool {
        self.bibliography.is_some_and(|line| (line as usize) < self.index)
    }

    /// Whether the mention stands inside an entry or note about another work.
    fn is_cited(&self, mention: &Mention) -> bool {
        let by_name = mention.kind == Kind::Footnote && mention.strength == Strength::M1;
        let cites =
            by_name || !matches!(mention.kind, Kind::Footnote | Kind::Anchor | Kind::Residue);
        let line = self.line.of(self.text).trim_start();
        let numbered = line.strip_prefix('[').is_some_and(|rest| {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            digits > 0 && rest.get(digits..).is_some_and(|rest| rest.starts_with(']'))
        });
        let entry = numbered
            || self.in_bibliography()
                && (item_mark(line).is_some() || line.starts_with('[') || has_year(line));
        cites && mention.form == Form::Numbered && (entry || self.line.class == Class::Definition)
    }
}

fn has_year(line: &str) -> bool {
    line.contains("(19") || line.contains("(20") || line.contains(", 19") || line.contains(", 20")
}

/// Whether `at` is inside an address: a word with `://` or a path in it.
fn in_address(text: &str, line: Line, at: usize) -> bool {
    let from = at.saturating_sub(200).max(line.start as usize);
    let before = text.get(text.ceil_char_boundary(from)..at).unwrap_or_default();
    let word = before.rsplit([' ', '<', '>', '"']).next().unwrap_or_default();
    word.contains("://") || word.contains("](") || word.starts_with("www.")
}

/// Whether a place is inside backticks, found going forward only.
#[derive(Default)]
struct Ticks {
    line: u32,
    at: usize,
    open: bool,
}

impl Ticks {
    fn inside(&mut self, text: &str, line: Line, at: usize) -> bool {
        if self.line != line.start || self.at > at || self.at < line.start as usize {
            *self = Self { line: line.start, at: line.start as usize, open: false };
        }
        let passed = text.as_bytes().get(self.at..at).unwrap_or_default();
        self.open ^= memchr_iter(b'`', passed).count() % 2 == 1;
        self.at = at;
        self.open
    }
}

/// The line of the last heading of a bibliography.
fn bibliography(lexicon: &Lexicon, text: &str, structure: &Structure) -> Option<u32> {
    let mut lower = String::new();
    let mut found = None;
    for (index, line) in structure.lines.iter().enumerate() {
        if matches!(line.class, Class::Blank | Class::Pre) || line.width() > 48 {
            continue;
        }
        let title = line.of(text).trim_matches(|c: char| !c.is_alphabetic());
        let title = title.trim_start_matches("section{").trim_start_matches("h2>");
        if title.is_empty() || title.len() > 40 {
            continue;
        }
        fold(title, &mut lower);
        let known = lexicon.is_bibliography(&lower);
        if known {
            found = u32::try_from(index).ok();
        }
    }
    found
}

/// The targets that objects and labels are.
fn objects(structure: &Structure, labels: &[Label], targets: &mut Vec<Target>) {
    let mut keys: Vec<(u32, usize)> = Vec::new();
    for (index, label) in labels.iter().enumerate() {
        if let Some(object) = label.object {
            keys.push((object, index));
        } else {
            let Label { span, kind, key, evidence, .. } = *label;
            targets.push(Target { span, kind, key, evidence });
        }
    }
    keys.sort_unstable();
    for (index, object) in structure.objects.iter().enumerate() {
        let span = Span::new(object.start, object.end);
        let (kind, evidence) = match object.kind {
            ObjectKind::Table => (Kind::Table, Evidence::Body),
            ObjectKind::Flat => (Kind::Table, Evidence::Partial),
            ObjectKind::Image | ObjectKind::Art => (Kind::Figure, Evidence::Body),
            ObjectKind::Pre => (Kind::Listing, Evidence::Body),
            ObjectKind::Codey => (Kind::Listing, Evidence::Partial),
            ObjectKind::Math => (Kind::Equation, Evidence::Body),
            ObjectKind::List => (Kind::List, Evidence::Body),
            ObjectKind::Quote => (Kind::List, Evidence::Partial),
        };
        let object = u32::try_from(index).unwrap_or(u32::MAX);
        let first = keys.partition_point(|(known, _)| *known < object);
        let bound = keys.iter().skip(first).take_while(|(known, _)| *known == object);
        let mut any = false;
        for label in bound.filter_map(|(_, label)| labels.get(*label)) {
            any = true;
            let Label { kind, key, evidence, .. } = *label;
            targets.push(Target { span, kind, key, evidence });
        }
        // a deictic mention may mean it by what it is
        let same = any && labels.iter().any(|l| l.object == Some(object) && l.kind == kind);
        if !same {
            targets.push(Target { span, kind, key: Key::default(), evidence });
        }
    }
}

/// Sections by the number in their heading, and by the number that counting gives them.
fn sections(text: &str, lines: &[Line], targets: &mut Vec<Target>) {
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
fn tagged_equations(text: &str, lines: &[Line], targets: &mut Vec<Target>) {
    for line in lines {
        let full = line.of(text).trim_end_matches(['$', ' ', '\\', '|', '.']);
        let span = Span::new(line.start as usize, line.end as usize);
        let tagged = full.rsplit_once("\\tag{").map(|(_, tag)| tag.trim_end_matches('}'));
        let ended = full.strip_suffix([')', '）']).and_then(|head| {
            let (before, number) = head.rsplit_once(['(', '（'])?;
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
fn definitions(
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
        let full = line.of(text).trim_start();
        let span = Span::new(line.start as usize, line.end as usize);
        let after = bibliography.is_some_and(|heading| heading < u32::try_from(index).unwrap_or(0));
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
    for mark in ["id=\"fn", "id=\"footnote", "id=\"note", "name=\"fn", "id=\"cite_note"] {
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
fn anchors(text: &str, lines: &[Line], targets: &mut Vec<Target>) {
    let mut add = |span, key: Key| {
        if !key.is_empty() {
            targets.push(Target { span, kind: Kind::Anchor, key, evidence: Evidence::Label });
        }
    };
    for line in lines.iter().filter(|line| line.class == Class::Heading) {
        let full = line.of(text).trim();
        let span = Span::new(line.start as usize, line.end as usize);
        let title = full.trim_matches(['#', '=', '*', ' ']);
        let explicit = title.rfind("{#").and_then(|at| title.get(at + 2..));
        if let Some(name) = explicit.and_then(|rest| rest.split(['}', ' ']).next()) {
            add(span, anchor_key(name));
        }
        add(span, anchor_key(&link_texts(title)));
    }
    let marks = [
        "id=\"", "id='", "name=\"", "name='", "name =\"", "id =\"", "{#", "[[", "[#", "anchor:",
        "\\label{", "<a id=", "<a name=", ".. _",
    ];
    for mark in marks {
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
    let (mut tag, mut link) = (false, false);
    let mut last = ' ';
    for c in title.chars() {
        match c {
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
fn attachments(text: &str, targets: &mut Vec<Target>) {
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
fn authors(text: &str, lines: &[Line], bibliography: Option<u32>, targets: &mut Vec<Target>) {
    for (index, line) in lines.iter().enumerate() {
        let full = line.of(text).trim_start();
        let after = bibliography.is_some_and(|heading| heading < u32::try_from(index).unwrap_or(0));
        let start = full.trim_start_matches(|c: char| !c.is_alphabetic());
        if !after && !start.starts_with(char::is_uppercase) || line.class == Class::Blank {
            continue;
        }
        let entry = head(full, 600);
        let mut years = 0;
        for at in memmem::find_iter(entry.as_bytes(), b"19")
            .chain(memmem::find_iter(entry.as_bytes(), b"20"))
        {
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
