//! Mentions by marks that belong to no language: citations, footnotes, links, residue.

use super::key::Key;
use super::kinds::{Form, Kind, Span, Strength};
use super::lexicon::{Lexicon, Mark, ResidueMark};
use super::mention::{Mention, MentionBuffers};
use super::words::{char_at, char_before, head, tail, word_after, word_before};

/// Numbers that one citation may name.
const CITED_MAX: usize = 40;
/// Works that one range of citations hardly spans.
const INTERVAL_MIN: u32 = 24;
/// The highest citation number; above are years.
const CITATION_MAX: u32 = 999;

/// Reads the mark at `start..end`.
pub(super) fn read(
    lexicon: &Lexicon,
    text: &str,
    start: usize,
    end: usize,
    mark: Mark,
    buffers: &mut MentionBuffers,
    out: &mut Vec<Mention>,
) {
    match mark {
        Mark::Bracket => bracket(text, start, buffers, out),
        Mark::Footnote => footnote(text, start, end, out),
        Mark::Fragment => fragment(text, start, end, out),
        Mark::Label => label(text, start, end, out),
        Mark::RstLabel => rst_label(text, start, end, out),
        Mark::Colon => colon(text, start, out),
        Mark::SectionSign => section_sign(text, start, end, out),
        Mark::Year => year(lexicon, text, start, end, buffers, out),
        Mark::Residue(residue) => self::residue(text, start, end, residue, lexicon, buffers, out),
        Mark::Placeholder(kind) => {
            // a placeholder has its line for itself; elsewhere it may be an index or a label
            let alone = text.get(start..).is_some_and(|t| t.starts_with(['<', '!'])) || {
                let before = char_before(text, start).is_none_or(|c| c == '\n');
                before && ends_block(text, start, end)
            };
            if !alone {
                return;
            }
            let span = Span::new(start, end);
            out.push(Mention::new(span, kind, Form::Residue, Key::default(), Strength::M2));
        }
    }
}

/// Whether nothing but a blank line follows a word in brackets, and it opens nothing: a section of
/// a settings file and forum markup have their content below.
fn ends_block(text: &str, start: usize, end: usize) -> bool {
    let rest = text.get(end..).unwrap_or_default();
    let mut lines = rest.split('\n').map(str::trim);
    let free = lines.next().is_none_or(str::is_empty) && lines.next().is_none_or(str::is_empty);
    let word = text.get(start + 1..end).unwrap_or_default();
    let closed = head(rest, 4000).match_indices("[/").any(|(at, _)| {
        let found = rest.get(at + 2..at + 2 + word.len());
        found.is_some_and(|found| found.eq_ignore_ascii_case(word))
    });
    free && !closed
}

