//! `email_count`: mail addresses.

use super::{DigitRun, count, evidence};
use crate::annotators::{Example, Measure, ValueType};

/// The annotator `email_count`.
pub(in crate::annotators) const EMAIL_COUNT: Measure = Measure {
    name: "email_count",
    value_type: ValueType::Int,
    unit: "addresses",
    range: (0.0, f64::INFINITY),
    definition: "Mail addresses: at most 64 letters, digits and . _ % + - before an at sign, and \
        behind it a domain of letters, digits, hyphens and dots whose last part is at least two \
        letters and no ending of a file (`2x.png`) or of a network of one's own (`local`). Letters \
        are Latin, Greek and Cyrillic ones. No addresses are `git@host`, which is a login, and the \
        user of a URL (`ftp://jo@host.org`). Reserved domains (`example.org`) count.",
    source: "tamis",
    examples: &[
        Example::int("Write to jo@a.org, or jo.b@c-d.co.uk.", 2),
        Example::int("a @b.org x@y @z", 0),
        Example::int("jo@1.2.3.4 icon@2x.png git@host.org ssh://jo@host.org/x", 0),
        Example::int("mailto:jörg@bäcker.de", 1),
    ],
    measure: |document| count(document, false, find),
    evidence: |document| evidence(document, false, find),
};

/// Longest part before the at sign, as mail servers have it.
const USER_MAX: usize = 64;
/// Longest domain.
const DOMAIN_MAX: usize = 253;
/// How far back the scheme of a URL is looked for.
const URL_BACK: usize = 64;

/// Last parts of names that are files, or that no mail leaves.
const NO_DOMAINS: &[&str] = &[
    "png",
    "jpg",
    "jpeg",
    "gif",
    "svg",
    "webp",
    "css",
    "scss",
    "html",
    "htm",
    "php",
    "pdf",
    "txt",
    "json",
    "xml",
    "yaml",
    "yml",
    "toml",
    "exe",
    "dll",
    "so",
    "zip",
    "js",
    "jsx",
    "ts",
    "tsx",
    "gz",
    "jar",
    "class",
    "local",
    "localdomain",
    "localhost",
    "internal",
    "lan",
    "invalid",
];

/// Calls `found` with the bounds of each address.
pub(super) fn find(text: &str, _runs: &[DigitRun], found: &mut dyn FnMut(usize, usize)) {
    let mut pending: Option<(usize, usize)> = None;
    for at in memchr::memchr_iter(b'@', text.as_bytes()) {
        let Some((start, end)) = address(text, at) else { continue };
        match &mut pending {
            // `a@b.org@c.org`: replacing the first must not leave another
            Some(before) if start < before.1 => before.1 = end,
            _ => {
                if let Some((start, end)) = pending.replace((start, end)) {
                    found(start, end);
                }
            }
        }
    }
    if let Some((start, end)) = pending {
        found(start, end);
    }
}

/// The bounds of the address around the at sign at `at`.
fn address(text: &str, at: usize) -> Option<(usize, usize)> {
    let (before, after) = (text.get(..at)?, text.get(at + 1..)?);
    let user = before.trim_end_matches(is_user);
    let user = before.get(user.len()..)?.trim_start_matches(['.', '-', '%', '+']);
    let domain = domain(after);
    if user.is_empty() || user.len() > USER_MAX || domain == 0 || user == "git" {
        return None;
    }
    let start = at - user.len();
    (!is_of_url(text, start)).then_some((start, at + 1 + domain))
}

fn is_user(c: char) -> bool {
    is_letter_or_digit(c) || matches!(c, '.' | '_' | '%' | '+' | '-')
}

fn is_letter_or_digit(c: char) -> bool {
    c.is_ascii_alphanumeric() || (matches!(c, '\u{c0}'..='\u{52f}') && c.is_alphabetic())
}

/// Whether what starts at `start` is the user of a URL: `scheme://` and no slash since.
fn is_of_url(text: &str, start: usize) -> bool {
    let bytes = text.as_bytes().get(..start).unwrap_or_default();
    let back = bytes.iter().rev().take(URL_BACK);
    let back = back.take_while(|byte| !byte.is_ascii_whitespace() && !b"?<>\"'(".contains(byte));
    let mut slashes = back.enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
    let Some(first) = slashes.next() else { return false };
    slashes.next() == Some(first + 1) && super::byte(bytes, start.wrapping_sub(first + 3)) == b':'
}

/// The bytes of the domain at the start of `text`; 0 where there is none.
fn domain(text: &str) -> usize {
    let is_part = |c: char| is_letter_or_digit(c) || matches!(c, '.' | '-');
    let run = text.find(|c| !is_part(c)).unwrap_or(text.len());
    let mut name = text.get(..run).unwrap_or_default();
    if name.len() > DOMAIN_MAX || !name.starts_with(is_letter_or_digit) {
        return 0;
    }
    // `a.org-based` and `a.org.` end earlier than the run
    loop {
        name = name.trim_end_matches(['.', '-']);
        let Some((rest, last)) = name.rsplit_once('.') else { return 0 };
        if is_top(last) && !rest.ends_with(['.', '-']) && !name.contains("..") {
            return name.len();
        }
        let Some(cut) = name.rfind(['.', '-']) else { return 0 };
        name = name.get(..cut).unwrap_or_default();
    }
}

fn is_top(part: &str) -> bool {
    part.chars().count() >= 2
        && part.chars().all(char::is_alphabetic)
        && !NO_DOMAINS.iter().any(|known| known.eq_ignore_ascii_case(part))
}

#[cfg(test)]
mod tests {
    use super::super::tests::found;
    use super::*;

    #[test]
    fn an_address_ends_where_its_domain_does() {
        for (text, expected) in [
            ("to a@b.org.", "a@b.org"),
            ("a@b.org-based", "a@b.org"),
            ("<jo+x@mail.b.co.uk>", "jo+x@mail.b.co.uk"),
            ("..jo@b.org", "jo@b.org"),
            ("jo@b.org,bo", "jo@b.org"),
            ("请写信到jo@b.org。", "jo@b.org"),
            ("a@b.org@c.org", "a@b.org@c.org"),
            ("http://x.org/?to=jo@b.org", "jo@b.org"),
            ("mailto:jo@b.org", "jo@b.org"),
            ("jo@b.org.2x", "jo@b.org"),
        ] {
            assert_eq!(found(find, text), [expected], "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_one_is_none() {
        for text in [
            "a@b.o",
            "@b.org",
            "a@.org",
            "a@-b.org",
            "a@b..org",
            "a@b-.org",
            "icon@3x.PNG",
            "root@host.local",
            "git@github.com:a/b",
            "https://jo:word@host.org/x",
            "a@b",
            "x@2.5",
            "%@b.org",
        ] {
            assert!(found(find, text).is_empty(), "{text}");
        }
        let long = format!("{}@b.org", "a".repeat(65));
        assert!(found(find, &long).is_empty());
        assert_eq!(found(find, &long[1..]).len(), 1);
    }
}
