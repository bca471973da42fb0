//! Any text through every annotator: values lie in their ranges, evidence lies in the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tamis_rules::annotators::{self, Annotator, Value};
use tamis_rules::document::{Document, Scratch};

fuzz_target!(|text: &str| {
    let mut scratch = Scratch::default();
    let mut document = Document::new(text, &mut scratch);
    for annotator in annotators::ANNOTATORS {
        let (low, high) = annotator.range();
        match annotator.measure(&mut document) {
            Value::Float(value) => assert!((low..=high).contains(&value), "{}", annotator.name()),
            Value::Int(value) => assert!(value >= 0, "{}", annotator.name()),
            _ => {}
        }
        for (start, end) in annotator.evidence(&mut document) {
            assert!(text.get(start..end).is_some(), "{}", annotator.name());
        }
    }
});
