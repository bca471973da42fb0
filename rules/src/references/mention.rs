//! A mention, and the look-out for them over a text.

use serde::{Deserialize, Serialize};

use super::external::is_external;
use super::key::Key;
use super::kinds::{Direction, Form, Kind, Span, Strength};
use super::lexicon::{CompiledLanguage, Lexicon, Role, Sense};
use super::numbers::{Grammar, read};
use super::words::{char_at, char_before, skip_blank, word_after, word_before};
use super::{marks, places};

/// Mentions kept of one text; a text with more is no prose.
pub const MENTIONS_MAX: usize = 1 << 16;

/// A place in the text that points at something.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact about the mention")]
pub struct Mention {
    /// Noun and number, or the phrase; mentions of one list or range share it.
    pub span: Span,
    /// What it points at.
    pub kind: Kind,
    /// How it names its target.
    pub form: Form,
    /// The normalised number or label; empty for deictic mentions and promises.
    pub key: Key,
    /// How surely it is a mention.
    pub strength: Strength,
    /// Where the target should be.
    pub direction: Direction,
    /// The index of its language among the detector's.
    pub language: u8,
    /// It names another document's target.
    pub external: bool,
    /// `2-3` may be a range as well as chapter 2, number 3.
    pub or_range: bool,
    /// The noun has a capital or is an abbreviation.
    pub capital: bool,
    /// What follows its paragraph.
    pub next: Next,
    /// Its sentence ends its paragraph with a colon.
    pub colon: bool,
}

/// What follows the paragraph of a mention.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Next {
    /// Running text, or not looked at.
    #[default]
    Prose,
    /// A heading.
    Heading,
    /// An object of any kind.
    Object,
    /// Nothing: the text ends.
    End,
}

impl Mention {
    /// A mention of `kind` with the defaults of its form.
    pub(super) fn new(span: Span, kind: Kind, form: Form, key: Key, strength: Strength) -> Self {
        Self {
            span,
            kind,
            form,
            key,
            strength,
            direction: Direction::Anywhere,
            language: 0,
            external: false,
            or_range: false,
            capital: false,
            next: Next::Prose,
            colon: false,
        }
    }
}

/// Buffers of the look-out.
#[derive(Debug, Default)]
pub(super) struct MentionBuffers {
    pub(super) lower: String,
    pub(super) keys: Vec<Key>,
}

/// Puts everything in `text` that may be a mention or a label into `mentions`.
pub(super) fn look_out(
    lexicon: &Lexicon,
    text: &str,
    buffers: &mut MentionBuffers,
    mentions: &mut Vec<Mention>,
) {
    mentions.clear();
    let mut guessed = None;
    for (start, end, senses) in lexicon.hits(text) {
        if mentions.len() >= MENTIONS_MAX {
            break;
        }
        if let [Sense { role: Role::Mark(mark), .. }] = senses {
            marks::read(lexicon, text, start, end, *mark, buffers, mentions);
            continue;
        }
        let inside = char_before(text, start).is_some_and(char::is_alphanumeric);
        let attempt = |only: Option<u8>, buffers: &mut MentionBuffers, out: &mut Vec<Mention>| {
            let before = out.len();
            for sense in senses.iter().filter(|sense| only.is_none_or(|l| l == sense.language)) {
                let Some(language) = lexicon.language(sense.language) else { continue };
                if language.source.unspaced || !inside {
                    sensed(&Hit { text, start, end, sense: *sense, language }, buffers, out);
                }
                if out.len() > before {
                    return Some(sense.language);
                }
            }
            None
        };
        let before = mentions.len();
        let Some(found) = attempt(None, buffers, mentions) else { continue };
        if senses.iter().all(|sense| sense.language == found) {
            continue;
        }
        // several languages know the form: the text's own decides
        let own = *guessed.get_or_insert_with(|| lexicon.guess(text, &mut buffers.lower));
        let known = senses.iter().any(|sense| sense.language == own);
        if own != found && known {
            mentions.truncate(before);
            attempt(Some(own), buffers, mentions);
        }
    }
}

