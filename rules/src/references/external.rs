//! Whether a mention names another document's table, figure or section.

use super::kinds::{Kind, Span};
use super::lexicon::CompiledLanguage;
use super::words::{char_at, first_word, fold, head, skip_blank, tail, word_after, word_before};

/// Bytes looked at before and after a mention.
const LOOK_BYTES: usize = 120;

/// Whether the words around `span` say that its target is in another document.
pub(super) fn is_external(
    language: &CompiledLanguage,
    text: &str,
    span: Span,
    kind: Kind,
    lower: &mut String,
) -> bool {
    follows(language, text, span.end, kind, lower)
        || precedes(language, text, span, lower)
        || is_owned(language, text, span, lower)
        || (kind == Kind::Appendix && is_of_law(text, span))
}

/// Bytes before an annex in which the law is named that it belongs to.
const LAW_BYTES: usize = 600;

/// Laws that have annexes.
const LAWS: [&str; 13] = [
    "Directive",
    "Regulation",
    "Treaty",
    "Convention",
    "Richtlinie",
    "Verordnung",
    "Règlement",
    "Directiva",
    "Reglamento",
    "Regulamento",
    "Direttiva",
    "Regolamento",
    "Protocol",
];

/// "the Medical Device Directive [...] (Annex VII)".
fn is_of_law(text: &str, span: Span) -> bool {
    let before = tail(text.get(..span.start).unwrap_or_default(), LAW_BYTES);
    let paragraph = before.rsplit("\n\n").next().unwrap_or(before);
    LAWS.iter().any(|law| paragraph.contains(law))
}

/// Words between a work and what is in it.
const WHOSE: [&str; 10] =
    ["whose", "dont", "dessen", "deren", "wiens", "cuyo", "cuya", "cujo", "cuja", "cui"];

/// Words before a name.
const CALLED: [&str; 10] = [
    "called",
    "named",
    "titled",
    "entitled",
    "nicknamed",
    "genannt",
    "namens",
    "nommé",
    "nommée",
    "llamado",
];

/// "Smith et al., whose Table 1"; "a dish called Fig. 1".
fn is_owned(language: &CompiledLanguage, text: &str, span: Span, lower: &mut String) -> bool {
    let Some(word) = word_before(text, span.start) else { return false };
    let found = word.of(text);
    if CALLED.contains(&found) {
        return true;
    }
    let near = tail(text.get(..word.start).unwrap_or_default(), 40);
    WHOSE.contains(&found) && contains(near, &language.source.external.others, lower)
}

/// "Table 1 of Smith et al.", "Section 4.2 of RFC 7231", "Table 2 in [7]", "Part 15 of the Rules".
fn follows(
    language: &CompiledLanguage,
    text: &str,
    end: usize,
    kind: Kind,
    lower: &mut String,
) -> bool {
    let mut at = skip_blank(text, end);
    // "(the standard's) Section 3, Smith 2010" and "Fig. 2a, ref. 7"
    if matches!(char_at(text, at), Some(',' | ';')) {
        // "Section 8.3, "Maximum Size", of [RFC8200]"
        let start = at + 1 + text.get(at + 1..).unwrap_or_default().len()
            - text.get(at + 1..).unwrap_or_default().trim_start().len();
        let rest = head(text.get(start..).unwrap_or_default(), LOOK_BYTES);
        if let Some(title) = rest.strip_prefix(['"', '“']) {
            let close = title.find(['"', '”']).and_then(|close| title.get(close..));
            let after = close.unwrap_or_default().trim_start_matches(['"', '”', ',', ' ', '\n']);
            if language.external_of.prefix(after, lower).is_some() {
                let of = first_word(after);
                let work = after.get(of.len()..).unwrap_or_default().trim_start();
                return is_bracket_cite(work) || is_cite(work, kind);
            }
        }
        let rest = head(text.get(skip_blank(text, at + 1)..).unwrap_or_default(), LOOK_BYTES);
        return is_cite(rest, kind) || others_soon(language, rest, lower);
    }
    if matches!(char_at(text, at), Some('[' | '(')) {
        let paged = ["(p.", "(pp.", "(page ", "(S. "];
        if text.get(at..).is_some_and(|rest| paged.iter().any(|page| rest.starts_with(page))) {
            return true;
        }
        let rest = head(text.get(at..).unwrap_or_default(), LOOK_BYTES);
        return is_bracket_cite(rest) || others_soon(language, rest, lower);
    }
    let Some(rest) = text.get(at..) else { return false };
    if language.source.unspaced {
        return false;
    }
    let Some(bytes) = language.external_of.prefix(rest, lower) else {
        return is_cite(head(rest, LOOK_BYTES), kind);
    };
    let of = rest.get(..bytes).unwrap_or_default();
    let strong = language.source.external.of.first().is_some_and(|first| {
        fold(of, lower);
        lower.starts_with(first.as_str())
    });
    at = skip_blank(text, at + bytes);
    let rest = head(text.get(at..).unwrap_or_default(), LOOK_BYTES);
    let cited = is_bracket_cite(rest) || is_tag(rest) || is_cite(rest, kind);
    if cited || others_soon(language, rest, lower) {
        return true;
    }
    work_soon(language, text, at, strong, lower)
}

