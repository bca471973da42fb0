//! `public_ip_count`: addresses of machines on the public internet.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{DigitRun, byte, count, evidence, word_at, word_before};
use crate::annotators::{Example, Measure, ValueType};

/// The annotator `public_ip_count`.
pub(in crate::annotators) const PUBLIC_IP_COUNT: Measure = Measure {
    name: "public_ip_count",
    value_type: ValueType::Int,
    unit: "addresses",
    range: (0.0, f64::INFINITY),
    definition: "IPv4 and IPv6 addresses that IANA's registries call globally reachable. Private, \
        shared, loopback, link-local, documentation, benchmarking, multicast and reserved ones do \
        not count, and of IPv6 only 2000::/3 without 2001::/23, 2001:db8::/32 and 3fff::/20 does. \
        Four numbers are no address behind a word such as `version` or `section` or a name and a \
        slash, before `-letter` or `.letter`, and when all are below 32, unless it is a well-known \
        resolver (`8.8.8.8`): numbers of versions, sections and enzymes look like that.",
    source: "IANA IPv4 and IPv6 Special-Purpose Address Registries",
    examples: &[
        Example::int("ping 8.8.8.8 or 2001:4860:4860::8888.", 2),
        Example::int("192.168.0.1 127.0.0.1 203.0.113.9 224.0.0.1 2001:db8::1 fe80::1 ::1", 0),
        Example::int("version 62.0.0.1, 4.1.7.1, 1.2.3.64.5, v4.3.2.61, 300.1.1.1, 08.8.8.8", 0),
    ],
    measure: |document| count(document, true, find),
    evidence: |document| evidence(document, true, find),
};

/// Words before four numbers that are no address.
const NUMBERED: &[&str] = &[
    "version",
    "versions",
    "ver",
    "v",
    "release",
    "releases",
    "build",
    "section",
    "sections",
    "sec",
    "chapter",
    "clause",
    "clauses",
    "paragraph",
    "subclause",
    "appendix",
    "annex",
    "figure",
    "table",
    "firmware",
    "driver",
    "revision",
    "rev",
    "oid",
    "assembly",
    "rule",
    "article",
    "item",
    "part",
];
/// Public resolvers whose numbers are all low.
const RESOLVERS: &[[u8; 4]] =
    &[[1, 0, 0, 1], [1, 1, 1, 1], [8, 8, 4, 4], [8, 8, 8, 8], [9, 9, 9, 9]];
/// Four numbers below this one are taken for the number of something: of real addresses that is
/// one in 4,096, of numbered sections and versions nearly all.
const LOW: u8 = 32;
/// The longest IPv6 address in text.
const V6_MAX: usize = 45;

/// Calls `found` with the bounds of each address.
pub(super) fn find(text: &str, runs: &[DigitRun], found: &mut dyn FnMut(usize, usize)) {
    let mut v4 = V4 { text, runs, next: 0 }.peekable();
    v6(text, |start, end| {
        while let Some(address) = v4.next_if(|address| address.0 < start) {
            found(address.0, address.1);
        }
        found(start, end);
        // an IPv6 address may end in the form of an IPv4 one
        while v4.next_if(|address| address.0 < end).is_some() {}
    });
    v4.for_each(|(start, end)| found(start, end));
}

struct V4<'a> {
    text: &'a str,
    runs: &'a [DigitRun],
    next: usize,
}

impl Iterator for V4<'_> {
    type Item = (usize, usize);

    fn next(&mut self) -> Option<(usize, usize)> {
        let bytes = self.text.as_bytes();
        while let Some([first, rest @ ..]) = self.runs.get(self.next..) {
            self.next += 1;
            if byte(bytes, first.end) != b'.' || first.len() > 3 {
                continue;
            }
            let [second, third, fourth, ..] = rest else { return None };
            let dotted = |before: &DigitRun, after: &DigitRun| {
                after.start == before.end + 1 && byte(bytes, before.end) == b'.'
            };
            if !(dotted(first, second) && dotted(second, third) && dotted(third, fourth)) {
                continue;
            }
            let (start, end) = (first.start, fourth.end);
            // what follows refuses leading zeros and numbers above 255
            let address: Option<Ipv4Addr> =
                self.text.get(start..end).and_then(|written| written.parse().ok());
            let counts =
                |address| is_public_v4(address) && !is_numbering(self.text, start, address);
            if address.is_some_and(counts) && is_whole(self.text, start, end) {
                self.next += 3;
                return Some((start, end));
            }
        }
        None
    }
}

