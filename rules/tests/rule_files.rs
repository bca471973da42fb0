//! Rule files as users write them, right and wrong.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};
use tamis_rules::test_runner::{Judgement, judge, run_tests};
use tamis_rules::{RuleError, RuleSet, RuleSource};

fn load(text: &str) -> Result<RuleSet, RuleError> {
    RuleSet::load(&[RuleSource::Inline { name: "r.yaml".to_owned(), text: text.to_owned() }])
}

/// Loads and compiles; what is wrong comes as text.
fn problem(text: &str) -> String {
    match load(text).and_then(|set| set.compile(&BTreeMap::new()).map(|_| ())) {
        Ok(()) => String::new(),
        Err(error) => error.to_string(),
    }
}

fn rule(body: &str) -> String {
    format!("version: 1\nrules:\n  - id: t/x\n    {body}\n")
}

fn judged(rules: &str, text: &str, columns: &[(&str, Value)]) -> Judgement {
    let set = load(rules).unwrap();
    let compiled = set.compile(&BTreeMap::new()).unwrap();
    let columns = columns.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    judge(&set, &compiled, text, &columns).unwrap()
}

#[test]
fn every_mistake_has_its_place_and_its_way_out() {
    let cases: &[(&str, &[&str])] = &[
        ("rules: []\n", &["r.yaml", "version"]),
        ("version: 2\n", &["r.yaml:1:10", "version 2"]),
        ("version: 1\nruels: []\n", &["r.yaml:2:1", "ruels"]),
        (&rule("drop_if: word_cuont < 5"), &["r.yaml:4:14", "word_cuont", "word_count"]),
        (&rule("drop_if: word_count <"), &["r.yaml:4:14"]),
        (&rule("drop_if: word_count"), &["r.yaml:4:14", "true or false"]),
        (&rule("drop_if: word_count < 'five'"), &["r.yaml:4:14", "cannot be compared"]),
        (&rule("drop_if: sum(word_count) > 5"), &["r.yaml:4:14", "aggregate"]),
        (&rule("drop_if: random() > 0.5"), &["r.yaml:4:14", "another value each time"]),
        (&rule("drop_if: word_count < 0"), &["r.yaml:4:14", "can never fire"]),
        (&rule("drop_if: letter_char_ratio <= 1"), &["fires for every document"]),
        (&rule("drop_if: lang = 'en'"), &["r.yaml:4:14", "'lang'", "declared under 'columns'"]),
        (&rule("drop_if: word_count > p50(nope)"), &["r.yaml:4:31", "no annotation 'nope'"]),
        (&rule("drop_if: 5 > token_count"), &["r.yaml:4:18", "counts tokens", "--tokenizer"]),
        (&rule("flag_if: word_count > p50(bytes_per_token)"), &["r.yaml:4:31", "counts tokens"]),
        (&rule("drop_if: word_count / 0 > 3"), &["r.yaml:4:14", "divides by zero"]),
        (&rule("flag_if: word_count < 5\n    on_null: drop"), &["r.yaml:4:14", "drops nothing"]),
        (&rule("why: nothing is done"), &["r.yaml:3:9"]),
        (&rule("drop_if: word_count < 5\n    keep_if: word_count > 6"), &["r.yaml:"]),
        (&rule("remove_lines_matching: '('"), &["r.yaml:4:29", "unclosed group: close it"]),
        (&rule("replace_matches: 'a'"), &["with"]),
        (
            &rule("remove_lines_if: line_words < 3"),
            &["r.yaml:4:22", "'line_words'", "line_word_count"],
        ),
        (&rule("remove_lines_if: line_word_count <"), &["r.yaml:4:22", "cannot be read"]),
        (
            &rule("replace_matches: 'a'\n    with: b\n    lines_if: word_count < 3"),
            &["r.yaml:6:15", "no measure 'word_count' of a line"],
        ),
        (
            &rule("drop_if: word_count < 3\n    lines_if: line_word_count < 3"),
            &["r.yaml:5:15", "belongs to replace_matches only"],
        ),
        (&rule("replace_pii: emial"), &["r.yaml:4:18", "'emial'", "did you mean 'email'?"]),
        (&rule("replace_pii: [email, 7]"), &["r.yaml:4:18", "'7' is no kind of personal data"]),
        (&rule("replace_pii: 'email, iban'"), &["r.yaml:4:18", "write a list"]),
        (&rule("replace_pii: [email, iban]\n    with: [a, b]"), &["r.yaml:4:18", "each kind"]),
        (&rule("replace_pii: email\n    with: []"), &["r.yaml:4:18", "with: ''"]),
        (&rule("replace_matches: a\n    with: [b, c]"), &["r.yaml:5:11", "replace_pii only"]),
        (&rule("drop_if: word_count < 5\n    with: a"), &["r.yaml:5:11", "belongs to"]),
        (&rule("replace_pii: email\n    on_null: keep"), &["on_null belongs to conditions"]),
        (
            &rule("drop_if: url_list('adlut')"),
            &["r.yaml:4:24", "no list 'adlut' under 'url_lists'"],
        ),
        ("version: 1\nurl_lists: {a: b}\n", &["r.yaml:2:16", "write columns: {url: string}"]),
        (
            "version: 1\ncolumns: {url: string}\nurl_lists: {a: no/such/list}\n",
            &["r.yaml:3:16", "no/such/list: there is no such list"],
        ),
        (
            "version: 1\nurl_lists: {a: {paht: b}}\n",
            &["r.yaml:2:", "'paht' here (did you mean 'path'?)"],
        ),
        ("version: 1\nmeasure: [word_cuont]\n", &["r.yaml:2:11", "word_cuont", "'word_count'"]),
        (&rule("drop_if: word_count < 5\n  - id: t/x\n    drop_if: word_count < 6"), &["t/x"]),
        ("version: 1\nextends: [no/such]\n", &["no/such"]),
        ("version: 1\ncolumns: {a: date}\n", &["r.yaml:2:", "date"]),
        ("version: 1\nextends: [tamis/web]\ndisable: [web/nothing]\n", &["web/nothing"]),
        ("version: 1\ndefects: [a, b, a]\n", &["r.yaml:2:17", "'a'", "already"]),
        ("version: 1\ndefects: [{name: a, kee: 1}]\n", &["r.yaml:2:", "kee"]),
        ("version: 1\ndefects: [{name: a, key: 12}]\n", &["r.yaml:2:11", "1 to 9"]),
    ];
    for (text, parts) in cases {
        let message = problem(text);
        for part in *parts {
            assert!(message.contains(part), "{text}\n gives: {message}\n without: {part}");
        }
    }
}

