//! What a run is asked to do: the file `tamis.yaml`, read strictly, and the settled form.

mod tokens;

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::{Deserialize, Serialize};

use tamis_kernels::SHINGLE_WORDS_MAX;
use tamis_kernels::minhash::Banding;
use tamis_rules::{MinHashSpec, Normalize};

use crate::contamination::{Act, Decontaminate, Method};
use crate::embed::{Search, Semantic};
use crate::error::PipelineError;

pub use tokens::Tokens;

/// The file `tamis.yaml`; every key has its long option, which wins.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfigFile {
    /// Format version, 1.
    pub version: Option<u32>,
    /// Files, folders and globs, relative to the file's folder.
    #[serde(default)]
    pub inputs: Vec<String>,
    /// The run directory.
    pub out: Option<PathBuf>,
    /// Rule files and packs; `[none]` switches them off.
    pub rules: Option<Vec<String>>,
    /// Kinds of duplicates to remove; `[none]` switches them off.
    pub dedup: Option<Vec<String>>,
    /// Which of several duplicates stays: `first` or an ORDER BY expression.
    pub survivor: Option<String>,
    /// Sources whose documents stay before others, best first.
    pub prefer_sources: Option<Vec<String>>,
    /// Only documents of different sources are duplicates of each other.
    pub across_sources: Option<bool>,
    /// The reference set: files, folders and globs, finished runs, saved indexes.
    #[serde(default)]
    pub against: Vec<String>,
    /// Only duplicates of the reference set go.
    pub only_against: Option<bool>,
    /// What documents of one work have in common: a column, `source` or `shard`.
    pub group_by: Option<String>,
    /// The column that names a document's source.
    pub source_column: Option<String>,
    /// Random documents whose exact neighbours measure the recall of near-duplicate search.
    pub audit: Option<usize>,
    /// Exit with 1 where an alarm rings.
    pub gate: Option<bool>,
    /// Share of a source's documents that dedup may remove before an alarm rings.
    pub alarm_source: Option<f64>,
    /// Members of a cluster from which on an alarm rings.
    pub alarm_cluster: Option<u64>,
    /// Least similarity of near duplicates.
    pub similarity: Option<f64>,
    /// Bands of a signature.
    pub bands: Option<usize>,
    /// Rows of a band.
    pub rows: Option<usize>,
    /// Words of a shingle.
    pub shingle_words: Option<usize>,
    /// What is made of texts before they are cut into shingles: `none` or `datatrove`.
    pub normalize: Option<Normalize>,
    /// Least cosine of semantic duplicates.
    pub cosine: Option<f64>,
    /// Where embeddings come from: `embedded`, `column:NAME`, a model's folder or a file.
    pub embeddings: Option<String>,
    /// How semantic duplicates are looked for: `auto`, `exact` or `hashed`.
    pub semantic_search: Option<Search>,
    /// What computes: `auto`, `cpu` or `cuda[:N]`.
    pub device: Option<String>,
    /// Bytes that a repeated line or paragraph has at least.
    pub repeat_bytes: Option<usize>,
    /// Words that a repeated passage has at least.
    pub passage_words: Option<usize>,
    /// Copies from which on all but the first go.
    pub repeat_copies: Option<u64>,
    /// The column with the text.
    pub text_column: Option<String>,
    /// The column with the user's id.
    pub id_column: Option<String>,
    /// The field that carries decisions.
    pub reason_field: Option<String>,
    /// Splice flags into kept records.
    pub write_flags: Option<bool>,
    /// Worker threads.
    pub threads: Option<usize>,
    /// Memory for the engine, such as `4GiB`.
    pub memory: Option<String>,
    /// Folder for spilled data.
    pub temp: Option<PathBuf>,
    /// Records read of each shard at most.
    pub limit: Option<u64>,
    /// Largest record, such as `128MiB`.
    pub record_max: Option<String>,
    /// Evaluation sets whose text is kept out: files and folders, `NAME=PATH` names one.
    #[serde(default)]
    pub decontaminate: Vec<String>,
    /// Fields of their records.
    pub decontaminate_fields: Option<Vec<String>>,
    /// `ngram`, `gpt3`, `llama2` or `llama3`.
    pub decontaminate_method: Option<Method>,
    /// Words of an n-gram.
    pub decontaminate_words: Option<usize>,
    /// Least share of an item's words in one document.
    pub decontaminate_share: Option<f64>,
    /// Documents above which an n-gram is passed over.
    pub decontaminate_common: Option<u64>,
    /// `remove`, `flag` or `cut`.
    pub decontaminate_action: Option<Act>,
    /// A `tokenizer.json` to count tokens by.
    pub tokenizer: Option<PathBuf>,
    /// Documents whose tokens are counted, where not all are.
    pub token_sample: Option<usize>,
}

