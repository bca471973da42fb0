use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

const FILE: &str = "# house rules\nversion: 1   # of the format\nextends: [tamis/web]\nrules:\n  # edits first\n  - id: house/mask\n    replace_matches: '[a-z.]+@[a-z.]+'\n    with: '<email>'   # never an address\n\n# what they do\ntests:\n  - text: |\n      Write to me@example.org.\n    expect: { edit: [house/mask] }\n  # the end\n";

fn rule(draft: Draft) -> NewRule {
    NewRule {
        draft,
        id: "house/new".to_owned(),
        why: Some("it's seen: 3 of 20".to_owned()),
        extends: vec!["tamis/web".to_owned()],
    }
}

fn lines() -> Draft {
    Draft::RemoveLines("(?i)we use 'cookies'".to_owned())
}

/// Appends to a file with the text `old`; gives the new text and what was appended.
fn appended(
    old: Option<&str>,
    rule: &NewRule,
    text: &str,
) -> Result<(String, Appended), InspectError> {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("house.yaml");
    if let Some(old) = old {
        std::fs::write(&file, old).unwrap();
    }
    let metadata = serde_json::json!({"lang": "en", "meta": {"score": 0.25}});
    let percentiles = BTreeMap::from([("p99(compression_ratio)".to_owned(), 2.5)]);
    let document = TestDocument {
        name: "doc-7",
        text,
        metadata: metadata.as_object().unwrap(),
        percentiles: &percentiles,
    };
    let outcome = append(rule, &file, old, Some(&document));
    let there = std::fs::read_to_string(&file).ok();
    match outcome {
        Ok(appended) => Ok((there.unwrap(), appended)),
        Err(error) => {
            assert_eq!(there.as_deref(), old, "a refused rule changes nothing");
            assert!(std::fs::read_dir(folder.path()).unwrap().count() <= 1);
            Err(error)
        }
    }
}

const TEXT: &str = "A page.\nWe use 'cookies' here.\nAnother line.\n";

#[test]
fn everything_else_stays_byte_for_byte() {
    let (new, added) = appended(Some(FILE), &rule(lines()), TEXT).unwrap();
    let test = added.test.unwrap();
    assert_eq!(new.replacen(&added.rule, "", 1).replacen(&test, "", 1), FILE);
    assert_eq!(
        added.rule,
        "  - id: house/new\n    remove_lines_matching: '(?i)we use ''cookies'''\n    why: 'it''s seen: 3 of 20'\n"
    );
    assert_eq!(
        test,
        "  - name: 'from doc-7'\n    text: |2\n      A page.\n      We use 'cookies' here.\n      Another line.\n    expect: { edit: [house/new] }\n"
    );
    assert!(new.contains("# never an address\n  - id: house/new\n"));
    assert_eq!(added.tests, 2);
}

#[test]
fn a_file_is_made_where_there_is_none() {
    let (new, _) =
        appended(None, &rule(Draft::FlagIf("word_count < 20".to_owned())), TEXT).unwrap();
    assert!(new.starts_with("version: 1\nextends: ['tamis/web']\nrules:\n  - id: house/new\n    flag_if: 'word_count < 20'\n"), "{new}");
    assert!(new.contains("\ntests:\n  - name: 'from doc-7'\n"), "{new}");
    assert!(new.contains("expect: { flag: [house/new] }"), "{new}");
    // and it grows
    let mut second = rule(lines());
    second.id = "house/other".to_owned();
    let (longer, added) = appended(Some(&new), &second, TEXT).unwrap();
    assert_eq!(added.tests, 2);
    assert!(longer.len() > new.len());
}

#[test]
fn other_shapes_of_lists_are_understood_or_refused_with_the_text_to_paste() {
    let unindented = "version: 1\nrules:\n- id: a/b\n  drop_if: word_count < 1\ntests:\n-   text: |+\n      x\n\n\n    expect: {keep: true}\n-   expect: {keep: true}\n    text: |+\n      y\n\n";
    let (new, _) = appended(Some(unindented), &rule(lines()), TEXT).unwrap();
    assert!(new.contains("\n- id: house/new\n  remove_lines"), "{new}");
    // the empty lines are the other test's text
    assert!(new.contains("      y\n\n- name: 'from doc-7'"), "{new}");
    let windows = FILE.replace('\n', "\r\n");
    let (new, _) = appended(Some(&windows), &rule(lines()), TEXT).unwrap();
    assert!(!new.replace("\r\n", "").contains('\n'));
    let unfinished = "version: 1\nrules:\n  - id: a/b\n    drop_if: word_count < 1";
    let (new, _) = appended(Some(unfinished), &rule(lines()), TEXT).unwrap();
    assert!(new.starts_with(&format!("{unfinished}\n  - id: house/new\n")), "{new}");
    for flow in
        ["{version: 1, rules: []}\n", "version: 1\nrules: [{id: a/b, drop_if: word_count < 1}]\n"]
    {
        let error = appended(Some(flow), &rule(lines()), TEXT).unwrap_err().to_string();
        assert!(error.contains("paste\n") && error.contains("- id: house/new"), "{error}");
    }
}