#[test]
fn several_mistakes_are_told_at_once() {
    let text = "version: 1\nrules:\n  - {id: t/a, drop_if: no_one < 1}\n  - {id: t/b, drop_if: no_two < 1}\n";
    let message = problem(text);
    assert!(message.contains("no_one") && message.contains("no_two"), "{message}");
}

#[test]
fn null_is_undecided_and_on_null_says_what_then() {
    for (on_null, keep, drops) in [("keep", true, 0), ("drop", false, 1), ("fail", false, 0)] {
        let rules = format!(
            "version: 1\ncolumns: {{score: double}}\nrules:\n  - {{id: t/s, drop_if: score < 0.5, on_null: {on_null}}}\n"
        );
        let one = judged(&rules, "a text", &[]);
        assert_eq!(one.undecided, ["t/s"], "{on_null}");
        assert_eq!((one.keep, one.drop.len()), (keep, drops), "{on_null}");
        let one = judged(&rules, "a text", &[("score", json!(0.1))]);
        assert_eq!((one.keep, one.undecided.len()), (false, 0));
    }
    // an annotation that is undefined for a text is NULL, not zero
    let rules = rule("drop_if: mean_word_length < 3");
    assert_eq!(judged(&rules, "", &[]).undecided, ["t/x"]);
}

#[test]
fn keep_if_removes_what_does_not_hold() {
    let rules = rule("keep_if: word_count between 2 and 3");
    assert!(!judged(&rules, "one", &[]).keep);
    assert!(judged(&rules, "one two", &[]).keep);
    assert!(judged(&rules, "one two three", &[]).keep);
    assert_eq!(judged(&rules, "one two three four", &[]).drop, ["t/x"]);
}

