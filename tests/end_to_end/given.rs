//! Languages, lists of words, models and repairs through the binary: what rule files bring along.

use std::fs;

use crate::common::{books, expect, lines, write};
use serde_json::{Value, json};

const RULES: &str = "version: 1
word_lists: { bad: lists/bad.txt }
fasttext: { lid: MODEL }
rules:
  - id: house/repair
    repair: mojibake
    why: 'it comes back'
  - id: house/english
    keep_if: language = 'en'
    why: 'the model is for English'
  - id: house/bad
    drop_if: bad_count >= 2
    why: 'a page of such words'
  - id: house/model
    flag_if: lid != 'en' or lid_score < 0.5
    why: 'the model does not think so'
  - id: house/cut-off
    flag_if: truncated_end
    why: 'stops in the middle'
";
const ENGLISH: &str = "The river runs through the valley and the train came back from the market. It was not the first of the trains that day, and it is older than the town.\n\nMy neighbour was seen in the garden with this book at the end of the year, and he had been there for hours.";

fn text_of(id: &str, text: &str) -> String {
    format!("{}\n", json!({"id": id, "text": text}))
}

#[test]
fn what_rule_files_bring_along_decides_with_its_reasons() {
    let folder = tempfile::tempdir().unwrap();
    let here = std::env::var("CARGO_MANIFEST_DIR").unwrap();
    let model = format!("{here}/rules/tests/fixtures/fasttext/softmax.bin");
    fs::create_dir(folder.path().join("house")).unwrap();
    write(&folder.path().join("house/rules.yaml"), RULES.replace("MODEL", &model).as_bytes());
    write(&folder.path().join("house/lists/bad.txt"), b"# by hand\nheck\ndarn it\n");
    let german = "Der Fluss fließt durch das Tal, und der Zug kam zurück aus der kleinen Stadt, die älter ist als der Markt und die Mühle. Mein Nachbar wurde am Ende des Jahres in seinem Garten gesehen, und er war nicht allein.";
    let corpus = [
        text_of("good", ENGLISH),
        text_of("german", german),
        text_of("bad", &format!("Heck, and DARN it! {ENGLISH}")),
        text_of("damaged", &format!("The cafÃ© donâ€™t open. {ENGLISH}")),
        text_of("cut", &format!("{ENGLISH}\n\nMost of the mills were closed when the price of")),
    ];
    write(&folder.path().join("in.jsonl"), corpus.concat().as_bytes());
    let args =
        ["run", "in.jsonl", "--rules", "house/rules.yaml", "--dedup", "none", "--out", "out"];
    expect(folder.path(), &args, 0);
    assert_eq!(books(&folder.path().join("out")), [5, 3, 2, 0]);

    let removed: Vec<Value> = (lines(&folder.path().join("out/removed/in.jsonl")).iter())
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let reason = &removed[0]["tamis"]["reasons"][0];
    assert_eq!((&removed[0]["id"], &reason["rule"]), (&json!("german"), &json!("house/english")));
    let compared = json!({"annotation": "language", "value": "de", "op": "=", "threshold": "en"});
    assert_eq!(reason["comparisons"], json!([compared]));
    let reason = &removed[1]["tamis"]["reasons"][0];
    assert_eq!((&removed[1]["id"], &reason["rule"]), (&json!("bad"), &json!("house/bad")));
    assert_eq!(reason["comparisons"][0]["value"], 2);
    assert_eq!(reason["spans"], json!([[0, 4], [10, 17]]));

    let kept = lines(&folder.path().join("out/kept/in.jsonl"));
    let kept: Vec<Value> = kept.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(kept[1]["text"], format!("The café don’t open. {ENGLISH}"));

    // annotations that are words serve SQL, and everything is told of one document
    let sample =
        ["sample", "out", "-n", "9", "--from", "all", "--where", "language = 'de'", "--json"];
    let (found, _) = expect(folder.path(), &sample, 0);
    assert!(found.contains("\"german\"") && !found.contains("\"good\""), "{found}");
    let (told, _) = expect(folder.path(), &["explain", "out", "cut"], 0);
    assert!(told.contains("house/cut-off") && told.contains("truncated_end"), "{told}");
    let manifest = fs::read_to_string(folder.path().join("out/run.json")).unwrap();
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    let given = &manifest["rules"]["set"]["resources"];
    assert_eq!(given["word_lists"]["bad"]["hash"].as_str().unwrap().len(), 32);

    // the same list elsewhere is the same rules; another list is another run
    fs::rename(folder.path().join("house"), folder.path().join("moved")).unwrap();
    let again =
        ["run", "in.jsonl", "--rules", "moved/rules.yaml", "--dedup", "none", "--out", "out"];
    expect(folder.path(), &again, 0);
    write(&folder.path().join("moved/lists/bad.txt"), b"heck\n");
    let (_, refused) = expect(folder.path(), &again, 2);
    assert!(refused.contains("the rule set is another"), "{refused}");
}

#[test]
fn faults_and_pages_of_what_is_given() {
    let folder = tempfile::tempdir().unwrap();
    let text = "version: 1\nword_lists:\n  bad: none.txt\n";
    write(&folder.path().join("rules.yaml"), text.as_bytes());
    let (_, error) = expect(folder.path(), &["rules", "check", "rules.yaml"], 2);
    assert!(error.contains("rules.yaml:3:8: 'bad' cannot be read: none.txt"), "{error}");
    write(&folder.path().join("none.txt"), b"heck\n");
    expect(folder.path(), &["rules", "check", "rules.yaml"], 0);
    let page = ["rules", "explain", "bad_count", "--rules", "rules.yaml"];
    let (page, _) = expect(folder.path(), &page, 0);
    assert!(page.contains("Matches of the entries") && page.contains("range   0"), "{page}");
    let (page, _) = expect(folder.path(), &["rules", "explain", "language"], 0);
    assert!(page.contains("type    string") && !page.contains("range"), "{page}");
}
