//! Semantic duplicates: verified cosines, decided in survivor order, the same however they are
//! found and wherever the vectors come from.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, FixedSizeListBuilder, Float32Builder, RecordBatch, StringArray};
use serde_json::{Value, json};

use crate::common::{assert_same, bytes_of, expect, lines, report, write};
use crate::fuzzy::outcome;

const ONLY_SEMANTIC: [&str; 7] =
    ["--rules", "none", "--dedup", "semantic", "--quiet", "--cosine", "0.95"];
const DIMENSIONS: usize = 32;

/// A stream of numbers between -1 and 1 that is the same everywhere.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let high = u32::try_from(self.0 >> 33).unwrap();
        f64::from(high) / f64::from(1_u32 << 30) - 1.0
    }

    fn unit(&mut self) -> Vec<f64> {
        let vector: Vec<f64> = (0..DIMENSIONS).map(|_| self.next()).collect();
        scaled(&vector)
    }
}

fn dot(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(a, b)| a * b).sum()
}

fn scaled(vector: &[f64]) -> Vec<f64> {
    let length = dot(vector, vector).sqrt();
    vector.iter().map(|number| number / length).collect()
}

/// A vector with exactly this cosine to `of`.
fn near(of: &[f64], cosine: f64, numbers: &mut Numbers) -> Vec<f64> {
    let other = numbers.unit();
    let along = dot(of, &other);
    let across: Vec<f64> = other.iter().zip(of).map(|(a, b)| a - along * b).collect();
    let across = scaled(&across);
    let sine = (1.0 - cosine * cosine).sqrt();
    of.iter().zip(&across).map(|(a, b)| cosine * a + sine * b).collect()
}

/// Documents with their vectors: 40 groups of a first and three others at 0.99, 0.96 and 0.93.
fn planted() -> Vec<(String, Vec<f64>)> {
    let mut numbers = Numbers(7);
    let mut all = Vec::new();
    for group in 0..40 {
        let first = numbers.unit();
        for (name, cosine) in [("b", 0.99), ("c", 0.96), ("d", 0.93)] {
            all.push((format!("{group:02}{name}"), near(&first, cosine, &mut numbers)));
        }
        all.push((format!("{group:02}a"), first));
    }
    all.sort_by(|one, other| one.0.cmp(&other.0));
    all
}

fn text(id: &str) -> String {
    format!("The document called {id} tells of {id} and of nothing else.")
}

fn write_jsonl(path: &Path, documents: &[(String, Vec<f64>)]) {
    let record = |(id, vector): &(String, Vec<f64>)| {
        // a length that is not 1, as some models give
        let vector: Vec<f64> = vector.iter().map(|number| number * 3.0).collect();
        json!({"id": id, "text": text(id), "embedding": vector}).to_string()
    };
    let all: Vec<String> = documents.iter().map(record).collect();
    write(path, all.join("\n").as_bytes());
}

#[expect(clippy::cast_possible_truncation, reason = "files of embeddings hold f32")]
fn single(number: f64) -> f32 {
    number as f32
}

fn vectors_of(documents: &[(String, Vec<f64>)]) -> ArrayRef {
    let width = i32::try_from(DIMENSIONS).unwrap();
    let mut lists = FixedSizeListBuilder::new(Float32Builder::new(), width);
    for (_, vector) in documents {
        for number in vector {
            lists.values().append_value(single(*number));
        }
        lists.append(true);
    }
    Arc::new(lists.finish())
}

