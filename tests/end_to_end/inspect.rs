//! `tamis inspect`: the real binary, driven by keys.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use serde_json::Value;

use crate::common::{expect, good_text, lines, samples, write, write_corpus};
use crate::terminal::Terminal;

const WIDE: (u16, u16) = (120, 40);

/// A run in `out`, over `write_corpus` or over samples.
fn run(folder: &Path, input: &str) {
    expect(folder, &["run", input, "--out", "out"], 0);
}

/// Whether a document is on the screen: a verdict is of what was seen.
fn has_document(contents: &str) -> bool {
    let waits = ["drawing the sample …", "fetching …"].iter().any(|what| contents.contains(what));
    contents.contains(" tamis ") && !waits
}

fn a_document(terminal: &Terminal) -> String {
    terminal.wait("a document", has_document)
}

/// Waits for the first document of a sample that nobody has judged.
fn a_sample(terminal: &Terminal) {
    terminal.wait("a sample", |contents| {
        contents.contains("nothing judged yet") && has_document(contents)
    });
}

/// Types keys one by one, each when the screen has counted the one before.
fn judge(terminal: &mut Terminal, keys: &str, judged: usize) -> usize {
    let mut judged = judged;
    for key in keys.chars() {
        a_document(terminal);
        terminal.keys(&key.to_string());
        judged += 1;
        terminal.wait_for(&format!(" {judged}/50+"));
    }
    judged
}

/// Waits until nothing is on its way to the disk.
fn all_saved(terminal: &Terminal) -> String {
    terminal.wait("saved", |contents| {
        contents.contains(" saved") && !contents.contains("saving") && !contents.contains(" …\n")
    })
}

/// Lines of the export of the labels in force.
fn labels(folder: &Path, input: &str) -> Vec<Value> {
    let (labels, _) = expect(folder, &["review", input, "--export", "labels"], 0);
    labels.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn twenty_labels_three_undone_and_the_next_session_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &samples().display().to_string());
    let args = ["inspect", "out", "--reviewer", "me", "--no-repeats"];
    let mut terminal = Terminal::start(folder.path(), &args, WIDE, &[]);
    terminal.wait_for("nothing judged yet");
    let judged = judge(&mut terminal, "aaxaaaaxaa aaaaaxaaa", 0);
    assert_eq!(judged, 20);
    terminal.wait_for("✗ 3");
    for left in [19, 18, 17] {
        terminal.keys("\u{7f}");
        terminal.wait_for(&format!(" {left}/50+"));
    }
    terminal.wait("three undone", |contents| contents.matches(" undone").count() == 3);
    terminal.quit();

    let mut terminal = Terminal::start(folder.path(), &args, WIDE, &[]);
    terminal.wait_for("goes on after 17 decisions");
    terminal.wait_for(" 17/50+");
    judge(&mut terminal, "x", 17);
    all_saved(&terminal);
    terminal.quit();

    let exported = labels(folder.path(), "out");
    let (sample, _) = expect(folder.path(), &["sample", "out", "-n", "18", "--json"], 0);
    let id = |line: &Value| line["document_id"].as_str().unwrap().to_owned();
    let drawn: Vec<String> =
        sample.lines().map(|line| id(&serde_json::from_str(line).unwrap())).collect();
    assert_eq!(exported.iter().map(id).collect::<Vec<_>>(), drawn, "the order of tamis sample");
    let verdicts: Vec<&str> =
        exported.iter().map(|label| label["verdict"].as_str().unwrap()).collect();
    let defects: Vec<usize> = (0..18).filter(|at| verdicts[*at] == "defect").collect();
    assert_eq!((defects, verdicts[10]), (vec![2, 7, 16, 17], "skip"));
    let log = lines(&folder.path().join("out/review/me.jsonl"));
    assert_eq!(log.len(), 20 + 3 + 1, "an undo is a line of its own");
    assert!(exported.iter().all(|label| label["sampled"] == true));
    let (page, _) = expect(folder.path(), &["review", "out"], 0);
    assert!(page.contains("4 defects in 17"), "{page}");
}

/// The decisions on the screen that are shown as saved, the newest first: sign and document.
fn shown_as_saved(contents: &str) -> Vec<(char, String)> {
    let pane = contents.lines().skip_while(|line| !line.contains("─ decisions "));
    let rows = pane.take_while(|line| !line.contains("─ statistics "));
    rows.filter_map(|row| {
        let row = row.split('│').next()?.trim();
        let mut words = row.strip_suffix(" saved")?.split_whitespace();
        Some((words.next()?.chars().next()?, words.next()?.to_owned()))
    })
    .collect()
}

