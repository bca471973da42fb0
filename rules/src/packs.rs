//! The packs that come with tamis, compiled in.

/// Name and text of each pack.
const PACKS: &[(&str, &str)] = &[
    ("tamis/web", include_str!("../packs/tamis-web.yaml")),
    ("tamis/docs", include_str!("../packs/tamis-docs.yaml")),
    ("tamis/code", include_str!("../packs/tamis-code.yaml")),
    ("tamis/books", include_str!("../packs/tamis-books.yaml")),
    ("gopher@datatrove", include_str!("../packs/gopher@datatrove.yaml")),
    ("gopher-quality@datatrove", include_str!("../packs/gopher-quality@datatrove.yaml")),
    ("gopher-repetition@datatrove", include_str!("../packs/gopher-repetition@datatrove.yaml")),
    ("c4@datatrove", include_str!("../packs/c4@datatrove.yaml")),
    ("fineweb@datatrove", include_str!("../packs/fineweb@datatrove.yaml")),
    ("c4@tfds", include_str!("../packs/c4@tfds.yaml")),
    ("gopher@dolma", include_str!("../packs/gopher@dolma.yaml")),
    ("gopher@dclm", include_str!("../packs/gopher@dclm.yaml")),
    ("refinedweb@dclm", include_str!("../packs/refinedweb@dclm.yaml")),
    ("redpajama-v2@redpajama", include_str!("../packs/redpajama-v2@redpajama.yaml")),
    ("massivetext", include_str!("../packs/massivetext.yaml")),
    ("code", include_str!("../packs/code.yaml")),
];

/// The text of a pack.
pub fn find(name: &str) -> Option<&'static str> {
    PACKS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// The names of all packs, the default first.
pub fn names() -> Vec<&'static str> {
    PACKS.iter().map(|(name, _)| *name).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::test_runner::{judge, run_tests};
    use crate::{RuleSet, RuleSource};

    #[test]
    fn every_pack_compiles_and_passes_its_own_tests() {
        let mut failed = Vec::new();
        for name in super::names() {
            let set = RuleSet::load(&[RuleSource::Pack(name.to_owned())]).unwrap();
            set.compile(&BTreeMap::new()).unwrap();
            let outcomes = run_tests(&set).unwrap();
            assert!(!outcomes.is_empty(), "{name} has no tests");
            failed.extend(outcomes.into_iter().filter(|outcome| !outcome.differences.is_empty()));
        }
        assert!(failed.is_empty(), "{failed:#?}");
    }

    /// A page of 100,001 words is tested in code, the others in their pack.
    const TESTED_BELOW: &[(&str, &str)] = &[
        ("gopher-quality@datatrove", "gopher/too-long"),
        ("gopher@datatrove", "gopher/too-long"),
        ("gopher@dolma", "gopher/too-long"),
        ("gopher@dclm", "gopher/too-long"),
        ("refinedweb@dclm", "gopher/too-long"),
        ("massivetext", "massivetext/too-long"),
    ];

    #[test]
    fn a_hundred_thousand_words_are_not_too_long() {
        for (name, rule) in TESTED_BELOW {
            let set = RuleSet::load(&[RuleSource::Pack((*name).to_owned())]).unwrap();
            let compiled = set.compile(&BTreeMap::new()).unwrap();
            let fires = |words: usize| {
                let text = "with the words ".repeat(words / 3) + &"and ".repeat(words % 3);
                let judged = judge(&set, &compiled, &text, &BTreeMap::new()).unwrap();
                judged.drop.iter().any(|id| id == rule)
            };
            assert!(!fires(100_000), "{name}");
            assert!(fires(100_001), "{name}");
        }
    }

    #[test]
    fn every_rule_of_a_pack_says_why_and_is_tested() {
        for name in super::names() {
            let set = RuleSet::load(&[RuleSource::Pack(name.to_owned())]).unwrap();
            let below = |id: &str| TESTED_BELOW.contains(&(name, id));
            for rule in set.rules() {
                assert!(rule.why.is_some(), "{name}: {} says no why", rule.id);
                let named =
                    |ids: &Option<Vec<String>>| ids.iter().flatten().any(|id| *id == rule.id);
                let tested = set.tests().iter().any(|placed| {
                    let expect = &placed.test.expect;
                    named(&expect.drop) || named(&expect.flag) || named(&expect.edit)
                });
                assert!(tested || below(&rule.id), "{name}: no test makes {} fire", rule.id);
            }
        }
    }
}
