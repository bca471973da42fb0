//! Tokens of a run: counted for every document, or for a random sample of them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::StringArray;
use serde::{Deserialize, Serialize};
use tamis_kernels::TextTokenizer;
use tamis_rules::{Compiled, RuleSet, TokenizerSpec};

use crate::config::Tokens;
use crate::error::PipelineError;
use crate::ratio::Sums;
use crate::sample::HashRank;
use crate::stage::work::Work;
use crate::table::batch::typed;
use crate::table::batch::{Rows, columns, numbered};
use crate::table::cursor::SortedCursor;
use crate::table::part::{Content, WritePart};
use crate::table::row_id::ROW_ID;

/// The seed of the sample, that of `tamis sample`.
const SEED: u64 = 7;

/// The rules with the tokens of every document, where every document is counted.
pub(crate) fn counted(tokens: Option<&Tokens>, rules: RuleSet) -> RuleSet {
    match tokens {
        Some(Tokens { tokenizer, sample: None }) => rules.with_token_counts(tokenizer.clone()),
        _ => rules,
    }
}

/// The rules of a finished run with what its `run.json` says of tokens, so that they mean what they
/// meant.
pub fn as_in_run(manifest: &serde_json::Value, rules: RuleSet) -> RuleSet {
    let tokens = manifest.pointer("/configuration/tokens");
    let all = tokens.filter(|tokens| tokens.get("sample").is_none_or(serde_json::Value::is_null));
    let tokenizer = all.and_then(|tokens| tokens.get("tokenizer"));
    match tokenizer.and_then(|one| serde_json::from_value(one.clone()).ok()) {
        Some(tokenizer) => rules.with_token_counts(tokenizer),
        None => rules,
    }
}

/// What pass two needs to know to count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counting {
    /// By what.
    pub tokenizer: TokenizerSpec,
    /// The columns of the annotations with the tokens of the text as it was read and after the
    /// edits of rules, where every document was counted.
    pub columns: Option<[String; 2]>,
    /// The file with the places of the documents that are counted, where not all are.
    pub sample: Option<PathBuf>,
}

/// Documents that went the same way.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Documents.
    pub documents: u64,
    /// Bytes of their text.
    pub text_bytes: u64,
    /// Their tokens, where every document is counted.
    pub tokens: u64,
    /// Documents that the tokenizer refused.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub refused: u64,
    /// The documents of the sample among them: bytes and tokens.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub sample: Sums,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
pub(crate) fn is_zero(count: &u64) -> bool {
    *count == 0
}

fn is_empty(sums: &Sums) -> bool {
    sums.n == 0
}

impl Tally {
    pub(crate) fn merge(&mut self, other: &Self) {
        self.documents += other.documents;
        self.text_bytes += other.text_bytes;
        self.tokens += other.tokens;
        self.refused += other.refused;
        self.sample.merge(&other.sample);
    }

    /// Adds a document of which tokens may be known.
    fn add(&mut self, text_bytes: usize, tokens: Seen) {
        self.documents += 1;
        self.text_bytes += text_bytes as u64;
        match tokens {
            Seen::Counted(tokens) => self.tokens += tokens,
            Seen::Sampled(tokens) => self.sample.add(text_bytes as u64, tokens),
            Seen::Refused => self.refused += 1,
            Seen::Passed => {}
        }
    }
}

/// What is known of the tokens of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    /// One of all, all of which are counted.
    Counted(u64),
    /// One of the sample.
    Sampled(u64),
    /// The tokenizer refused it.
    Refused,
    /// Not one of the sample.
    Passed,
}

/// The tokens of one shard by what became of its documents.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenCounts {
    /// All documents, as they were read.
    pub read: Tally,
    /// Those kept, as they are written.
    pub kept: Tally,
    /// Those kept with another text than they were read with, as they were read.
    pub before_edits: Tally,
    /// The same as they are written.
    pub after_edits: Tally,
    /// Those removed, by their first reason, as they were read.
    pub removed: BTreeMap<String, Tally>,
}

impl TokenCounts {
    pub(crate) fn merge(&mut self, other: &Self) {
        self.read.merge(&other.read);
        self.kept.merge(&other.kept);
        self.before_edits.merge(&other.before_edits);
        self.after_edits.merge(&other.after_edits);
        for (reason, tally) in &other.removed {
            self.removed.entry(reason.clone()).or_default().merge(tally);
        }
    }
}

