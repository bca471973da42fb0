use proptest::prelude::*;

use super::*;
use crate::read::ForeignType;

fn wanted() -> Wanted {
    let field = |name: &str, kind| ForeignField { name: name.into(), kind };
    let foreign = [
        field("url", ForeignType::String),
        field("meta.score", ForeignType::Double),
        field("meta.deep.n", ForeignType::Int),
        field("id", ForeignType::Int),
        field("meta", ForeignType::Bool),
    ];
    Wanted::new(
        ["text", "content"].map(String::from).to_vec(),
        ["id", "doc_id"].map(String::from).to_vec(),
        &foreign,
        "tamis".into(),
    )
}

fn code(bytes: &[u8]) -> &'static str {
    match parse(bytes, &wanted()) {
        Err(Trouble::Failure(code, _)) => code,
        Err(Trouble::ReasonField) => "reason-field",
        Ok(_) => "fine",
    }
}

#[test]
fn a_record_gives_its_text_id_and_columns() {
    let line =
        br#"{"id": 17, "meta": {"x": [1], "score": 5, "deep": {"n": -2}}, "url": "u", "text": "a\nb"}"#;
    let record = parse(line, &wanted()).unwrap();
    assert_eq!(record.text, "a\nb");
    assert_eq!(record.id.as_deref(), Some("17"));
    let url = Cell::String("u".into());
    assert_eq!(
        record.foreign,
        [url, Cell::Double(5.0), Cell::Int(-2), Cell::Int(17), Cell::Mistyped]
    );
}

#[test]
fn ids_are_strings_or_numbers_as_written() {
    let id = |json: &str| {
        let line = format!("{{\"text\": \"\", \"id\": {json}}}");
        parse(line.as_bytes(), &wanted()).unwrap().id.map(Cow::into_owned)
    };
    assert_eq!(id("\"a/b\"").as_deref(), Some("a/b"));
    assert_eq!(id("\"a\\u00e9\"").as_deref(), Some("aé"));
    assert_eq!(id("1.50").as_deref(), Some("1.50"));
    assert_eq!(id("123456789012345678901234").as_deref(), Some("123456789012345678901234"));
    assert_eq!(id("null"), None);
    assert_eq!(id("[1]"), None);
}

