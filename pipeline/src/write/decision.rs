//! What pass one and dedup decided about one document, read back from the joined annotations.

use arrow::array::{
    Array, ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray, UInt64Array,
};
use arrow::util::display::array_value_to_string;
use datafusion::common::{DataFusionError, Result, exec_err};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tamis_rules::annotators::SharedAnnotator;
use tamis_rules::document::{Document, Scratch};
use tamis_rules::findings::Wanted;
use tamis_rules::{Action, AnnotateSpec, Compiled, RuleError, RuleSet};

use crate::annotate::tokens::{Annotated, Counting};
use crate::contamination::function;
use crate::contamination::function::Hit;
use crate::contamination::{Act, CONTAMINATED, CONTAMINATION, Looking};
use crate::dedup::repeats::Cut;
use crate::table::batch::{changed, typed};
use crate::table::names::FOREIGN_PREFIX;
use crate::table::row_id::ROW_ID;
use crate::write::reason::{Measured, Reason};
use crate::write::survivors::Duplicate;

/// Spans a reason carries at most.
pub(crate) const SPANS_MAX: usize = 16;

/// What the reasons need to know of one rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RuleInfo {
    /// The rule's id, which is also its column in the annotations.
    pub id: String,
    /// What it does.
    pub effect: Effect,
    /// Number of its stage, from 1.
    pub stage: usize,
    /// What its condition compares.
    pub comparisons: Vec<Compared>,
}

/// What a rule does to a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Removes it.
    Remove,
    /// Removes it, and also where the condition is NULL.
    RemoveOrNull,
    /// Marks it.
    Flag,
    /// Changes its text.
    Edit,
}

/// One comparison of a condition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    /// The name that people read.
    pub annotation: String,
    /// The column of the annotations that holds the value.
    pub column: String,
    /// The operator.
    pub op: String,
    /// The literal.
    pub threshold: Value,
}

/// What a run's reasons need to know of its rules.
pub fn rule_infos(set: &RuleSet, compiled: &Compiled) -> Vec<RuleInfo> {
    let foreign = |name: &str| set.columns().iter().any(|column| column.name == name);
    set.rules()
        .iter()
        .enumerate()
        .map(|(number, rule)| RuleInfo {
            id: rule.id.clone(),
            stage: rule.stage,
            effect: match (&rule.action, rule.on_null) {
                (Action::Drop | Action::Keep, tamis_rules::OnNull::Drop) => Effect::RemoveOrNull,
                (Action::Drop | Action::Keep, _) => Effect::Remove,
                (Action::Flag, _) => Effect::Flag,
                _ => Effect::Edit,
            },
            comparisons: compiled
                .conditions
                .iter()
                .filter(|condition| condition.rule == number)
                .flat_map(|condition| &condition.comparisons)
                .map(|comparison| Compared {
                    annotation: comparison.column.clone(),
                    column: if foreign(&comparison.column) {
                        format!("{FOREIGN_PREFIX}{}", comparison.column)
                    } else {
                        comparison.column.clone()
                    },
                    op: comparison.op.clone(),
                    threshold: comparison.threshold.clone(),
                })
                .collect(),
        })
        .collect()
}

/// The verdict on one document.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    shard: String,
    row: u64,
    place: u64,
    offset: u64,
    length: u64,
    /// Why the reader or a rule failed it.
    pub failure: Option<String>,
    /// Whether an edit rule changed its text.
    pub edited: bool,
    /// Other documents went for this one.
    pub(crate) survives: bool,
    /// What is known of its tokens.
    pub(crate) tokens: Annotated,
    /// Passages of evaluation sets to be cut out, in the text after the edits of rules.
    pub(crate) passages: Vec<(usize, usize)>,
    /// Copies of text that stands elsewhere, to be cut out.
    pub(crate) cuts: Vec<Cut>,
    /// Names of its lines that many documents of its source have, where rules ask for them.
    pub(crate) boilerplate: Option<Vec<u64>>,
    /// The rules that remove it and the duplicate it is; empty means it stays.
    pub reasons: Vec<(Option<usize>, Reason)>,
    /// The rules that flag it.
    pub flags: Vec<(Option<usize>, Reason)>,
}

