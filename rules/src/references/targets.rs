//! Targets of a text: objects with their labels, headings, entries, anchors.

use memchr::memchr_iter;

use super::blocks::Structure;
use super::captions::{Label, bind, is_label};
use super::entries::{anchors, attachments, authors, definitions, sections, tagged_equations};
use super::finding::Target;
use super::key::Key;
use super::kinds::{Evidence, Form, Kind, Span, Strength};
use super::lexicon::Lexicon;
use super::lines::{Class, Line, item_mark, line_of};
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
    let mut tex = Tex::default();
    let mut entry_line = u32::MAX;
    mentions.retain_mut(|mention| {
        let index = line_of(&structure.lines, mention.span.start);
        let Some(line) = structure.lines.get(index).copied() else { return false };
        let here = MentionLine { text, structure, index, line, bibliography };
        if mention.form == Form::Numbered
            && mention.kind == Kind::Citation
            && let Some(entry) = here.entry(mention, &mut entry_line)
        {
            targets.push(entry);
            return false;
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
        if mention.kind == Kind::Citation && here.is_formal(mention, tex.on(text, line)) {
            return false;
        }
        if here.is_masked(mention) || ticks.inside(text, line, mention.span.start) {
            return false;
        }
        mention.external |= here.is_cited(mention);
        true
    });
    bind(text, structure, &mut labels);
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
struct MentionLine<'a> {
    text: &'a str,
    structure: &'a Structure,
    index: usize,
    line: Line,
    /// The line of the bibliography's heading.
    bibliography: Option<u32>,
}

impl MentionLine<'_> {
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
    fn is_formal(&self, mention: &Mention, tex: bool) -> bool {
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

/// Whether a line has commands of LaTeX; mentions of one line ask once.
#[derive(Default)]
struct Tex {
    last: Option<(u32, bool)>,
}

impl Tex {
    fn on(&mut self, text: &str, line: Line) -> bool {
        if let Some((start, found)) = self.last
            && start == line.start
        {
            return found;
        }
        let start = head(line.of(text), 2000);
        let found = start.contains('\\') && start.contains('{');
        self.last = Some((line.start, found));
        found
    }
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
        let full = line.of(text);
        if full.is_ascii() && !lexicon.may_be_bibliography(full) {
            continue;
        }
        let mut title = full.trim_matches(|c: char| !c.is_alphabetic());
        for mark in ["section{", "h2>"] {
            while let Some(rest) = title.strip_prefix(mark) {
                title = rest;
            }
        }
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
