//! Mentions by place: "the table below", "the following steps:", "see attached".

use super::key::Key;
use super::kinds::{Direction, Form, Kind, Span, Strength};
use super::mention::{Hit, Mention, MentionBuffers, noun_end};
use super::words::{char_at, char_before, head, skip_blank, word_after, word_before};

/// Words between the place before a noun and the noun.
const WORDS_BETWEEN_MAX: usize = 3;
/// Bytes from the phrase that promises to the colon.
const PROMISE_BYTES_MAX: usize = 240;

/// Nouns that often stand for prose: an example need not be code.
const LOOSE: &[&str] = &[
    "example",
    "examples",
    "output",
    "script",
    "command",
    "commands",
    "steps",
    "chart",
    "charts",
    "exemple",
    "exemples",
    "beispiel",
    "beispiele",
    "ejemplo",
    "ejemplos",
    "esempio",
    "esempi",
    "exemplo",
    "exemplos",
    "voorbeeld",
    "voorbeelden",
    "orden",
    "órdenes",
    "przykład",
    "przykładzie",
    "пример",
    "примере",
];

/// A noun with a place before or after it.
pub(super) fn deictic(
    hit: &Hit<'_>,
    kind: Kind,
    buffers: &mut MentionBuffers,
    out: &mut Vec<Mention>,
) {
    let Some(end) = noun_end(hit) else { return };
    let text = hit.text;
    if matches!(char_at(text, end), Some('-' | '_' | '/' | '=' | '(' | '\'' | '’')) {
        return;
    }
    let before = place_before(hit, buffers);
    let after = if before.is_none() { place_after(hit, end, buffers) } else { None };
    let Some((span, direction)) = before
        .map(|(start, direction)| (Span::new(start, end), direction))
        .or_else(|| after.map(|(to, direction)| (Span::new(hit.start, to), direction)))
    else {
        return;
    };
    // "the following table" is a noun of its own in "the following table entries"
    if is_compound(hit, end) {
        return;
    }
    let noun = text.get(hit.start..hit.end).unwrap_or_default();
    let loose = LOOSE.iter().any(|word| noun.eq_ignore_ascii_case(word));
    let strength = if loose { Strength::M0 } else { Strength::M1 };
    out.push(Mention {
        direction,
        language: hit.sense.language,
        ..Mention::new(span, kind, Form::Deictic, Key::default(), strength)
    });
}

/// Whether another noun follows directly, which the mention is about: "following table entries".
fn is_compound(hit: &Hit<'_>, end: usize) -> bool {
    let heads = [
        "entry",
        "entries",
        "file",
        "files",
        "format",
        "formats",
        "coding",
        "codec",
        "codecs",
        "tag",
        "tags",
        "row",
        "rows",
        "column",
        "columns",
        "cell",
        "cells",
        "name",
        "names",
        "point",
        "points",
        "page",
        "pages",
        "path",
        "paths",
        "element",
        "elements",
        "item",
        "items",
        "index",
        "type",
        "types",
        "size",
        "field",
        "fields",
        "operator",
        "operators",
        "function",
        "functions",
        "member",
        "members",
        "value",
        "values",
        "block",
        "blocks",
        "definition",
        "list",
        "lists",
        "data",
    ];
    let Some(word) = word_after(hit.text, end) else { return false };
    let gap = hit.text.get(end..word.start).unwrap_or_default();
    let near = gap.bytes().all(|b| b == b' ' || b == b'\n');
    near && heads.iter().any(|known| word.of(hit.text).eq_ignore_ascii_case(known))
        && !matches!(word.of(hit.text), "block" | "blocks")
}

/// "following", "above" before the noun: where it starts, and its direction.
fn place_before(hit: &Hit<'_>, buffers: &mut MentionBuffers) -> Option<(usize, Direction)> {
    let Hit { text, language, .. } = *hit;
    let lower = &mut buffers.lower;
    let mut at = hit.start;
    for step in 0..=WORDS_BETWEEN_MAX {
        let word = word_before(text, at)?;
        let gap = text.get(word.end..at)?;
        let found = word.of(text);
        let direction = if language.before_below.has(found, lower) {
            Direction::Below
        } else if language.before_above.has(found, lower) {
            Direction::Above
        } else if step == WORDS_BETWEEN_MAX
            || gap.contains(['.', ',', ';', ':', ')', '('])
            || language.breakers.has(found, lower)
        {
            return None;
        } else {
            at = word.start;
            continue;
        };
        // "next" and "previous" need an article: "the next table"; "the 20 following" does too
        let article = word_before(text, word.start);
        let loose = ["next", "prior", "above", "previous"];
        if loose.iter().any(|known| found.eq_ignore_ascii_case(known)) {
            let the = ["the", "this", "these", "our", "see", "in"];
            let named = article
                .is_some_and(|w| the.iter().any(|known| w.of(text).eq_ignore_ascii_case(known)));
            if !named || step > 0 {
                return None;
            }
        }
        return Some((word.start, direction));
    }
    None
}