/// A form in the text, and one of the things it can be.
pub(super) struct Hit<'a> {
    pub(super) text: &'a str,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) sense: Sense,
    pub(super) language: &'a CompiledLanguage,
}

fn sensed(hit: &Hit<'_>, buffers: &mut MentionBuffers, mentions: &mut Vec<Mention>) {
    match hit.sense.role {
        Role::One(kind) => numbered(hit, kind, false, buffers, mentions),
        Role::Many(kind) => numbered(hit, kind, true, buffers, mentions),
        Role::AfterNumber(kind) => after_number(hit, kind, buffers, mentions),
        Role::Deictic(kind) => places::deictic(hit, kind, buffers, mentions),
        Role::Phrase(kind, direction) => places::phrase(hit, kind, direction, mentions),
        Role::Promise => places::promise(hit, mentions),
        Role::Attachment => places::attachment(hit, mentions),
        Role::Mark(_) => {}
    }
}

/// A noun and the number behind it.
fn numbered(
    hit: &Hit<'_>,
    kind: Kind,
    many: bool,
    buffers: &mut MentionBuffers,
    out: &mut Vec<Mention>,
) {
    let Hit { text, start, language, .. } = *hit;
    let unspaced = language.source.unspaced;
    if unspaced && is_joined(hit) {
        return;
    }
    let Some(mut at) = noun_end(hit) else { return };
    if !unspaced || char_at(text, at).is_some_and(|c| matches!(c, ' ' | '\u{a0}' | '.')) {
        let dot = char_at(text, at) == Some('.');
        if dot && !hit.sense.dotted {
            return;
        }
        // "A1 EC 33 FD" is a dump of bytes
        let short = text.get(start..at).unwrap_or_default();
        if !dot && short.len() == 2 && short.bytes().all(|b| b.is_ascii_uppercase()) {
            return;
        }
        let after = skip_space(text, at + usize::from(dot));
        // "APP1" is a name; "the tab.⏎1. Go on" ends a sentence
        let small = char_at(text, start).is_some_and(char::is_lowercase);
        let broken = text.get(at..after).is_some_and(|gap| gap.contains('\n'));
        if (after == at && !unspaced) || (dot && small && broken) {
            return;
        }
        at = after;
    }
    // "Australian Chart    16": the number stands in another column
    let gap =
        text.get(start..at).unwrap_or_default().trim_start_matches(|c: char| !c.is_whitespace());
    if gap.len() > 2 && gap.bytes().all(|b| b == b' ') && !opens_line(text, hit.start) {
        return;
    }
    at = skip_number_sign(text, at);
    let capital =
        hit.sense.dotted || unspaced || !char_at(text, start).is_some_and(char::is_lowercase);
    let grammar = Grammar {
        many: many || hit.sense.dotted,
        capital: !char_at(text, start).is_some_and(char::is_lowercase),
        words: &language.source.number_words,
        and: &language.and,
        to: &language.to,
        unspaced,
        units: &language.units,
    };
    let Some(found) = read(text, at, &grammar, &mut buffers.keys, &mut buffers.lower) else {
        return;
    };
    // "that tool's table⏎2. Sort them": the number marks a list item
    let item = !capital && text.get(hit.end..at).is_some_and(|gap| gap.contains('\n'));
    if item && text.get(found.end..).is_some_and(|rest| rest.starts_with([')', '.'])) {
        return;
    }
    if is_other(hit, kind, found.end, buffers) {
        return;
    }
    let span = Span::new(start, found.end);
    // notes called by name are usually another work's
    let strength = match kind {
        Kind::Footnote => Strength::M1,
        _ => strength(hit, found.end, buffers),
    };
    let external =
        is_external(language, text, span, kind, &mut buffers.lower) || is_linked(text, span);
    for key in &buffers.keys {
        out.push(Mention {
            language: hit.sense.language,
            external,
            or_range: found.or_range,
            capital,
            ..Mention::new(span, kind, Form::Numbered, *key, strength)
        });
    }
}

