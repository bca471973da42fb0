//! The parts of an address that lists and rules ask for.

use std::borrow::Cow;

/// The host of an address: lower-cased, in its ASCII form, without user, port and final dot. A
/// scheme may be left out. None where there is no host.
pub fn host(url: &str) -> Option<Cow<'_, str>> {
    split(url).map(|(host, _)| host)
}

/// The host, and the path with what follows it.
pub(super) fn split(url: &str) -> Option<(Cow<'_, str>, &str)> {
    let url = url.trim();
    let rest = match url.split_once("://") {
        Some((scheme, rest)) if is_scheme(scheme) => rest,
        _ => url.strip_prefix("//").unwrap_or(url),
    };
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    // the colons of an IPv6 address stand in brackets
    let port = host.rfind(':').filter(|at| !host.get(*at..).unwrap_or_default().contains(']'));
    let host = port.and_then(|at| host.get(..at)).unwrap_or(host).trim_end_matches('.');
    if host.is_empty() || host.contains(char::is_whitespace) {
        return None;
    }
    let host = if host.is_ascii() {
        if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Owned(host.to_ascii_lowercase())
        } else {
            Cow::Borrowed(host)
        }
    } else {
        Cow::Owned(idna::domain_to_ascii(host).ok()?)
    };
    Some((host, path))
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

fn is_machine(host: &str) -> bool {
    host.starts_with('[') || host.parse::<std::net::Ipv4Addr>().is_ok()
}

/// The registered domain of a host, `bbc.co.uk` of `news.bbc.co.uk`; the number of a machine is
/// its own, and a host that is no more than a suffix has none.
pub fn domain(host: &str) -> Option<&str> {
    if is_machine(host) { Some(host) } else { psl::domain_str(host) }
}

/// The public suffix of a host, `co.uk` of `news.bbc.co.uk`; the number of a machine has none.
pub fn suffix(host: &str) -> Option<&str> {
    if is_machine(host) { None } else { psl::suffix_str(host) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hosts_of_addresses_in_every_form() {
        for (url, expected) in [
            ("https://News.BBC.co.uk/a?b#c", "news.bbc.co.uk"),
            ("//a.org:8080/x", "a.org"),
            ("a.org", "a.org"),
            ("a.org/https://b.org", "a.org"),
            ("ftp://jo:word@a.org./", "a.org"),
            ("http://bücher.example/x", "xn--bcher-kva.example"),
            ("http://[2001:db8::1]:80/", "[2001:db8::1]"),
            ("http://8.8.8.8:53", "8.8.8.8"),
            ("a.org?x=1", "a.org"),
        ] {
            assert_eq!(host(url).as_deref(), Some(expected), "{url}");
        }
        for url in ["", "https://", "/path", "two words", "https://:80/", "?x"] {
            assert_eq!(host(url), None, "{url}");
        }
    }

    #[test]
    fn registered_domains_follow_the_public_suffix_list() {
        for (host, registered, public) in [
            ("news.bbc.co.uk", Some("bbc.co.uk"), Some("co.uk")),
            ("a.b.org", Some("b.org"), Some("org")),
            ("jo.github.io", Some("jo.github.io"), Some("github.io")),
            ("co.uk", None, Some("co.uk")),
            ("8.8.8.8", Some("8.8.8.8"), None),
        ] {
            assert_eq!((domain(host), suffix(host)), (registered, public), "{host}");
        }
    }

    proptest! {
        #[test]
        fn no_address_makes_it_panic(url in any::<String>(), parts in "[a-z:/@.\\[\\]?#é ]{0,30}") {
            for url in [url, parts] {
                if let Some(host) = host(&url) {
                    let (domain, suffix) = (domain(&host), suffix(&host));
                    prop_assert!(domain.is_none_or(|domain| host.ends_with(domain)));
                    prop_assert!(suffix.is_none_or(|suffix| host.ends_with(suffix)));
                }
            }
        }
    }
}
