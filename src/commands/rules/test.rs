//! `tamis rules test`: what a team runs where it builds.

use std::io::Write;
use std::process::ExitCode;

use clap::ValueEnum;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use serde_json::{Value, json};
use similar::{ChangeTag, TextDiff};
use tamis_pipeline::PipelineError;
use tamis_rules::RuleSet;
use tamis_rules::test_runner::{Difference, RuleTrace, TestOutcome, run_tests};

/// How outcomes are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For a person.
    Text,
    /// One JSON object a line for each test.
    Json,
    /// One `JUnit` XML file.
    Junit,
}

/// Runs the tests of `set` and prints what came of them; gives 1 where one failed.
pub(super) fn run(out: &mut impl Write, set: &RuleSet, format: Format) -> anyhow::Result<ExitCode> {
    let outcomes = run_tests(set).map_err(PipelineError::from)?;
    let failed = outcomes.iter().filter(|outcome| !outcome.passed()).count();
    match format {
        Format::Text => {
            for outcome in outcomes.iter().filter(|outcome| !outcome.passed()) {
                write!(out, "{} failed\n{}", place(outcome), page(outcome))?;
            }
            writeln!(out, "{} passed, {failed} failed", outcomes.len() - failed)?;
        }
        Format::Json => {
            for outcome in &outcomes {
                writeln!(out, "{}", line(outcome))?;
            }
        }
        Format::Junit => writeln!(out, "{}", junit(&outcomes)?)?,
    }
    Ok(ExitCode::from(u8::from(failed > 0)))
}

/// `file:line:column` and the name, as editors and build servers make links of it.
fn place(outcome: &TestOutcome) -> String {
    let TestOutcome { file, line, column, .. } = outcome;
    let at = format!("{file}:{line}");
    let name = outcome.name.strip_prefix(&at).unwrap_or_default();
    format!("{at}:{column}{name}")
}

/// Everything that came out otherwise, indented.
fn page(outcome: &TestOutcome) -> String {
    let mut page = String::new();
    for difference in &outcome.differences {
        let Difference { what, expected, got, rules } = difference;
        match &outcome.texts {
            Some((expected, got)) if what == "text" => {
                page += "    text (- expected, + got)\n";
                page += &changes(expected, got);
            }
            _ => {
                page +=
                    &format!("    {what}\n      - expected {expected}\n      + got      {got}\n");
            }
        }
        for rule in rules {
            page += &format!("      {rule}\n");
            for span in &rule.spans {
                page += &format!("        {span}\n");
            }
        }
    }
    page
}

/// The lines that differ, with one line around them.
fn changes(expected: &str, got: &str) -> String {
    let diff = TextDiff::from_lines(expected, got);
    let mut page = String::new();
    for group in diff.grouped_ops(1) {
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            // quotes and escapes show the blanks at the end of a line
            page += &format!("      {sign} {:?}\n", change.value());
        }
    }
    page
}

fn line(outcome: &TestOutcome) -> Value {
    let differences: Vec<Value> = outcome.differences.iter().map(difference).collect();
    json!({
        "test": outcome.name, "file": outcome.file, "line": outcome.line,
        "column": outcome.column, "passed": outcome.passed(), "differences": differences,
    })
}

fn difference(one: &Difference) -> Value {
    let rules: Vec<Value> = one.rules.iter().map(trace).collect();
    json!({"what": one.what, "expected": one.expected, "got": one.got, "rules": rules})
}

fn trace(rule: &RuleTrace) -> Value {
    let comparisons: Vec<Value> = rule
        .comparisons
        .iter()
        .map(|one| json!({"annotation": one.name, "value": one.value, "op": one.op, "threshold": one.threshold}))
        .collect();
    let spans: Vec<Value> = rule
        .spans
        .iter()
        .map(|span| json!({"start": span.start, "end": span.end, "text": span.text}))
        .collect();
    json!({"rule": rule.rule, "outcome": rule.outcome, "comparisons": comparisons, "spans": spans})
}

/// One suite for each file.
fn junit(outcomes: &[TestOutcome]) -> anyhow::Result<String> {
    let mut report = Report::new("tamis rules test");
    let mut suites: Vec<TestSuite> = Vec::new();
    for outcome in outcomes {
        let mut status = TestCaseStatus::success();
        if let Some(first) = outcome.differences.first() {
            status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(first.to_string()).set_type("difference");
            status.set_description(format!("{}\n{}", place(outcome), page(outcome)));
        }
        let mut case = TestCase::new(outcome.name.as_str(), status);
        case.set_classname(outcome.file.as_str()).set_time(outcome.elapsed);
        case.extra.insert("file".into(), outcome.file.as_str().into());
        case.extra.insert("line".into(), outcome.line.to_string().into());
        if let Some(suite) = suites.iter_mut().find(|suite| suite.name.as_str() == outcome.file) {
            suite.add_test_case(case);
        } else {
            let mut suite = TestSuite::new(outcome.file.as_str());
            suite.add_test_case(case);
            suites.push(suite);
        }
    }
    report.add_test_suites(suites);
    Ok(report.to_string()?)
}