impl Decision {
    /// Where the document stands.
    pub(crate) fn place(&self) -> (&str, u64) {
        (&self.shard, self.row)
    }

    /// Its place in the run.
    pub(crate) fn number(&self) -> u64 {
        self.place
    }

    /// Whether it is written at all.
    pub(crate) fn stays(&self) -> bool {
        self.failure.is_none() && self.reasons.is_empty()
    }

    /// Removes it as a duplicate.
    pub(crate) fn duplicate(&mut self, twin: Duplicate) {
        self.reasons.push((
            None,
            Reason {
                rule: format!("dedup/{}", twin.kind),
                comparisons: Vec::new(),
                spans: Vec::new(),
                twin: twin.survivor,
                similarity: twin.similarity,
            },
        ));
    }

    /// That the record at hand is the one that was judged.
    pub(crate) fn check(&self, shard: &str, row: u64, offset: u64, length: u64) -> Result<()> {
        if (self.shard.as_str(), self.row, self.offset, self.length) == (shard, row, offset, length)
        {
            return Ok(());
        }
        exec_err!(
            "{shard} row {row} (bytes {offset}+{length}) is not what was judged ({} row {}, bytes {}+{}): {}",
            self.shard,
            self.row,
            self.offset,
            self.length,
            changed()
        )
    }
}

/// One batch of the annotations.
pub(crate) struct Decisions {
    batch: RecordBatch,
    rules: Vec<BooleanArray>,
    values: Vec<Vec<ArrayRef>>,
    /// Tokens as read and after edits.
    tokens: Option<[Int64Array; 2]>,
    /// Passages of evaluation sets, and whether documents go for them.
    contamination: Option<(ArrayRef, ArrayRef)>,
}

impl Decisions {
    pub(crate) fn new(
        batch: RecordBatch,
        rules: &[RuleInfo],
        counting: Option<&Counting>,
        looking: Option<&Looking>,
    ) -> Result<Self> {
        let mut fired = Vec::with_capacity(rules.len());
        let mut values = Vec::with_capacity(rules.len());
        for rule in rules {
            fired.push(typed::<BooleanArray>(&batch, &rule.id)?.clone());
            let mut columns = Vec::with_capacity(rule.comparisons.len());
            for comparison in &rule.comparisons {
                match batch.column_by_name(&comparison.column) {
                    Some(column) => columns.push(ArrayRef::clone(column)),
                    None => {
                        return exec_err!(
                            "column {} is missing from the annotations",
                            comparison.column
                        );
                    }
                }
            }
            values.push(columns);
        }
        let tokens = match counting.and_then(|counting| counting.columns.as_ref()) {
            None => None,
            Some([read, edited]) => {
                let counts =
                    |name| Ok::<_, DataFusionError>(typed::<Int64Array>(&batch, name)?.clone());
                Some([counts(read)?, counts(edited)?])
            }
        };
        let contamination = looking.and_then(|_| batch.column_by_name(CONTAMINATION).cloned());
        let goes = batch.column_by_name(CONTAMINATED).cloned();
        let contamination = contamination.zip(goes);
        Ok(Self { batch, rules: fired, values, tokens, contamination })
    }

    pub(crate) fn len(&self) -> usize {
        self.batch.num_rows()
    }

