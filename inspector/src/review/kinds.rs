//! The kinds of defect of a review, with the digits that choose them.

use tamis_rules::DefectKind;

use crate::error::InspectError;

/// The kinds where nobody has said others.
const DEFAULT: [(&str, &str); 9] = [
    ("boilerplate", "menus, notices, cookie banners, what belongs to a site and not to a page"),
    ("truncated", "it stops, or begins, in the middle"),
    ("garbled", "wrong characters, lost spaces, lines in the wrong order"),
    ("lost-part", "a table, figure, formula or listing that the text speaks of is gone"),
    ("duplicate", "it says again what it said, or what another document says"),
    ("machine", "text that nobody wrote: templates, lists of keywords, bad translation"),
    ("language", "another language than it should be"),
    ("no-text", "data, logs, markup, numbers: nothing to read"),
    ("other", "anything else; a note says what"),
];

/// The kinds where neither a rule file nor an option names any.
pub fn default_kinds() -> Vec<DefectKind> {
    DEFAULT
        .iter()
        .map(|(name, why)| DefectKind { why: Some((*why).to_owned()), ..DefectKind::named(name) })
        .collect()
}

/// The user's own list where there is one, else the default; refuses a list that makes no sense.
pub fn settle(own: &[DefectKind]) -> Result<Vec<DefectKind>, InspectError> {
    for (number, kind) in own.iter().enumerate() {
        if let Some(problem) = kind.problem(&own[..number]) {
            return Err(InspectError::Usage(problem));
        }
    }
    Ok(if own.is_empty() { default_kinds() } else { own.to_vec() })
}

/// The digit of each kind: its own, else the next one that no kind has for its own; none after 9.
pub fn digits(kinds: &[DefectKind]) -> Vec<Option<u8>> {
    let mut free = (1..=9).filter(|digit| !kinds.iter().any(|kind| kind.key == Some(*digit)));
    kinds.iter().map(|kind| kind.key.or_else(|| free.next())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_list_makes_sense_and_fills_the_digits() {
        let kinds = default_kinds();
        assert_eq!(settle(&[]).unwrap(), kinds);
        assert_eq!(settle(&kinds).unwrap(), kinds);
        assert_eq!(digits(&kinds), (1..=9).map(Some).collect::<Vec<_>>());
    }

    #[test]
    fn kinds_with_a_digit_keep_it_and_the_others_take_what_is_left() {
        let mut kinds: Vec<DefectKind> =
            "abcdefghij".chars().map(|c| DefectKind::named(&c.to_string())).collect();
        kinds[2].key = Some(1);
        let digits = digits(&kinds);
        assert_eq!(digits[..4], [Some(2), Some(3), Some(1), Some(4)]);
        assert_eq!(digits[9], None);
        let twice = [DefectKind::named("a"), DefectKind::named("a")];
        assert!(settle(&twice).is_err());
    }
}
