//! `docs/rules.schema.json` is what the types say, takes every file that the parser takes, and
//! refuses what is misspelt.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::path::{Path, PathBuf};

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::{Value, json};
use tamis_rules::{packs, schema};

fn root() -> PathBuf {
    Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("..")
}

/// The schema of rule files, compiled.
struct Validator {
    schemas: Schemas,
    root: SchemaIndex,
}

fn validator() -> Validator {
    let mut schemas = Schemas::new();
    let mut compiler = Compiler::new();
    compiler.add_resource("rules.schema.json", schema::rule_file()).unwrap();
    let root = compiler.compile("rules.schema.json", &mut schemas).unwrap();
    Validator { schemas, root }
}

impl Validator {
    /// What is wrong with a file, in words.
    fn error(&self, file: &Value) -> Option<String> {
        self.schemas.validate(file, self.root).err().map(|error| format!("{error:#}"))
    }

    fn is_valid(&self, file: &Value) -> bool {
        self.error(file).is_none()
    }
}

fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap()
}

#[test]
fn the_schema_in_the_docs_is_current() {
    let path = root().join("docs/rules.schema.json");
    let wanted = schema::rule_file_text();
    if std::env::var_os("TAMIS_BLESS").is_some() {
        fs::write(&path, &wanted).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == wanted,
        "docs/rules.schema.json is out of date: TAMIS_BLESS=1 cargo test --workspace"
    );
}

#[test]
fn packs_and_samples_are_valid() {
    let validator = validator();
    let mut files: Vec<(String, String)> = packs::names()
        .into_iter()
        .map(|name| (name.to_owned(), packs::find(name).unwrap().to_owned()))
        .collect();
    for folder in ["samples/rules", "benches/shared"] {
        for entry in fs::read_dir(root().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|end| end == "yaml") {
                files.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(files.len() > packs::names().len());
    for (name, text) in files {
        let error = validator.error(&yaml(&text));
        assert!(error.is_none(), "{name}: {}", error.unwrap());
    }
}

#[test]
fn what_the_parser_refuses_by_form_is_refused_too() {
    let validator = validator();
    let fine = "
version: 1
extends: [tamis/web, ../house.yaml]
columns: {lang: string}
patterns: {p: 'a+'}
annotations: {twice: word_count * 2}
measure: [word_count]
rules:
  - {id: t/a, drop_if: word_count < 3, on_null: drop, stage: 2, why: w, follows: f}
  - {id: t/b, replace_matches: p, with: b, lines_if: line_word_count < 3}
  - {id: t/c, replace_pii: [email, iban], with: ''}
  - {id: t/d, replace_pii: email, with: [a, b]}
defects: [a, {name: b, key: 3, why: c}]
tests:
  - {name: one, text: a, columns: {lang: de}, given: {p99(word_count): 3}, expect: {drop: [t/a], keep: true, values: {word_count: 1}}}
";
    assert!(validator.is_valid(&yaml(fine)));
    for (right, wrong) in [
        ("version: 1", "version: 2"),
        ("version: 1", "version: one"),
        ("version: 1\n", ""),
        ("measure:", "mesure:"),
        ("measure: [word_count]", "measure: [word_cuont]"),
        ("lang: string", "lang: text"),
        ("drop_if:", "drop_of:"),
        ("on_null: drop", "on_null: dorp"),
        ("stage: 2", "stage: 0"),
        ("stage: 2", "stage: two"),
        ("id: t/a", "id: a"),
        ("id: t/a, ", ""),
        ("drop_if: word_count < 3,", "drop_if: word_count < 3, flag_if: word_count < 2,"),
        ("[email, iban]", "[email, ibna]"),
        ("key: 3", "kee: 3"),
        ("expect: {drop: [t/a]", "expect: {drops: [t/a]"),
        ("keep: true", "keep: perhaps"),
        ("text: a, columns", "columns"),
    ] {
        assert!(fine.contains(right), "{right}");
        let text = fine.replacen(right, wrong, 1);
        assert!(!validator.is_valid(&yaml(&text)), "{wrong}");
    }
    assert!(!validator.is_valid(&json!([])));
}