    pub(crate) fn row(
        &self,
        row: usize,
        rules: &[RuleInfo],
        looking: Option<&Looking>,
    ) -> Result<Decision> {
        let number = |name| {
            Ok::<u64, datafusion::error::DataFusionError>(
                typed::<UInt64Array>(&self.batch, name)?.value(row),
            )
        };
        let text = |name| -> Result<Option<String>> {
            let column = typed::<StringArray>(&self.batch, name)?;
            Ok((!column.is_null(row)).then(|| column.value(row).to_owned()))
        };
        let decided = text("rule_decision")?.unwrap_or_default();
        let edited = typed::<BooleanArray>(&self.batch, "edited")?;
        let (mut reasons, mut flags) = (Vec::new(), Vec::new());
        for (at, rule) in rules.iter().enumerate() {
            let fired = &self.rules[at];
            let hit = if fired.is_null(row) {
                rule.effect == Effect::RemoveOrNull
            } else {
                fired.value(row)
            };
            if !hit {
                continue;
            }
            match rule.effect {
                Effect::Remove | Effect::RemoveOrNull => {
                    reasons.push((Some(at), self.reason(at, row, rule)?));
                }
                Effect::Flag => flags.push((Some(at), self.reason(at, row, rule)?)),
                Effect::Edit => {}
            }
        }
        if decided != "removed" {
            reasons.clear();
        }
        let mut passages = Vec::new();
        if let (Some((lists, goes)), Some(looking)) = (&self.contamination, looking)
            && decided != "failed"
        {
            let hits = function::hits(lists, row)?;
            let goes = goes.as_any().downcast_ref::<BooleanArray>();
            let goes = goes.is_some_and(|goes| goes.is_valid(row) && goes.value(row));
            let told = reasons_of(&hits, looking).into_iter().map(|reason| (None, reason));
            match looking.action {
                Act::Flag => flags.extend(told),
                _ if goes => reasons.extend(told),
                // what another rule removes is written as it was read
                _ if decided == "kept" => passages = function::deciding(&hits),
                _ => {}
            }
        }
        let tokens = |which: usize| {
            let counts = &self.tokens.as_ref()?[which];
            counts.is_valid(row).then(|| counts.value(row).unsigned_abs())
        };
        Ok(Decision {
            shard: text("shard")?.unwrap_or_default(),
            row: number("row")?,
            place: number(ROW_ID)?,
            survives: false,
            passages,
            tokens: Annotated { read: tokens(0), edited: tokens(1), sampled: false },
            cuts: Vec::new(),
            boilerplate: None,
            offset: number("offset")?,
            length: number("length")?,
            failure: text("failure")?,
            edited: !edited.is_null(row) && edited.value(row),
            reasons,
            flags,
        })
    }

    fn reason(&self, at: usize, row: usize, rule: &RuleInfo) -> Result<Reason> {
        let mut comparisons = Vec::with_capacity(rule.comparisons.len());
        for (comparison, column) in rule.comparisons.iter().zip(&self.values[at]) {
            comparisons.push(Measured {
                annotation: comparison.annotation.clone(),
                value: value(column, row)?,
                op: comparison.op.clone(),
                threshold: comparison.threshold.clone(),
            });
        }
        Ok(Reason {
            rule: rule.id.clone(),
            comparisons,
            spans: Vec::new(),
            twin: None,
            similarity: None,
        })
    }
}

/// One reason for each evaluation set of which the document holds enough.
fn reasons_of(hits: &[Hit], looking: &Looking) -> Vec<Reason> {
    let mut reasons = Vec::new();
    for (name, n) in &looking.sets {
        let of_set = || hits.iter().filter(|hit| hit.decides && hit.set == *name);
        // the item of which most is there; of as much, the longest passage
        let key =
            |hit: &&Hit| (hit.overlap_ratio.to_bits(), hit.words, std::cmp::Reverse(hit.number));
        let Some(most) = of_set().max_by_key(key) else { continue };
        let of_item = of_set().filter(|hit| hit.number == most.number);
        let words = of_item.map(|hit| hit.words).max().unwrap_or(0);
        let measured = |annotation: &str, value: Value, threshold: Value| Measured {
            annotation: annotation.to_owned(),
            value,
            op: ">=".to_owned(),
            threshold,
        };
        let mut spans: Vec<[u64; 2]> = of_set().map(|hit| hit.span).collect();
        spans.sort_unstable();
        spans.dedup();
        spans.truncate(SPANS_MAX);
        reasons.push(Reason {
            rule: Looking::rule(name),
            comparisons: vec![
                measured("overlap_words", words.into(), (*n).into()),
                measured("overlap_ratio", most.overlap_ratio.into(), looking.share.into()),
            ],
            spans,
            twin: Some(format!("{name}/{}", most.item)),
            similarity: None,
        });
    }
    reasons
}