#[test]
fn stages_see_the_text_as_edited_so_far_and_original_the_text_as_read() {
    let rules = "
version: 1
rules:
  - {id: t/cut, remove_lines_matching: '^drop this', why: w}
  - {id: t/now, flag_if: word_count = 2}
  - {id: t/then, flag_if: original.word_count = 5}
  - {id: t/replace, replace_matches: 'two', with: 'two and a half', stage: 2}
  - {id: t/later, flag_if: word_count = 5, stage: 2}
";
    let one = judged(rules, "one two\ndrop this line\n", &[]);
    assert_eq!(one.text, "one two and a half\n");
    assert_eq!(one.edit, ["t/cut", "t/replace"]);
    assert_eq!(one.flag, ["t/now", "t/then", "t/later"]);
}

#[test]
fn derived_annotations_may_use_each_other_in_any_order_but_not_in_a_circle() {
    let rules = "
version: 1
annotations: { twice: half * 4, half: word_count / 2 }
rules:
  - {id: t/d, drop_if: twice >= 8}
";
    assert!(!judged(rules, "a b c d", &[]).keep);
    assert!(judged(rules, "a b", &[]).keep);
    let circle = rules.replace("word_count / 2", "twice / 2");
    assert!(problem(&circle).contains("derived from itself"), "{}", problem(&circle));
}