#[test]
fn what_would_not_be_right_is_not_written() {
    let of = |old: &str, rule: &NewRule, text: &str| {
        appended(Some(old), rule, text).unwrap_err().to_string()
    };
    let taken = NewRule { id: "house/mask".to_owned(), ..rule(lines()) };
    assert!(of(FILE, &taken, TEXT).contains("another id"), "{}", of(FILE, &taken, TEXT));
    let unknown = rule(Draft::DropIf("word_cuont < 3".to_owned()));
    assert!(of(FILE, &unknown, TEXT).contains("word_count"));
    assert!(of(FILE, &rule(lines()), "nothing of it").contains("choose another document"));
    // it would break a test of the file
    let greedy = rule(Draft::RemoveLines("Write|cookies".to_owned()));
    let strict = FILE.replace("{ edit: [house/mask] }", "{ text: 'Write to <email>.\n' }");
    let strict = strict.replace("'Write to <email>.\n'", "\"Write to <email>.\\n\"");
    assert!(of(&strict, &greedy, TEXT).contains("tests of the file would fail"));
    assert!(of("version: 1\nruels: []\n", &rule(lines()), TEXT).contains("ruels"));
}

#[test]
fn a_file_that_has_changed_is_left_alone() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("house.yaml");
    std::fs::write(&file, FILE).unwrap();
    let error = append(&rule(lines()), &file, Some("version: 1\n"), None).unwrap_err();
    assert!(error.to_string().contains("has changed since"), "{error}");
    let error = append(&rule(lines()), &file, None, None).unwrap_err();
    assert!(error.to_string().contains("has changed since"), "{error}");
    assert_eq!(read(&file).unwrap().as_deref(), Some(FILE));
    assert!(append(&rule(lines()), &file, Some(FILE), None).unwrap().test.is_none());
}

#[test]
fn files_beside_it_columns_and_percentiles_come_with_the_test() {
    let folder = TempDir::new().unwrap();
    let base = "version: 1\ncolumns: {lang: string, meta.score: double}\nrules:\n  - id: b/odd\n    flag_if: compression_ratio > p99(compression_ratio)\n";
    std::fs::write(folder.path().join("base.yaml"), base).unwrap();
    let file = folder.path().join("house.yaml");
    let new = NewRule {
        extends: vec!["base.yaml".to_owned()],
        ..rule(Draft::DropIf("lang = 'en' and word_count > 3".to_owned()))
    };
    let metadata = serde_json::json!({"lang": "en", "meta": {"score": 0.25}});
    let percentiles = BTreeMap::from([("p99(compression_ratio)".to_owned(), 2.5)]);
    let metadata = metadata.as_object().unwrap();
    let document = TestDocument { name: "d", text: TEXT, metadata, percentiles: &percentiles };
    let added = append(&new, &file, None, Some(&document)).unwrap();
    let test = added.test.unwrap();
    assert!(test.contains("columns: { 'lang': \"en\" }"), "{test}");
    assert!(test.contains("given: { 'p99(compression_ratio)': 2.5 }"), "{test}");
    assert!(test.contains("expect: { drop: [house/new] }"), "{test}");
}

#[test]
fn a_long_document_gives_a_short_test() {
    let long: String = (0..900).map(|n| format!("line {n} of a long page\n")).collect();
    let text = format!("{long}we use 'cookies'\r\n{long}");
    let (new, added) = appended(Some(FILE), &rule(lines()), &text).unwrap();
    let test = added.test.unwrap();
    assert!(test.contains("we use 'cookies'\\r\\n") && test.len() < 4000, "{test}");
    assert!(new.contains(&test));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_text_becomes_a_test_that_reads_back(before in any::<String>(), after in "[ \\n\\r\\t\u{0}\u{85}\u{feff}a'\"#:|-]{0,40}") {
        let text = format!("{before}\nwe use 'cookies'\n{after}");
        let (new, _) = appended(Some(FILE), &rule(lines()), &text).unwrap();
        let source = RuleSource::Inline { name: "house.yaml".to_owned(), text: new };
        let set = RuleSet::load(&[source]).unwrap();
        prop_assert_eq!(&set.tests()[1].test.text, &text);
    }
}