/// `[12]`, `[3, 5]`, `[3–7]`; `[n]:` and entries are told apart by the caller.
fn bracket(text: &str, start: usize, buffers: &mut MentionBuffers, out: &mut Vec<Mention>) {
    let rest = head(text.get(start + 1..).unwrap_or_default(), 120);
    let Some(close) = rest.find(']') else { return };
    let inside = rest.get(..close).unwrap_or_default();
    let end = start + 1 + close + 1;
    let keys = &mut buffers.keys;
    keys.clear();
    for part in inside.split([',', ';']) {
        let part = part.trim();
        let mut ends = part.split(['–', '-', '—']).map(|n| n.trim().parse::<u32>());
        let (Some(Ok(first)), last) = (ends.next(), ends.next()) else { return };
        let last = match last {
            None => first,
            Some(Ok(last)) if last > first && !part.starts_with('0') => last,
            Some(_) => return,
        };
        if first == 0 || last > CITATION_MAX || ends.next().is_some() || part.starts_with('0') {
            return;
        }
        // "[3-255]" is an interval
        if last - first > INTERVAL_MIN {
            return;
        }
        for number in (first..=last).take(CITED_MAX) {
            keys.push(Key::number(number));
        }
        if keys.len() > CITED_MAX {
            return;
        }
    }
    // citations are in order and few
    let ascending = keys.windows(2).all(|pair| match pair {
        [a, b] => a.ordinal() < b.ordinal(),
        _ => true,
    });
    if !ascending || inside.split(',').count() > 7 {
        return;
    }
    // a link, a definition, an index, a regular expression
    let after = char_at(text, end);
    if matches!(after, Some('(' | ':' | ']' | '{' | '=' | '+' | '*' | '?' | '_' | '-' | '@')) {
        return;
    }
    let before = char_before(text, start);
    let next = text.get(end..).unwrap_or_default();
    let labelled =
        next.strip_prefix('[').is_some_and(|n| !n.starts_with(|c: char| c.is_ascii_digit()));
    if labelled {
        return;
    }
    // "[1-9][0-9]*" is an expression, "size [1] INTEGER" a tag of ASN.1
    let expression = inside.contains('-') && (next.starts_with('[') || before == Some('"'));
    if expression || is_asn1(next) || is_tagged(text, start, next) {
        return;
    }
    let index = match before {
        Some(']') => before_is_index(text, start),
        Some('[') => true,
        // the argument of a call
        Some('(') => char_before(text, start - 1).is_some_and(|c| c.is_alphanumeric() || c == '_'),
        Some(c) if c.is_alphanumeric() => glued_to_code(text, start, after),
        Some('_' | '$' | '*' | '^' | '\\' | '/' | '=' | '<' | '{' | '&' | '@' | '!' | '`') => true,
        _ => false,
    };
    if index {
        return;
    }
    // "values in the range [8, 200]"
    let interval = keys.len() == 2 && {
        let word = word_before(text, start).map_or("", |word| word.of(text));
        INTERVALS.contains(&word) || next.trim_start().starts_with("(inclusive")
    };
    if interval {
        return;
    }
    let span = Span::new(start, end);
    let strength = if keys.len() > 1 { Strength::M3 } else { Strength::M2 };
    // glued to a word a bracket may be an index
    let capital = !before.is_some_and(char::is_alphanumeric);
    for key in &buffers.keys {
        let mention = Mention::new(span, Kind::Citation, Form::Numbered, *key, strength);
        out.push(Mention { capital, ..mention });
    }
}

/// Whether a type of ASN.1 follows a tag.
fn is_asn1(next: &str) -> bool {
    let words = [
        "INTEGER",
        "OCTET",
        "SEQUENCE",
        "SET",
        "IMPLICIT",
        "EXPLICIT",
        "BOOLEAN",
        "ENUMERATED",
        "CHOICE",
        "BIT",
        "NULL",
        "OBJECT",
        "ANY",
        "UTF8String",
        "IA5String",
        "GeneralizedTime",
    ];
    let blank = next.trim_start_matches([' ', '\t']);
    let word = super::words::first_word(blank);
    blank.len() < next.len()
        && (words.contains(&word)
            || head(blank, 60)
                .split([',', '\n'])
                .next()
                .is_some_and(|rest| rest.contains("OPTIONAL")))
}

/// Bytes around a bracket in which a definition says that this is ASN.1.
const ASN1_BYTES: usize = 1200;

/// Whether a name with capitals inside follows, in a text of definitions: `[14] CertRepMessage`.
fn is_tagged(text: &str, start: usize, next: &str) -> bool {
    let word = super::words::first_word(next.trim_start_matches([' ', '\t']));
    let name = word.starts_with(|c: char| c.is_ascii_uppercase())
        && word.chars().skip(2).any(char::is_uppercase)
        && word.chars().any(char::is_lowercase);
    let before = || tail(text.get(..start).unwrap_or_default(), ASN1_BYTES).contains("::=");
    name && next.starts_with([' ', '\t']) && before()
}

/// Words before the two ends of an interval.
const INTERVALS: [&str; 7] =
    ["range", "values", "interval", "between", "Intervall", "intervalle", "intervalo"];