fn write_parquet(path: &Path, documents: &[(String, Vec<f64>)], with_text: bool) {
    let ids: ArrayRef = Arc::new(StringArray::from_iter_values(documents.iter().map(|d| &d.0)));
    let mut columns = vec![("id", ids), ("embedding", vectors_of(documents))];
    if with_text {
        let texts = documents.iter().map(|document| text(&document.0));
        columns.push(("text", Arc::new(StringArray::from_iter_values(texts))));
    }
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let file = File::create(path).unwrap();
    let mut writer = parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn run(folder: &Path, input: &str, out: &str, more: &[&str]) {
    let mut arguments = vec!["run", input, "--out", out];
    arguments.extend(ONLY_SEMANTIC);
    arguments.extend(more);
    expect(folder, &arguments, 0);
}

/// Every one that went has a survivor that stayed, with the cosine that the run says.
fn check(
    documents: &[(String, Vec<f64>)],
    (kept, removed): &(BTreeSet<String>, BTreeMap<String, (String, f64)>),
) {
    assert_eq!(kept.len() + removed.len(), documents.len());
    let vectors: HashMap<&str, &Vec<f64>> =
        documents.iter().map(|(id, vector)| (id.as_str(), vector)).collect();
    for (id, (twin, said)) in removed {
        assert!(kept.contains(twin), "{id} went for {twin}, which went too");
        let exact = dot(vectors[id.as_str()], vectors[twin.as_str()]);
        assert!((exact - said).abs() < 1e-6, "{id} {twin}: {said} is {exact}");
        assert!(*said >= 0.95 - 1e-6, "{id} {said}");
    }
    let kept: Vec<&String> = kept.iter().collect();
    for (at, one) in kept.iter().enumerate() {
        for other in &kept[at + 1..] {
            let cosine = dot(vectors[one.as_str()], vectors[other.as_str()]);
            assert!(cosine < 0.95 + 1e-6, "{one} and {other} are left at {cosine}");
        }
    }
}

#[test]
fn planted_duplicates_go_and_others_stay_wherever_the_vectors_come_from() {
    let folder = tempfile::tempdir().unwrap();
    let documents = planted();
    let path = |name: &str| folder.path().join(name);
    write_jsonl(&path("in.jsonl"), &documents);
    write_parquet(&path("in.parquet"), &documents, true);
    run(folder.path(), "in.jsonl", "jsonl", &["--embeddings", "column:embedding"]);
    run(folder.path(), "in.parquet", "parquet", &["--embeddings", "column:embedding"]);
    let found = outcome(&path("jsonl"));
    check(&documents, &found);
    // b at 0.99 and c at 0.96 go for a; d at 0.93 stays
    assert_eq!(found.1.len(), 80);
    assert!(found.1.iter().all(|(id, _)| id.ends_with('b') || id.ends_with('c')));
    let rows = |out: &str| -> Vec<Value> {
        let (stdout, _) =
            expect(folder.path(), &["sample", out, "-n", "1000", "--from", "removed", "--json"], 0);
        let mut rows: Vec<Value> =
            stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        rows.sort_by_key(|row| row["id"].to_string());
        rows
    };
    assert_eq!(rows("jsonl").len(), 80);
    let names = |rows: Vec<Value>| rows.iter().map(|row| row["id"].clone()).collect::<Vec<_>>();
    assert_eq!(names(rows("jsonl")), names(rows("parquet")));

    // the same vectors in files beside the corpus, of which some documents have none
    let some: Vec<_> = documents.iter().filter(|(id, _)| !id.starts_with('3')).cloned().collect();
    write_parquet(&path("vectors.parquet"), &some, false);
    run(folder.path(), "in.jsonl", "keyed", &["--embeddings", "vectors.parquet"]);
    let (_, removed) = outcome(&path("keyed"));
    assert_eq!(removed.len(), 60);
    assert_eq!(report(&path("keyed"))["semantic"]["without_vector"], 40);
    let bytes: Vec<Vec<u8>> = (some.iter())
        .map(|(_, vector)| vector.iter().flat_map(|n| single(*n).to_le_bytes()).collect())
        .collect();
    let tensors = some.iter().zip(&bytes).map(|((id, _), bytes)| {
        let view =
            safetensors::tensor::TensorView::new(safetensors::Dtype::F32, vec![DIMENSIONS], bytes);
        (id.clone(), view.unwrap())
    });
    let file = safetensors::serialize(tensors, None).unwrap();
    std::fs::write(path("vectors.safetensors"), file).unwrap();
    run(folder.path(), "in.jsonl", "tensors", &["--embeddings", "vectors.safetensors"]);
    assert_eq!(outcome(&path("tensors")), outcome(&path("keyed")));
}

#[test]
fn both_searches_agree_and_threads_and_memory_do_not_matter() {
    let folder = tempfile::tempdir().unwrap();
    let documents = planted();
    write_jsonl(&folder.path().join("in/a.jsonl"), &documents[..90]);
    write_jsonl(&folder.path().join("in/b.jsonl"), &documents[90..]);
    let from = ["--embeddings", "column:embedding"];
    for (out, more) in [
        ("one", &["--threads", "1"][..]),
        ("three", &["--threads", "3"]),
        ("small", &["--threads", "2", "--memory", "64MiB"]),
    ] {
        run(folder.path(), "in", out, &[&from[..], more].concat());
    }
    for out in ["three", "small"] {
        assert_same(&folder.path().join("one"), &folder.path().join(out));
    }
    for (out, threads) in [("hashed-1", "1"), ("hashed-3", "3")] {
        let hashed = ["--semantic-search", "hashed", "--threads", threads];
        run(folder.path(), "in", out, &[&from[..], &hashed].concat());
    }
    assert_same(&folder.path().join("hashed-1"), &folder.path().join("hashed-3"));
    let (exact, hashed) =
        (outcome(&folder.path().join("one")), outcome(&folder.path().join("hashed-1")));
    assert_eq!(exact, hashed);
    let row = &report(&folder.path().join("hashed-1"))["semantic"];
    assert_eq!(row["search"], "hashed");
    assert_eq!(row["audit"]["recall"], 1.0);
    assert!(row["audit"]["pairs"].as_u64().unwrap() >= 80, "{row}");
    let at_threshold = row["scheme"]["curve"].as_array().unwrap().iter().find(|at| at[0] == 0.95);
    assert!(at_threshold.unwrap()[1].as_f64().unwrap() >= 0.995, "{row}");
}

#[test]
fn policies_sources_and_reference_sets_hold_for_meaning_too() {
    let folder = tempfile::tempdir().unwrap();
    let documents = planted();
    let (left, right): (Vec<_>, Vec<_>) =
        documents.iter().cloned().partition(|(id, _)| id.ends_with('a') || id.ends_with('c'));
    write_jsonl(&folder.path().join("in/left.jsonl"), &left);
    write_jsonl(&folder.path().join("in/right.jsonl"), &right);
    let from = ["--embeddings", "column:embedding"];
    let with = |out: &str, input: &str, more: &[&str]| {
        run(folder.path(), input, out, &[&from[..], more].concat());
        outcome(&folder.path().join(out))
    };
    // the other folder's documents stay: a goes for b, and then c only where it is near b
    let (_, removed) = with("prefer", "in", &["--prefer-sources", "right.jsonl"]);
    assert!((0..40).all(|group| removed[&format!("{group:02}a")].0 == format!("{group:02}b")));
    // a and c are of one source, so c stays unless b is near it
    let (kept, removed) = with("across", "in", &["--across-sources"]);
    assert!((0..40).all(|group| removed[&format!("{group:02}b")].0 == format!("{group:02}a")));
    assert!((0..40).all(|group| kept.contains(&format!("{group:02}c"))));
    // against the left folder, documents of the right go
    let (kept, removed) = with("against", "in/right.jsonl", &["--against", "in/left.jsonl"]);
    assert_eq!((kept.len(), removed.len()), (40, 40));
    let (_, again) =
        with("only", "in/right.jsonl", &["--against", "in/left.jsonl", "--only-against"]);
    assert_eq!(removed, again);
}

#[test]
fn words_and_meaning_are_decided_together() {
    let folder = tempfile::tempdir().unwrap();
    let mut numbers = Numbers(3);
    let words = crate::fuzzy::words;
    // far in meaning from the first, near the second by words: nobody it is like stays
    let first = numbers.unit();
    let second = near(&first, 0.97, &mut numbers);
    let third = near(&second, 0.70, &mut numbers);
    let rows = [
        ("first", words(0..100), &first),
        ("second", words(500..600), &second),
        ("third", words(505..605), &third),
        ("copy of second", words(500..600), &second),
        ("fourth", words(3..103), &third),
    ];
    let rows: Vec<String> = rows
        .iter()
        .map(|(id, text, vector)| json!({"id": id, "text": text, "embedding": vector}).to_string())
        .collect();
    write(&folder.path().join("in.jsonl"), rows.join("\n").as_bytes());
    let arguments = ["run", "in.jsonl", "--out", "out", "--rules", "none", "--quiet"];
    let more = ["--dedup", "exact,fuzzy,semantic", "--embeddings", "column:embedding"];
    let more = [&more[..], &["--cosine", "0.95"]].concat();
    expect(folder.path(), &[&arguments[..], &more].concat(), 0);
    let out = folder.path().join("out");
    let (kept, removed) = outcome(&out);
    assert_eq!(kept, ["first", "third"].map(str::to_owned).into());
    let reasons: BTreeMap<String, String> = (lines(&out.join("removed/in.jsonl")).iter())
        .map(|line| {
            let record: Value = serde_json::from_str(line).unwrap();
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            (text(&record["id"]), text(&record["tamis"]["reasons"][0]["rule"]))
        })
        .collect();
    assert_eq!(reasons["second"], "dedup/semantic");
    // its survivor went, so it goes for that one's
    assert_eq!(reasons["copy of second"], "dedup/semantic");
    assert_eq!(removed["copy of second"].0, "first");
    assert_eq!(reasons["fourth"], "dedup/fuzzy");
    assert_eq!(removed["fourth"].0, "first");
}

#[test]
fn the_model_of_tamis_needs_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let page = |town: &str, people: usize| {
        format!(
            "{town} is a town in the north of the country. At the last census its population was {people}. \
             The town lies on a river and has a railway station, two schools and a small hospital."
        )
    };
    let mut records = vec![
        ("one", page("Aldmoor", 4_183)),
        ("two", page("Brenfold", 5_020)),
        ("bread", "Knead the dough for ten minutes, let it rise in a warm place until it has doubled, and bake it in a hot oven until the crust is brown.".to_owned()),
        ("law", "The court held that the contract was void because neither party had signed it, and ordered the defendant to return the deposit with interest.".to_owned()),
        ("none", "\u{e000}\u{e001}".to_owned()),
    ];
    records.push(("same", page("Aldmoor", 4_184)));
    let rows: Vec<String> =
        records.iter().map(|(id, text)| json!({"id": id, "text": text}).to_string()).collect();
    write(&folder.path().join("in.jsonl"), rows.join("\n").as_bytes());
    run(folder.path(), "in.jsonl", "out", &[]);
    let (kept, removed) = outcome(&folder.path().join("out"));
    assert!(removed.contains_key("same"), "{kept:?}");
    assert!(["one", "bread", "law", "none"].iter().all(|id| kept.contains(*id)), "{kept:?}");
    let row = &report(&folder.path().join("out"))["semantic"];
    assert_eq!((&row["without_vector"], &row["search"]), (&json!(1), &json!("exact")));
    let (near, _) = expect(folder.path(), &["neighbours", "out", "bread", "-n", "2", "--json"], 0);
    let near: Vec<Value> = near.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(near.len(), 2);
    assert!(near[0]["cosine"].as_f64() >= near[1]["cosine"].as_f64());
    let (near, _) = expect(folder.path(), &["neighbours", "out", "one"], 0);
    assert!(near.lines().nth(1).unwrap().contains("same (removed)"), "{near}");
    let (_, error) = expect(folder.path(), &["neighbours", "out", "none"], 2);
    assert!(error.contains("no embedding"), "{error}");
}

