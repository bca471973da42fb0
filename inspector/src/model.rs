//! What the screen, the statistics, the review log and the readers of data share.
//!
//! Plain values only: `data` makes them, `ui` shows them, `review` writes what a person says of
//! them, `stats` counts it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What became of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It stayed.
    Kept,
    /// It went, for a reason.
    Removed,
    /// It could not be read.
    Failed,
    /// It stands in a corpus that no run has judged.
    Read,
}

/// Which documents of a run are sampled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Population {
    /// Those that stayed.
    #[default]
    Kept,
    /// Those that went.
    Removed,
    /// Those that could not be read.
    Failed,
    /// Those that rules flagged and kept.
    Flagged,
    /// All of them; the only one of a plain corpus.
    All,
}

/// What is drawn with equal chances.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A document: the defect rate is a share of documents.
    #[default]
    Document,
    /// A token (measured by the size of the text): long documents come more often, and the defect
    /// rate is a share of training tokens.
    Token,
}

/// What strata are made of.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strata {
    /// `kept`, `removed`, `failed`.
    Decision,
    /// The first reason, or the first rule that flags; `none` for the others.
    Rule,
    /// The shard, or the source column of the run.
    Source,
    /// The language column, where documents have one.
    Language,
    /// Powers of four of the text's bytes.
    Length,
    /// Survivor, duplicate, or alone.
    Cluster,
    /// The value of an SQL expression over the annotations.
    Sql(String),
}

impl Strata {
    /// Strata by the name that people type; what is no name is an SQL expression.
    pub fn named(text: &str) -> Self {
        match text {
            "decision" => Self::Decision,
            "rule" => Self::Rule,
            "source" => Self::Source,
            "language" => Self::Language,
            "length" => Self::Length,
            "cluster" => Self::Cluster,
            sql => Self::Sql(sql.to_owned()),
        }
    }
}

/// Which sample: the same specification of the same frame gives the same order anywhere.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct SampleSpec {
    /// Seed of the ranks.
    pub seed: u64,
    /// Which documents of a run.
    pub population: Population,
    /// Only documents for which this SQL condition holds.
    pub filter: Option<String>,
    /// What is drawn with equal chances.
    pub unit: Unit,
    /// Strata that are drawn in turn; none for one sample of everything.
    pub strata: Option<Strata>,
}

/// A document of the frame, before its text is read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its document id.
    pub document_id: String,
    /// The user's own id.
    pub id: Option<String>,
    /// Its shard.
    pub shard: String,
    /// Its row in the shard.
    pub row: u64,
    /// What became of it.
    pub decision: Decision,
    /// First reason of its removal.
    pub reason: Option<String>,
    /// Rules that flagged it.
    pub flags: Vec<String>,
    /// Its stratum, where strata are drawn.
    pub stratum: Option<String>,
    /// Its size in bytes of text, where known without reading it: the weight by tokens.
    pub size: Option<u64>,
}

impl Entry {
    /// The user's id where there is one, else the document id.
    pub fn name(&self) -> &str {
        self.id.as_deref().unwrap_or(&self.document_id)
    }
}

/// Why a place of a text is highlighted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkKind {
    /// A dangling reference.
    Reference,
    /// What a rule measured or matched.
    Rule,
    /// What an edit took away or changed (in the text as read).
    Edit,
    /// Text that stands elsewhere too.
    Repeat,
}

/// A highlighted place with its reason.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// First byte, in the text it belongs to.
    pub start: usize,
    /// Byte after the last.
    pub end: usize,
    /// What it is.
    pub kind: MarkKind,
    /// Number of the line in [`Document::why`] that explains it.
    pub why: usize,
}

/// One line of the pane "why".
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Why {
    /// `web/too-short`, `dedup/fuzzy`, `table missing`.
    pub title: String,
    /// What it did: `removed`, `flagged`, `edited`, `found`.
    pub effect: String,
    /// Value against threshold, what was looked for, twin and similarity; one line each.
    pub details: Vec<String>,
    /// Annotation whose place in the corpus is worth showing, and its value here.
    pub measured: Option<(String, f64)>,
    /// The confidence of a finding.
    pub confidence: Option<f64>,
}

/// A text with the start of each of its lines.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Text {
    /// The text.
    pub text: Arc<str>,
    /// Highlighted places, by start.
    pub marks: Vec<Mark>,
}

/// A document as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// Where it stands.
    pub entry: Entry,
    /// The text as it was written (kept) or as it stands in the record.
    pub text: Text,
    /// The text as it was read, where an edit changed it and the input is still there.
    pub original: Option<Text>,
    /// Why the original is not there, although an edit changed the document.
    pub original_missing: Option<String>,
    /// What rules and the detector say of it.
    pub why: Vec<Why>,
    /// The other fields of the record.
    pub metadata: Map<String, Value>,
    /// Every value that was measured.
    pub annotations: Map<String, Value>,
    /// Hash of the text, hexadecimal: a label is of this text.
    pub content_hash: String,
}

/// A member of a cluster of duplicates.
#[derive(Debug, Clone, PartialEq)]
pub struct Twin {
    /// Its document id.
    pub document_id: String,
    /// The user's id.
    pub id: Option<String>,
    /// Whether it stayed for the others.
    pub survivor: bool,
    /// `exact`, `fuzzy`, `semantic`; `near` for one that is no member but near by its embedding.
    pub kind: String,
    /// Exact similarity to the survivor.
    pub similarity: Option<f64>,
    /// Its text, for those that were fetched.
    pub text: Option<Arc<str>>,
}

