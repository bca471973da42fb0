//! The options that keep evaluation sets out of a corpus.

use std::path::Path;

use clap::{Args, ValueEnum};
use tamis_pipeline::PipelineError;
use tamis_pipeline::config::ConfigFile;
use tamis_pipeline::contamination::{Act, Chosen, Decontaminate, Method};

/// How evaluation sets are kept out of the corpus.
#[derive(Debug, Args)]
pub(super) struct SetArgs {
    /// Evaluation set, repeatable: documents that hold text of its items go; JSONL, JSON, Parquet,
    /// text, or a folder of them
    #[arg(long, value_name = "[NAME=]PATH")]
    decontaminate: Vec<String>,
    /// Fields of its records that count [default: every text]
    #[arg(long, value_name = "FIELD", value_delimiter = ',')]
    decontaminate_fields: Vec<String>,
    /// Whose definition the options below begin with [default: ngram]
    #[arg(long, value_enum)]
    decontaminate_method: Option<MethodArg>,
    /// Words in a row that count [default: 13; gpt3: 8 to 13 by the items; llama2: 10; llama3: 8]
    #[arg(long, value_name = "N")]
    decontaminate_words: Option<usize>,
    /// Least share of an item's words in one document [default: 0; llama2: 0.8; llama3: 0.5]
    #[arg(long, value_name = "SHARE")]
    decontaminate_share: Option<f64>,
    /// Pass over words in a row that stand in more than N documents [default: none; gpt3: 10]
    #[arg(long, value_name = "N")]
    decontaminate_common: Option<u64>,
    /// What becomes of documents [default: remove; gpt3: cut]
    #[arg(long, value_enum)]
    decontaminate_action: Option<ActArg>,
}

/// Whose definition of contamination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum MethodArg {
    /// Any 13 words in a row
    Ngram,
    /// GPT-3: 8 to 13 words, common ones passed over, passages cut out
    Gpt3,
    /// Llama 2: 10 words and on with up to 4 that differ, 80 % of an item
    Llama2,
    /// Llama 3: 8 words, half of an item
    Llama3,
}

/// What becomes of documents with text of an evaluation set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ActArg {
    /// They are removed
    Remove,
    /// They stay, with a flag
    Flag,
    /// The passage is cut out, with 200 characters on both sides
    Cut,
}

impl SetArgs {
    /// Joins them with the configuration file, whose folder is `base`; they win.
    pub(super) fn settle(
        self,
        file: &ConfigFile,
        base: &Path,
    ) -> Result<Option<Decontaminate>, PipelineError> {
        let named = !self.decontaminate.is_empty();
        let (sets, base) = if named {
            (self.decontaminate, Path::new(""))
        } else {
            (file.decontaminate.clone(), base)
        };
        let fields = if self.decontaminate_fields.is_empty() {
            file.decontaminate_fields.clone().unwrap_or_default()
        } else {
            self.decontaminate_fields
        };
        let method = self.decontaminate_method.map(|method| match method {
            MethodArg::Ngram => Method::Ngram,
            MethodArg::Gpt3 => Method::Gpt3,
            MethodArg::Llama2 => Method::Llama2,
            MethodArg::Llama3 => Method::Llama3,
        });
        let action = self.decontaminate_action.map(|action| match action {
            ActArg::Remove => Act::Remove,
            ActArg::Flag => Act::Flag,
            ActArg::Cut => Act::Cut,
        });
        let chosen = Chosen {
            sets,
            fields,
            method: method.or(file.decontaminate_method).unwrap_or_default(),
            words: self.decontaminate_words.or(file.decontaminate_words),
            share: self.decontaminate_share.or(file.decontaminate_share),
            common: self.decontaminate_common.or(file.decontaminate_common),
            action: action.or(file.decontaminate_action),
        };
        Decontaminate::settle(chosen, base)
    }
}