/// Whether nothing but marks stands before a place on its line.
fn opens_line(text: &str, at: usize) -> bool {
    let before = super::words::tail(text.get(..at).unwrap_or_default(), 80);
    let line = before.rsplit('\n').next().unwrap_or(before);
    !line.chars().any(char::is_alphanumeric)
}

/// Whether a mention is the text of a link to another page: `[Appendix B](b.md)`.
fn is_linked(text: &str, span: Span) -> bool {
    let before = super::words::tail(text.get(..span.start).unwrap_or_default(), 80);
    let open = before.rfind(['[', ']', '\n']);
    let opens = open.and_then(|open| before.get(open..)).is_some_and(|rest| rest.starts_with('['));
    let after = super::words::head(text.get(span.end..).unwrap_or_default(), 120);
    let close = after.find(['[', ']']);
    let closed = close.and_then(|close| after.get(close..)).unwrap_or_default();
    opens && (closed.starts_with("](") && !closed.starts_with("](#") || closed.starts_with("]["))
}

/// Where the noun of a hit ends, with the ending of an inflected stem.
pub(super) fn noun_end(hit: &Hit<'_>) -> Option<usize> {
    if hit.language.source.unspaced {
        return Some(hit.end);
    }
    let rest = hit.text.get(hit.end..)?;
    let letters: usize = rest.chars().take_while(|c| c.is_alphabetic()).map(char::len_utf8).sum();
    (letters == 0 || (hit.sense.stem && letters <= 10)).then_some(hit.end + letters)
}

/// Spaces of any kind and one line break.
fn skip_space(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let mut breaks = 0;
    let blank = |c: &char| {
        breaks += usize::from(*c == '\n');
        breaks < 2 && (c.is_whitespace() || matches!(c, '~' | '\u{ad}' | '\u{200b}'))
    };
    let bytes: usize = rest.chars().take(12).take_while(blank).map(char::len_utf8).sum();
    // a noun and its number may be parted by emphasis: **Table** 3
    let after = rest.get(bytes..).unwrap_or_default();
    let marks = after.bytes().take_while(|b| matches!(b, b'*' | b'_')).count().min(2);
    let spaces = after.get(marks..).unwrap_or_default();
    let more = usize::from(marks > 0 && spaces.starts_with(' '));
    at + bytes + if marks > 0 && (more > 0 || bytes > 0) { marks + more } else { 0 }
}

/// `No.`, `Nr.`, `n°`, `#`, `\#` before a number.
fn skip_number_sign(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let signs = ["No. ", "no. ", "Nr. ", "nr. ", "n° ", "nº ", "№ ", "№", "# ", "#"];
    at + signs.iter().find(|sign| rest.starts_with(**sign)).map_or(0, |sign| sign.len())
}

/// An unspaced noun that is a part of another word.
fn is_joined(hit: &Hit<'_>) -> bool {
    let noun = hit.text.get(hit.start..hit.end).unwrap_or_default();
    let last = noun.chars().next().map(String::from).unwrap_or_default();
    let joined = &hit.language.source.not_joined_to;
    let before = char_before(hit.text, hit.start);
    joined
        .get(noun)
        .or_else(|| joined.get(&last))
        .is_some_and(|chars| before.is_some_and(|before| chars.contains(before)))
        || (before.is_some_and(|c| c.is_alphabetic() && is_hangul(c)) && is_hangul_noun(noun))
}

fn is_hangul(c: char) -> bool {
    ('\u{ac00}'..='\u{d7a3}').contains(&c)
}

/// Korean words are parted by spaces: a noun inside a word is none.
fn is_hangul_noun(noun: &str) -> bool {
    noun.starts_with(is_hangul)
}

