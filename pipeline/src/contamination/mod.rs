//! Text of evaluation sets in the corpus: which documents hold it, and which items are known.

pub(crate) mod cut;
pub mod function;
pub(crate) mod items;
mod json;

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tamis_kernels::{SHINGLE_WORDS_MAX, hash128, hex128};

use crate::error::PipelineError;

pub use items::EvalSet;

/// Prefix of the names under which sets stand in reasons and annotations.
pub const RULE: &str = "decontaminate/";
/// The column of the annotations with every passage of a set.
pub const CONTAMINATION: &str = "contamination";
/// The column that says whether a document goes for it.
pub const CONTAMINATED: &str = "contaminated";

/// A definition that people know.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// Any thirteen words in a row.
    #[default]
    Ngram,
    /// As GPT-3 (Brown et al. 2020, appendix C).
    Gpt3,
    /// As Llama 2 (Touvron et al. 2023, appendix A.6).
    Llama2,
    /// As Llama 3 (Grattafiori et al. 2024, section 5.1.4).
    Llama3,
}

/// What becomes of a document that holds text of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Act {
    /// It is removed.
    Remove,
    /// It is marked.
    Flag,
    /// The passage is cut out, with 200 characters on both sides.
    Cut,
}

/// What the user chose; what is left open follows from the method.
#[derive(Debug, Clone, Default)]
pub struct Chosen {
    /// Sets: `PATH` or `NAME=PATH`.
    pub sets: Vec<String>,
    /// Fields of their records; every text where none is named.
    pub fields: Vec<String>,
    /// The definition.
    pub method: Method,
    /// Words of an n-gram.
    pub words: Option<usize>,
    /// Least share of an item's words.
    pub share: Option<f64>,
    /// Documents above which an n-gram is passed over.
    pub common: Option<u64>,
    /// What becomes of documents.
    pub action: Option<Act>,
}

/// How evaluation sets are kept out of the corpus.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Decontaminate {
    /// The sets.
    pub sets: Vec<EvalSet>,
    /// Fields of their records; every text where none is named.
    pub fields: Vec<String>,
    /// The definition that the rest began with.
    pub method: Method,
    /// Words of an n-gram; by the lengths of each set's items, from 8 to 13, where there is none.
    pub words: Option<usize>,
    /// Least share of an item's words that one document holds.
    pub share: f64,
    /// Words of a passage that may differ behind its first n-gram.
    pub skips: usize,
    /// Documents above which an n-gram is passed over.
    pub common: Option<u64>,
    /// What becomes of documents.
    pub action: Act,
}

impl Decontaminate {
    /// Fills what the user left open; none where no set is named. Paths are relative to `base`.
    pub fn settle(chosen: Chosen, base: &Path) -> Result<Option<Self>, PipelineError> {
        let usage = |what: String| PipelineError::Usage(format!("decontaminate: {what}"));
        if chosen.sets.is_empty() {
            let alone = !chosen.fields.is_empty()
                || chosen.words.is_some()
                || chosen.share.is_some()
                || chosen.common.is_some()
                || chosen.action.is_some()
                || chosen.method != Method::default();
            return if alone {
                Err(usage("no evaluation set is named; add --decontaminate PATH".into()))
            } else {
                Ok(None)
            };
        }
        let (words, share, skips, common, action) = match chosen.method {
            Method::Ngram => (Some(13), 0.0, 0, None, Act::Remove),
            Method::Gpt3 => (None, 0.0, 0, Some(10), Act::Cut),
            Method::Llama2 => (Some(10), 0.8, 4, None, Act::Remove),
            Method::Llama3 => (Some(8), 0.5, 0, None, Act::Remove),
        };
        let words = chosen.words.or(words);
        if words.is_some_and(|words| !(3..=SHINGLE_WORDS_MAX).contains(&words)) {
            return Err(usage(format!(
                "an n-gram has from 3 to {SHINGLE_WORDS_MAX} words; fewer stand in any text"
            )));
        }
        let share = chosen.share.unwrap_or(share);
        if !(0.0..=1.0).contains(&share) {
            return Err(usage("the share of an item's words is from 0 to 1".into()));
        }
        let common = chosen.common.or(common);
        if common == Some(0) {
            return Err(usage("an n-gram that may stand in no document finds none".into()));
        }
        let mut sets = Vec::with_capacity(chosen.sets.len());
        for named in &chosen.sets {
            sets.push(EvalSet::find(named, base)?);
        }
        items::name_apart(&mut sets);
        let settled = Self {
            sets,
            fields: chosen.fields,
            method: chosen.method,
            words,
            share,
            skips,
            common,
            action: chosen.action.unwrap_or(action),
        };
        // a set that cannot be used must not cost the user a pass over the corpus
        items::read(&settled)?;
        Ok(Some(settled))
    }
}