/// Whether one of the next words is a kind of work, or a name: "the original paper", "Smith".
fn work_soon(
    language: &CompiledLanguage,
    text: &str,
    mut at: usize,
    strong: bool,
    lower: &mut String,
) -> bool {
    let mut names = 0;
    let mut only_works = false;
    for step in 0..9 {
        let Some(word) = word_after(text, at) else { break };
        // a sentence or bracket ends here
        let gap = text.get(at..word.start).unwrap_or_default();
        if gap.contains(['.', ',', ';', ':', ')', '\n']) && step > 0 && !gap.contains('\n') {
            break;
        }
        let found = word.of(text);
        if step < 2 && language.external_own.has(found, lower) {
            return false;
        }
        if language.external_works.has(found, lower) {
            return true;
        }
        let name = found.chars().next().is_some_and(char::is_uppercase);
        let numbered = language.source.numbered.values();
        fold(found, lower);
        let is_kind = numbered
            .flat_map(|n| n.one.iter().chain(&n.many))
            .any(|form| form.trim_end_matches(['.', '~']) == lower.as_str());
        if is_kind {
            // "Table 62 in section 12.1 of the standard"
            names = 0;
            at = word.end;
            only_works = true;
            continue;
        }
        names += usize::from(name && found.len() > 2);
        if language.verbs.has(found, lower) {
            break;
        }
        at = word.end;
    }
    strong && names > 0 && !only_works
}

/// "et al." or its like within a few words.
fn others_soon(language: &CompiledLanguage, rest: &str, lower: &mut String) -> bool {
    let sentence = rest.split_once(". ").map_or(rest, |(first, _)| first);
    let near = head(if sentence.len() < 60 { rest } else { sentence }, 60);
    contains(near, &language.source.external.others, lower)
}

fn contains(text: &str, phrases: &[String], lower: &mut String) -> bool {
    fold(text, lower);
    phrases.iter().any(|phrase| lower.contains(phrase.as_str()))
}

/// `[7]`, `[RFC7231]`, `[Smith 2010]`, `(2010)`.
fn is_bracket_cite(rest: &str) -> bool {
    let Some(close) = rest.find([']', ')']) else { return false };
    let inside = rest.get(1..close).unwrap_or_default();
    if rest.starts_with('(') {
        return is_year(inside) || has_author_year(inside);
    }
    let link = rest.get(close + 1..).is_some_and(|after| after.starts_with("(#"));
    !link
        && !inside.is_empty()
        && (inside.bytes().any(|b| b.is_ascii_digit()) || inside.contains(' '))
        || rest.get(close + 1..).is_some_and(|after| after.starts_with("(http"))
}

/// `[DKIM]`, `[RFC-STYLE]`: the tag of a work, which a link has not.
fn is_tag(rest: &str) -> bool {
    let Some((tag, after)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) else {
        return false;
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | '+');
    (2..=30).contains(&tag.len())
        && tag.starts_with(|c: char| c.is_ascii_uppercase())
        && tag.chars().all(plain)
        && !after.starts_with(['(', '['])
}

/// Words in capitals before a mention that are no names.
const SHOUTED: [&str; 8] = ["AND", "FOR", "SEE", "THE", "NOTE", "MUST", "FROM", "WITH"];

/// `T1.231`, `G.826`, `P802.1d`: a capital, a number, and more.
fn is_standard(word: &str) -> bool {
    let number = word.trim_start_matches(|c: char| c.is_ascii_uppercase());
    let letters = word.len() - number.len();
    let number = number.trim_start_matches('.');
    (1..=2).contains(&letters)
        && number.len() >= 3
        && number.starts_with(|c: char| c.is_ascii_digit())
        && number.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '/'))
        && (number.contains('.') || word.contains('.'))
}

/// `RFC 7231`, `Ref. 12`, `Smith (2010)`, `Smith and Wu (2010)`, `ISO 8601`, `Regulation (EU)`.
fn is_cite(rest: &str, kind: Kind) -> bool {
    let word = first_word(rest);
    let known = [
        "RFC",
        "Ref",
        "Refs",
        "ref",
        "refs",
        "ISO",
        "IEEE",
        "ANSI",
        "ECMA",
        "PEP",
        "BCP",
        "STD",
        "NIST",
        "FIPS",
        "DIN",
        "arXiv",
        "Reference",
        "POSIX",
    ];
    if known.iter().any(|name| {
        word.strip_prefix(name).is_some_and(|more| {
            more.is_empty() || more.bytes().all(|b| b.is_ascii_digit() || b == b'-')
        })
    }) {
        return true;
    }
    let name = word.chars().next().is_some_and(char::is_uppercase) && word.chars().count() > 2;
    let near = head(rest, 60);
    name && kind != Kind::Section
        && near.find('(').is_some_and(|open| {
            let between = near.get(word.len()..open).unwrap_or_default();
            let year = near.get(open + 1..).unwrap_or_default();
            between.len() < 30
                && between.split([' ', '&']).all(|w| {
                    w.is_empty()
                        || w == "and"
                        || w == "et"
                        || w == "al."
                        || w == "und"
                        || w == "y"
                        || w.chars().next().is_some_and(char::is_uppercase)
                })
                && is_year(year)
        })
}

