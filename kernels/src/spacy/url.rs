//! Web and mail addresses, which are kept whole.

use super::affixes::is_lower;

/// Whether all of `run` is an address: an optional scheme, an optional user, a host name that ends
/// in a lower-case top-level domain or an IPv4 address, an optional port and path.
pub(super) fn is_match(run: &str) -> bool {
    let bytes = run.as_bytes();
    if memchr::memchr(b'.', bytes).is_none() {
        return false;
    }
    if host_onwards(run) {
        return true;
    }
    if let Some((scheme, rest)) = run.split_once("://")
        && scheme.chars().count() >= 2
        && scheme.chars().all(|c| c.is_alphanumeric() || "_+-.".contains(c))
        && host_onwards(rest)
    {
        return true;
    }
    // a user can hold any character, so that each sign may be the last
    memchr::memchr_iter(b'@', bytes)
        .filter(|at| *at > 0)
        .take(4)
        .any(|at| run.get(at + 1..).is_some_and(host_onwards))
}

fn host_onwards(rest: &str) -> bool {
    let end = rest.find(|c| !is_host(c)).unwrap_or(rest.len());
    let (host, mut tail) = rest.split_at(end);
    if !is_host_name(host) && !is_address(host) {
        return false;
    }
    if let Some(port) = tail.strip_prefix(':') {
        let digits = port.bytes().take_while(u8::is_ascii_digit).count();
        if !(2..=5).contains(&digits) {
            return false;
        }
        tail = port.get(digits..).unwrap_or_default();
    }
    tail.is_empty() || tail.starts_with(['/', '?', '#'])
}

fn is_label_end(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '\u{a1}'..='\u{ffff}')
}

fn is_host(c: char) -> bool {
    is_label_end(c) || matches!(c, '.' | '-' | '_')
}

fn is_host_name(host: &str) -> bool {
    let Some((labels, top)) = host.rsplit_once('.') else { return false };
    (2..=63).contains(&top.chars().count())
        && top.chars().all(is_lower)
        && labels.split('.').all(|label| {
            label.starts_with(is_label_end)
                && label.ends_with(is_label_end)
                && label.chars().count() <= 64
        })
}

/// Whether `host` is an IPv4 address that is not of a private or local network.
fn is_address(host: &str) -> bool {
    let mut octets = [0_u8; 4];
    let mut parts = host.split('.');
    for octet in &mut octets {
        let Some(value) = parts.next().and_then(|part| part.parse().ok()) else { return false };
        *octet = value;
    }
    parts.next().is_none()
        && (1..=223).contains(&octets[0])
        && !matches!(octets, [10 | 127, ..] | [169, 254, ..] | [192, 168, ..] | [172, 16..=31, ..])
}