impl ConfigFile {
    /// The JSON Schema of the file, as it is shipped.
    pub fn schema_text() -> String {
        let generator = SchemaSettings::draft07().into_generator();
        let mut schema = generator.into_root_schema_for::<Self>().to_value();
        if let Some(root) = schema.as_object_mut() {
            root.insert("title".to_owned(), "tamis configuration".into());
        }
        // a JSON value always has a text
        serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
    }

    /// Reads `path`; errors name the line and column.
    pub fn read(path: &Path) -> Result<Self, PipelineError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| PipelineError::directory(path, format!("cannot be read: {error}")))?;
        Self::parse(&text, path)
    }

    /// Parses the text of a configuration that came from `path`.
    pub fn parse(text: &str, path: &Path) -> Result<Self, PipelineError> {
        let config: Self = serde_saphyr::from_str(text).map_err(|error| {
            let place = error
                .location()
                .map(|at| format!(":{}:{}", at.line(), at.column()))
                .unwrap_or_default();
            let message = tamis_rules::yaml::explain(&error);
            PipelineError::Usage(format!("{}{place}: {message}", path.display()))
        })?;
        match config.version {
            None | Some(1) => Ok(config),
            Some(version) => Err(PipelineError::Usage(format!(
                "{}: version {version} is not known, this tamis reads version 1",
                path.display()
            ))),
        }
    }
}

/// Which of several duplicates stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Survivor {
    /// The first in input order.
    First,
    /// The first by an ORDER BY expression over annotations and columns, ties by input order.
    OrderBy(String),
}

impl Survivor {
    /// `first`, `longest` (by characters), or an ORDER BY expression.
    pub fn parse(text: &str) -> Self {
        match text.trim() {
            "" | "first" => Self::First,
            "longest" => Self::OrderBy("char_count desc".to_owned()),
            other => Self::OrderBy(other.to_owned()),
        }
    }
}

/// A settled configuration: what decides the bytes of a run, and what does not.
#[derive(Debug, Clone)]
pub struct RunConfig {
    /// What decides the bytes.
    pub content: ContentConfig,
    /// The run directory.
    pub out: PathBuf,
    /// Worker threads.
    pub threads: usize,
    /// Memory of the engine in bytes.
    pub memory_bytes: usize,
    /// Folder for spilled data.
    pub temp: Option<PathBuf>,
    /// Random documents whose exact neighbours measure the recall of near-duplicate search.
    pub audit: Option<usize>,
    /// When to ring.
    pub alarms: Alarms,
    /// The reference set: files, folders, globs, finished runs and saved indexes.
    pub against: Vec<String>,
    /// Start over in a directory that holds another run.
    pub force: bool,
    /// What computes where there is a choice; the bytes of a run do not depend on it.
    pub device: String,
    /// Send every plan through its bytes and rebuild it in a fresh session, as a cluster does.
    pub rebuild_plans: bool,
}

/// The part of the configuration that decides the bytes of a run; two runs that differ here
/// do not share a directory.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct ContentConfig {
    /// Remove exact duplicates.
    pub dedup_exact: bool,
    /// Remove near duplicates.
    pub fuzzy: Option<Fuzzy>,
    /// Remove documents that say nearly the same.
    pub semantic: Option<Semantic>,
    /// Cut out text that stands in the corpus more than once.
    pub repeats: Option<Repeats>,
    /// Which of several duplicates stays.
    pub survivor: Survivor,
    /// Sources whose documents stay before others, best first.
    pub prefer_sources: Vec<String>,
    /// Only documents of different sources are duplicates of each other.
    pub across_sources: bool,
    /// Only duplicates of the reference set go.
    pub only_against: bool,
    /// What documents of one work have in common: a column, `source` or `shard`.
    pub group_by: Option<String>,
    /// The column that names a document's source; else the first folder of its shard does.
    pub source_column: Option<String>,
    /// The column with the text, where named.
    pub text_column: Option<String>,
    /// The column with the user's id, where named.
    pub id_column: Option<String>,
    /// The field that carries decisions.
    pub reason_field: String,
    /// Splice flags into kept records.
    pub write_flags: bool,
    /// Records read of each shard at most.
    pub limit: Option<u64>,
    /// Bytes of a record above which it is a failure.
    pub record_bytes_max: usize,
    /// Count tokens.
    pub tokens: Option<Tokens>,
    /// Keep evaluation sets out.
    pub decontaminate: Option<Decontaminate>,
}

