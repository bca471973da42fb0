//! Edits of whole rule sets: what a run is told of them, and what fails it.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;

use datafusion::arrow::array::{Array, AsArray, ListArray, RecordBatch, StringArray, StructArray};
use datafusion::arrow::datatypes::{UInt32Type, UInt64Type};
use tamis_rules::{AnnotateSpec, OneOrMore, RuleSet, RuleSource, annotate};

const RULES: &str = r"
version: 1
rules:
  - {id: t/menu, remove_lines_matching: '^Menu'}
  - {id: t/mail, replace_pii: [email, public_ip]}
  - {id: t/spaces, replace_matches: '  +', with: ' '}
  - {id: t/short, remove_lines_if: line_word_count < 2, stage: 2}
";

fn spec(rules: &str) -> AnnotateSpec {
    let name = "r.yaml".to_owned();
    let set = RuleSet::load(&[RuleSource::Inline { name, text: rules.to_owned() }]).unwrap();
    set.compile(&BTreeMap::new()).unwrap().spec
}

/// A place of the column `edits`: rule, first byte, byte after the last.
type Place = (u32, usize, usize);

/// What the column `edits` has of each text.
fn edits(spec: &AnnotateSpec, texts: &[&str]) -> Vec<Vec<Place>> {
    let annotated = annotate(spec, &StringArray::from(texts.to_vec())).unwrap();
    let lists: &ListArray = annotated.column_by_name("edits").unwrap().as_list();
    let of = |row: usize| {
        let spans = lists.value(row);
        let spans: &StructArray = spans.as_struct();
        let batch = RecordBatch::from(spans);
        let rules = batch.column_by_name("rule").unwrap().as_primitive::<UInt32Type>().clone();
        let bytes = |name: &str| {
            let column = batch.column_by_name(name).unwrap().as_primitive::<UInt64Type>();
            column.values().iter().map(|at| usize::try_from(*at).unwrap()).collect::<Vec<_>>()
        };
        let (starts, ends) = (bytes("start"), bytes("end"));
        let rows = rules.values().iter().zip(starts).zip(ends);
        rows.map(|((rule, start), end)| (*rule, start, end)).collect()
    };
    (0..lists.len()).map(of).collect()
}

#[test]
fn the_places_of_edits_are_bytes_of_the_text_as_it_was_read() {
    let text = "Menu Home\nwrite  to é a@b.org   or 8.8.8.8\nend\n";
    let found = edits(&spec(RULES), &[text, "nothing  to  do", "as it is"]);
    let told: Vec<(u32, &str)> =
        found[0].iter().map(|(rule, start, end)| (*rule, &text[*start..*end])).collect();
    let expected =
        [(0, "Menu Home\n"), (1, "a@b.org"), (1, "8.8.8.8"), (2, "  "), (2, "   "), (3, "end\n")];
    assert_eq!(told, expected);
    assert_eq!(found[1], [(2, 7, 9), (2, 11, 13)]);
    assert!(found[2].is_empty());
}

#[test]
fn places_and_text_are_the_same_for_every_reader() {
    let spec = spec(RULES);
    for text in ["Menu\na@b.org  c\nd", "", "one  two\nMenu a@b.org\n8.8.8.8", "é  é\n"] {
        let edited = spec.edit(text).unwrap();
        let places: Vec<Place> =
            edited.spans().map(|span| (span.rule, span.start, span.end)).collect();
        assert_eq!(edits(&spec, &[text]), [places]);
        assert_eq!(edited.text(), spec.edited_text(text).unwrap());
        assert_eq!(edited.is_edited(), edited.text() != text);
    }
}

/// Makes a specification one that cannot be applied.
type BreakSpec = fn(&mut AnnotateSpec);

#[test]
fn an_edit_that_cannot_be_compiled_fails_whoever_asks_and_names_its_rule() {
    let good = spec(RULES);
    let breaks: [(&str, BreakSpec, &str); 5] = [
        (
            "t/mail",
            |spec| {
                let kinds = vec!["email".to_owned(), "pulbic_ip".to_owned()];
                spec.stages[0].edits[1].rule.replace_pii = Some(OneOrMore(kinds));
            },
            "did you mean 'public_ip'?",
        ),
        (
            "t/menu",
            |spec| {
                spec.stages[0].edits[0].rule.remove_lines_matching = Some("(".to_owned());
            },
            "unclosed group",
        ),
        (
            "t/short",
            |spec| {
                spec.stages[1].edits[0].rule.remove_lines_if = Some("words < 2".to_owned());
            },
            "no measure 'words'",
        ),
        (
            "t/spaces",
            |spec| {
                let keys = &mut spec.stages[0].edits[2].rule;
                keys.replace_matches = None;
                keys.with = None;
                keys.drop_if = Some("word_count < 3".to_owned());
            },
            "drop_if edits no text",
        ),
        ("t/spaces", |spec| spec.stages[0].edits[2].rule.with = None, "say which"),
    ];
    for (id, break_it, says) in breaks {
        let mut broken = good.clone();
        break_it(&mut broken);
        let texts = StringArray::from(vec!["a@b.org"]);
        let errors = [
            AnnotateSpec::parse(&broken.to_json()).unwrap_err().to_string(),
            broken.edited_text("a@b.org").unwrap_err().to_string(),
            broken.edit("a@b.org").unwrap_err().to_string(),
            annotate(&broken, &texts).unwrap_err().to_string(),
        ];
        for error in errors {
            assert!(error.contains(&format!("rule '{id}'")), "{error}");
            assert!(error.contains(says), "{error}");
        }
    }
}

#[test]
fn a_specification_has_edits_as_a_rule_file_writes_them() {
    let json: serde_json::Value = serde_json::from_str(&spec(RULES).to_json()).unwrap();
    let edits = &json["stages"][0]["edits"];
    let expected = serde_json::json!([
        {"number": 0, "rule": {"id": "t/menu", "remove_lines_matching": "^Menu"}},
        {"number": 1, "rule": {"id": "t/mail", "replace_pii": ["email", "public_ip"], "with": "<{kind}>"}},
        {"number": 2, "rule": {"id": "t/spaces", "replace_matches": "  +", "with": " "}},
    ]);
    assert_eq!(*edits, expected);
    let back = AnnotateSpec::parse(&spec(RULES).to_json()).unwrap();
    assert_eq!(back, spec(RULES));
}