/// Whether the bracket before is no citation itself: `a[0][1]`, `[text][1]`.
fn before_is_index(text: &str, start: usize) -> bool {
    let before = tail(text.get(..start.saturating_sub(1)).unwrap_or_default(), 12);
    let Some(open) = before.rfind('[') else { return true };
    let inside = before.get(open + 1..).unwrap_or_default();
    inside.is_empty() || !inside.bytes().all(|b| b.is_ascii_digit())
}

/// Whether the word a bracket is glued to is an identifier rather than prose.
fn glued_to_code(text: &str, start: usize, after: Option<char>) -> bool {
    let Some(word) = word_before(text, start) else { return false };
    let word = word.of(text);
    let short = word.chars().count() < 2;
    let mixed =
        word.chars().skip(1).any(char::is_uppercase) && word.chars().any(char::is_lowercase);
    let code_after = matches!(after, Some('.' | '[' | ')' | ';' | ',')) && word.chars().count() < 3;
    short
        || (mixed && word.is_ascii() && code_after)
        || word.contains('_')
        || char_before(text, start - word.len())
            .is_some_and(|c| matches!(c, '_' | '.' | '$' | '`' | '%'))
}

/// `[^3]`, `[^note]`.
fn footnote(text: &str, start: usize, end: usize, out: &mut Vec<Mention>) {
    let rest = head(text.get(end..).unwrap_or_default(), 60);
    let Some(close) = rest.find(']') else { return };
    let label = rest.get(..close).unwrap_or_default();
    let plain = !label.is_empty()
        && label.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ':'));
    let to = end + close + 1;
    let after = char_at(text, to);
    let regex = matches!(after, Some('+' | '*' | '?' | '{' | '$')) || label.contains("a-z");
    if !plain || regex || after == Some(':') || char_before(text, start) == Some('\\') {
        return;
    }
    let strong = label.bytes().all(|b| b.is_ascii_digit());
    let strength = if strong { Strength::M3 } else { Strength::M2 };
    let key = Key::new(&label.to_lowercase());
    out.push(Mention::new(Span::new(start, to), Kind::Footnote, Form::Numbered, key, strength));
}

/// `[text](#fragment)`.
fn fragment(text: &str, start: usize, end: usize, out: &mut Vec<Mention>) {
    let rest = head(text.get(end..).unwrap_or_default(), 200);
    let Some(close) = rest.find([')', ' ', '\n']) else { return };
    let name = rest.get(..close).unwrap_or_default();
    // a browser goes to the top of any page
    if name.is_empty()
        || name.eq_ignore_ascii_case("top")
        || name.contains('/')
        || !rest.get(close..).is_some_and(|r| r.starts_with(')'))
    {
        return;
    }
    let key = anchor_key(name);
    if key.is_empty() {
        return;
    }
    let span = Span::new(start, end + close + 1);
    out.push(Mention::new(span, Kind::Anchor, Form::Numbered, key, Strength::M2));
}

/// `[text][label]`.
fn label(text: &str, start: usize, end: usize, out: &mut Vec<Mention>) {
    let rest = head(text.get(end..).unwrap_or_default(), 120);
    let Some(close) = rest.find([']', '\n', '[']) else { return };
    let name = rest.get(..close).unwrap_or_default();
    let before = tail(text.get(..start).unwrap_or_default(), 200);
    let Some(open) = before.rfind(['[', '\n']) else { return };
    let linked = before.get(open + 1..).unwrap_or_default();
    let outer = before.get(..open).and_then(|b| b.chars().next_back());
    let code =
        outer.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | ']' | ')' | '$' | '`'));
    let opens = before.get(open..).is_some_and(|b| b.starts_with('['));
    let closes = rest.get(close..).is_some_and(|r| r.starts_with(']'));
    let numeric = |s: &str| s.bytes().all(|b| b.is_ascii_digit() || b == b' ' || b == b',');
    let padded = name.len() > 1 && name.starts_with('0') && numeric(name);
    // `a["b"]["c"]` is an index, `[vendor][driver][name]` a message
    let more = rest.get(close + 1..).is_some_and(|rest| rest.starts_with('['));
    let typed = linked.contains(" = ") || linked.contains('$');
    // `[word][^note]` is a word with a footnote
    if name.starts_with(['"', '\'', '^']) || more || typed {
        return;
    }
    if !opens || !closes || code || linked.is_empty() || name.is_empty() || numeric(linked) {
        return;
    }
    let link_text = linked.len() > 1;
    // citations stand side by side too: [a][1]
    if !link_text || (numeric(name) && !padded && linked.len() < 4) {
        return;
    }
    let key = label_key(name);
    let span = Span::new(start + 1, end + close + 1);
    let mut mention = Mention::new(span, Kind::Anchor, Form::Numbered, key, Strength::M3);
    // links by label are looked for among definitions, not headings
    mention.or_range = true;
    out.push(mention);
}

