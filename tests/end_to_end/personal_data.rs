//! Personal data through the binary: replaced with a record of each span, flagged by the default
//! rules.

use serde_json::{Value, json};

use crate::common::{books, expect, good_text, lines, write};

const RULES: &str = "version: 1
rules:
  - id: t/mail
    replace_pii: email
    with: [email@example.com, firstname.lastname@example.org]
  - id: t/rest
    replace_pii: [public_ip, phone_number, iban, card_number, secret]
tests:
  - text: 'ask bo@b.org, 8.8.8.8'
    expect: { edit: [t/mail, t/rest], text: 'ask email@example.com, <public_ip>' }
";

#[test]
fn personal_data_is_replaced_and_every_span_is_on_record() {
    let folder = tempfile::tempdir().unwrap();
    let text = "Ann \u{e9} ann@a.org, bo@b.org and ann@a.org; +49 30 1234567 or 8.8.8.8.\n";
    let records = [json!({"id": "a", "text": text, "n": 1}), json!({"id": "b", "text": "none"})];
    let jsonl: String = records.iter().map(|record| format!("{record}\n")).collect();
    write(&folder.path().join("a.jsonl"), jsonl.as_bytes());
    write(&folder.path().join("rules.yaml"), RULES.as_bytes());
    let (tested, _) = expect(folder.path(), &["rules", "test", "rules.yaml"], 0);
    assert!(tested.contains("1 passed"), "{tested}");
    let args = ["run", "a.jsonl", "--rules", "rules.yaml", "--dedup", "none", "--out", "out"];
    expect(folder.path(), &args, 0);
    assert_eq!(books(&folder.path().join("out")), [2, 2, 0, 0]);
    let kept = lines(&folder.path().join("out/kept/a.jsonl"));
    let first: Value = serde_json::from_str(&kept[0]).unwrap();
    let expected = "Ann \u{e9} email@example.com, firstname.lastname@example.org and email@example.com; \
                    <phone_number> or <public_ip>.\n";
    assert_eq!(first["text"], expected);
    assert_eq!(first["n"], 1);
    assert_eq!(kept[1], records[1].to_string());
    let (page, _) = expect(folder.path(), &["explain", "out", "a", "--json"], 0);
    let page: Value = serde_json::from_str(&page).unwrap();
    let edits = page["annotations"]["edits"].to_string();
    // \u{e9} takes two bytes; the spans of the second edit are those of the text after the first
    for span in [
        "\"end\":16,\"rule\":0,\"start\":7",
        "\"end\":26,\"rule\":0,\"start\":18",
        "\"end\":40,\"rule\":0,\"start\":31",
    ] {
        assert!(edits.contains(span), "{span}: {edits}");
    }
}

#[test]
fn the_default_rules_flag_keys_and_directories() {
    let folder = tempfile::tempdir().unwrap();
    let secret = format!("{}The key is AKIAQ3EGTZ5PW7XYNB2C.", good_text(1));
    let records = [json!({"id": "a", "text": secret}), json!({"id": "b", "text": good_text(2)})];
    let jsonl: String = records.iter().map(|record| format!("{record}\n")).collect();
    write(&folder.path().join("a.jsonl"), jsonl.as_bytes());
    expect(folder.path(), &["run", "a.jsonl", "--write-flags", "--out", "out"], 0);
    let kept = lines(&folder.path().join("out/kept/a.jsonl"));
    assert!(kept[0].contains("web/secrets"), "{}", kept[0]);
    assert!(!kept[1].contains("web/secrets"), "{}", kept[1]);
}
