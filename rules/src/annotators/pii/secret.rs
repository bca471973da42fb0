//! `secret_count`: keys and tokens.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};

use super::{DigitRun, count, evidence, word_before};
use crate::annotators::{Example, Measure, ValueType};

/// The annotator `secret_count`.
pub(in crate::annotators) const SECRET_COUNT: Measure = Measure {
    name: "secret_count",
    value_type: ValueType::Int,
    unit: "secrets",
    range: (0.0, f64::INFINITY),
    definition: "Keys and tokens that say by their form what they are: AWS access key ids (`AKIA`, \
        `ASIA`), tokens of GitHub, GitLab, Slack, Google (`AIza`), Stripe (live), OpenAI and \
        Anthropic (`sk-`), npm, PyPI, Hugging Face, SendGrid and DigitalOcean, JSON web tokens, and \
        private keys in PEM form with their body. What repeats a few characters, as placeholders \
        do, and AWS's own examples are none; neither are passwords without a form.",
    source: "tamis; the forms that the services publish",
    examples: &[
        Example::int("key AKIAQ3EGTZ5PW7XYNB2C in the log", 1),
        Example::int("AKIAIOSFODNN7EXAMPLE, ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx, sk-learn", 0),
    ],
    measure: |document| count(document, false, find),
    evidence: |document| evidence(document, false, find),
};

/// What a secret starts with, and how many bytes of the rest belong to it.
type SecretForm = (&'static str, fn(&str) -> Option<usize>);

const FORMS: &[SecretForm] = &[
    ("AKIA", aws),
    ("ASIA", aws),
    ("ghp_", |rest| exactly(rest, 36, alphanumeric)),
    ("gho_", |rest| exactly(rest, 36, alphanumeric)),
    ("ghu_", |rest| exactly(rest, 36, alphanumeric)),
    ("ghs_", |rest| exactly(rest, 36, alphanumeric)),
    ("ghr_", |rest| exactly(rest, 36, alphanumeric)),
    ("github_pat_", |rest| exactly(rest, 82, word)),
    ("glpat-", |rest| exactly(rest, 20, url_safe)),
    ("xoxb-", slack),
    ("xoxp-", slack),
    ("xoxa-", slack),
    ("xoxr-", slack),
    ("xoxs-", slack),
    ("AIza", |rest| exactly(rest, 35, url_safe)),
    ("sk_live_", |rest| at_least(rest, 24, alphanumeric)),
    ("rk_live_", |rest| at_least(rest, 24, alphanumeric)),
    ("sk-", model_key),
    ("eyJ", json_web_token),
    ("-----BEGIN ", private_key),
    ("npm_", |rest| exactly(rest, 36, alphanumeric)),
    ("pypi-AgE", |rest| at_least(rest, 50, url_safe)),
    ("hf_", |rest| exactly(rest, 34, alphanumeric)),
    ("SG.", send_grid),
    ("dop_v1_", |rest| exactly(rest, 64, hexadecimal)),
];

/// Different characters that a random token of 20 has at least.
const DIFFERENT: usize = 9;
/// The longest body of a private key.
const KEY_BODY_MAX: usize = 16 << 10;
/// Characters of base64 that the body of a private key has at least.
const KEY_BODY_LEAST: usize = 64;

/// Calls `found` with the bounds of each secret.
pub(super) fn find(text: &str, _runs: &[DigitRun], found: &mut dyn FnMut(usize, usize)) {
    let mut last_end = 0;
    for hit in HEADS.find_iter(text) {
        let (_, form) = FORMS[hit.pattern().as_usize()];
        if hit.start() < last_end || word_before(text, hit.start()) {
            continue;
        }
        let rest = text.get(hit.end()..).unwrap_or_default();
        if let Some(length) = form(rest) {
            last_end = hit.end() + length;
            found(hit.start(), last_end);
        }
    }
}

/// What secrets start with, by their places in [`FORMS`].
#[expect(clippy::expect_used, reason = "the heads are constants and a test finds them")]
static HEADS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let heads = FORMS.iter().map(|(head, _)| head);
    let built = AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(heads);
    built.expect("a short list of texts")
});