/// `[1]_`, `[CIT2002]_`, `[#name]_`.
fn rst_label(text: &str, start: usize, end: usize, out: &mut Vec<Mention>) {
    let before = tail(text.get(..start).unwrap_or_default(), 60);
    let Some(open) = before.rfind(['[', ']', '\n', ' ']) else { return };
    let name = before.get(open + 1..).unwrap_or_default();
    let opens = before.get(open..).is_some_and(|b| b.starts_with('['));
    let outer = before.get(..open).and_then(|b| b.chars().next_back());
    let after = char_at(text, end);
    let code = outer.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | ']' | '$'))
        || after.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '('));
    let bare = name.trim_start_matches('#');
    if !opens || code || bare.is_empty() || bare == "*" {
        return;
    }
    let at = start - before.len() + open;
    let key = label_key(bare);
    let span = Span::new(at, end);
    let kind = if name.starts_with('#') { Kind::Footnote } else { Kind::Citation };
    out.push(Mention::new(span, kind, Form::Numbered, key, Strength::M3));
}

/// A sentence that ends in a colon announces something.
fn colon(text: &str, start: usize, out: &mut Vec<Mention>) {
    let before = tail(text.get(..start).unwrap_or_default(), 400);
    let line =
        before.rfind(['\n', '>']).map_or(before, |at| before.get(at + 1..).unwrap_or_default());
    // a label such as "Note:" announces prose
    let words = line.split_whitespace().take(5).count();
    if words < 3 && !line.contains(|c: char| c > '\u{2e7f}') || line.trim_start().starts_with('#') {
        return;
    }
    let sentence =
        line.rfind(['.', '。', '!', '?']).map_or(line, |at| line.get(at..).unwrap_or_default());
    let sentence = sentence.trim_start_matches(|c: char| !c.is_alphanumeric());
    if sentence.is_empty() {
        return;
    }
    let colon = text.get(start..).and_then(|t| t.chars().next()).map_or(1, char::len_utf8);
    let span = Span::new(start - sentence.len(), start + colon);
    let mention = Mention::new(span, Kind::List, Form::Promise, Key::default(), Strength::M0);
    out.push(Mention { direction: super::kinds::Direction::Below, colon: true, ..mention });
}

/// `§ 3.2`; a plain number is a law's.
fn section_sign(text: &str, start: usize, end: usize, out: &mut Vec<Mention>) {
    let rest = head(text.get(end..).unwrap_or_default(), 24);
    let number = rest.trim_start_matches([' ', '\u{a0}', '§']);
    let digits = number.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
    let label = number.get(..digits).unwrap_or_default().trim_end_matches('.');
    let tail = number.get(label.len()..).unwrap_or_default();
    let dotted = label.contains('.') && label.len() < 10;
    let law = tail.starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '('));
    let abbreviation = word_after(text, end + rest.len() - tail.len());
    let named = abbreviation.is_some_and(|w| w.of(text).chars().all(char::is_uppercase));
    if !dotted || law || named || char_before(text, start).is_some_and(char::is_alphanumeric) {
        return;
    }
    let span = Span::new(start, end + rest.len() - tail.len());
    let key = Key::new(label);
    out.push(Mention::new(span, Kind::Section, Form::Numbered, key, Strength::M2));
}

