//! Captions and titles: which mentions are labels, and which object each belongs to.

use super::blocks::Structure;
use super::context::heading_level;
use super::key::Key;
use super::kinds::{Evidence, Kind, Span};
use super::lines::{Class, Line};
use super::mention::Mention;
use super::objects::{ObjectKind, TargetObject};
use super::words::{char_at, head};

/// Content lines between a label and its object.
const GAP_LINES_MAX: u32 = 3;
/// Lines, blank ones too, in which an object is looked for around a label.
const WINDOW_LINES: u32 = 14;
/// Lines of a section in which the code of an example is looked for.
const SECTION_LINES_MAX: usize = 400;

/// A label and what was found for it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Label {
    pub(super) kind: Kind,
    pub(super) key: Key,
    pub(super) span: Span,
    pub(super) line: u32,
    pub(super) evidence: Evidence,
    /// The object bound to it, by index.
    pub(super) object: Option<u32>,
    /// A mention it may be instead, since its line could be a sentence.
    pub(super) has_text: bool,
}

/// Whether a line begins as labels do: a word, a number, and a colon or full stop.
pub(super) fn looks_like_label(line: &str) -> bool {
    let mut words = line.split([' ', '\u{a0}']);
    let (Some(noun), Some(number)) = (words.next(), words.next()) else { return false };
    let bare = noun.trim_start_matches(['*', '_', '#', '<', '>', '[', '(']);
    noun.len() < 24
        && bare.chars().next().is_some_and(char::is_uppercase)
        && bare.chars().all(|c| c.is_alphabetic() || c == '.')
        && number.len() < 12
        && number.ends_with([':', '.'])
        && number.bytes().any(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
}

/// Whether `mention` is the label of its object rather than a mention of it.
pub(super) fn is_label(text: &str, lines: &[Line], index: usize, mention: &Mention) -> bool {
    let Some(line) = lines.get(index) else { return false };
    let before = text.get(line.start as usize..mention.span.start).unwrap_or_default();
    let numbered_example = mention.kind == Kind::Listing && before.ends_with(['(', '（']);
    let marked = match lead(if numbered_example { "" } else { before }) {
        Lead::None => return false,
        Lead::Marked => true,
        Lead::Plain => false,
    };
    let rest = text.get(mention.span.end..line.end as usize).unwrap_or_default();
    let opens = before.trim_end().ends_with('<');
    let first = line.class == Class::Heading || marked || opens || starts_block(text, lines, index);
    // "(Example 1) Text" is the example
    if numbered_example {
        return first && rest.starts_with([')', '）']) && before.trim().chars().count() == 1;
    }
    let above = index.checked_sub(1).and_then(|above| lines.get(above));
    let set_off =
        line.indent >= 8 || line.indent > 0 && above.is_some_and(|above| is_no_prose(text, above));
    match separator(rest) {
        Separator::Nothing => first || line.indent >= 8,
        Separator::Colon => first || set_off || ends_sentence(text, lines, index),
        Separator::Stop => {
            first || ((set_off || ends_sentence(text, lines, index)) && rest.len() < 200)
        }
        // "FIGURE 1 A model", set in far below a drawing, is taken for a part of it
        Separator::Title => {
            let alone = line.class == Class::Pre
                && line.indent >= 8
                && lines.get(index + 1).is_none_or(|below| below.class == Class::Blank)
                && above.is_none_or(|above| above.class == Class::Blank);
            (first && !line.class.is_masked() || alone) && rest.len() < 160
        }
        Separator::Sentence => line.class == Class::Heading || opens && rest.contains("caption"),
    }
}

enum Lead {
    /// Other words stand before.
    None,
    /// Only markup that labels have.
    Marked,
    /// Nothing, or only white space.
    Plain,
}

/// What stands on the line before a label.
fn lead(before: &str) -> Lead {
    let quoted = before.trim_start_matches([' ', '\t', '>']);
    // a bracket opens mentions as often as labels
    let trimmed = quoted.trim_matches([' ', '\t', '\u{a0}', '\u{3000}', '[']);
    if trimmed.is_empty() {
        return Lead::Plain;
    }
    if trimmed.len() > 300 {
        return Lead::None;
    }
    let marks = trimmed.chars().all(|c| {
        matches!(
            c,
            '*' | '_'
                | '#'
                | '|'
                | '['
                | '<'
                | '.'
                | ':'
                | '='
                | '-'
                | '"'
                | '“'
                | ' '
                | '!'
                | '〈'
                | '【'
                | '［'
                | '+'
        )
    });
    if marks {
        return Lead::Marked;
    }
    // directives, options, commands, tags: what they hold is a caption
    let option = [":caption:", ":title:", "#+caption:", "caption:", ":alt:", ":name:"];
    let lower = head(trimmed, 16).to_ascii_lowercase();
    let directive = trimmed.starts_with(".. ") && trimmed.ends_with("::");
    let tag = trimmed.ends_with('>') && trimmed.starts_with('<')
        || trimmed.rsplit('<').next().is_some_and(|tag| {
            let name = tag.trim_start_matches('/').split([' ', '>']).next().unwrap_or_default();
            let closed = tag.trim_end_matches(['*', '_', ' ']).ends_with('>');
            closed
                && matches!(
                    name.to_ascii_lowercase().as_str(),
                    "caption"
                        | "figcaption"
                        | "p"
                        | "div"
                        | "b"
                        | "strong"
                        | "td"
                        | "th"
                        | "h1"
                        | "h2"
                        | "h3"
                        | "h4"
                        | "h5"
                        | "h6"
                        | "em"
                        | "i"
                        | "span"
                        | "center"
                )
                && trimmed.starts_with('<')
        });
    let image = trimmed.ends_with("![") || trimmed.ends_with("alt=\"");
    let tex = trimmed.ends_with("\\caption{") || trimmed.ends_with("\\textbf{");
    if option.contains(&lower.as_str()) || directive || tag || image || tex || trimmed == "Caption:"
    {
        Lead::Marked
    } else {
        Lead::None
    }
}

enum Separator {
    Nothing,
    Colon,
    Stop,
    Title,
    Sentence,
}

/// What stands after a label.
fn separator(rest: &str) -> Separator {
    let after = rest.trim_start_matches(['*', '_', '`']);
    let tail = after.trim_matches([' ', '\t', '|', ']', '>', ')', '〉', '】', '=', '#', '.', '}']);
    if tail.is_empty() {
        return Separator::Nothing;
    }
    let mut chars = after.chars();
    let first = chars.next().unwrap_or(' ');
    let second = chars.next();
    match first {
        ':' | '：' | '|' | '—' | '–' | '>' | ']' | '】' | '〉' | '］' | '\t' | '\u{3000}'
        | '\u{2003}' => Separator::Colon,
        '.' | '。' | '．' | ')' | '-' => {
            let spaced =
                second.is_none_or(|c| c.is_whitespace() || matches!(c, '*' | '_' | '<' | '“'));
            if spaced || first != '.' && first != '-' && first != ')' {
                if first == ')' { Separator::Sentence } else { Separator::Stop }
            } else {
                Separator::Sentence
            }
        }
        '<' => Separator::Stop,
        // "Figure 1, Packet format"
        ',' if is_title_after_comma(after) => Separator::Title,
        ' ' | '\u{a0}' => {
            let words = after.trim_start();
            // "Figure 26 . State diagram"
            if words.starts_with(". ") {
                return Separator::Stop;
            }
            let next = words.chars().next().unwrap_or(' ');
            let dash = matches!(next, '—' | '–' | '-' | ':' | '|') && words.contains(' ');
            if after.starts_with("  ") || dash {
                return Separator::Colon;
            }
            let cjk = !next.is_ascii()
                && next.is_alphabetic()
                && !next.is_uppercase()
                && !next.is_lowercase();
            let sentence = words.trim_end().ends_with(['.', '。']) && words.len() > 80;
            if (next.is_uppercase() || cjk || matches!(next, '"' | '“' | '\'' | '«' | '„' | '「'))
                && !sentence
            {
                Separator::Title
            } else {
                Separator::Sentence
            }
        }
        _ => Separator::Sentence,
    }
}

/// Whether a short title without a number or an end of a sentence follows a comma.
fn is_title_after_comma(after: &str) -> bool {
    let title = after.strip_prefix(", ").unwrap_or_default();
    title.starts_with(char::is_uppercase)
        && title.len() < 80
        && !title.bytes().any(|b| b.is_ascii_digit())
        && !title.ends_with(['.', ',', ';', ':'])
}

/// Whether line `index` is the first of its paragraph, or stands right below a drawing.
fn starts_block(text: &str, lines: &[Line], index: usize) -> bool {
    let Some(before) = index.checked_sub(1).and_then(|before| lines.get(before)) else {
        return true;
    };
    match before.class {
        Class::Text | Class::Item | Class::Quote => {
            let line = before.of(text);
            line.len() < 4
                || line.starts_with("![")
                || line.trim_start().starts_with('<')
                || is_mostly_signs(line)
        }
        _ => true,
    }
}

/// Whether fewer than a third of a line's visible characters are letters.
fn is_mostly_signs(line: &str) -> bool {
    let (mut letters, mut all) = (0, 0);
    for c in line.chars().filter(|c| !c.is_whitespace()).take(200) {
        all += 1;
        letters += usize::from(c.is_alphabetic());
    }
    letters * 3 < all
}

/// Whether the line before `index` ends a sentence, or is too short to go on.
fn ends_sentence(text: &str, lines: &[Line], index: usize) -> bool {
    let before = index.checked_sub(1).and_then(|before| lines.get(before));
    before.is_none_or(|line| {
        let trimmed = line.of(text).trim_end_matches([' ', '"', '”', ')', '*', '_', '>', ']']);
        trimmed.ends_with(['.', '!', '?', ':', '。', '：', ';', '|']) || line.width() < 45
    })
}

/// Whether an object can be what a label of `kind` names, how many content lines may stand
/// between, and what it proves.
fn accepts(kind: Kind, object: ObjectKind) -> Option<(u32, Evidence)> {
    use ObjectKind as O;
    match (kind, object) {
        (Kind::Table, O::Table) | (Kind::Figure, O::Image | O::Art) | (Kind::Equation, O::Math) => {
            Some((GAP_LINES_MAX, Evidence::Body))
        }
        // an example may be introduced before its code
        (Kind::Listing, O::Pre | O::Codey | O::Art) => Some((5, Evidence::Body)),
        (Kind::Figure, O::Pre) | (Kind::Algorithm, _) => Some((1, Evidence::Body)),
        (Kind::Table, O::Image | O::Pre | O::Art)
        | (Kind::Equation, O::Pre | O::Image | O::Codey)
        | (Kind::Figure, O::Table | O::Math | O::Codey)
        | (Kind::Listing, O::Table | O::Image | O::Math | O::List) => Some((0, Evidence::Body)),
        (Kind::Table, O::Flat) => Some((1, Evidence::Partial)),
        (Kind::Table, O::List | O::Codey) => Some((0, Evidence::Partial)),
        _ => None,
    }
}

/// Gives each label the nearest object that it can name; an object has one label.
pub(super) fn bind(text: &str, structure: &Structure, labels: &mut [Label]) {
    if labels.is_empty() {
        return;
    }
    let mut claimed = vec![false; structure.objects.len()];
    let lines = &structure.lines;
    let content = content_before(lines);
    let count = content.last().copied().unwrap_or(0);
    let between = |from: u32, to: u32| {
        let at = |line: u32| content.get(line as usize).copied().unwrap_or(count);
        at(to).saturating_sub(at(from))
    };
    let mut pairs = Vec::new();
    // by kind: labels with an object right after, less those with one right before
    let mut lean = [0_i32; Kind::ALL.len()];
    for (index, label) in labels.iter().enumerate() {
        let last = label_end(lines, label.line);
        let objects = &structure.objects;
        let from = objects.partition_point(|o| o.start < label.span.start);
        // another label of the kind, or a heading, parts a label from an object
        let above = labels.get(..index).unwrap_or_default().iter().rev().take(4);
        let above =
            above.filter(|l| l.kind == label.kind && l.line < label.line).map(|l| l.line).next();
        let below = labels.get(index + 1..).unwrap_or_default().iter().take(4);
        let below =
            below.filter(|l| l.kind == label.kind && l.line > label.line).map(|l| l.line).next();
        let (floor, mut ceiling) = headings_around(lines, label.line);
        // "Example 3: Save a file" as a heading owns all code down to the next heading of its level
        let heads = label.kind == Kind::Listing
            && lines.get(label.line as usize).is_some_and(|line| line.class == Class::Heading);
        if heads {
            ceiling = section_end(text, lines, label.line);
        }
        let near = |object: &TargetObject| {
            let free = above.is_none_or(|above| object.last >= above || object.first > label.line)
                && below.is_none_or(|below| object.first <= below)
                && object.last >= floor
                && object.first <= ceiling;
            let below = object.first <= last + WINDOW_LINES || heads;
            free && below && object.last + WINDOW_LINES >= label.line
        };
        // objects are few beside each other; those before are looked at backwards
        let after = objects.iter().enumerate().skip(from).take(8);
        let before = objects.iter().enumerate().take(from).rev().take(8);
        let (mut any_after, mut any_before) = (false, false);
        for (object_index, object) in after.chain(before) {
            let Some((most, evidence)) = accepts(label.kind, object.kind) else { continue };
            if !near(object) {
                continue;
            }
            let inside = object.first <= label.line && label.line <= object.last;
            let gap = if inside {
                0
            } else if object.first > label.line {
                between((last + 1).min(object.first), object.first)
            } else {
                between(object.last + 1, label.line)
            };
            // a caption inside a flat run of lines is one of its lines
            let flat = matches!(object.kind, ObjectKind::Flat | ObjectKind::Codey) && inside;
            let after = object.start > label.span.start;
            let fits = if heads { after } else { gap <= most };
            if fits && !flat {
                any_after |= after && gap == 0;
                any_before |= !after && gap == 0;
                pairs.push((index, object_index, evidence, gap, after));
            }
        }
        if let Some(lean) = lean.get_mut(label.kind as usize) {
            *lean += i32::from(any_after) - i32::from(any_before);
        }
    }
    pairs.sort_unstable_by_key(|&(index, object, evidence, gap, after)| {
        // a text has its labels all above or all below
        let kind = labels.get(index).map_or(0, |label| label.kind as usize);
        let side = (lean.get(kind).copied().unwrap_or(0) >= 0) == after;
        (std::cmp::Reverse(evidence), gap, !side, index, object)
    });
    for (index, object, evidence, ..) in pairs {
        let (Some(label), Some(taken)) = (labels.get_mut(index), claimed.get_mut(object)) else {
            continue;
        };
        if label.object.is_none() && !*taken {
            label.object = u32::try_from(object).ok();
            label.evidence = evidence;
            *taken = true;
        }
    }
    share(text, lines, labels);
    for label in labels.iter_mut().filter(|label| label.object.is_none()) {
        if label.evidence >= Evidence::Body {
            continue;
        }
        let has_text = match label.kind {
            Kind::Algorithm => true,
            Kind::Listing => label.has_text,
            _ => false,
        };
        if has_text
            || is_set_below(text, lines, label)
            || stands_below_no_prose(text, lines, label)
            || (label.kind == Kind::Equation && is_formula(text, lines, label))
        {
            label.evidence = Evidence::Body;
        }
    }
}

/// For each line, and for the end: how many lines with content stand before it.
fn content_before(lines: &[Line]) -> Vec<u32> {
    let mut content = Vec::with_capacity(lines.len() + 1);
    let mut count = 0_u32;
    for line in lines {
        content.push(count);
        count += u32::from(matches!(
            line.class,
            Class::Text | Class::Item | Class::Heading | Class::Quote | Class::Pre | Class::Table
        ));
    }
    content.push(count);
    content
}

/// Part labels that stand one below the other name objects side by side: `fig. 1`, `fig. 2` below
/// two images.
fn share(text: &str, lines: &[Line], labels: &mut [Label]) {
    let is_bare = |label: &Label| {
        let end = lines.get(label.line as usize).map_or(0, |line| line.end as usize);
        text.get(label.span.end..end).is_some_and(|rest| rest.trim().is_empty())
    };
    for index in 1..labels.len() {
        let Some([above, below]) = labels.get_mut(index - 1..=index) else { break };
        let near = below.line > above.line && below.line - above.line <= 2;
        let one = above.object.is_some() != below.object.is_some();
        let figures = above.kind == Kind::Figure && below.kind == Kind::Figure;
        if near && one && figures && is_bare(above) && is_bare(below) {
            above.evidence = Evidence::Body;
            below.evidence = Evidence::Body;
        }
    }
}

/// Whether a label is set in below lines that no blank line parts from it, or stands right below a
/// drawing: they are the object, whatever they look like.
fn is_set_below(text: &str, lines: &[Line], label: &Label) -> bool {
    let Some(above) = (label.line as usize).checked_sub(1).and_then(|above| lines.get(above))
    else {
        return false;
    };
    let indent = lines.get(label.line as usize).map_or(0, |line| line.indent);
    let whole = !matches!(above.class, Class::Blank | Class::Heading)
        && (above.class != Class::Markup || above.indent >= 4);
    let drawn = above.width() >= 4 && is_mostly_signs(above.of(text));
    let deep = indent >= 8 && above.indent >= 8;
    whole && indent > 0 && (indent >= above.indent.saturating_add(4) || drawn || deep)
}

/// Whether a line is drawn, has columns, is code, or is short without ending a sentence.
fn is_no_prose(text: &str, line: &Line) -> bool {
    let full = line.of(text);
    let trimmed = full.trim();
    super::lines::is_drawn(full)
        || line.gaps > 0
        || line.class == Class::Art
        || is_mostly_signs(full)
        || ["...", "; ", "//"].iter().any(|mark| trimmed.starts_with(mark))
        || super::lines::is_codey(full)
        || (line.width() < 46
            && !full.ends_with(['.', ',', ';', ':', '?', '!', '。'])
            && line.class != Class::Heading)
}

/// Whether a figure's label in plain text has two or more lines above it that are no prose: a
/// drawing, or a few lines of grammar or protocol that are set in less.
fn stands_below_no_prose(text: &str, lines: &[Line], label: &Label) -> bool {
    let Some(own) = lines.get(label.line as usize) else { return false };
    if label.kind != Kind::Figure {
        return false;
    }
    let mut found = 0;
    let mut note = own.indent >= 8;
    for line in lines.get(..label.line as usize).unwrap_or_default().iter().rev().take(16) {
        if line.class == Class::Blank {
            continue;
        }
        if line.class == Class::Heading || !is_no_prose(text, line) {
            // one line below a drawing may explain its signs
            if note && found == 0 && line.of(text).trim_start().starts_with("Note") {
                note = false;
                continue;
            }
            break;
        }
        let set_in = own.indent >= 3 && own.indent > line.indent;
        let drawn = line.gaps > 0 || line.class == Class::Art || is_mostly_signs(line.of(text));
        found += u32::from(set_in || drawn);
        if found >= 2 {
            return true;
        }
    }
    false
}

/// The lines of the headings before and after a label's line, as far as objects are looked for.
fn headings_around(lines: &[Line], line: u32) -> (u32, u32) {
    let heading =
        |line: &u32| lines.get(*line as usize).is_some_and(|line| line.class == Class::Heading);
    let floor = (line.saturating_sub(WINDOW_LINES)..line).rev().find(heading).unwrap_or(0);
    let ceiling = (line + 1..=line + WINDOW_LINES).find(heading).unwrap_or(u32::MAX);
    (floor, ceiling)
}

/// The line of the first heading behind that at `line` that is not below it.
fn section_end(text: &str, lines: &[Line], line: u32) -> u32 {
    let level = heading_level(text, lines, line as usize);
    let later = lines.iter().enumerate().skip(line as usize + 1).take(SECTION_LINES_MAX);
    let mut headings = later.filter(|(_, line)| line.class == Class::Heading);
    let next = headings.find(|(at, _)| heading_level(text, lines, *at) <= level);
    next.map_or(u32::MAX, |(at, _)| u32::try_from(at).unwrap_or(u32::MAX))
}

/// The last line of a label's paragraph.
fn label_end(lines: &[Line], line: u32) -> u32 {
    let rest = lines.get(line as usize + 1..).unwrap_or_default();
    let text = rest.iter().take(12).take_while(|line| line.class == Class::Text).count();
    // without blank lines between paragraphs only the label's own line is sure
    let blank = rest.get(text).is_none_or(|line| line.class != Class::Text);
    if blank && text < 12 { line + u32::try_from(text).unwrap_or(0).min(4) } else { line }
}

/// Whether a label of an equation has the formula on its own line.
fn is_formula(text: &str, lines: &[Line], label: &Label) -> bool {
    let line = lines.get(label.line as usize).map_or("", |line| line.of(text));
    line.contains('=') || char_at(line, 0).is_some_and(|c| c == '$')
}
