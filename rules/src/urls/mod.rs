//! Addresses of documents: their parts by the Public Suffix List, and lists of sites that users
//! bring.
//!
//! Conditions ask `url_list('NAME')`, which a derived annotation answers with the entry that the
//! address is under, and use `url_host`, `url_domain` and `url_suffix` of any column.

mod function;
mod list;
mod parts;
mod written;

use std::sync::LazyLock;

use regex::{Captures, Regex};

pub use function::functions;
pub(crate) use function::{Reference, listed};
pub use list::UrlList;
pub(crate) use list::{hash, read};
pub use parts::{domain, host, suffix};
pub(crate) use written::WrittenList;

#[expect(clippy::expect_used, reason = "the pattern is a constant and a test compiles it")]
static CALL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\burl_list\s*\(\s*'?([^()']*?)'?\s*\)").expect("a fine pattern")
});

/// The names of the lists that an expression asks for, each once.
pub(crate) fn calls(sql: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for groups in CALL.captures_iter(sql) {
        let name = groups[1].to_owned();
        if !found.contains(&name) {
            found.push(name);
        }
    }
    found
}

/// The annotation that holds the entry of a list: empty where the address is in none, NULL where
/// there is no address.
pub(crate) fn column(name: &str) -> String {
    format!("url_list({name})")
}

/// The expression with each call as a comparison of its annotation.
pub(crate) fn named(sql: &str) -> String {
    let compared = |groups: &Captures<'_>| format!("(\"{}\" <> '')", column(&groups[1]));
    CALL.replace_all(sql, compared).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_become_comparisons() {
        let sql = "url_list('adult') or not URL_LIST( spam ) and url_list('adult')";
        assert_eq!(calls(sql), ["adult", "spam"]);
        let expected = "(\"url_list(adult)\" <> '') or not (\"url_list(spam)\" <> '') and (\"url_list(adult)\" <> '')";
        assert_eq!(named(sql), expected);
        assert_eq!(named("word_count < 3"), "word_count < 3");
    }
}