/// `(Smith et al., 2010)`, `Smith et al. (2010)`.
fn year(
    lexicon: &Lexicon,
    text: &str,
    start: usize,
    end: usize,
    buffers: &mut MentionBuffers,
    out: &mut Vec<Mention>,
) {
    let rest = head(text.get(end..).unwrap_or_default(), 4);
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let letter =
        usize::from(rest.as_bytes().get(2).is_some_and(u8::is_ascii_lowercase) && digits == 2);
    let after = rest.get(2 + letter..).and_then(|r| r.chars().next());
    if digits != 2 || !matches!(after, Some(')' | ';' | ',' | ':')) {
        return;
    }
    let before = tail(text.get(..start).unwrap_or_default(), 100);
    let in_brackets = char_at(text, start) == Some(',');
    let names = if in_brackets {
        let Some(open) = before.rfind(['(', ';', ')', '\n']) else { return };
        if before.get(open..).is_some_and(|b| b.starts_with([')', '\n'])) {
            return;
        }
        before.get(open + 1..).unwrap_or_default()
    } else {
        before
    };
    let lower = &mut buffers.lower;
    super::words::fold(names, lower);
    let others = lexicon.languages.iter().flat_map(|l| &l.source.external.others);
    let et_al =
        others.map(String::as_str).find(|o| lower.trim_end_matches(['.', ' ', ',']).ends_with(*o));
    let surname = if let Some(others) = et_al {
        let cut = names.trim_end_matches(['.', ' ', ',']).len().saturating_sub(others.len());
        names.get(..cut).unwrap_or_default().trim_end_matches([' ', ','])
    } else if in_brackets {
        let first = names.trim().trim_start_matches("see ").trim_start_matches("e.g., ");
        let two = first.split([' ', '&']).filter(|w| !w.is_empty());
        let plain = two.clone().all(|w| {
            w == "and"
                || w == "&"
                || w == "und"
                || w == "et"
                || w == "y"
                || w.chars().next().is_some_and(char::is_uppercase) && w.chars().count() > 2
        });
        if !plain || two.count() > 3 || first.contains([':', '.']) {
            return;
        }
        first.split(' ').next().unwrap_or_default()
    } else {
        return;
    };
    let surname = surname.rsplit([' ', '(', '\n']).next().unwrap_or_default();
    let proper = surname.chars().next().is_some_and(char::is_uppercase);
    let letters = surname.chars().filter(|c| c.is_alphabetic()).count();
    if !proper || letters < 2 || is_month(surname) {
        return;
    }
    let from = start - before.len() + before.rfind(surname).unwrap_or(0);
    let number = text.get(end - 2..end + 2 + letter).unwrap_or_default();
    let key = author_key(surname, number);
    // an entry of a bibliography begins with its names
    let line = text.get(..from).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let lead = text.get(line.max(from.saturating_sub(60))..from).unwrap_or_default();
    if from - line < 60 && !lead.contains(|c: char| c.is_lowercase()) && et_al.is_some() {
        return;
    }
    let strength = if et_al.is_some() { Strength::M3 } else { Strength::M2 };
    let span = Span::new(from, end + 2 + letter);
    out.push(Mention::new(span, Kind::AuthorYear, Form::Numbered, key, strength));
}

fn is_month(word: &str) -> bool {
    let months = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
        "Spring",
        "Summer",
        "Autumn",
        "Fall",
        "Winter",
    ];
    months.contains(&word)
}