/// What is known of the tokens of a text before it is looked at.
#[derive(Debug, Clone, Copy)]
enum Known {
    /// The annotations have them, none where the tokenizer refused the text.
    Annotated(Option<u64>),
    /// Nothing: the annotations were made of another text.
    Nothing,
}

/// What the annotations say of the tokens of one document.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Annotated {
    /// Tokens of the text as it was read.
    pub(crate) read: Option<u64>,
    /// Tokens of the text after the edits of rules.
    pub(crate) edited: Option<u64>,
    /// Whether it is one of the sample.
    pub(crate) sampled: bool,
}

/// One document as pass two leaves it.
#[expect(clippy::struct_field_names, reason = "written is a text, not a part of the name")]
pub(crate) struct Written<'a> {
    /// What the annotations say.
    pub(crate) annotated: Annotated,
    /// The text as it was read.
    pub(crate) read: &'a str,
    /// The text as it is written, where it is another.
    pub(crate) written: Option<&'a str>,
    /// Whether more than the edits of rules changed it.
    pub(crate) cut: bool,
    /// Why it goes: `None` where it stays.
    pub(crate) removed: Option<&'a str>,
}

/// Counts the tokens of a shard.
pub(crate) struct Counter {
    tokenizer: Arc<TextTokenizer>,
    all: bool,
    ids: Vec<u32>,
    counts: TokenCounts,
}

impl Counter {
    pub(crate) fn new(counting: &Counting) -> datafusion::common::Result<Self> {
        let tokenizer = counting
            .tokenizer
            .load()
            .map_err(|error| datafusion::common::DataFusionError::External(Box::new(error)))?;
        let all = counting.columns.is_some();
        Ok(Self { tokenizer, all, ids: Vec::new(), counts: TokenCounts::default() })
    }

    fn counted(&mut self, text: &str) -> Option<u64> {
        self.tokenizer.encode(text, &mut self.ids).then_some(self.ids.len() as u64)
    }

    /// The tokens of a text of which the annotations know, or do not.
    fn seen(&mut self, known: Known, sampled: bool, text: &str) -> Seen {
        if !self.all {
            return match sampled.then(|| self.counted(text)) {
                None => Seen::Passed,
                Some(None) => Seen::Refused,
                Some(Some(tokens)) => Seen::Sampled(tokens),
            };
        }
        let tokens = match known {
            Known::Annotated(known) => known,
            Known::Nothing => self.counted(text),
        };
        tokens.map_or(Seen::Refused, Seen::Counted)
    }

    /// Takes a document that a rule failed: it was read and nothing else.
    pub(crate) fn failed(&mut self, annotated: Annotated, text: &str) {
        let seen = self.seen(Known::Annotated(annotated.read), annotated.sampled, text);
        self.counts.read.add(text.len(), seen);
    }

    /// Takes a document.
    pub(crate) fn take(&mut self, document: &Written<'_>) {
        let Written { annotated, read, written, cut, removed } = *document;
        let before = self.seen(Known::Annotated(annotated.read), annotated.sampled, read);
        self.counts.read.add(read.len(), before);
        if let Some(reason) = removed {
            let tally = self.counts.removed.entry(reason.to_owned()).or_default();
            tally.add(read.len(), before);
            return;
        }
        let Some(written) = written else {
            self.counts.kept.add(read.len(), before);
            return;
        };
        // what was cut out after the edits of rules was not there when annotations were made
        let known = if cut { Known::Nothing } else { Known::Annotated(annotated.edited) };
        let after = self.seen(known, annotated.sampled, written);
        self.counts.kept.add(written.len(), after);
        self.counts.before_edits.add(read.len(), before);
        self.counts.after_edits.add(written.len(), after);
    }

    pub(crate) fn into_counts(self) -> TokenCounts {
        self.counts
    }
}

