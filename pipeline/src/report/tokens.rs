//! What a run says of tokens.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::annotate::tokens::{Tally, TokenCounts, is_zero};
use crate::config::Tokens;
use crate::write::outputs::ShardCounts;

/// The tokens of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TokenReport {
    /// The file of the tokenizer.
    pub tokenizer: PathBuf,
    /// Its xxh3-128.
    pub hash: String,
    /// Documents of the sample; none where every document was counted.
    pub sample: Option<u64>,
    /// All documents, as they were read.
    pub read: TokenRow,
    /// Those kept, as they are written.
    pub kept: TokenRow,
    /// Those removed, as they were read.
    pub removed: TokenRow,
    /// Those kept whose text was edited, as they were read.
    pub before_edits: TokenRow,
    /// The same as they are written.
    pub after_edits: TokenRow,
    /// Those removed, by their first reason.
    pub reasons: BTreeMap<String, TokenRow>,
}

/// The tokens of some documents.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TokenRow {
    /// Documents.
    pub documents: u64,
    /// Bytes of their text.
    pub text_bytes: u64,
    /// Their tokens, or an estimate; none where no document of the sample is among them.
    pub tokens: Option<u64>,
    /// Lower end of the 95 % interval of an estimate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<u64>,
    /// Upper end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<u64>,
    /// Documents of the sample among them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sampled: Option<u64>,
    /// Documents that the tokenizer refused and whose tokens are missing here.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub refused: u64,
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "numbers of tokens are positive and below 2^53"
)]
fn whole(tokens: f64) -> u64 {
    tokens.round() as u64
}

impl TokenRow {
    fn of(tally: &Tally, sampled: bool) -> Self {
        let mut row = Self {
            documents: tally.documents,
            text_bytes: tally.text_bytes,
            refused: tally.refused,
            ..Self::default()
        };
        if !sampled {
            row.tokens = Some(tally.tokens);
            return row;
        }
        row.sampled = Some(tally.sample.n);
        if tally.documents == 0 || tally.text_bytes == 0 {
            row.tokens = Some(0);
        } else if let Some(total) = tally.sample.total(tally.documents, tally.text_bytes) {
            row.tokens = Some(whole(total.value));
            row.low = total.interval.map(|(low, _)| whole(low));
            row.high = total.interval.map(|(_, high)| whole(high));
        }
        row
    }
}

/// Adds up the shards.
pub(crate) fn report(tokens: &Tokens, counts: &[ShardCounts]) -> TokenReport {
    let mut all = TokenCounts::default();
    for shard in counts {
        if let Some(tokens) = &shard.tokens {
            all.merge(tokens);
        }
    }
    let mut removed = Tally::default();
    for tally in all.removed.values() {
        removed.merge(tally);
    }
    let sampled = tokens.sample.is_some();
    let row = |tally: &Tally| TokenRow::of(tally, sampled);
    TokenReport {
        tokenizer: tokens.tokenizer.path.clone(),
        hash: tokens.tokenizer.hash.clone(),
        sample: sampled.then_some(all.read.sample.n + all.read.refused),
        read: row(&all.read),
        kept: row(&all.kept),
        removed: row(&removed),
        before_edits: row(&all.before_edits),
        after_edits: row(&all.after_edits),
        reasons: all.removed.iter().map(|(reason, tally)| (reason.clone(), row(tally))).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_stands_for_all() {
        let mut kept = Tally { documents: 2, text_bytes: 20, ..Tally::default() };
        kept.sample.add(15, 3);
        let row = TokenRow::of(&kept, true);
        // 20 bytes at 3 tokens in 15
        assert_eq!((row.tokens, row.low, row.sampled), (Some(4), None, Some(1)));
    }
}
