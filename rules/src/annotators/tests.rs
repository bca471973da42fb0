//! What must hold for every annotator.

use super::*;
use crate::document::Scratch;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};
use tamis_kernels::TextTokenizer;

/// Buffers with the tokenizer that comes with tamis.
fn buffers() -> Scratch {
    static TOKENIZER: OnceLock<Arc<TextTokenizer>> = OnceLock::new();
    let read = || Arc::new(TextTokenizer::embedded().unwrap());
    Scratch::default().with_tokenizer(Arc::clone(TOKENIZER.get_or_init(read)))
}

fn same(left: Value, right: Value) -> bool {
    match (left, right) {
        (Value::Float(left), Value::Float(right)) => (left - right).abs() < 1e-12,
        _ => left == right,
    }
}

fn check_value(annotator: &dyn Annotator, value: Value) -> Result<(), String> {
    let (low, high) = annotator.range();
    let name = annotator.name();
    let number = match (annotator.value_type(), value) {
        (_, Value::Null) | (ValueType::Bool, Value::Bool(_)) => return Ok(()),
        (ValueType::Text, Value::Text(word)) if !word.is_empty() => return Ok(()),
        // findings are lists; their tests stand beside the detector
        (ValueType::Int, Value::Int(number)) => number as f64,
        (ValueType::Float, Value::Float(number)) => number,
        (value_type, value) => return Err(format!("{name}: {value:?} is no {value_type:?}")),
    };
    if number >= low && number <= high {
        Ok(())
    } else {
        Err(format!("{name}: {number} is outside {low} to {high}"))
    }
}

#[test]
fn every_example_holds() {
    let mut scratch = buffers();
    for annotator in ANNOTATORS {
        assert!(annotator.examples().len() >= 2, "{}: too few examples", annotator.name());
        for example in annotator.examples() {
            let value = annotator.measure(&mut Document::new(example.text, &mut scratch));
            assert!(
                same(value, example.value),
                "{} of {:?}: {value:?}, not {:?}",
                annotator.name(),
                example.text,
                example.value,
            );
            assert_eq!(check_value(*annotator, value), Ok(()));
        }
    }
}

#[test]
fn names_are_snake_case_and_different() {
    let names: BTreeSet<&str> = ANNOTATORS.iter().map(|annotator| annotator.name()).collect();
    assert_eq!(names.len(), ANNOTATORS.len());
    for name in names {
        assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'));
        assert_eq!(find(name).map(Annotator::name), Some(name));
    }
    assert!(find("no_such_annotator").is_none());
}

#[test]
fn every_page_is_written() {
    for annotator in ANNOTATORS {
        assert!(annotator.definition().ends_with('.'), "{}", annotator.name());
        assert!(!annotator.unit().is_empty() && !annotator.source().is_empty());
        assert!(!annotator.definition().contains("  "), "{}", annotator.name());
    }
}

#[test]
fn evidence_is_at_most_sixteen_spans() {
    let mut scratch = buffers();
    let text =
        "- a b c d e f g h i j {x}\u{7}\u{fffd} Ã© a@b.org www.b.org lorem ipsum...\n\n".repeat(40);
    for annotator in ANNOTATORS {
        let spans = annotator.evidence(&mut Document::new(&text, &mut scratch));
        assert!(spans.len() <= 16, "{}", annotator.name());
    }
    for name in ["duplicate_line_ratio", "bullet_line_ratio", "mojibake_count", "email_count"] {
        let annotator = find(name).unwrap();
        let spans = annotator.evidence(&mut Document::new(&text, &mut scratch));
        assert_eq!(spans.len(), 16, "{name}");
    }
}

fn check_text(text: &str) -> Result<(), String> {
    let mut scratch = buffers();
    let mut document = Document::new(text, &mut scratch);
    for annotator in ANNOTATORS {
        let value = annotator.measure(&mut document);
        check_value(*annotator, value)?;
        let alone = annotator.measure(&mut Document::new(text, &mut buffers()));
        if !same(value, alone) {
            return Err(format!("{}: {value:?} after others, {alone:?} alone", annotator.name()));
        }
        for (start, end) in annotator.evidence(&mut document) {
            if start >= end && !annotator.name().starts_with("datatrove_duplicate") {
                return Err(format!("{}: the span {start} to {end} is empty", annotator.name()));
            }
            if text.get(start..end).is_none() {
                return Err(format!("{}: {start} to {end} cuts a character", annotator.name()));
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_can_be_measured(text in any::<String>()) {
        prop_assert_eq!(check_text(&text), Ok(()));
    }

    #[test]
    fn text_with_structure_too(
        text in "([a-cA-C01]{1,3}|Ã©|â€™|\\.\\.\\.|[ \n\r\t#{}@:/•…'’-]|www\\.|http://a|\u{fffd}){0,120}",
    ) {
        prop_assert_eq!(check_text(&text), Ok(()));
    }
}