/// `第3章`, `3.2절`: the number stands before the noun.
fn after_number(hit: &Hit<'_>, kind: Kind, buffers: &mut MentionBuffers, out: &mut Vec<Mention>) {
    let text = hit.text;
    let before = super::words::tail(text.get(..hit.start).unwrap_or_default(), 32);
    let trimmed = before.trim_end_matches(' ');
    let is_digit = |c: char| {
        c.is_ascii_digit()
            || ('０'..='９').contains(&c)
            || c == '.'
            || "一二三四五六七八九十".contains(c)
    };
    let number = trimmed.trim_end_matches(is_digit);
    let at = hit.start - before.len() + number.len();
    let ordinal = number.trim_end_matches(' ').ends_with(['第', '제']);
    // "三章" is a quantity, "第三章" a mention
    if number.len() == trimmed.len() || !ordinal || trimmed.len() + 1 < before.len() {
        return;
    }
    let plain = super::words::Words::default();
    let grammar = Grammar {
        many: false,
        capital: false,
        words: &[],
        and: &plain,
        to: &plain,
        unspaced: true,
        units: &plain,
    };
    let number = text.get(at..hit.start).unwrap_or_default().trim_end();
    if read(number, 0, &grammar, &mut buffers.keys, &mut buffers.lower).is_none() {
        return;
    }
    let sign = number.len() - number.trim_end_matches(' ').len() + '第'.len_utf8();
    let span = Span::new(at.saturating_sub(sign), hit.end);
    let external = is_external(hit.language, text, span, kind, &mut buffers.lower);
    for key in &buffers.keys {
        out.push(Mention {
            language: hit.sense.language,
            capital: true,
            external,
            ..Mention::new(span, kind, Form::Numbered, *key, Strength::M2)
        });
    }
}

/// Whether the words around make the mention something else: "figure 8 knot", "at table 5".
fn is_other(hit: &Hit<'_>, kind: Kind, end: usize, buffers: &mut MentionBuffers) -> bool {
    let Hit { text, start, language, .. } = *hit;
    let lower = &mut buffers.lower;
    let after = text.get(skip_blank(text, end)..).unwrap_or_default();
    if language.not_followed_by.get(&kind).is_some_and(|set| set.prefix(after, lower).is_some()) {
        return true;
    }
    let capital = char_at(text, start).is_some_and(char::is_uppercase);
    if let Some(word) = word_before(text, start)
        && let Some(set) = language.not_preceded_by.get(&kind)
        && !capital
        && set.has(word.of(text), lower)
    {
        return true;
    }
    // part of a path, a name or an address
    let before = char_before(text, start);
    let title = before == Some('.') && char_before(text, start - 1).is_none_or(|c| c == '\n');
    let part = matches!(before, Some('/' | '\\' | '#' | '@' | '=' | '&' | '-' | '$' | '%' | '.'));
    (part && !title && !language.source.unspaced)
        || matches!(char_at(text, end), Some('/' | '\\' | '@' | '='))
}

/// How surely a numbered mention is one: a cue before, brackets around or a verb behind.
fn strength(hit: &Hit<'_>, end: usize, buffers: &mut MentionBuffers) -> Strength {
    let Hit { text, start, language, .. } = *hit;
    let lower = &mut buffers.lower;
    let before = char_before(text, start);
    if matches!(before, Some('(' | '（' | '[' | '【' | '〈' | '《')) {
        return Strength::M3;
    }
    if language.source.unspaced {
        let head = text.get(..start).unwrap_or_default();
        let tail = text.get(skip_blank(text, end)..).unwrap_or_default();
        let cued = language.cues.ends(head.trim_end()) || language.verbs.begins(tail);
        return if cued { Strength::M3 } else { Strength::M2 };
    }
    let cued = word_before(text, start).is_some_and(|word| language.cues.has(word.of(text), lower));
    let verb = word_after(text, end).is_some_and(|word| language.verbs.has(word.of(text), lower));
    if cued || verb { Strength::M3 } else { Strength::M2 }
}