/// Sign and document of every act in a log but undo and redo, the newest first.
fn in_log(log: &Path) -> Vec<(char, String)> {
    let sign = |line: &Value| match (line["act"].as_str()?, line["verdict"].as_str()) {
        ("label", Some("good")) => Some('✓'),
        ("label", Some("defect")) => Some('✗'),
        ("label", _) => Some('–'),
        ("flag", _) => Some(if line["flagged"] == true { '⚑' } else { '⚐' }),
        ("note", _) => Some('✎'),
        _ => None,
    };
    let whole = std::fs::read_to_string(log).unwrap();
    // a line without its end was never shown
    let whole = whole.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let mut acts: Vec<(char, String)> = whole
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter_map(|line| Some((sign(&line)?, line["id"].as_str()?.to_owned())))
        .collect();
    acts.reverse();
    acts
}

#[test]
fn a_kill_loses_no_decision_that_was_shown_as_saved() {
    let folder = tempfile::tempdir().unwrap();
    write_corpus(&folder.path().join("in.jsonl"), 0, 300);
    run(folder.path(), "in.jsonl");
    let log = folder.path().join("out/review/me.jsonl");
    let mut random = 20_261_125_u64;
    let mut next = |below: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (random >> 33) % below
    };
    let mut seen = 0;
    for round in 0..4 {
        let args = ["inspect", "out", "--reviewer", "me"];
        let mut terminal = Terminal::start(folder.path(), &args, WIDE, &[]);
        terminal.wait_for("/50+");
        terminal.wait("a document", |contents| contents.contains("In the year"));
        for _ in 0..10 + next(20) {
            let choice = usize::try_from(next(12)).unwrap();
            terminal
                .keys(["a", "a", "a", "x", "2x", " ", "f", "\u{7f}", "R", "]", "[", "3"][choice]);
        }
        // the kill comes while the last ones are on their way
        let contents = match round {
            0 => terminal.wait_for(" saved"),
            _ => terminal.contents(),
        };
        let saved = shown_as_saved(&contents);
        terminal.kill();
        let acts = in_log(&log);
        let mut rest = acts.iter();
        for shown in &saved {
            assert!(rest.any(|act| act == shown), "{shown:?} is lost\n{acts:?}\n{contents}");
        }
        seen += saved.len();
    }
    assert!(seen > 0);
    let (_, notes) = expect(folder.path(), &["review", "out", "--json"], 0);
    assert_eq!(notes, "");
}

/// A corpus of Parquet.
fn write_parquet(path: &Path) {
    let column = |of: fn(usize) -> String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values((0..120).map(of)))
    };
    let columns = [("id", column(|number| format!("doc-{number}"))), ("text", column(good_text))];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut writer =
        ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

#[test]
fn anything_opens_on_small_and_narrow_terminals_without_colours_too() {
    let folder = tempfile::tempdir().unwrap();
    write_corpus(&folder.path().join("in.jsonl.zst"), 0, 120);
    write_parquet(&folder.path().join("in.parquet"));
    run(folder.path(), "in.jsonl.zst");
    let sizes = [(80, 24), (60, 100), WIDE];
    for input in ["in.jsonl.zst", "in.parquet", "out"] {
        for (number, size) in sizes.into_iter().enumerate() {
            let reviewer = format!("r{number}");
            let args = ["inspect", input, "--reviewer", &reviewer, "--no-repeats"];
            let no_color: &[_] = if number == 0 { &[("NO_COLOR", "1")] } else { &[] };
            let mut terminal = Terminal::start(folder.path(), &args, size, no_color);
            a_sample(&terminal);
            terminal.keys("a");
            terminal.wait_for("0 defects in 1");
            assert_eq!(terminal.is_coloured(), number != 0, "{input} {size:?}");
            terminal.resize(WIDE.0, WIDE.1);
            terminal.wait("the whole layout", |contents| {
                contents.contains("─ decisions ") && contents.contains(" 1/50+")
            });
            terminal.quit();
        }
        let labels = labels(folder.path(), input);
        let documents: BTreeSet<&str> =
            labels.iter().map(|label| label["document_id"].as_str().unwrap()).collect();
        assert_eq!((labels.len(), documents.len()), (3, 1), "three reviewers, one order");
        assert!(labels.iter().all(|label| label["sampled"] == true), "{labels:?}");
    }
}