/// Whether neither side goes on.
fn is_whole(text: &str, start: usize, end: usize) -> bool {
    let bytes = text.as_bytes();
    let dot_before = start > 0 && byte(bytes, start - 1) == b'.';
    let more = match byte(bytes, end) {
        b'.' => word_at(text, end + 1),
        b'-' => byte(bytes, end + 1).is_ascii_alphabetic(),
        _ => word_at(text, end),
    };
    !dot_before && !more && !word_before(text, start) && !is_tail(text, start)
}

/// Whether the address at `start` is the end of what begins as an IPv6 one, and is none.
fn is_tail(text: &str, start: usize) -> bool {
    let before = text.as_bytes().get(..start).unwrap_or_default();
    if !before.ends_with(b":") {
        return false;
    }
    let run = before.iter().rev().take(V6_MAX + 1);
    let run =
        run.take_while(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.')).count();
    let head = text.get(start - run..start).unwrap_or_default();
    let bare = head.strip_suffix(':').unwrap_or(head);
    [head, bare].into_iter().any(|head| head.parse::<Ipv6Addr>().is_ok())
}

/// Whether it is the number of a version or a section.
fn is_numbering(text: &str, start: usize, address: Ipv4Addr) -> bool {
    let octets = address.octets();
    let low = octets.iter().all(|octet| *octet < LOW) && !RESOLVERS.contains(&octets);
    // X.500 attributes and extensions of certificates
    if low || matches!(octets, [2, 5, 4 | 29, _]) {
        return true;
    }
    let before = text.as_bytes().get(..start).unwrap_or_default();
    let product = matches!(before, [.., name, b'/'] if name.is_ascii_alphabetic());
    let signs = before.iter().rev().take(4).take_while(|byte| b" :=#\"'`*(".contains(byte)).count();
    let before = before.get(..start - signs).unwrap_or_default();
    let letters =
        before.iter().rev().take(24).take_while(|byte| byte.is_ascii_alphabetic()).count();
    let word = before.get(before.len() - letters..).unwrap_or_default();
    // `ModuleVersion` too
    let version = word.last_chunk::<7>().is_some_and(|end| end.eq_ignore_ascii_case(b"version"));
    product || version || NUMBERED.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(word))
}

/// Whether an address is globally reachable.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let reserved = matches!(
        (a, b, c),
        (0 | 10 | 127 | 224..=255, _, _)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 168, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    );
    !reserved
}