fn value(column: &ArrayRef, row: usize) -> Result<Value> {
    if column.is_null(row) {
        return Ok(Value::Null);
    }
    let any = column.as_any();
    Ok(if let Some(numbers) = any.downcast_ref::<Float64Array>() {
        Value::from(numbers.value(row))
    } else if let Some(numbers) = any.downcast_ref::<Int64Array>() {
        Value::from(numbers.value(row))
    } else if let Some(truths) = any.downcast_ref::<BooleanArray>() {
        Value::from(truths.value(row))
    } else {
        Value::from(array_value_to_string(column, row)?)
    })
}

/// What tells the places that made a comparison true.
enum Evidence {
    Measured(SharedAnnotator),
    Dangling(Wanted),
}

impl Evidence {
    fn spans(&self, document: &mut Document<'_>) -> Vec<(usize, usize)> {
        match self {
            Self::Measured(annotator) => annotator.evidence(document),
            Self::Dangling(wanted) => {
                let findings = document.references().findings.iter();
                let meant = findings.filter(|finding| wanted.has(finding)).take(SPANS_MAX);
                meant.map(|finding| (finding.span.start, finding.span.end)).collect()
            }
        }
    }
}

/// The places in the text that made each of `rules` fire: the evidence of the annotations its
/// condition compares on the text as its stage saw it, as bytes of the text as it was read, at
/// most 16 spans each. `boilerplate` has the names of lines that its source's documents share,
/// where they are known.
pub fn spans(
    rules: &[&RuleInfo],
    spec: &AnnotateSpec,
    (text, boilerplate): (&str, Option<&[u64]>),
    scratch: &mut Scratch,
) -> Result<Vec<Vec<[u64; 2]>>, RuleError> {
    // a tokenizer that is gone costs the spans, not the run: pass one has read it
    let _ = scratch.tokenize_by(spec.tokenizer.as_ref());
    let mut wanted = Vec::new();
    for (at, rule) in rules.iter().enumerate() {
        for comparison in &rule.comparisons {
            // a confidence may hold the only dot
            let staged =
                comparison.column.split_once('.').filter(|(stage, _)| !stage.contains('('));
            let (stage, name) = match staged {
                Some(("original", name)) => (0, name),
                Some((_, name)) => (rule.stage, name),
                None => (rule.stage, comparison.column.as_str()),
            };
            let measured = spec.annotator(name).map(Evidence::Measured);
            let counted = || Wanted::of_column(name).map(Evidence::Dangling);
            wanted.extend(measured.or_else(counted).map(|evidence| (stage, at, evidence)));
        }
    }
    wanted.sort_by_key(|(stage, ..)| *stage);
    let mut found = vec![Vec::new(); rules.len()];
    if wanted.is_empty() {
        return Ok(found);
    }
    let edited = spec.edit(text)?;
    // one document for all rules of a stage: they share its words
    for of_stage in wanted.chunk_by(|one, other| one.0 == other.0) {
        let Some((stage, ..)) = of_stage.first() else { continue };
        let mut document = Document::new(edited.stage_text(*stage), scratch);
        if let Some(names) = boilerplate {
            document = document.with_boilerplate(names);
        }
        for (_, at, evidence) in of_stage {
            let evidence = evidence.spans(&mut document);
            found[*at].extend(evidence.into_iter().map(|(start, end)| {
                let (start, end) = edited.original_span(*stage, start, end);
                [start as u64, end as u64]
            }));
        }
    }
    for spans in &mut found {
        spans.sort_unstable();
        spans.dedup();
        spans.truncate(SPANS_MAX);
    }
    Ok(found)
}