/// What is known of the frame a sample is drawn from.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Frame {
    /// What was opened, as a person wrote it.
    pub name: String,
    /// `run`, `parquet`, `jsonl`, `text`, `mixed`.
    pub format: String,
    /// Documents in the frame after population and filter; none until they were counted.
    pub documents: Option<u64>,
    /// Their bytes of text.
    pub size: Option<u64>,
    /// The largest of them in bytes of text.
    pub size_max: Option<u64>,
    /// Strata with their documents and bytes, by name; empty where none are drawn.
    pub strata: Vec<Stratum>,
    /// Whether entries are a probability sample already. Before a foreign JSONL file was read to
    /// its end they are its head, and verdicts do not count.
    pub is_sample: bool,
    /// Share of the frame that was read, from 0 to 1.
    pub progress: f64,
    /// Hash of the frame: shard names, sizes, document counts.
    pub hash: String,
    /// Hash of the rule set of the run.
    pub rules_hash: Option<String>,
    /// Name and version of the sampler.
    pub sampler: String,
}

/// A stratum of a frame.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Stratum {
    /// Its name.
    pub name: String,
    /// Its documents.
    pub documents: u64,
    /// Their bytes of text.
    pub size: u64,
}

/// What a reviewer says of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing wrong.
    Good,
    /// A defect.
    Defect,
    /// Cannot say.
    Skip,
}

/// A document with the label that is in force for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Label {
    /// Its document id.
    pub document_id: String,
    /// The user's id.
    pub id: Option<String>,
    /// Hash of the text that was seen.
    pub content_hash: String,
    /// The verdict.
    pub verdict: Verdict,
    /// Kinds of defect, from the user's list.
    pub kinds: Vec<String>,
    /// Whether it was marked for a second look.
    pub flagged: bool,
    /// A note.
    pub note: Option<String>,
    /// Who said so.
    pub reviewer: String,
    /// Milliseconds since 1970.
    pub at_ms: u64,
    /// Milliseconds it was on the screen.
    pub spent_ms: u64,
    /// Its stratum.
    pub stratum: Option<String>,
    /// Its bytes of text.
    pub size: u64,
    /// Rules that fired for it, and kinds of reference found in it (`finding:table`).
    pub rules: Vec<String>,
    /// Whether it came by the sample; browsing by hand does not count for rates.
    pub sampled: bool,
    /// Whether it is a second look at a document that the same reviewer had labelled.
    pub repeat: bool,
}

/// Counts of a rule over the run, for the overview.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct RuleCount {
    /// The rule.
    pub rule: String,
    /// What it does: `drop`, `flag`, `edit`, `dedup`.
    pub effect: String,
    /// Documents for which it fired.
    pub fired: u64,
    /// Documents for which it is the first reason.
    pub first: u64,
    /// Why it exists.
    pub why: String,
}

/// Counts of a source.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SourceCount {
    /// The source.
    pub source: String,
    /// Documents read.
    pub read: u64,
    /// Documents kept.
    pub kept: u64,
    /// Documents with a dangling reference.
    pub dangling: u64,
    /// The likely cause of what it lost, in words.
    pub cause: Option<String>,
}

/// The distribution of an annotation over the corpus.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Histogram {
    /// The annotation.
    pub annotation: String,
    /// Borders of the bins, one more than counts; the first and last are the extremes.
    pub borders: Vec<f64>,
    /// Documents in each bin.
    pub counts: Vec<u64>,
    /// Documents where it is NULL.
    pub unknown: u64,
    /// The hundred and one percentiles, from the least to the greatest value.
    pub percentiles: Vec<f64>,
}

/// The overview of a run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Overview {
    /// `read`, `kept`, `removed`, `failed` and what the funnel says between.
    pub funnel: Vec<(String, u64)>,
    /// Rules, in the order of the run.
    pub rules: Vec<RuleCount>,
    /// Sources, those that lost most first.
    pub sources: Vec<SourceCount>,
    /// Numeric annotations that have a histogram.
    pub annotations: Vec<String>,
}

/// A rule in the making: a pattern, or an SQL condition over the annotations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Draft {
    /// `flag_if: <SQL>`.
    FlagIf(String),
    /// `drop_if: <SQL>`.
    DropIf(String),
    /// `remove_lines_matching: <regex>`.
    RemoveLines(String),
    /// `replace_matches: <regex>` with a text.
    Replace(String, String),
}

/// What a draft would do, judged by the documents of the sample that were read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Trial {
    /// Documents it was tried on.
    pub tried: u64,
    /// Documents it fires for.
    pub hits: u64,
    /// Estimated share of the frame with its interval; none where this is no sample.
    pub share: Option<(f64, f64, f64)>,
    /// Names of hit documents that were judged good.
    pub good_hit: Vec<String>,
    /// Names of documents that were judged defective and are not hit.
    pub defect_missed: Vec<String>,
    /// Names of documents that were judged defective and are hit.
    pub defect_hit: Vec<String>,
    /// First hits with the text around them.
    pub examples: Vec<(String, String)>,
    /// Why the draft is no rule.
    pub error: Option<String>,
}