/// What is worth an alarm in the report; nothing of it changes the data.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Alarms {
    /// Share of a source's documents that dedup removes.
    pub source_share: f64,
    /// Members of one cluster.
    pub cluster_members: u64,
}

impl Alarms {
    /// Fills what the user left open.
    pub fn settle(
        source_share: Option<f64>,
        cluster_members: Option<u64>,
    ) -> Result<Self, PipelineError> {
        if source_share.is_some_and(|share| !(0.0..=1.0).contains(&share)) {
            return Err(PipelineError::Usage("alarm-source: a share from 0 to 1".into()));
        }
        let usual = Self::default();
        Ok(Self {
            source_share: source_share.unwrap_or(usual.source_share),
            cluster_members: cluster_members.unwrap_or(usual.cluster_members),
        })
    }
}

impl Default for Alarms {
    fn default() -> Self {
        Self { source_share: 0.5, cluster_members: 1000 }
    }
}

/// How near duplicates are found.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Fuzzy {
    /// The least Jaccard similarity of shingle sets at which a document goes.
    pub threshold: f64,
    /// Shingles and bands.
    pub minhash: MinHashSpec,
}

impl Fuzzy {
    /// Fills what the user left open; what makes no sense is refused.
    pub fn settle(
        threshold: Option<f64>,
        bands: Option<usize>,
        rows: Option<usize>,
        shingle_words: Option<usize>,
        normalize: Normalize,
    ) -> Result<Self, PipelineError> {
        let usage = |what: &dyn std::fmt::Display| PipelineError::Usage(format!("dedup: {what}"));
        let threshold = threshold.unwrap_or(0.8);
        let banding = match (bands, rows) {
            (None, None) => Banding::for_threshold(threshold),
            (Some(bands), Some(rows)) => Banding::new(bands, rows),
            _ => return Err(usage(&"--bands and --rows belong together")),
        }
        .map_err(|error| usage(&error))?;
        banding.check(threshold).map_err(|error| usage(&error))?;
        let shingle_words = shingle_words.unwrap_or(5);
        if !(1..=SHINGLE_WORDS_MAX).contains(&shingle_words) {
            return Err(usage(&format!("a shingle has from 1 to {SHINGLE_WORDS_MAX} words")));
        }
        let (bands, rows) = (banding.bands(), banding.rows());
        Ok(Self { threshold, minhash: MinHashSpec { bands, rows, shingle_words, normalize } })
    }
}

/// A kind of text that may stand in the corpus more than once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Repeat {
    /// A line, white space at its ends left out.
    Lines,
    /// Lines up to the next blank one.
    Paragraphs,
    /// Consecutive words.
    Passages,
}

impl Repeat {
    const ALL: [Self; 3] = [Self::Lines, Self::Paragraphs, Self::Passages];

    /// `lines`, `paragraphs` or `passages`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lines => "lines",
            Self::Paragraphs => "paragraphs",
            Self::Passages => "passages",
        }
    }

    /// The kind of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Which repeated text is cut out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Repeats {
    /// The kinds.
    pub kinds: Vec<Repeat>,
    /// Bytes that a line or paragraph has at least.
    pub least_bytes: usize,
    /// Words that a passage has at least.
    pub passage_words: usize,
    /// Copies from which on all but the first go.
    pub copies: u64,
}

impl Repeats {
    /// Fills what the user left open; none where no kind is asked for.
    pub fn settle(
        mut kinds: Vec<Repeat>,
        least_bytes: Option<usize>,
        passage_words: Option<usize>,
        copies: Option<u64>,
    ) -> Result<Option<Self>, PipelineError> {
        kinds.sort_unstable();
        kinds.dedup();
        let repeats = Self {
            kinds,
            least_bytes: least_bytes.unwrap_or(40),
            passage_words: passage_words.unwrap_or(50),
            copies: copies.unwrap_or(2),
        };
        if repeats.passage_words < 4 {
            let what = "passage-words: passages of fewer than 4 words repeat in any language";
            return Err(PipelineError::Usage(what.into()));
        }
        if repeats.copies < 2 {
            let what = "repeat-copies: text with one copy does not repeat; write 2 or more";
            return Err(PipelineError::Usage(what.into()));
        }
        Ok((!repeats.kinds.is_empty()).then_some(repeats))
    }
}