fn alphanumeric(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

fn word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn url_safe(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

fn hexadecimal(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

fn run(rest: &str, class: fn(u8) -> bool) -> usize {
    rest.bytes().take_while(|byte| class(*byte)).count()
}

/// Whether the first `length` bytes are as different as random ones are.
fn is_random(rest: &str, length: usize) -> bool {
    let mut seen = [false; 128];
    for byte in rest.bytes().take(length) {
        if let Some(seen) = seen.get_mut(usize::from(byte)) {
            *seen = true;
        }
    }
    seen.iter().filter(|seen| **seen).count() >= DIFFERENT
}

fn exactly(rest: &str, length: usize, class: fn(u8) -> bool) -> Option<usize> {
    // what goes on with a letter or an underscore is another kind of name
    let whole = run(rest, class) == length && run(rest, word) <= length;
    (whole && is_random(rest, length)).then_some(length)
}

fn at_least(rest: &str, length: usize, class: fn(u8) -> bool) -> Option<usize> {
    let run = run(rest, class);
    (run >= length && is_random(rest, run)).then_some(run)
}

fn aws(rest: &str) -> Option<usize> {
    let base32 = |byte: u8| matches!(byte, b'A'..=b'Z' | b'2'..=b'7');
    let length = exactly(rest, 16, base32)?;
    let id = rest.get(..length)?;
    (!id.contains("EXAMPLE") && id.bytes().any(|byte| byte.is_ascii_digit())).then_some(length)
}

fn slack(rest: &str) -> Option<usize> {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let length = at_least(rest, 24, token)?;
    let first = run(rest, |byte| byte.is_ascii_digit());
    (first >= 8 && rest.as_bytes().get(first) == Some(&b'-')).then_some(length)
}

fn model_key(rest: &str) -> Option<usize> {
    let length = at_least(rest, 40, url_safe)?;
    let key = rest.get(..length)?;
    let known = ["ant-", "proj-", "svcacct-", "admin-", "or-v1-"];
    // old keys of OpenAI have its name in base64 in their middle
    let is_key = known.iter().any(|head| key.starts_with(head)) || key.contains("T3BlbkFJ");
    is_key.then_some(length)
}

/// Two JSON objects and a signature in base64, with dots between.
fn json_web_token(rest: &str) -> Option<usize> {
    let head = run(rest, url_safe);
    let claims = rest.get(head..)?.strip_prefix(".eyJ")?;
    let body = run(claims, url_safe);
    let signature = claims.get(body..)?.strip_prefix('.')?;
    let signed = run(signature, url_safe);
    let long = head >= 10 && body >= 10 && signed >= 20;
    (long && is_random(signature, signed)).then_some(head + 4 + body + 1 + signed)
}

fn send_grid(rest: &str) -> Option<usize> {
    let id = exactly(rest, 22, url_safe)?;
    let key = rest.get(id..)?.strip_prefix('.')?;
    Some(id + 1 + exactly(key, 43, url_safe)?)
}

/// `RSA PRIVATE KEY-----`, the key in base64, `-----END RSA PRIVATE KEY-----`.
fn private_key(rest: &str) -> Option<usize> {
    const LABELS: &[&str] = &[
        "PRIVATE KEY-----",
        "RSA PRIVATE KEY-----",
        "EC PRIVATE KEY-----",
        "DSA PRIVATE KEY-----",
        "OPENSSH PRIVATE KEY-----",
        "ENCRYPTED PRIVATE KEY-----",
        "PGP PRIVATE KEY BLOCK-----",
    ];
    let label = LABELS.iter().find(|label| rest.starts_with(**label))?;
    let body = rest.get(label.len()..)?;
    let ending = format!("-----END {label}");
    let mut most = body.len().min(KEY_BODY_MAX);
    while !body.is_char_boundary(most) {
        most -= 1;
    }
    let end = body.get(..most)?.find(&ending)?;
    let key = body.get(..end)?;
    let base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    let written = key.bytes().filter(base64).count();
    let real = written >= KEY_BODY_LEAST && !key.contains("...") && is_random(key, key.len());
    real.then_some(label.len() + end + ending.len())
}

#[cfg(test)]
mod tests {
    use super::super::tests::found;
    use super::*;

    /// Letters and digits that look random, the same each time.
    fn noise(length: usize, alphabet: &str) -> String {
        let signs: Vec<char> = alphabet.chars().collect();
        let mut state = 7_usize;
        let next = |_| {
            state =
                state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
            signs[(state >> 33) % signs.len()]
        };
        (0..length).map(next).collect()
    }

    const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    #[test]
    fn every_form_is_found_at_its_length_and_not_beside_it() {
        let base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        for (head, length, alphabet) in [
            ("AKIA2", 15, base32),
            ("ASIA2", 15, base32),
            ("ghp_", 36, LETTERS),
            ("ghs_", 36, LETTERS),
            ("github_pat_", 82, LETTERS),
            ("glpat-", 20, LETTERS),
            ("AIza", 35, LETTERS),
            ("npm_", 36, LETTERS),
            ("hf_", 34, LETTERS),
            ("dop_v1_", 64, "0123456789abcdef"),
        ] {
            let token = format!("{head}{}", noise(length, alphabet));
            assert_eq!(found(find, &format!("key: \"{token}\"")), [token.as_str()], "{token}");
            assert!(found(find, &token[..token.len() - 1]).is_empty(), "{token}");
            assert!(found(find, &format!("{token}a")).is_empty(), "{token}");
            assert!(found(find, &format!("a{token}")).is_empty(), "{token}");
            let same = format!("{head}{}", "A".repeat(length));
            assert!(found(find, &same).is_empty(), "{same}");
        }
    }

    #[test]
    fn forms_with_parts() {
        let body = noise(60, LETTERS);
        for token in [
            format!("xoxb-123456789012-{body}"),
            format!("sk_live_{body}"),
            format!("sk-ant-api03-{body}"),
            format!("sk-proj-{body}"),
            format!("sk-{}T3BlbkFJ{}", &body[..20], &body[20..40]),
            format!("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.{}", &body[..43]),
            format!("SG.{}.{}", &body[..22], &body[..43]),
            format!("pypi-AgE{body}"),
            format!(
                "-----BEGIN RSA PRIVATE KEY-----\n{body}\n{body}\n-----END RSA PRIVATE KEY-----"
            ),
        ] {
            assert_eq!(found(find, &format!("a {token} b")), [token.as_str()], "{token}");
        }
    }

    #[test]
    fn names_and_placeholders_are_none() {
        for text in [
            "sk-learn-and-all-the-other-names-of-packages-that-are-long",
            "xoxb-your-token-goes-here",
            "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
            "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIU\n-----END CERTIFICATE-----",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0",
            "sk_live_xxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "AKIAIOSFODNN7EXAMPLE",
            "hf_hub_download",
        ] {
            assert!(found(find, text).is_empty(), "{text}");
        }
    }
}