/// Whether `text` begins with a year from 1800 to 2099.
fn is_year(text: &str) -> bool {
    let year = head(text, 4);
    let more = text.get(4..).and_then(|rest| rest.chars().next());
    year.len() == 4
        && year.bytes().all(|b| b.is_ascii_digit())
        && ("1800".."2100").contains(&year)
        && !more.is_some_and(|c| c.is_ascii_digit())
}

/// `Smith 2010`, `Smith et al., 2010` inside brackets.
fn has_author_year(inside: &str) -> bool {
    let name = inside.chars().next().is_some_and(char::is_uppercase);
    let year = inside.split([' ', ',']).next_back().unwrap_or_default();
    name && is_year(year) && inside.len() < 60
}

/// "[7, Fig. 3]", "RFC 7231, Section 4", "Smith et al. (2010, Table 1)", a URL before.
fn precedes(language: &CompiledLanguage, text: &str, span: Span, lower: &mut String) -> bool {
    let before = tail(text.get(..span.start).unwrap_or_default(), LOOK_BYTES);
    let line = before.rsplit("\n\n").next().unwrap_or(before);
    let trimmed = line.trim_end_matches([' ', ',', '\n', ';', ':', '(', '"', '“']);
    // an open bracket with a number or a name in it
    if let Some(open) = line.rfind('[') {
        let inside = line.get(open + 1..).unwrap_or_default();
        let cite = inside.split([',', ';', ']']).next().unwrap_or_default();
        let numbers =
            !cite.is_empty() && cite.len() < 20 && cite.bytes().any(|b| b.is_ascii_digit());
        let tag = inside.contains(']') && is_tag(line.get(open..).unwrap_or_default());
        let numbers = numbers || tag;
        if numbers && !inside.contains(']') && inside.contains(',') {
            return true;
        }
        // "[7], Section 3", "[RFC7231] Section 3", but not "[7]. Table 3"
        if inside.ends_with("], ")
            || inside.ends_with("] ")
            || inside.ends_with("] (")
            || inside.ends_with("](")
        {
            let closed = inside.find(']').unwrap_or(inside.len());
            return numbers && closed == inside.trim_end_matches([' ', ',', '(']).len() - 1;
        }
    }
    if let Some(open) = line.rfind('(') {
        let inside = line.get(open + 1..).unwrap_or_default();
        if !inside.contains(')') {
            let year = inside.split([' ', ',', ';', ':']).any(is_year);
            let named = inside.chars().next().is_some_and(char::is_uppercase);
            let bare = inside.get(..4).is_some_and(is_year);
            if year && (named || bare) || others_soon(language, inside, lower) {
                return true;
            }
        }
    }
    // "OSPF Version 2, Appendix C" in quotes is a title and a place in it
    if let Some(open) = line.rfind(['"', '“']) {
        let inside = line.get(open..).unwrap_or_default().trim_start_matches(['"', '“']);
        let title = inside.trim_end();
        let named = title.chars().next().is_some_and(char::is_uppercase);
        if named && title.len() > 8 && title.ends_with([',', ':']) {
            return true;
        }
    }
    let last = trimmed.rsplit([' ', '\n']).next().unwrap_or_default();
    // "the IPCC figure 2.20", but not "SEE FIGURE 2"
    let noun = head(text.get(span.start..).unwrap_or_default(), 8);
    let shouted = noun.bytes().take(3).all(|b| b.is_ascii_uppercase());
    let acronym = (3..=6).contains(&last.len()) && last.bytes().all(|b| b.is_ascii_uppercase());
    if is_standard(last) || acronym && !shouted && !SHOUTED.contains(&last) {
        return true;
    }
    let rfc = trimmed.rsplit([' ', '\n']).nth(1).unwrap_or_default();
    // "https://example.org/a. See Figure 5"
    let prior = trimmed.trim_end_matches(char::is_alphabetic).trim_end();
    let address = prior.ends_with('.') && {
        let word = prior.rsplit([' ', '\n']).next().unwrap_or_default();
        word.contains("://") || word.contains("doi:")
    };
    if address || last.contains("://") || last.starts_with("doi:") || last.starts_with("www.") {
        return true;
    }
    let number = last.trim_end_matches([')', ']']).trim_start_matches(['(', '[']);
    let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    let doc = |word: &str| {
        matches!(
            word.trim_start_matches(['(', '[']),
            "RFC" | "PEP" | "ISO" | "IEEE" | "BCP" | "IEC"
        )
    };
    if digits && doc(rfc) || number.strip_prefix("RFC").is_some_and(|n| n.parse::<u32>().is_ok()) {
        return true;
    }
    // "the Act's section 3"; "Smith's Table 2"
    let owner = last.strip_suffix("'s").or_else(|| last.strip_suffix("’s"));
    owner.is_some_and(|owner| {
        owner.chars().next().is_some_and(char::is_uppercase)
            || language.external_works.has(owner, lower)
    })
}
