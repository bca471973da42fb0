//! Labels as tests: what reviewers called good must not be dropped.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::{Map, Value, json};
use tamis_inspector::draft::{Base, columns_of};
use tamis_inspector::model::{Label, Verdict};
use tamis_inspector::review::{Reviews, content_hash};
use tamis_inspector::visible::visible;
use tamis_pipeline::PipelineError;
use tamis_pipeline::look::{Place, Run};
use tamis_rules::RuleSet;
use tamis_rules::test_runner::{Judgement, judge};

/// What the rules say of the labelled documents.
#[derive(Default)]
struct Outcome {
    /// For each rule that fired: its action, defective documents and good ones.
    rules: BTreeMap<String, (&'static str, u64, u64)>,
    good: u64,
    defects: u64,
    /// Defective documents that some rule drops or flags.
    caught: u64,
    /// Names of defective documents that no rule drops or flags.
    missed: Vec<String>,
    /// Names of good documents that are dropped, with the rules.
    dropped: Vec<(String, Vec<String>)>,
    /// Labels of a text that has changed since, or of a document that is gone.
    stale: u64,
    /// Documents of which reviewers disagree.
    disputed: u64,
    /// Documents that the run had edited: they are judged as they were written.
    edited: u64,
}

/// Judges every labelled document by `set`, prints a table, and gives 1 where one that is good is
/// dropped.
pub(super) fn test(
    out: &mut impl Write,
    set: &RuleSet,
    labels: &Path,
    as_json: bool,
) -> anyhow::Result<ExitCode> {
    let root = root_of(labels)?;
    let verdicts = verdicts(&Reviews::read(labels)?.all());
    let outcome = judge_all(set, &root, &verdicts)?;
    if as_json {
        print_json(out, set, &outcome)?;
    } else {
        print(out, set, &outcome)?;
    }
    Ok(ExitCode::from(u8::from(!outcome.dropped.is_empty())))
}

/// The run directory that a review folder lies in.
fn root_of(labels: &Path) -> Result<PathBuf, PipelineError> {
    if !labels.is_dir() {
        let what = format!("{}: there is no such review folder", labels.display());
        return Err(PipelineError::Usage(what));
    }
    let whole = labels.canonicalize().map_err(|error| PipelineError::directory(labels, error))?;
    whole.ancestors().skip(1).find(|above| Run::is_run(above)).map(Path::to_owned).ok_or_else(|| {
        PipelineError::Usage(format!(
            "{}: lies in no run directory, and documents are fetched from there; name OUT/review",
            labels.display()
        ))
    })
}

/// By document id the text's hash and whether it is defective; none where reviewers disagree.
type Verdicts = BTreeMap<String, (String, Option<bool>)>;

fn verdicts(labels: &[Label]) -> Verdicts {
    let mut verdicts = Verdicts::new();
    for label in labels.iter().filter(|label| !label.repeat && label.verdict != Verdict::Skip) {
        let defective = label.verdict == Verdict::Defect;
        verdicts
            .entry(label.document_id.clone())
            .and_modify(|(_, said)| *said = said.filter(|said| *said == defective))
            .or_insert_with(|| (label.content_hash.clone(), Some(defective)));
    }
    verdicts
}

fn judge_all(set: &RuleSet, root: &Path, verdicts: &Verdicts) -> anyhow::Result<Outcome> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let run = runtime.block_on(Run::open(root))?;
    let percentiles = Base::of_run(root)?.percentiles;
    for percentile in set.percentiles() {
        if !percentiles.contains_key(&percentile.key()) {
            return Err(PipelineError::Usage(format!(
                "the run took no {}: run again with these rules before they are tested by labels",
                percentile.key()
            ))
            .into());
        }
    }
    let compiled = set.compile(&percentiles).map_err(PipelineError::from)?;
    let ids: Vec<String> =
        verdicts.keys().map(|id| format!("'{}'", id.replace('\'', "''"))).collect();
    let mut places: Vec<Place> = Vec::new();
    if !ids.is_empty() {
        let condition = format!("document_id IN ({})", ids.join(", "));
        runtime.block_on(run.walk(Some(&condition), |place| places.push(place)))?;
    }
    let mut outcome =
        Outcome { stale: (verdicts.len() - places.len()) as u64, ..Outcome::default() };
    for place in places {
        let Some((hash, said)) = verdicts.get(&place.document_id) else { continue };
        let Some(defective) = said else {
            outcome.disputed += 1;
            continue;
        };
        let found = run.fetch(&place)?;
        if content_hash(&found.text) != *hash {
            outcome.stale += 1;
            continue;
        }
        let rows = runtime.block_on(run.annotations(&place.document_id))?;
        let edited =
            rows.iter().any(|row| row.get("edited").and_then(Value::as_bool) == Some(true));
        outcome.edited += u64::from(edited);
        let empty = Map::new();
        let columns = columns_of(set, found.record.as_object().unwrap_or(&empty));
        let judgement =
            judge(set, &compiled, &found.text, &columns).map_err(PipelineError::from)?;
        outcome.count(place.id.unwrap_or(place.document_id), *defective, &judgement);
    }
    Ok(outcome)
}

