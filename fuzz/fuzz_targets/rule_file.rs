//! Any bytes as a rule file: an error with its place, or a rule set that compiles or says why not;
//! its canonical form reads back as itself.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use tamis_rules::{AnnotateSpec, RuleSet, RuleSource};

fuzz_target!(|text: &str| {
    let source = RuleSource::Inline { name: "fuzz.yaml".to_owned(), text: text.to_owned() };
    let Ok(set) = RuleSet::load(&[source]) else { return };
    let percentiles: BTreeMap<String, f64> =
        set.percentiles().iter().map(|one| (one.key(), 0.5)).collect();
    let Ok(compiled) = set.compile(&percentiles) else { return };
    let json = compiled.spec.to_json();
    let again = AnnotateSpec::parse(&json).expect("a specification reads back");
    assert_eq!(again.to_json(), json);
});