impl Work<'_> {
    /// What pass two needs to know to count tokens; draws the sample where there is one.
    pub(crate) async fn counting(
        &self,
        compiled: &Compiled,
    ) -> Result<Option<Counting>, PipelineError> {
        let Some(tokens) = &self.config.content.tokens else { return Ok(None) };
        let sample = match tokens.sample {
            None => None,
            Some(size) => Some(self.draw_sample(size).await?),
        };
        let tokenizer = tokens.tokenizer.clone();
        Ok(Some(Counting { tokenizer, columns: compiled.token_columns.clone(), sample }))
    }

    /// The `size` documents of lowest rank among those that could be read.
    async fn draw_sample(&self, size: usize) -> Result<PathBuf, PipelineError> {
        let path = self.directory.path(".state/tokens/sample.parquet");
        if path.exists() {
            return Ok(path);
        }
        let mut drawn: HashRank<u64> = HashRank::new(SEED, size);
        let names = [ROW_ID, "document_id", "rule_decision"];
        let mut walk = SortedCursor::new(self.parts(), &names, 0, 4096);
        while let Some(batch) = walk.next()? {
            let ids = typed::<StringArray>(&batch, "document_id")?;
            let decisions = typed::<StringArray>(&batch, "rule_decision")?;
            for (row, place) in columns(&batch, [ROW_ID])?[0].iter().enumerate() {
                if decisions.value(row) != "failed" {
                    drawn.offer(ids.value(row), || *place);
                }
            }
        }
        let mut places = drawn.into_sample();
        places.sort_unstable();
        let mut rows = Rows::default();
        for place in places {
            rows.push([place]);
        }
        let part = WritePart {
            path: path.clone(),
            content: Content::Values,
            required: Vec::new(),
            parts: false,
        };
        part.write_batch(rows.batch(&numbered([ROW_ID]))?).await?;
        Ok(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counter(all: bool) -> Counter {
        let tokenizer = Arc::new(TextTokenizer::embedded().unwrap());
        Counter { tokenizer, all, ids: Vec::new(), counts: TokenCounts::default() }
    }

    fn written(read: &str, tokens: u64) -> Written<'_> {
        let annotated = Annotated { read: Some(tokens), edited: Some(tokens), sampled: false };
        Written { annotated, read, written: None, cut: false, removed: None }
    }

    #[test]
    fn tokens_add_up_whatever_became_of_them() {
        let mut counter = counter(true);
        counter.take(&written("bread and water", 3));
        counter.take(&Written { removed: Some("t/x"), ..written("bread", 1) });
        let annotated = Annotated { read: Some(3), edited: Some(2), sampled: false };
        let edited =
            Written { annotated, written: Some("bread water"), ..written("bread and water", 3) };
        counter.take(&edited);
        // cut after that: the annotation of two tokens is too old, and one is counted
        counter.take(&Written { cut: true, written: Some("water"), ..edited });
        counter.failed(Annotated { read: Some(5), ..Annotated::default() }, "one two three");
        counter.take(&Written { annotated: Annotated::default(), ..written("?", 0) });
        let counts = counter.into_counts();
        let tokens = |tally: &Tally| (tally.documents, tally.tokens, tally.refused);
        assert_eq!(tokens(&counts.read), (6, 3 + 1 + 3 + 3 + 5, 1));
        assert_eq!(tokens(&counts.kept), (4, 3 + 2 + 1, 1));
        assert_eq!(tokens(&counts.removed["t/x"]), (1, 1, 0));
        assert_eq!(tokens(&counts.before_edits), (2, 6, 0));
        assert_eq!(tokens(&counts.after_edits), (2, 3, 0));
    }

    #[test]
    fn only_the_sample_is_counted_where_there_is_one() {
        let mut counter = counter(false);
        let sampled = Annotated { sampled: true, ..Annotated::default() };
        counter.take(&Written { annotated: sampled, ..written("bread and water", 0) });
        counter.take(&Written { annotated: Annotated::default(), ..written("bread", 0) });
        let counts = counter.into_counts();
        assert_eq!((counts.kept.documents, counts.kept.text_bytes), (2, 20));
        assert_eq!((counts.kept.sample.n, counts.kept.sample.x, counts.kept.sample.y), (1, 15, 3));
        assert_eq!(counts.kept.tokens, 0);
    }

    #[test]
    fn counts_survive_their_file() {
        let mut counts = TokenCounts::default();
        counts.kept.sample.add(u64::from(u32::MAX) * 8, u64::from(u32::MAX));
        let json = serde_json::to_string(&counts).unwrap();
        assert_eq!(serde_json::from_str::<TokenCounts>(&json).unwrap(), counts);
    }
}