impl Outcome {
    fn count(&mut self, name: String, defective: bool, judgement: &Judgement) {
        let fired =
            [("drop", &judgement.drop), ("flag", &judgement.flag), ("edit", &judgement.edit)];
        for (action, ids) in fired {
            for id in ids {
                let counts = self.rules.entry(id.clone()).or_insert((action, 0, 0));
                if defective {
                    counts.1 += 1;
                } else {
                    counts.2 += 1;
                }
            }
        }
        if defective {
            self.defects += 1;
            if judgement.drop.is_empty() && judgement.flag.is_empty() {
                self.missed.push(name);
            } else {
                self.caught += 1;
            }
        } else {
            self.good += 1;
            if !judgement.keep {
                self.dropped.push((name, judgement.drop.clone()));
            }
        }
    }
}

fn print(out: &mut impl Write, set: &RuleSet, outcome: &Outcome) -> std::io::Result<()> {
    writeln!(
        out,
        "\n{:<36} {:<6} {:>7} {:>7} {:>9}",
        "rule", "does", "caught", "missed", "good hit"
    )?;
    for rule in set.rules() {
        let Some((action, caught, good)) = outcome.rules.get(&rule.id) else { continue };
        let missed = outcome.defects - caught;
        writeln!(out, "{:<36} {action:<6} {caught:>7} {missed:>7} {good:>9}", rule.id)?;
    }
    let silent = set.rules().iter().filter(|rule| !outcome.rules.contains_key(&rule.id)).count();
    if silent > 0 {
        writeln!(out, "{silent} rules fired for none of the labelled documents")?;
    }
    writeln!(
        out,
        "\n{} defective documents: {} caught, {} missed; {} good ones: {} dropped",
        outcome.defects,
        outcome.caught,
        outcome.missed.len(),
        outcome.good,
        outcome.dropped.len()
    )?;
    for (name, rules) in &outcome.dropped {
        writeln!(out, "good, but dropped: {} by {}", visible(name), rules.join(", "))?;
    }
    if !outcome.missed.is_empty() {
        let shown: Vec<&str> = outcome.missed.iter().take(10).map(String::as_str).collect();
        let more = if outcome.missed.len() > shown.len() { ", .." } else { "" };
        writeln!(out, "missed: {}{more}", visible(&shown.join(", ")))?;
    }
    let notes = [
        (outcome.stale, "labels are of another text than the run has, and were left out"),
        (outcome.disputed, "documents are disputed between reviewers, and were left out"),
        (outcome.edited, "documents were edited by the run, and were judged as they were written"),
    ];
    for (count, what) in notes.iter().filter(|(count, _)| *count > 0) {
        writeln!(out, "{count} {what}")?;
    }
    Ok(())
}

fn print_json(out: &mut impl Write, set: &RuleSet, outcome: &Outcome) -> std::io::Result<()> {
    let rules: Vec<Value> = set
        .rules()
        .iter()
        .map(|rule| {
            let (_, caught, good) = outcome.rules.get(&rule.id).copied().unwrap_or(("", 0, 0));
            json!({
                "rule": rule.id, "action": rule.action.key(), "caught": caught,
                "missed": outcome.defects - caught, "good_hit": good,
            })
        })
        .collect();
    let dropped: Vec<Value> =
        outcome.dropped.iter().map(|(name, rules)| json!({"id": name, "rules": rules})).collect();
    let whole = json!({
        "labels": {
            "rules": rules, "good": outcome.good, "defects": outcome.defects,
            "caught": outcome.caught, "missed": outcome.missed, "good_dropped": dropped,
            "stale": outcome.stale, "disputed": outcome.disputed, "edited": outcome.edited,
        }
    });
    writeln!(out, "{whole}")
}