/// Something that is a finding by itself.
fn residue(
    text: &str,
    start: usize,
    end: usize,
    mark: ResidueMark,
    lexicon: &Lexicon,
    buffers: &mut MentionBuffers,
    out: &mut Vec<Mention>,
) {
    let mut span = Span::new(start, end);
    let mut strength = Strength::M3;
    match mark {
        // in quotes it is talked about
        ResidueMark::Phrase
            if matches!(
                char_before(text, start),
                Some('"' | '“' | '„' | '«' | '\'' | '「' | '`')
            ) =>
        {
            return;
        }
        ResidueMark::Phrase => {}
        ResidueMark::Empty => {
            if text.get(start..end).is_some_and(|m| m.ends_with(',')) {
                return;
            }
        }
        ResidueMark::Question => {
            let Some(word) = word_before(text, start) else { return };
            let gap = text.get(word.end..start).unwrap_or_default();
            let spaced = gap.starts_with([' ', '\u{a0}', '~', '.']);
            let followed = char_at(text, end);
            let free =
                followed.is_none_or(|c| c.is_whitespace() || matches!(c, '.' | ',' | ')' | ';'));
            if !spaced || !free || !is_noun(lexicon, word.of(text), &mut buffers.lower) {
                return;
            }
            span.start = word.start;
        }
        ResidueMark::Command => {
            let rest = head(text.get(end..).unwrap_or_default(), 80);
            let Some(close) = rest.find('}') else { return };
            let line = tail(text.get(..start).unwrap_or_default(), 200);
            let line = line.rsplit('\n').next().unwrap_or_default();
            if line.contains("//") {
                return;
            }
            // a parameter, in a definition
            if rest.get(..close).is_none_or(|label| label.contains('#') || label.is_empty()) {
                return;
            }
            span.end = end + close + 1;
            // a source that still has its labels resolves its own commands
            strength = Strength::M1;
        }
        ResidueMark::Inverted => {
            let rest = head(text.get(end..).unwrap_or_default(), 60);
            let Some(close) = rest.find('?') else { return };
            let label = rest.get(..close).unwrap_or_default();
            let plain = !label.is_empty()
                && label.contains([':', '_', '-'])
                && label.chars().all(|c| c.is_ascii_alphanumeric() || ":_-.".contains(c));
            if !plain {
                return;
            }
            span.end = end + close + 1;
        }
        ResidueMark::RstRole => strength = Strength::M1,
    }
    let key = Key::default();
    out.push(Mention::new(span, Kind::Residue, Form::Residue, key, strength));
}

/// Whether `word` is a noun that a number follows, in any language.
fn is_noun(lexicon: &Lexicon, word: &str, lower: &mut String) -> bool {
    super::words::fold(word, lower);
    let lower = lower.as_str();
    if lower.len() < 3 {
        return false;
    }
    lexicon.languages.iter().any(|language| {
        let nouns = language.source.numbered.values();
        let mut forms = nouns.flat_map(|n| n.one.iter().chain(&n.many));
        forms.any(|form| form.trim_end_matches(['.', '~']) == lower)
    })
}

/// The key of an author and a year: `smith 2010`.
pub(super) fn author_key(surname: &str, year: &str) -> Key {
    let name: String =
        surname.chars().filter(|c| c.is_alphabetic()).flat_map(char::to_lowercase).collect();
    Key::new(&format!("{name} {}", year.get(..4).unwrap_or(year)))
}

/// The key of a link label, which ignores case.
pub(super) fn label_key(label: &str) -> Key {
    Key::new(label.trim().to_lowercase().as_str())
}

/// The key of an anchor: letters and digits only, so that every way to make slugs gives the same.
pub(super) fn anchor_key(name: &str) -> Key {
    let decoded = if name.contains('%') { unescape(name) } else { name.to_owned() };
    let letters: String =
        decoded.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    Key::new(&letters)
}

/// `%20` and its like as characters.
fn unescape(name: &str) -> String {
    let bytes = name.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let hex = name.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        if let Some(value) = hex.filter(|_| byte == b'%') {
            out.push(value);
            at += 3;
        } else {
            out.push(byte);
            at += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
