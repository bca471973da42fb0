//! What must hold for every kind.

use proptest::prelude::*;

use super::{Find, KINDS, PiiKind, digit_runs, parse_kinds};
use crate::edits::{CompiledEdit, Edit};

/// The texts that a kind finds.
pub(super) fn found(find: Find, text: &str) -> Vec<&str> {
    bounds(find, text).into_iter().map(|(start, end)| text.get(start..end).unwrap()).collect()
}

fn bounds(find: Find, text: &str) -> Vec<(usize, usize)> {
    let mut runs = Vec::new();
    digit_runs(text, &mut runs);
    let mut found = Vec::new();
    find(text, &runs, &mut |start, end| found.push((start, end)));
    found
}

/// Spans lie in order, apart, and on borders of characters.
fn in_order(kind: &PiiKind, text: &str) -> Result<(), String> {
    let mut last = 0;
    for (start, end) in bounds(kind.find, text) {
        if start < last || start >= end || text.get(start..end).is_none() {
            return Err(format!("{}: {start} to {end} after {last}", kind.name));
        }
        last = end;
    }
    Ok(())
}

/// What replaces findings is none, and makes none of what stands beside it.
fn all_goes(kind: &PiiKind, text: &str) -> Result<(), String> {
    let edit =
        Edit::ReplacePii { kinds: vec![kind.name.to_owned()], with: vec!["<{kind}>".into()] };
    let edited = CompiledEdit::new(&edit).unwrap().apply(text).unwrap();
    let edited = edited.map(|rewritten| rewritten.text);
    let left = bounds(kind.find, edited.as_deref().unwrap_or(text));
    if left.is_empty() { Ok(()) } else { Err(format!("{}: left in {edited:?}", kind.name)) }
}

#[test]
fn kinds_are_read_by_name() {
    assert_eq!(parse_kinds(&["email", "iban"]).unwrap().len(), 2);
    let wrong: [(&[&str], &str); 5] = [
        (&["emial"], "did you mean 'email'?"),
        (&["email", "email"], "named twice"),
        (&[""], "'' is no kind of personal data; there are email, public_ip"),
        (&["email, iban"], "write a list"),
        (&[], "name a kind"),
    ];
    for (names, says) in wrong {
        let message = parse_kinds(names).err().unwrap();
        assert!(message.contains(says), "{names:?}: {message}");
    }
}

const PARTS: &str = "[a-c0-9]{1,4}|[0-9]{2,5}|[ .:@+()/-]|@a\\.org|\\+49|\\+1 212|555-0123|[a-c]@b\\.de|\
     Tel\\.? ?|\\(030\\)|01 42|07700 900123|212-555-0123|8\\.8\\.8\\.8|2001:4860|::|é|電|\
     DE89 3704 0044 0532 0130 00|BE68539007547034|4111 1111 1111 1111|4111111111111111|\
     AKIAQ3EGTZ5PW7XYNB2C|\n";

fn parts(times: &str) -> impl Strategy<Value = String> {
    proptest::string::string_regex(&format!("({PARTS}){{{times}}}")).unwrap()
}

proptest! {
    #[test]
    fn any_text(text in any::<String>()) {
        for kind in KINDS {
            prop_assert_eq!(in_order(kind, &text), Ok(()));
            prop_assert_eq!(all_goes(kind, &text), Ok(()));
        }
    }

    #[test]
    fn text_made_of_parts_of_them(text in parts("0,30")) {
        for kind in KINDS {
            prop_assert_eq!(in_order(kind, &text), Ok(()), "{}", text);
        }
    }

    // without words between them, what is broken can become whole when a part of it goes
    #[test]
    fn lists_of_them(items in proptest::collection::vec(parts("1,2"), 0..10)) {
        for separator in [" or ", "; ", "\n- "] {
            let text = items.join(separator);
            for kind in KINDS {
                prop_assert_eq!(all_goes(kind, &text), Ok(()), "{}", text);
            }
        }
    }
}