/// Calls `found` with the bounds of each public IPv6 address.
fn v6(text: &str, mut found: impl FnMut(usize, usize)) {
    let bytes = text.as_bytes();
    let mut from = 0;
    for colon in memchr::memchr_iter(b':', bytes) {
        // what is public starts with four digits, of which the first is 2 or 3
        let Some(start) = colon.checked_sub(4).filter(|start| *start >= from) else { continue };
        let head = bytes.get(start..colon).unwrap_or_default();
        if !matches!(head, [b'2' | b'3', rest @ ..] if rest.iter().all(u8::is_ascii_hexdigit)) {
            continue;
        }
        let before = start.checked_sub(1).map_or(0, |before| byte(bytes, before));
        if matches!(before, b':' | b'.') || word_before(text, start) {
            continue;
        }
        let run = bytes.get(start..).unwrap_or_default().iter().take(V6_MAX + 1);
        let run = run.take_while(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.'));
        let run = text.get(start..start + run.count()).unwrap_or_default();
        let bare = run.strip_suffix(['.', ':']).unwrap_or(run);
        let written = [run, bare].into_iter().find(|run| run.parse::<Ipv6Addr>().is_ok());
        let Some(written) = written else { continue };
        let end = start + written.len();
        if written.parse().is_ok_and(is_public_v6) && !word_at(text, end) {
            found(start, end);
            from = end;
        }
    }
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let reserved = matches!((first, second), (0x2001, 0..0x200 | 0x0db8) | (0x3fff, 0..0x1000));
    (0x2000..0x4000).contains(&first) && !reserved
}

#[cfg(test)]
mod tests {
    use super::super::tests::found;
    use super::*;

    #[test]
    fn what_is_broken_is_not_found_in_part() {
        for text in ["2001:4860::8.8.8.8::", "2001:4860::1:8.8.8.8:1"] {
            assert!(found(find, text).is_empty(), "{text}");
        }
        assert_eq!(found(find, "2001:4860::8.8.8.8"), ["2001:4860::8.8.8.8"]);
        assert_eq!(found(find, "at:8.8.8.8::"), ["8.8.8.8"]);
    }

    #[test]
    fn the_borders_of_reserved_ranges() {
        let public = [
            "9.255.255.255",
            "11.0.0.32",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.255",
            "192.0.3.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "198.51.99.255",
            "198.51.101.0",
            "203.0.112.255",
            "203.0.114.0",
            "223.255.255.255",
            "2000::",
            "2001:200::",
            "2001:db7::",
            "2001:db9::",
            "3ffe::1",
            "3fff:1000::",
            "2606:4700:4700::64:8.8.8.8",
        ];
        let not = [
            "0.255.255.255",
            "10.0.0.0",
            "100.64.0.0",
            "100.127.255.255",
            "127.0.0.1",
            "169.254.0.0",
            "172.16.0.0",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.255.255",
            "198.18.0.0",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.255",
            "224.0.0.0",
            "255.255.255.0",
            "2001:1ff::",
            "2001:db8::",
            "3fff:fff::",
            "4000::",
            "1fff::",
            "fd00::1",
        ];
        for address in public {
            assert_eq!(found(find, &format!("host {address}, up")), [address], "{address}");
        }
        for address in not {
            assert!(found(find, &format!("host {address}, up")).is_empty(), "{address}");
        }
    }

    #[test]
    fn numbers_of_versions_and_sections_are_no_addresses() {
        for text in [
            "Version: 8.8.8.8",
            "driver 8.8.8.8",
            "see section 8.8.8.8.",
            "v8.8.8.8",
            "8.8.8.8.8",
            "8.8.8.8-beta",
            "5.6.7.8",
            "31.31.31.31",
            "8.8.8.8.in-addr.arpa",
            "08.8.8.8",
            "ModuleVersion='93.184.216.34'",
            "Chrome/93.184.216.34",
            "OID 2.5.29.37",
            "256.8.8.8",
            "1.8.8.8888",
            "x8.8.8.8",
            "8.8.8.8x",
            "a.8.8.8.8",
        ] {
            assert!(found(find, text).is_empty(), "{text}");
        }
        for text in ["from 8.8.8.8.", "8.8.8.8:53", "(8.8.8.8/32)", "8.8.8.8", "Host: 8.8.8.8 is"] {
            assert_eq!(found(find, text), ["8.8.8.8"], "{text}");
        }
        assert_eq!(found(find, "http://93.184.216.34/"), ["93.184.216.34"]);
        assert_eq!(found(find, "32.1.1.1"), ["32.1.1.1"]);
    }

    #[test]
    fn times_and_paths_of_code_are_no_addresses() {
        for text in ["2012:10:20:30", "3abc::def::x", "at 2010:05", "2001:4860", "dead::2abc"] {
            assert!(found(find, text).is_empty(), "{text}");
        }
        assert_eq!(found(find, "[2a00:1450:4001::5]:443"), ["2a00:1450:4001::5"]);
        assert_eq!(found(find, "8.8.4.4 2a00::1: 8.8.8.8"), ["8.8.4.4", "2a00::1", "8.8.8.8"]);
    }
}