impl ContentConfig {
    /// The kinds of duplicates that are removed.
    pub fn duplicates(&self) -> Vec<&'static str> {
        let kinds = [
            ("exact", self.dedup_exact),
            ("fuzzy", self.fuzzy.is_some()),
            ("semantic", self.semantic.is_some()),
        ];
        kinds.iter().filter(|(_, on)| *on).map(|(kind, _)| *kind).collect()
    }
}

impl Default for ContentConfig {
    fn default() -> Self {
        Self {
            dedup_exact: true,
            fuzzy: None,
            semantic: None,
            repeats: None,
            survivor: Survivor::First,
            prefer_sources: Vec::new(),
            across_sources: false,
            only_against: false,
            group_by: None,
            source_column: None,
            text_column: None,
            id_column: None,
            reason_field: "tamis".to_owned(),
            write_flags: false,
            limit: None,
            record_bytes_max: 128 << 20,
            tokens: None,
            decontaminate: None,
        }
    }
}

/// Bytes of `4GiB`, `512MB`, `1048576`.
pub fn parse_bytes(text: &str) -> Result<usize, PipelineError> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor: f64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "kb" => 1e3,
        "m" | "mb" => 1e6,
        "g" | "gb" => 1e9,
        "t" | "tb" => 1e12,
        "kib" => 1024.0,
        "mib" => 1024.0 * 1024.0,
        "gib" => 1024.0 * 1024.0 * 1024.0,
        "tib" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
        _ => f64::NAN,
    };
    let bytes = number.parse::<f64>().unwrap_or(f64::NAN) * factor;
    if bytes.is_finite() && (1.0..9e15).contains(&bytes) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked to be a positive number below 2^53"
        )]
        return Ok(bytes as usize);
    }
    Err(PipelineError::Usage(format!("'{text}' is no size: write for example 4GiB or 512MB")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_are_chosen_for_the_threshold_and_nonsense_is_refused() {
        let fuzzy = Fuzzy::settle(None, None, None, None, Normalize::None).unwrap();
        let MinHashSpec { bands, rows, shingle_words, normalize } = fuzzy.minhash;
        assert_eq!((bands, rows, shingle_words), (14, 8, 5));
        assert_eq!(normalize, Normalize::None);
        let chosen = Fuzzy::settle(Some(0.5), None, None, None, Normalize::None).unwrap().minhash;
        assert!(chosen.banding().unwrap().candidate_probability(0.5) > 0.9);
        for (threshold, bands, rows, words) in [
            (Some(0.01), None, None, None),
            (Some(1.5), None, None, None),
            (None, Some(3), None, None),
            (None, Some(2), Some(40), None),
            (None, None, None, Some(0)),
            (None, None, None, Some(1000)),
        ] {
            assert!(Fuzzy::settle(threshold, bands, rows, words, Normalize::None).is_err());
        }
    }

    #[test]
    fn sizes_with_units() {
        assert_eq!(parse_bytes("4GiB").unwrap(), 4 << 30);
        assert_eq!(parse_bytes("1.5 MB").unwrap(), 1_500_000);
        assert_eq!(parse_bytes("7").unwrap(), 7);
        assert!(parse_bytes("lots").is_err());
        assert!(parse_bytes("0").is_err());
        assert!(parse_bytes("-1GB").is_err());
    }

    #[test]
    fn an_unknown_key_is_an_error_with_its_place() {
        let error = ConfigFile::parse("version: 1\ntreads: 4\n", Path::new("tamis.yaml"))
            .unwrap_err()
            .to_string();
        assert!(error.contains("tamis.yaml:2:"), "{error}");
        assert!(error.contains("'treads' here (did you mean 'threads'?)"), "{error}");
    }

    #[test]
    fn the_schema_in_the_docs_is_current() {
        let root = std::env::var_os("CARGO_MANIFEST_DIR").unwrap();
        let path = Path::new(&root).join("../docs/tamis.schema.json");
        let wanted = ConfigFile::schema_text();
        if std::env::var_os("TAMIS_BLESS").is_some() {
            std::fs::write(&path, &wanted).unwrap();
        }
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(found == wanted, "docs/tamis.schema.json is out of date: TAMIS_BLESS=1 cargo test");
        let schema: serde_json::Value = serde_json::from_str(&wanted).unwrap();
        assert_eq!(schema["additionalProperties"], false);
        assert!(schema["properties"]["threads"].is_object());
    }

    #[test]
    fn a_wrong_type_is_an_error() {
        assert!(ConfigFile::parse("threads: many\n", Path::new("tamis.yaml")).is_err());
        assert!(ConfigFile::parse("version: 2\n", Path::new("tamis.yaml")).is_err());
    }
}
