//! Runs that are stopped, killed, crowded or corrupted.

use std::fs;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::common::{assert_same, expect, good_text, json, tamis, write, write_corpus};

/// Kills in the short form; `TAMIS_KILLS=200` is the long one.
fn kills() -> u64 {
    std::env::var("TAMIS_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(8)
}

fn corpus(folder: &std::path::Path) {
    for shard in 0..6 {
        write_corpus(&folder.join(format!("in/part-{shard}.jsonl.zst")), shard * 3000, 3000);
    }
    let near = (0..600).map(|number| {
        let text = format!("{}And one more line that the others lack.", good_text(number * 7));
        serde_json::json!({"id": format!("near-{number}"), "text": text}).to_string()
    });
    let near: Vec<String> = near.collect();
    write(&folder.join("in/part-7.jsonl"), near.join("\n").as_bytes());
}

#[test]
fn a_run_killed_at_any_moment_ends_with_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let begun = Instant::now();
    let every = ["--quiet", "--dedup", "exact,fuzzy,lines,paragraphs,passages"];
    expect(folder.path(), &[&["run", "in", "--out", "whole"][..], &every].concat(), 0);
    let whole = begun.elapsed();
    let mut killed = 0;
    for round in 0..kills() {
        let out = format!("out-{round}");
        for attempt in 0..3 {
            let mut child = tamis()
                .args(["run", "in", "--out", &out, "--threads", "2"])
                .args(every)
                .current_dir(folder.path())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            // moments spread over the run without a random source
            let share = ((round * 3 + attempt) * 377 % 1000) as f64 / 1000.0;
            sleep(whole.mul_f64(share));
            let _ = child.kill();
            killed += u64::from(!child.wait().unwrap().success());
        }
        expect(folder.path(), &[&["run", "in", "--out", &out][..], &every].concat(), 0);
        assert_same(&folder.path().join("whole"), &folder.path().join(&out));
        fs::remove_dir_all(folder.path().join(&out)).unwrap();
    }
    assert!(killed > 0, "no run was hit");
    println!("{killed} runs killed");
}

#[test]
fn standard_input_goes_on_from_its_spool() {
    let folder = tempfile::tempdir().unwrap();
    write_corpus(&folder.path().join("a.jsonl"), 0, 20_000);
    let feed = || Stdio::from(fs::File::open(folder.path().join("a.jsonl")).unwrap());
    let start = |out: &str, stdin: Stdio| {
        tamis()
            .args(["run", "-", "--out", out, "--quiet"])
            .current_dir(folder.path())
            .stdin(stdin)
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    };
    assert!(start("whole", feed()).wait().unwrap().success());
    let mut child = start("out", feed());
    let spool = folder.path().join("out/.state/identity.json");
    let begun = Instant::now();
    while !spool.exists() && begun.elapsed() < Duration::from_secs(20) {
        sleep(Duration::from_millis(2));
    }
    let _ = child.kill();
    assert!(!child.wait().unwrap().success(), "the run was too fast to be killed");
    assert!(start("out", Stdio::null()).wait().unwrap().success());
    assert_same(&folder.path().join("whole"), &folder.path().join("out"));
}

#[cfg(unix)]
#[test]
fn a_signal_finishes_the_parts_in_flight() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    expect(folder.path(), &["run", "in", "--out", "whole", "--quiet"], 0);
    let child = tamis()
        .args(["run", "in", "--out", "out", "--threads", "1"])
        .current_dir(folder.path())
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let first = folder.path().join("out/annotations/part-00000.parquet");
    let begun = Instant::now();
    while !first.exists() && begun.elapsed() < Duration::from_secs(20) {
        sleep(Duration::from_millis(2));
    }
    let pid = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("run the same command again"), "{stderr}");
    expect(folder.path(), &["run", "in", "--out", "out", "--quiet"], 0);
    assert_same(&folder.path().join("whole"), &folder.path().join("out"));
}

#[test]
fn two_runs_do_not_share_a_directory() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let mut child = tamis()
        .args(["run", "in", "--out", "out", "--quiet"])
        .current_dir(folder.path())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while !folder.path().join("out/.state/identity.json").exists()
        && begun.elapsed() < Duration::from_secs(20)
    {
        sleep(Duration::from_millis(2));
    }
    let (_, stderr) = expect(folder.path(), &["run", "in", "--out", "out"], 2);
    assert!(stderr.contains("another tamis runs in this directory"), "{stderr}");
    assert!(child.wait().unwrap().success());
}

#[test]
fn another_run_in_the_same_directory_is_refused_with_the_difference() {
    let folder = tempfile::tempdir().unwrap();
    write_corpus(&folder.path().join("a.jsonl"), 0, 20);
    expect(folder.path(), &["run", "a.jsonl", "--out", "out"], 0);
    let (_, rules) =
        expect(folder.path(), &["run", "a.jsonl", "--out", "out", "--rules", "none"], 2);
    assert!(rules.contains("the rule set is another"), "{rules}");
    let (_, limit) = expect(folder.path(), &["run", "a.jsonl", "--out", "out", "--limit", "3"], 2);
    assert!(limit.contains("limit was null and is 3"), "{limit}");
    write_corpus(&folder.path().join("a.jsonl"), 5, 20);
    let (_, input) = expect(folder.path(), &["run", "a.jsonl", "--out", "out"], 2);
    assert!(input.contains("input a.jsonl has changed"), "{input}");
    expect(folder.path(), &["run", "a.jsonl", "--out", "out", "--force"], 0);
}

#[test]
fn a_lost_record_or_a_wrong_counter_makes_the_run_fail() {
    let folder = tempfile::tempdir().unwrap();
    write_corpus(&folder.path().join("a.jsonl"), 0, 60);
    expect(folder.path(), &["run", "a.jsonl", "--out", "out"], 0);
    let fails = |what: &str| {
        let (_, stderr) = expect(folder.path(), &["run", "a.jsonl", "--out", "out"], 1);
        assert!(stderr.contains("does not balance"), "{what}: {stderr}");
    };
    for name in ["kept/a.jsonl", "removed/a.jsonl"] {
        let path = folder.path().join("out").join(name);
        let whole = fs::read_to_string(&path).unwrap();
        let (_, rest) = whole.split_once('\n').unwrap();
        fs::write(&path, rest).unwrap();
        fails(name);
        fs::write(&path, whole).unwrap();
    }
    let path = folder.path().join("out/.state/counts/part-00000.json");
    let whole = fs::read_to_string(&path).unwrap();
    for counter in ["read", "kept", "removed", "failed", "bytes", "gap_bytes", "record_bytes"] {
        let mut counts = json(&path);
        counts[counter] = (counts[counter].as_u64().unwrap() + 1).into();
        fs::write(&path, counts.to_string()).unwrap();
        fails(counter);
        fs::write(&path, &whole).unwrap();
    }
    expect(folder.path(), &["run", "a.jsonl", "--out", "out"], 0);
}