/// What a plan needs to know to look: small, for it is an argument of its function.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Looking {
    /// The file with the items.
    pub items: PathBuf,
    /// Its xxh3-128.
    pub hash: String,
    /// The sets: their names and the words of an n-gram of each.
    pub sets: Vec<(String, usize)>,
    /// See [`Decontaminate::share`].
    pub share: f64,
    /// See [`Decontaminate::skips`].
    pub skips: usize,
    /// See [`Decontaminate::action`].
    pub action: Act,
    /// The file with the n-grams that are passed over, and its xxh3-128.
    pub passed: Option<(PathBuf, String)>,
}

impl Looking {
    /// The rule under which a set stands in reasons.
    pub fn rule(name: &str) -> String {
        format!("{RULE}{name}")
    }

    pub(crate) fn to_json(&self) -> String {
        // a struct of strings and numbers always has a JSON form
        serde_json::to_string(self).unwrap_or_default()
    }
}

pub(crate) fn hash_of(bytes: &[u8]) -> String {
    hex128(hash128(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_open_follows_from_the_method() {
        let folder = tempfile::tempdir().unwrap();
        let text = "one two three four five six seven eight nine ten eleven twelve thirteen";
        std::fs::write(folder.path().join("set.jsonl"), format!("{{\"q\":\"{text}\"}}\n")).unwrap();
        let settle = |method: Method, change: &dyn Fn(&mut Chosen)| {
            let mut chosen = Chosen { sets: vec!["set.jsonl".into()], method, ..Chosen::default() };
            change(&mut chosen);
            Decontaminate::settle(chosen, folder.path())
        };
        let plain = settle(Method::Ngram, &|_| ()).unwrap().unwrap();
        assert_eq!(
            (plain.words, plain.action, plain.sets[0].name.as_str()),
            (Some(13), Act::Remove, "set")
        );
        let gpt3 = settle(Method::Gpt3, &|_| ()).unwrap().unwrap();
        assert_eq!((gpt3.words, gpt3.common, gpt3.action), (None, Some(10), Act::Cut));
        let llama2 = settle(Method::Llama2, &|chosen| chosen.share = Some(0.2)).unwrap().unwrap();
        assert_eq!((llama2.words, llama2.skips), (Some(10), 4));
        assert!((llama2.share - 0.2).abs() < 1e-12);
        for change in [
            (|chosen: &mut Chosen| chosen.words = Some(2)) as fn(&mut Chosen),
            |chosen| chosen.words = Some(33),
            |chosen| chosen.share = Some(1.5),
            |chosen| chosen.common = Some(0),
            |chosen| chosen.sets = Vec::new(),
            |chosen| chosen.sets = vec!["nowhere".into()],
        ] {
            let outcome = settle(Method::Llama3, &change);
            assert!(outcome.unwrap_err().to_string().contains("decontaminate"));
        }
        assert!(Decontaminate::settle(Chosen::default(), folder.path()).unwrap().is_none());
    }
}