#[test]
fn nothing_is_copied_that_needs_no_unescaping() {
    let record = parse(br#"{"text": "plain", "id": "x", "url": "u"}"#, &wanted()).unwrap();
    assert!(matches!(record.text, Cow::Borrowed("plain")));
    assert!(matches!(record.id, Some(Cow::Borrowed("x"))));
    assert_eq!(record.foreign[0], Cell::String(Cow::Borrowed("u")));
}

#[test]
fn the_better_name_wins_unless_it_cannot_be_text() {
    let both = br#"{"content": "worse", "text": "better"}"#;
    assert_eq!(parse(both, &wanted()).unwrap().text, "better");
    let other = br#"{"text": {"body": 1}, "content": "a string"}"#;
    assert_eq!(parse(other, &wanted()).unwrap().text, "a string");
    // a null is a text that is missing: it must not turn the shard to another column
    assert_eq!(code(br#"{"text": null, "content": "a string"}"#), "missing-text");
    // only the field that is used may not stand twice
    assert_eq!(code(br#"{"text": "a", "content": "b", "content": "c"}"#), "fine");
}

#[test]
fn a_column_of_another_type_is_told() {
    let cells = |line: &str| {
        parse(line.as_bytes(), &wanted())
            .unwrap()
            .foreign
            .iter()
            .map(|cell| *cell == Cell::Mistyped)
            .collect::<Vec<_>>()
    };
    let line =
        r#"{"text": "", "url": 7, "meta": {"score": "high", "deep": {"n": 1.5}}, "id": "x"}"#;
    assert_eq!(cells(line), [true; 5]);
    assert_eq!(cells(r#"{"text": "", "meta": true}"#), [false; 5]);
    assert_eq!(cells(r#"{"text": "", "url": null, "meta": null}"#), [false; 5]);
    assert!(cells(r#"{"text": "", "id": 9223372036854775808}"#)[3]);
}

#[test]
fn a_broken_line_says_in_which_column() {
    let message = |line: &[u8]| match parse(line, &wanted()) {
        Err(Trouble::Failure(_, message)) => message,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        message(b"{\"text\": nope}"),
        "the line is not a JSON object: column 11: expected ident"
    );
    assert!(message(b"[1, 2]").contains("jq -c"));
    assert!(message(b"\0\0\0").contains("NUL"));
    assert_eq!(message(b"{\"text\": \"ab\xff\"}"), "byte 12 of the record is not UTF-8");
}

#[test]
fn every_kind_of_broken_record_has_its_code() {
    assert_eq!(code(b"{\"text\": \"\"}"), "fine");
    assert_eq!(code(b"{\"text\": \"\\u0000\"}"), "fine");
    assert_eq!(code(b"{\"text\": \"a"), "broken-json");
    assert_eq!(code(b"{\"text\": \"a\"} x"), "broken-json");
    assert_eq!(code(b"[1]"), "broken-json");
    assert_eq!(code(b"{\"text\": \"a\0b\"}"), "broken-json");
    assert_eq!(code(b"{\"text\": \"\\ud800\"}"), "broken-json");
    assert_eq!(code(b"{\"body\": \"a\"}"), "missing-text");
    assert_eq!(code(b"{\"text\": null}"), "missing-text");
    assert_eq!(code(b"{\"text\": 5}"), "text-not-a-string");
    assert_eq!(code(b"{\"text\": [{}, 1]}"), "text-not-a-string");
    assert_eq!(code(b"{\"text\": \"a\", \"text\": \"b\"}"), "duplicate-field");
    assert_eq!(code(b"{\"text\": \"\xff\"}"), "invalid-utf8");
    assert_eq!(code(b"{\"text\": \"a\", \"tamis\": {}}"), "reason-field");
    let deep = format!("{{\"x\": {}{}, \"text\": \"\"}}", "[".repeat(200_000), "]".repeat(200_000));
    assert_eq!(code(deep.as_bytes()), "nested-too-deep");
    let within = format!("{{\"x\": {}{}, \"text\": \"\"}}", "[".repeat(511), "]".repeat(511));
    assert_eq!(code(within.as_bytes()), "fine");
    let beyond = format!("{{\"x\": {}{}, \"text\": \"\"}}", "[".repeat(512), "]".repeat(512));
    assert_eq!(code(beyond.as_bytes()), "nested-too-deep");
    for field in ["text", "id", "meta", "url"] {
        let inside =
            format!("{{\"content\": \"\", \"{field}\": {}{}}}", "[".repeat(500), "]".repeat(500));
        assert_eq!(code(inside.as_bytes()), "fine", "{field}");
    }
    let brackets = format!("{{\"text\": \"{}\"}}", "[".repeat(1000));
    assert_eq!(code(brackets.as_bytes()), "fine");
}

#[test]
fn edits_leave_every_other_byte() {
    let record = b"{ \"a\" : 1.50, \"text\":\"x\\u00e9\" ,\"b\":[ ] }\r";
    assert_eq!(
        replace_text(record, "text", "n\n"),
        b"{ \"a\" : 1.50, \"text\":\"n\\n\" ,\"b\":[ ] }\r"
    );
    assert_eq!(
        splice_reason(record, "tamis", "{}"),
        b"{ \"a\" : 1.50, \"text\":\"x\\u00e9\" ,\"b\":[ ] ,\"tamis\":{}}\r"
    );
    assert_eq!(splice_reason(b"{ }", "tamis", "1"), b"{ \"tamis\":1}");
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&bytes, &wanted());
        let _ = splice_reason(&bytes, "tamis", "{}");
        let _ = replace_text(&bytes, "text", "x");
    }

    #[test]
    fn a_replaced_text_reads_back(text in ".*", other in ".*", extra in ".*") {
        let line = serde_json::json!({"extra": extra, "text": text, "z": 1}).to_string();
        let edited = replace_text(line.as_bytes(), "text", &other);
        prop_assert_eq!(parse(&edited, &wanted()).unwrap().text, other.as_str());
        let back = replace_text(&edited, "text", &text);
        prop_assert_eq!(parse(&back, &wanted()).unwrap().text, text.as_str());
    }
}