#[test]
fn neighbours_are_counted_and_those_who_stand_alone_come_first() {
    let folder = tempfile::tempdir().unwrap();
    let mut documents = planted();
    let mut numbers = Numbers(99);
    documents.push(("99alone".to_owned(), numbers.unit()));
    write_jsonl(&folder.path().join("in.jsonl"), &documents);
    let arguments: Vec<&str> = ["run", "in.jsonl", "--out", "out"]
        .into_iter()
        .chain(ONLY_SEMANTIC)
        .chain(["--embeddings", "column:embedding"])
        .collect();
    expect(folder.path(), &arguments, 0);
    // each of a group has three others within 0.85, the one alone has none; samples of all
    let within = |vector: &[f64]| {
        let near = documents.iter().filter(|other| dot(vector, &other.1) >= 0.85);
        near.count() as u64 - 1
    };
    let arguments = ["neighbours", "out", "--within", "0.85", "-n", "200", "--json"];
    let (told, _) = expect(folder.path(), &arguments, 0);
    let told: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(told.len(), documents.len());
    assert_eq!(
        (&told[0]["id"], &told[0]["embedding_neighbour_count"]),
        (&json!("99alone"), &json!(0))
    );
    let of = |id: &Value| {
        &documents.iter().find(|document| Some(document.0.as_str()) == id.as_str()).unwrap().1
    };
    for one in &told {
        assert_eq!(one["embedding_neighbour_count"], json!(within(of(&one["id"]))), "{one}");
        assert_eq!(one["sample"], json!(documents.len()));
    }
    let file = File::open(folder.path().join("out/neighbours.parquet")).unwrap();
    let rows = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file)
        .unwrap()
        .build()
        .unwrap()
        .map(|batch| batch.unwrap().num_rows())
        .sum::<usize>();
    assert_eq!(rows, documents.len());
    let (_, error) = expect(folder.path(), &["neighbours", "out", "--within", "2"], 2);
    assert!(error.contains("a cosine is from -1 to 1"), "{error}");
}