#[test]
fn nested_columns_and_columns_named_like_steps_are_told_apart() {
    let rules = "
version: 1
columns: { meta.word_count: int, meta.deep.lang: string }
rules:
  - {id: t/n, drop_if: meta.word_count > word_count}
  - {id: t/l, flag_if: \"meta.deep.lang = 'de'\"}
";
    let one =
        judged(rules, "a b c", &[("meta.word_count", json!(4)), ("meta.deep.lang", json!("de"))]);
    assert_eq!((one.drop, one.flag), (vec!["t/n".to_owned()], vec!["t/l".to_owned()]));
    assert!(judged(rules, "a b c", &[("meta.word_count", json!(3))]).keep);
}

#[test]
fn percentiles_are_named_by_their_call() {
    let set = load(&rule("drop_if: word_count > p99(word_count)")).unwrap();
    let calls: Vec<String> = set.percentiles().iter().map(tamis_rules::Percentile::key).collect();
    assert_eq!(calls, ["p99(word_count)"]);
    // nothing can be above the largest value possible, and here that is no mistake
    let top = load(&rule("drop_if: letter_char_ratio > p99(letter_char_ratio)")).unwrap();
    assert!(top.compile(&BTreeMap::from([("p99(letter_char_ratio)".to_owned(), 1.0)])).is_ok());
    assert!(set.compile(&BTreeMap::new()).is_err());
    let given = BTreeMap::from([("p99(word_count)".to_owned(), 2.0)]);
    let compiled = set.compile(&given).unwrap();
    assert!(judge(&set, &compiled, "a b", &BTreeMap::new()).unwrap().keep);
    assert!(!judge(&set, &compiled, "a b c", &BTreeMap::new()).unwrap().keep);
}

#[test]
fn inline_tests_say_what_came_instead() {
    let text = rule("drop_if: word_count < 3")
        + "tests:\n  - {text: 'a b', expect: {keep: true}}\n  - {text: 'a b c', expect: {keep: true}}\n";
    let outcomes = run_tests(&load(&text).unwrap()).unwrap();
    assert_eq!(outcomes.len(), 2);
    let told = outcomes[0].differences[0].to_string();
    assert_eq!(told, "keep: expected true, got false; t/x fired: word_count is 2 (asked: < 3)");
    assert!(outcomes[1].differences.is_empty());
}

#[test]
fn the_hash_follows_the_meaning_and_not_the_writing() {
    let one = load(&rule("drop_if: word_count < 3")).unwrap();
    let same =
        load(&format!("# a remark\n{}", rule("drop_if:   'word_count < 3'\n    why: because")))
            .unwrap();
    let other = load(&rule("drop_if: word_count < 4")).unwrap();
    assert_eq!(one.hash_hex(), same.hash_hex());
    assert_ne!(one.hash_hex(), other.hash_hex());
}

#[test]
fn a_survivor_policy_is_typed_like_a_rule() {
    let set = |order: &str| load(&rule("drop_if: word_count < 3")).unwrap().with_survivor(order);
    let compiled = set("char_count desc, word_count").compile(&BTreeMap::new()).unwrap();
    assert_eq!(compiled.survivor.len(), 2);
    assert!(!compiled.survivor[0].asc && compiled.survivor[1].asc);
    assert!(compiled.annotations.iter().any(|field| field.name() == "char_count"));
    for wrong in ["nothing desc", "word_count desc limit 3", "sum(word_count)", ""] {
        let error = set(wrong).compile(&BTreeMap::new()).unwrap_err().to_string();
        assert!(error.contains("survivor"), "{wrong}: {error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_text_makes_the_loader_panic(text in any::<String>()) {
        let _ = problem(&text);
    }

    #[test]
    fn no_condition_makes_the_compiler_panic(
        parts in prop::collection::vec(
            prop_oneof![
                Just("word_count"), Just("<"), Just("("), Just(")"), Just("and"), Just("not"),
                Just("'x'"), Just("5"), Just("is null"), Just("original."), Just("case when"),
                Just("between"), Just(","), Just("-"), Just("p99(word_count)"), Just("\""),
            ],
            0..9,
        ),
    ) {
        let _ = problem(&rule(&format!("drop_if: {}", serde_json::Value::from(parts.join(" ")))));
    }
}

#[test]
fn what_cannot_be_divided_or_cast_is_undecided() {
    let divided = rule("drop_if: word_count / (word_count - 3) > 1");
    assert!(judged(&divided, "one two three four", &[]).drop.contains(&"t/x".to_owned()));
    let three = judged(&divided, "one two three", &[]);
    assert_eq!((three.keep, three.undecided), (true, vec!["t/x".to_owned()]));
    let cast = "version: 1\ncolumns: {lang: string}\nrules:\n  - id: t/x\n    drop_if: cast(lang as int) > 3\n";
    assert_eq!(judged(cast, "one", &[("lang", json!("en"))]).undecided, ["t/x"]);
    assert_eq!(judged(cast, "one", &[("lang", json!("5"))]).drop, ["t/x"]);
}

#[test]
fn personal_data_is_replaced_and_measured_afterwards() {
    let rules = "
version: 1
rules:
  - {id: t/mail, replace_pii: email, with: [email@example.com, firstname.lastname@example.org]}
  - {id: t/rest, replace_pii: [public_ip, secret]}
  - {id: t/left, flag_if: public_ip_count > 0}
  - {id: t/before, flag_if: original.public_ip_count > 0}
";
    let one = judged(rules, "ann@a.org and bo@b.org, ann@a.org again, from 8.8.8.8", &[]);
    assert_eq!(
        one.text,
        "email@example.com and firstname.lastname@example.org, email@example.com again, from <public_ip>"
    );
    assert_eq!(one.edit, ["t/mail", "t/rest"]);
    assert_eq!(one.flag, ["t/before"]);
    let hash = |rules: &str| load(rules).unwrap().hash_hex();
    assert_ne!(hash(rules), hash(&rules.replace("email@example.com, ", "")));
    assert_eq!(hash(&rule("replace_pii: email")), hash(&rule("replace_pii: [email]")));
    assert_eq!(
        hash(&rule("replace_pii: email")),
        hash(&rule("replace_pii: email\n    with: '<{kind}>'"))
    );
}

#[test]
fn addresses_are_asked_for_their_parts_and_their_words() {
    let rules = "
version: 1
columns: { url: string }
annotations:
  weak_words: >-
    case when regexp_like(lower(url), 'slots') then 1 else 0 end
    + case when regexp_like(lower(url), 'bet') then 1 else 0 end
rules:
  - {id: t/weak, drop_if: weak_words >= 2}
  - {id: t/strong, drop_if: \"regexp_like(lower(url), '(^|[^a-z])(casino|porn)([^a-z]|$)')\"}
  - {id: t/shop, flag_if: \"url_suffix(url) = 'shop' or url_domain(url) in ('amazon.com', 'ebay.de')\"}
  - {id: t/host, flag_if: \"url_host(url) = 'www.ebay.de'\"}
";
    let fired = |url: Value| {
        let one = judged(rules, "a", &[("url", url)]);
        (one.drop, one.flag, one.undecided.len())
    };
    let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    assert_eq!(fired(json!("http://slots.org/Bet")), (ids(&["t/weak"]), vec![], 0));
    assert_eq!(fired(json!("http://slots.org/")), (vec![], vec![], 0));
    assert_eq!(fired(json!("http://my-casino.org/")), (ids(&["t/strong"]), vec![], 0));
    assert_eq!(fired(json!("http://mycasino.org/")), (vec![], vec![], 0));
    assert_eq!(fired(json!("https://www.ebay.de/x")), (vec![], ids(&["t/shop", "t/host"]), 0));
    assert_eq!(fired(json!("https://a.b.shop/x")), (vec![], ids(&["t/shop"]), 0));
    assert_eq!(fired(Value::Null), (vec![], vec![], 3));
}

#[test]
fn kinds_of_defect_decide_nothing_and_are_joined_in_order() {
    let plain = load("version: 1\n").unwrap();
    let set = load("version: 1\ndefects: [menu, {name: table, key: 2, why: lost}]\n").unwrap();
    let names: Vec<&str> = set.defects().iter().map(|kind| kind.name.as_str()).collect();
    assert_eq!(names, ["menu", "table"]);
    assert_eq!(set.defects()[1].key, Some(2));
    assert_eq!(set.hash_hex(), plain.hash_hex());
}

#[test]
fn what_no_condition_names_can_be_measured_and_tested() {
    let text = "version: 1\nmeasure: [word_count, mean_word_length]\ntests:\n  - text: 'a bbb'\n    expect: { values: { word_count: 2, mean_word_length: 2.0000004 } }\n  - text: ''\n    expect: { values: { word_count: 1, mean_word_length: 5, line_count: 0 } }\n";
    let outcomes = run_tests(&load(text).unwrap()).unwrap();
    assert!(outcomes[0].differences.is_empty(), "{outcomes:?}");
    let expected = [
        "values.line_count: expected 0, got nothing: put it under 'measure: [line_count]'",
        "values.mean_word_length: expected 5, got null",
        "values.word_count: expected 1, got 0",
    ];
    let told: Vec<String> = outcomes[1].differences.iter().map(ToString::to_string).collect();
    assert_eq!(told, expected);
    let plain = load("version: 1\nrules: []\n").unwrap();
    assert_ne!(load(text).unwrap().hash_hex(), plain.hash_hex());
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

const LISTED: &str = "version: 1
word_lists:
  bad: bad.txt
  own: [Casino, 'free money']
rules:
  - id: t/bad
    flag_if: bad_count >= 2
  - id: t/own
    drop_if: own_char_ratio > 0.5
tests:
  - text: 'Heck and DARN it'
    expect: { flag: [t/bad], drop: [], values: { bad_count: 2, own_char_ratio: 0 } }
  - text: 'heck'
    expect: { flag: [], values: { bad_count: 1 } }
  - text: 'FREE money now'
    expect: { drop: [t/own], values: { own_char_ratio: 0.7142857 } }
";

#[test]
fn lists_of_words_make_annotations() {
    let folder = folder(&[("rules.yaml", LISTED), ("bad.txt", "# mild ones\nheck\n\ndarn it\n")]);
    let source = RuleSource::File(folder.path().join("rules.yaml"));
    let set = RuleSet::load(std::slice::from_ref(&source)).unwrap();
    for outcome in tamis_rules::test_runner::run_tests(&set).unwrap() {
        assert!(outcome.differences.is_empty(), "{}: {:?}", outcome.name, outcome.differences);
    }
    // the hash is that of what the list holds, wherever it lies
    let other =
        self::folder(&[("rules.yaml", LISTED), ("bad.txt", "# mild ones\nheck\n\ndarn it\n")]);
    let there = RuleSet::load(&[RuleSource::File(other.path().join("rules.yaml"))]).unwrap();
    assert_eq!(there.hash_hex(), set.hash_hex());
    std::fs::write(other.path().join("bad.txt"), "heck\n").unwrap();
    let changed = RuleSet::load(&[RuleSource::File(other.path().join("rules.yaml"))]).unwrap();
    assert_ne!(changed.hash_hex(), set.hash_hex());
    // a specification that another process rebuilds refuses a list that has changed since
    let compiled = there.compile(&BTreeMap::new()).unwrap();
    let json = compiled.spec.to_json();
    assert!(json.contains("bad.txt") && !json.contains("darn"), "{json}");
    let moved = json.replace(&format!("\"{}\"", hash_of(&json)), "\"00\"");
    let error = tamis_rules::AnnotateSpec::parse(&moved).unwrap_err().to_string();
    assert!(error.contains("has changed since"), "{error}");
}

fn hash_of(json: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(json).unwrap();
    value["resources"]["bad"]["word_file"]["hash"].as_str().unwrap().to_owned()
}

#[test]
fn faults_of_lists_have_places() {
    let fault = |lists: &str, words: &str| {
        let text = format!("version: 1\nword_lists:\n  {lists}\n");
        let folder = folder(&[("rules.yaml", text.as_str()), ("bad.txt", words)]);
        let source = RuleSource::File(folder.path().join("rules.yaml"));
        let error = RuleSet::load(&[source]).unwrap_err();
        error.problems[0].clone()
    };
    let missing = fault("bad: none.txt", "");
    assert_eq!((missing.line, missing.column), (3, 8), "{missing}");
    assert!(missing.message.contains("none.txt"), "{missing}");
    let empty = fault("bad: bad.txt", "\n# nothing\n");
    assert!(empty.file.ends_with("bad.txt") && empty.message.contains("no entries"), "{empty}");
    let inline = fault("bad: []", "");
    assert_eq!((inline.line, inline.column), (3, 8), "{inline}");
    let wordless = fault("bad: bad.txt", "fine\n!!\n");
    assert!(wordless.file.ends_with("bad.txt"), "{wordless}");
    assert_eq!((wordless.line, wordless.column), (2, 1), "{wordless}");
    let pinned = fault("bad: { file: bad.txt, hash: '00' }", "fine\n");
    assert!(pinned.message.contains("not the file meant"), "{pinned}");
    let taken = fault("word: [a]", "");
    assert!(taken.message.contains("'word_count'"), "{taken}");
    let typed = fault("bad: { path: bad.txt }", "fine\n");
    assert_eq!(typed.line, 3, "{typed}");
}

#[test]
fn a_misspelt_list_is_suggested() {
    let text =
        "version: 1\nword_lists: { bad: [a] }\nrules:\n  - id: t/a\n    drop_if: bad_cuont > 1\n";
    let error = load(text).unwrap().compile(&BTreeMap::new()).unwrap_err().to_string();
    assert!(error.contains("5:14") && error.contains("'bad_count'"), "{error}");
}

#[test]
fn languages_are_words_in_conditions() {
    let text = "version: 1
rules:
  - id: t/english
    keep_if: language = 'en' and language_score >= 0.65
tests:
  - text: 'The train to the city does not run today, and the next one is the train of the morning, which is the first one of the day.'
    expect: { drop: [], values: { language: en, language_score: 1 } }
  - text: 'Der Zug nach München fährt heute leider nicht.'
    expect: { drop: [t/english], values: { language: de } }
  - text: '42'
    expect: { undecided: [t/english], values: { language: null } }
  - text: '43'
    expect: { values: { language: en } }
";
    let outcomes = tamis_rules::test_runner::run_tests(&load(text).unwrap()).unwrap();
    let failed: Vec<(&str, &str, &str)> = outcomes
        .iter()
        .flat_map(|outcome| &outcome.differences)
        .map(|one| (one.what.as_str(), one.expected.as_str(), one.got.as_str()))
        .collect();
    assert_eq!(failed, [("values.language", "\"en\"", "null")]);
    let number = "version: 1\nrules:\n  - id: t/a\n    drop_if: language > 3\n";
    assert!(load(number).unwrap().compile(&BTreeMap::new()).is_err());
    let rank = "version: 1\nrules:\n  - id: t/a\n    drop_if: language_score > p9(language)\n";
    let error = load(rank).unwrap().compile(&BTreeMap::from([("p9(language)".to_owned(), 1.0)]));
    assert!(error.unwrap_err().to_string().contains("is of numbers"));
}

#[test]
fn thresholds_differ_by_source() {
    let text = "version: 1
columns: { source: string }
rules:
  - id: t/short
    drop_if: word_count < CASE source WHEN 'wiki' THEN 3 WHEN 'books' THEN 5 ELSE 2 END
tests:
  - { text: 'one two', columns: { source: wiki }, expect: { drop: [t/short] } }
  - { text: 'one two three', columns: { source: wiki }, expect: { drop: [] } }
  - { text: 'one two three four', columns: { source: books }, expect: { drop: [t/short] } }
  - { text: 'one two', expect: { drop: [] } }
  - { text: 'one', columns: { source: mail }, expect: { drop: [t/short] } }
";
    for outcome in tamis_rules::test_runner::run_tests(&load(text).unwrap()).unwrap() {
        assert!(outcome.differences.is_empty(), "{}: {:?}", outcome.name, outcome.differences);
    }
}

#[test]
fn mojibake_is_repaired_by_a_rule() {
    let text = "version: 1
rules:
  - id: t/repair
    repair: mojibake
tests:
  - text: 'cafÃ©, donâ€™t'
    expect: { edit: [t/repair], text: 'café, don’t' }
  - text: 'il dit « café »'
    expect: { edit: [], text: 'il dit « café »' }
";
    for outcome in tamis_rules::test_runner::run_tests(&load(text).unwrap()).unwrap() {
        assert!(outcome.differences.is_empty(), "{}: {:?}", outcome.name, outcome.differences);
    }
    let error = load("version: 1\nrules:\n  - id: t/a\n    repair: everything\n").unwrap_err();
    assert!(error.to_string().contains("4:13"), "{error}");
}

fn model(name: &str) -> String {
    let here = std::env::var("CARGO_MANIFEST_DIR").unwrap();
    format!("{here}/tests/fixtures/fasttext/{name}")
}

#[test]
fn models_of_fasttext_give_labels_and_scores() {
    // values are those that fastText itself wrote to expected.json
    let text = format!(
        "version: 1
fasttext:
  lid: {}
  small: {{ file: {}, text: whole }}
rules:
  - id: t/english
    keep_if: lid = 'en' and lid_score >= 0.65
tests:
  - text: 'the river came back from his garden'
    expect: {{ drop: [], values: {{ lid: en, lid_score: 0.987975 }} }}
  - text: \"Der Zug\\nder alten Mühle\"
    expect: {{ drop: [t/english], values: {{ lid: de }} }}
",
        model("softmax.bin"),
        model("quantised.ftz"),
    );
    let set = load(&text).unwrap();
    let outcomes = run_tests(&set).unwrap();
    for outcome in &outcomes {
        let all_near = outcome.differences.iter().all(|one| one.to_string().contains("0.98797"));
        assert!(all_near, "{:?}", outcome.differences);
    }
    // only the model that a rule asks for is in the specification, with its hash
    let json = set.compile(&BTreeMap::new()).unwrap().spec.to_json();
    assert!(json.contains("softmax.bin") && !json.contains("quantised.ftz"), "{json}");
    let changed = json.replace("\"hash\":\"", "\"hash\":\"0");
    let error = tamis_rules::AnnotateSpec::parse(&changed).unwrap_err().to_string();
    assert!(error.contains("softmax.bin: the file has changed"), "{error}");
}

#[test]
fn faults_of_models_have_places() {
    let fault = |written: &str| {
        let error = load(&format!("version: 1\nfasttext:\n  lid: {written}\n")).unwrap_err();
        error.problems[0].clone()
    };
    let missing = fault("none.bin");
    assert_eq!((missing.line, missing.column), (3, 8), "{missing}");
    let here = fault(&model("make.py"));
    assert!(here.message.contains("no fastText model"), "{here}");
    assert_eq!((here.line, here.column), (3, 8), "{here}");
    let part = fault(&format!("{{ file: {}, text: half }}", model("softmax.bin")));
    assert_eq!(part.line, 3, "{part}");
    let named = load(&format!("version: 1\nfasttext:\n  language: {}\n", model("softmax.bin")));
    assert!(named.unwrap_err().to_string().contains("'language'"));
}