/// "below", "above", "at right" after the noun: where it ends, and its direction.
fn place_after(
    hit: &Hit<'_>,
    end: usize,
    buffers: &mut MentionBuffers,
) -> Option<(usize, Direction)> {
    let Hit { text, language, .. } = *hit;
    let lower = &mut buffers.lower;
    let mut at = end;
    for step in 0..=WORDS_BETWEEN_MAX {
        let next = skip_blank(text, at);
        let gap = text.get(at..next)?;
        if gap.contains(['.', ',', ';', ':']) {
            return None;
        }
        let rest = text.get(next..)?;
        for (words, direction) in &language.after {
            if let Some(bytes) = words.prefix(rest, lower) {
                let to = next + bytes;
                return goes_nowhere(hit, to, buffers).then_some((to, *direction));
            }
        }
        let word = word_after(text, at)?;
        if step == WORDS_BETWEEN_MAX || !language.between.has(word.of(text), lower) {
            return None;
        }
        at = word.end;
    }
    None
}

/// Whether a place word has no object: "below the age", "above 10 %" have one.
fn goes_nowhere(hit: &Hit<'_>, to: usize, buffers: &mut MentionBuffers) -> bool {
    let Hit { text, language, .. } = *hit;
    let next = char_at(text, skip_blank(text, to));
    if next.is_some_and(|c| c.is_ascii_digit() || matches!(c, '$' | '€' | '£')) {
        return false;
    }
    if matches!(char_at(text, to), Some('-' | '_' | '/')) {
        return false;
    }
    let Some(word) = word_after(text, to) else { return true };
    let found = word.of(text);
    let conjunction = language.and.has(found, &mut buffers.lower);
    // what starts a new clause does not belong to the place
    let clause = ["is", "are", "was", "were", "for", "to", "as", "if", "in", "with", "when", "by"];
    let clause = clause.iter().any(|known| found.eq_ignore_ascii_case(known));
    conjunction || clause || !language.breakers.has(found, &mut buffers.lower)
}

/// A whole phrase that points at a place.
pub(super) fn phrase(hit: &Hit<'_>, kind: Kind, direction: Direction, out: &mut Vec<Mention>) {
    // 下表面 is a surface, 下图像 an image
    let next = char_at(hit.text, hit.end);
    // 自前の図 is a figure of one's own
    if char_before(hit.text, hit.start) == Some('自') {
        return;
    }
    // ブラウザー上の表示 is what a browser shows
    let whole = hit.text.get(hit.start..hit.end).unwrap_or_default();
    if whole.ends_with('表')
        && next.is_some_and(|c| "示現記す明".contains(c))
        && whole.contains('の')
    {
        return;
    }
    if next.is_some_and(|c| "面达達示现現情率格层層像书書形案式".contains(c))
        && hit.end - hit.start < 9
    {
        let word = hit.text.get(hit.end..).unwrap_or_default();
        if !word.starts_with("所示") && !word.starts_with("显示") && !word.starts_with("格") {
            return;
        }
    }
    out.push(Mention {
        direction,
        language: hit.sense.language,
        ..Mention::new(
            Span::new(hit.start, hit.end),
            kind,
            Form::Deictic,
            Key::default(),
            Strength::M1,
        )
    });
}

/// A phrase that announces what a colon at the end of the line brings.
pub(super) fn promise(hit: &Hit<'_>, out: &mut Vec<Mention>) {
    let Some(end) = noun_end(hit) else { return };
    let text = hit.text;
    let rest = head(text.get(end..).unwrap_or_default(), PROMISE_BYTES_MAX);
    let Some(colon) = rest.find([':', '：']) else { return };
    let sentence = rest.get(..colon).unwrap_or_default();
    let broken = sentence.contains(['?', '!', ';', '(', '。'])
        || sentence.contains("\n\n")
        || sentence.contains(". ")
        || sentence.split(' ').count() > 24;
    let after = rest.get(colon..).and_then(|r| r.get(r.chars().next()?.len_utf8()..));
    let line_end = after.is_some_and(|after| {
        let tail = after.trim_start_matches([' ', '\t', '\r', '*', '_', '<', '/', '>', 'p', 'b']);
        tail.is_empty() || tail.starts_with('\n')
    });
    if broken || !line_end {
        return;
    }
    out.push(Mention {
        direction: Direction::Below,
        language: hit.sense.language,
        colon: true,
        ..Mention::new(
            Span::new(hit.start, end + colon + 1),
            Kind::List,
            Form::Promise,
            Key::default(),
            Strength::M0,
        )
    });
}

/// A phrase that speaks of an attached file.
pub(super) fn attachment(hit: &Hit<'_>, out: &mut Vec<Mention>) {
    let Some(end) = noun_end(hit) else { return };
    // "is attached to the wall" attaches no file
    let next = word_after(hit.text, end).map_or("", |word| word.of(hit.text));
    if matches!(next, "to" | "with" | "at" | "by" | "onto" | "in" | "on" | "directly") {
        return;
    }
    out.push(Mention {
        language: hit.sense.language,
        ..Mention::new(
            Span::new(hit.start, end),
            Kind::Attachment,
            Form::Deictic,
            Key::default(),
            Strength::M0,
        )
    });
}