#[test]
fn what_cannot_be_used_is_said_before_anything_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let documents = planted();
    write_jsonl(&folder.path().join("in.jsonl"), &documents);
    std::fs::create_dir(folder.path().join("model")).unwrap();
    std::fs::write(folder.path().join("model/config.json"), "{}").unwrap();
    let fails = |more: &[&str], what: &str| {
        let mut arguments = vec!["run", "in.jsonl", "--out", "out"];
        arguments.extend(&ONLY_SEMANTIC[..5]);
        arguments.extend(more);
        let (_, error) = expect(folder.path(), &arguments, 2);
        assert!(error.contains(what), "{what}: {error}");
        assert!(!folder.path().join("out/annotations").exists());
    };
    fails(&["--embeddings", "nowhere"], "nowhere");
    fails(&["--embeddings", "model"], "model.safetensors");
    fails(&["--cosine", "0.1"], "0.5 to 1");
    fails(&["--device", "gpu"], "cuda");
}

#[test]
fn a_vector_of_another_length_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut documents = planted();
    documents[3].1.push(0.5);
    write_jsonl(&folder.path().join("in.jsonl"), &documents);
    for search in ["exact", "hashed"] {
        let mut args = vec!["run", "in.jsonl", "--out", search, "--semantic-search", search];
        args.extend(ONLY_SEMANTIC);
        args.extend(["--embeddings", "column:embedding"]);
        let (_, error) = expect(folder.path(), &args, 2);
        let says = "in.jsonl: row 3: the embedding has 33 numbers, others have 32";
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn a_run_goes_on_and_devices_are_told() {
    let folder = tempfile::tempdir().unwrap();
    write_jsonl(&folder.path().join("in.jsonl"), &planted());
    let from = ["--embeddings", "column:embedding"];
    run(folder.path(), "in.jsonl", "whole", &from);
    run(folder.path(), "in.jsonl", "again", &from);
    // a run that was killed while it decided
    let again = folder.path().join("again");
    for gone in
        ["run.json", "report.json", ".state/dedup/near.parquet", "clusters/semantic.parquet"]
    {
        std::fs::remove_file(again.join(gone)).unwrap();
    }
    for gone in ["links", "members-semantic", "joined-semantic", "duplicates"] {
        std::fs::remove_file(again.join(format!(".state/dedup/{gone}.parquet"))).unwrap();
    }
    std::fs::remove_file(again.join(".state/audit/semantic.json")).unwrap();
    std::fs::remove_dir_all(again.join("decisions")).unwrap();
    std::fs::remove_dir_all(again.join("removed")).unwrap();
    std::fs::remove_dir_all(again.join(".state/counts")).unwrap();
    run(folder.path(), "in.jsonl", "again", &from);
    assert_same(&folder.path().join("whole"), &again);
    assert!(bytes_of(&again).contains_key("embeddings/part-00000.parquet"));
    let (told, _) = expect(folder.path(), &["devices", "--json", "--device", "cpu"], 0);
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["devices"][0]["device"], "cpu");
    assert_eq!(told["devices"][0]["used"], true);
    let (shown, _) = expect(folder.path(), &["devices"], 0);
    assert!(shown.contains("cpu"), "{shown}");
}