#[test]
fn what_a_review_has_settled_stays_and_a_filter_is_no_sample() {
    let folder = tempfile::tempdir().unwrap();
    write_corpus(&folder.path().join("in.jsonl"), 0, 300);
    run(folder.path(), "in.jsonl");
    let mut terminal = Terminal::start(
        folder.path(),
        &["inspect", "out", "--reviewer", "me", "--kinds", "odd,worse", "--seed", "3"],
        WIDE,
        &[],
    );
    terminal.wait_for("2 worse");
    a_sample(&terminal);
    terminal.keys("2x");
    terminal.wait_for("1 defect in 1");
    terminal.keys(":filter word_count > 50\r");
    terminal.wait_for("not a random sample: browsing word_count > 50");
    a_document(&terminal);
    terminal.keys("a");
    terminal.wait("browsed", |contents| contents.contains("✓ 1") || contents.contains("2/"));
    terminal.keys("\u{1b}");
    terminal.wait("the sample again", |contents| {
        contents.contains("1 defect in 1") && contents.contains("─ sample ")
    });
    terminal.quit();
    let exported = labels(folder.path(), "out");
    let counted: Vec<&Value> = exported.iter().filter(|label| label["sampled"] == true).collect();
    assert_eq!((exported.len(), counted.len()), (2, 1));
    assert_eq!(counted[0]["kinds"], serde_json::json!(["worse"]));

    // another seed is another review
    let args = ["inspect", "out", "--reviewer", "me", "--seed", "4"];
    let mut terminal = Terminal::start(folder.path(), &args, WIDE, &[]);
    let (code, contents) = terminal.end();
    assert_eq!(code, 2, "{contents}");
    let contents: String = contents.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(contents.contains("seed was 3 and is 4") && contents.contains("--session NAME"));
    let args = ["inspect", "out", "--reviewer", "me", "--seed", "4", "--session", "second"];
    let terminal = Terminal::start(folder.path(), &args, WIDE, &[]);
    terminal.wait_for("nothing judged yet");
    terminal.quit();
    assert!(folder.path().join("out/review/second/manifest.json").exists());
}

#[test]
fn a_draft_becomes_a_rule_with_a_test() {
    let folder = tempfile::tempdir().unwrap();
    write_corpus(&folder.path().join("in.jsonl"), 0, 60);
    let args = ["inspect", "in.jsonl", "--reviewer", "me", "--rules", "house.yaml"];
    let mut terminal = Terminal::start(folder.path(), &args, WIDE, &[]);
    a_sample(&terminal);
    terminal.keys(":draft remove_lines_matching nobody had seen\r");
    terminal.wait_for("judged good, and hit 0");
    terminal.keys("\thouse/seen\tnobody says that\u{13}");
    terminal.wait_for("its test passes");
    terminal.keys("\u{1b}");
    terminal.wait_for("─ decisions ");
    terminal.quit();
    let (told, _) = expect(folder.path(), &["rules", "test", "house.yaml"], 0);
    assert!(told.contains('1'), "{told}");
    let text = std::fs::read_to_string(folder.path().join("house.yaml")).unwrap();
    assert!(text.contains("id: house/seen") && text.contains("edit: [house/seen]"), "{text}");
}

#[test]
fn a_terminal_that_is_closed_ends_the_program_and_frees_the_log() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &samples().display().to_string());
    for turn in 1..=2 {
        let args = ["inspect", "out", "--reviewer", "ada"];
        let mut terminal = Terminal::start(folder.path(), &args, WIDE, &[]);
        a_document(&terminal);
        terminal.keys("a");
        terminal.wait_for(&format!(" {turn}/50+"));
        all_saved(&terminal);
        terminal.hang_up();
    }
    assert_eq!(labels(folder.path(), "out").len(), 2);
}

#[test]
fn a_terminal_is_needed_and_the_schema_of_keys_is_not() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("in.jsonl"), b"{\"text\": \"a\"}\n");
    let (_, error) = expect(folder.path(), &["inspect", "in.jsonl"], 2);
    assert!(error.contains("tamis sample") && error.contains("tamis review"), "{error}");
    let (schema, _) = expect(folder.path(), &["inspect", "--keymap-schema"], 0);
    let schema: Value = serde_json::from_str(&schema).unwrap();
    assert!(schema.to_string().contains("review.undo"), "{schema}");
}

#[test]
fn a_keymap_of_ones_own_is_found_and_a_broken_one_refused() {
    let folder = tempfile::tempdir().unwrap();
    write_corpus(&folder.path().join("in.jsonl"), 0, 60);
    // the tests' folder is the configuration folder of the program
    let file = folder.path().join("tamis/keymap.yaml");
    write(&file, b"keys:\n  review.ok: [g]\n");
    let args = ["inspect", "in.jsonl", "--reviewer", "me"];
    let (code, contents) = Terminal::start(folder.path(), &args, WIDE, &[]).end();
    assert_eq!(code, 2);
    assert!(contents.contains("cannot be told apart"), "{contents}");
    write(&file, b"keys:\n  review.ok: [K]\n");
    let mut terminal = Terminal::start(folder.path(), &args, WIDE, &[]);
    a_sample(&terminal);
    terminal.keys("K");
    terminal.wait_for("0 defects in 1");
    terminal.quit();
}
