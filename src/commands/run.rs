//! `tamis run`: the main job.

mod sets;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use tamis_pipeline::PipelineError;
use tamis_pipeline::config::Tokens;
use tamis_pipeline::config::{
    Alarms, ConfigFile, ContentConfig, Fuzzy, Repeat, Repeats, RunConfig, Survivor, parse_bytes,
};
use tamis_pipeline::embed::{Search, Semantic};
use tamis_pipeline::report::Totals;
use tamis_pipeline::run::{Request, run as run_request};
use tamis_rules::{Normalize, RuleSet, RuleSource};

use self::sets::SetArgs;
use crate::screen::{self, Follower};

const EXAMPLES: &str = "Examples:
  tamis run corpus/ --out out
  tamis run 'crawl/*.jsonl.zst' more.parquet --out out --rules rules.yaml
  zcat dump.jsonl.gz | tamis run - --out out
  tamis run corpus/ --out trial --limit 1000      a trial on the head of each shard
  tamis run corpus/ --out out --survivor 'word_count desc'
  tamis run corpus/ --out out --dedup exact,fuzzy,semantic      paraphrases and templates go too
  tamis run corpus/ --out out --tokenizer tokenizer.json   how many tokens each rule costs
  tamis run corpus/ --out out --decontaminate evals/gsm8k.jsonl   keep an evaluation set out
  tamis run new-crawl/ --out out --against old-out   only what the finished run does not have

Run the same command again after a crash: it goes on where it stopped.";

/// Memory of the engine where none is named, at least.
const MEMORY_MIN: usize = 512 << 20;
/// Memory of the engine for each thread where none is named.
const MEMORY_PER_THREAD: usize = 128 << 20;

/// Kinds of duplicates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Dedup {
    /// Same text after white space is collapsed
    Exact,
    /// Nearly the same words: verified Jaccard similarity of shingles
    Fuzzy,
    /// Says nearly the same: verified cosine of embeddings
    Semantic,
    /// Cut out every copy of a line but the first of the corpus
    Lines,
    /// Cut out every copy of a paragraph but the first
    Paragraphs,
    /// Cut out every copy of 50 or more consecutive words but the first
    Passages,
    /// Remove no duplicates
    None,
}

impl Dedup {
    /// The kind of repeated text, where it is one.
    fn repeat(self) -> Option<Repeat> {
        match self {
            Self::Lines => Some(Repeat::Lines),
            Self::Paragraphs => Some(Repeat::Paragraphs),
            Self::Passages => Some(Repeat::Passages),
            Self::Exact | Self::Fuzzy | Self::Semantic | Self::None => None,
        }
    }
}

/// How near duplicates are found.
#[derive(Debug, Args)]
pub(crate) struct NearArgs {
    /// Least similarity of near duplicates [default: 0.8]
    #[arg(long, value_name = "0.3..1")]
    similarity: Option<f64>,
    /// Bands of the near-duplicate search, with --rows [default: chosen for --similarity]
    #[arg(long, value_name = "N")]
    bands: Option<usize>,
    /// Rows of each band
    #[arg(long, value_name = "N")]
    rows: Option<usize>,
    /// Words of a shingle [default: 5]
    #[arg(long, value_name = "N")]
    shingle_words: Option<usize>,
    /// What is made of texts before they are compared [default: none]
    #[arg(long, value_enum)]
    normalize: Option<NormalizeArg>,
}

/// How semantic duplicates are found.
#[derive(Debug, Args)]
pub(crate) struct MeaningArgs {
    /// Least cosine of semantic duplicates [default: 0.99]
    #[arg(long, value_name = "0.5..1")]
    cosine: Option<f64>,
    /// Where embeddings come from: "embedded", "column:NAME", the folder of a static model
    /// (model2vec) or a sentence transformer, or Parquet or safetensors files with an id and a
    /// vector a document [default: embedded]
    #[arg(long, value_name = "FROM")]
    embeddings: Option<String>,
    /// How pairs are found [default: auto, which is exact while that is cheap]
    #[arg(long, value_enum)]
    semantic_search: Option<SearchArg>,
    /// What compares vectors: "auto", "cpu", "cuda" or "cuda:N"; the result is the same
    /// [default: auto]
    #[arg(long, value_name = "DEVICE")]
    device: Option<String>,
}

/// How pairs of semantic duplicates are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SearchArg {
    /// Exact while that is cheap, hashed beyond
    Auto,
    /// Every document is compared with every survivor: nothing is missed
    Exact,
    /// Documents that share a bucket of sign hashes are compared
    Hashed,
}

impl MeaningArgs {
    /// Joins them with the configuration file, whose folder is `base`; they win.
    fn settle(&self, file: &ConfigFile, base: &Path) -> Result<Semantic, PipelineError> {
        let search = match self.semantic_search {
            None => file.semantic_search.unwrap_or_default(),
            Some(SearchArg::Auto) => Search::Auto,
            Some(SearchArg::Exact) => Search::Exact,
            Some(SearchArg::Hashed) => Search::Hashed,
        };
        let (embeddings, base) = match &self.embeddings {
            Some(named) => (Some(named.as_str()), Path::new("")),
            None => (file.embeddings.as_deref(), base),
        };
        Semantic::settle(self.cosine.or(file.cosine), embeddings, search, base)
    }

    /// What compares vectors; a name that is none is refused.
    fn device(&self, file: &ConfigFile) -> Result<String, PipelineError> {
        let named = self.device.clone().or_else(|| file.device.clone());
        let named = named.unwrap_or_else(|| "auto".to_owned());
        tamis_pipeline::embed::check_device(&named)?;
        Ok(named)
    }
}

/// What is made of texts before they are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum NormalizeArg {
    /// Words as they are, lower-cased
    None,
    /// As datatrove does: numbers become 0, punctuation and diacritics go
    Datatrove,
}

impl NearArgs {
    /// Joins them with the configuration file; they win.
    pub(crate) fn settle(&self, file: &ConfigFile) -> Result<Fuzzy, PipelineError> {
        Fuzzy::settle(
            self.similarity.or(file.similarity),
            self.bands.or(file.bands),
            self.rows.or(file.rows),
            self.shingle_words.or(file.shingle_words),
            match self.normalize {
                None => file.normalize.unwrap_or_default(),
                Some(NormalizeArg::None) => Normalize::None,
                Some(NormalizeArg::Datatrove) => Normalize::Datatrove,
            },
        )
    }
}

/// The options of `tamis run`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(crate) struct RunArgs {
    /// Files, folders or globs; - reads JSONL from standard input
    inputs: Vec<String>,
    /// Folder for everything the run makes
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Run configuration; one in the working folder is found by itself
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Rule file or pack, repeatable; "none" switches rules off [default: tamis/web]
    #[arg(long, value_name = "FILE|PACK")]
    rules: Vec<String>,
    /// Kinds of duplicates to remove [default: exact,fuzzy]
    #[arg(long, value_enum, value_delimiter = ',')]
    dedup: Vec<Dedup>,
    /// Which duplicate stays: "first", "longest" or an ORDER BY expression over annotations
    #[arg(long, value_name = "first|longest|EXPR")]
    survivor: Option<String>,
    /// Sources whose documents stay before others, best first
    #[arg(long, value_name = "SOURCE", value_delimiter = ',')]
    prefer_sources: Vec<String>,
    /// Only documents of different sources are duplicates of each other
    #[arg(long)]
    across_sources: bool,
    /// Reference set, repeatable: documents that duplicate one of its go; files, folders, globs,
    /// a finished run (its kept documents), or what tamis index saved
    #[arg(long, value_name = "PATH")]
    against: Vec<String>,
    /// Only duplicates of the reference set go
    #[arg(long)]
    only_against: bool,
    /// Documents that have this in common are pages of one work, whose references are answered by
    /// any of them: a column, "source" or "shard"
    #[arg(long, value_name = "NAME")]
    group_by: Option<String>,
    /// Column that names a document's source [default: the first folder of its shard]
    #[arg(long, value_name = "NAME")]
    source_column: Option<String>,
    /// Measure the recall of near-duplicate search: compare N random documents with all
    #[arg(long, value_name = "N")]
    audit: Option<usize>,
    /// Exit with 1 where an alarm rings
    #[arg(long)]
    gate: bool,
    /// Alarm: share of a source (of 100 documents or more) that dedup removes [default: 0.5]
    #[arg(long, value_name = "SHARE")]
    alarm_source: Option<f64>,
    /// Alarm: members of one cluster [default: 1000]
    #[arg(long, value_name = "N")]
    alarm_cluster: Option<u64>,
    #[command(flatten)]
    near: NearArgs,
    #[command(flatten)]
    meaning: MeaningArgs,
    #[command(flatten)]
    sets: SetArgs,
    /// Bytes that a repeated line or paragraph has at least [default: 40]
    #[arg(long, value_name = "N")]
    repeat_bytes: Option<usize>,
    /// Words that a repeated passage has at least [default: 50]
    #[arg(long, value_name = "N")]
    passage_words: Option<usize>,
    /// Copies from which on all but the first are cut out [default: 2]
    #[arg(long, value_name = "N")]
    repeat_copies: Option<u64>,
    /// Column with the text [default: text, content or `raw_content`, as found]
    #[arg(long, value_name = "NAME")]
    text_column: Option<String>,
    /// Column with your own id [default: id, `doc_id` ..., as found]
    #[arg(long, value_name = "NAME")]
    id_column: Option<String>,
    /// Field that carries the decision in written records [default: tamis]
    #[arg(long, value_name = "NAME")]
    reason_field: Option<String>,
    /// Splice the flags of kept documents into their records
    #[arg(long)]
    write_flags: bool,
    /// Worker threads [default: all cores]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Memory of the engine before it spills [default: 128MiB a thread, at least 512MiB]
    #[arg(long, value_name = "SIZE")]
    memory: Option<String>,
    /// Folder for spilled data [default: inside the run directory]
    #[arg(long, value_name = "DIR")]
    temp: Option<PathBuf>,
    /// Read only the first N records of each shard
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    /// Largest record; a larger one goes to failed/ [default: 128MiB]
    #[arg(long, value_name = "SIZE")]
    record_max: Option<String>,
    /// Count tokens by this tokenizer.json: of every document, and of what each rule removes
    #[arg(long, value_name = "FILE")]
    tokenizer: Option<PathBuf>,
    /// Count the tokens of N random documents only, and estimate the rest with an interval
    #[arg(long, value_name = "N")]
    token_sample: Option<usize>,
    /// Start over in a directory that holds another run
    #[arg(long)]
    force: bool,
    /// No progress, no summary
    #[arg(short, long)]
    quiet: bool,
    /// Print the report as JSON instead of the summary
    #[arg(long)]
    json: bool,
}

/// Runs the job and prints its summary.
pub(crate) fn run(args: RunArgs) -> anyhow::Result<ExitCode> {
    let (quiet, json) = (args.quiet, args.json);
    let (request, gate) = settle(args)?;
    let stop = signals()?;
    let follower = Follower::new(quiet, stop);
    let outcome =
        workers(request.config.threads)?.block_on(run_request(&request, follower.as_ref()));
    follower.finish();
    let report = outcome?;
    let mut stdout = std::io::stdout().lock();
    if json {
        serde_json::to_writer_pretty(&mut stdout, &report)?;
        writeln!(stdout)?;
    } else if !quiet {
        write!(stdout, "{}", screen::summary(&report, &request.config.out.display().to_string()))?;
        let megabytes = report.text_bytes.read as f64 / 1e6;
        writeln!(
            stdout,
            "done in {:.1} s, {:.1} MB/s of text, {} threads",
            report.seconds,
            megabytes / report.seconds.max(1e-9),
            request.config.threads
        )?;
    }
    let Totals { read, failed, .. } = report.documents;
    if read > 0 && failed == read {
        // a pipeline must not go on with an empty corpus because a column had another name
        writeln!(
            std::io::stderr(),
            "error: every record failed; {} says why, --text-column names another column",
            request.config.out.join("failed").display()
        )?;
        return Ok(ExitCode::from(2));
    }
    Ok(if gate && !report.alarms.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Worker threads and bytes of memory, where the user left them open.
pub(crate) fn machine(
    threads: Option<usize>,
    memory: Option<&str>,
) -> Result<(usize, usize), PipelineError> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = threads.unwrap_or(cores).max(1);
    let memory = memory.map(parse_bytes).transpose()?;
    Ok((threads, memory.unwrap_or_else(|| MEMORY_MIN.max(threads * MEMORY_PER_THREAD))))
}

/// The threads that plans run on.
pub(crate) fn workers(threads: usize) -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .thread_stack_size(8 << 20)
        .enable_all()
        .build()
        .context("the worker threads could not be started")
}

/// The first signal finishes the parts in flight, the second stops at once.
pub(crate) fn signals() -> anyhow::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        // registered first: it looks before the flag below is raised
        signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&stop))?;
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
    let _ = stop.load(Ordering::Relaxed);
    Ok(stop)
}

/// The rules that the command line names, else those of the configuration file, else the default.
fn rules(named: &[String], file: &ConfigFile, base: &Path) -> Result<RuleSet, PipelineError> {
    let sources: Vec<RuleSource> = if named.is_empty() {
        let named = file.rules.clone().unwrap_or_else(|| vec!["tamis/web".to_owned()]);
        named.iter().map(|name| RuleSource::named_beside(name, base)).collect()
    } else {
        named.iter().map(|name| RuleSource::named_beside(name, Path::new(""))).collect()
    };
    let none = |name: &RuleSource| matches!(name, RuleSource::Pack(name) if name == "none");
    let sources: Vec<RuleSource> = sources.into_iter().filter(|source| !none(source)).collect();
    RuleSet::load(&sources).map_err(PipelineError::Rules)
}

/// Joins the command line with the configuration file; the command line wins.
#[expect(clippy::too_many_lines, reason = "one line for each option")]
fn settle(args: RunArgs) -> anyhow::Result<(Request, bool)> {
    let found = Path::new("tamis.yaml");
    let path = args.config.clone().or_else(|| found.exists().then(|| found.to_owned()));
    let (file, base) = match &path {
        Some(path) => {
            let base = path.parent().unwrap_or(Path::new("")).to_owned();
            (ConfigFile::read(path)?, base)
        }
        None => (ConfigFile::default(), PathBuf::new()),
    };
    let beside = |name: &str| {
        if name == "-" { name.to_owned() } else { base.join(name).display().to_string() }
    };
    let inputs = if args.inputs.is_empty() {
        file.inputs.iter().map(|input| beside(input)).collect()
    } else {
        args.inputs
    };
    if inputs.is_empty() {
        return Err(PipelineError::Usage(
            "no input given: name files, folders or globs, or - for standard input".into(),
        )
        .into());
    }
    let out = args.out.or_else(|| file.out.as_ref().map(|out| base.join(out)));
    let Some(out) = out else {
        return Err(PipelineError::Usage("no run directory given: add --out DIR".into()).into());
    };
    let rules = rules(&args.rules, &file, &base)?;
    let kinds = dedup(&args.dedup, file.dedup.as_deref())?;
    let fuzzy = args.near.settle(&file)?;
    let device = args.meaning.device(&file)?;
    let semantic = kinds.contains(&Dedup::Semantic);
    let semantic = semantic.then(|| args.meaning.settle(&file, &base)).transpose()?;
    let defaults = ContentConfig::default();
    let decontaminate = args.sets.settle(&file, &base)?;
    let record_max =
        args.record_max.or(file.record_max).map(|text| parse_bytes(&text)).transpose()?;
    let content = ContentConfig {
        dedup_exact: kinds.contains(&Dedup::Exact),
        fuzzy: kinds.contains(&Dedup::Fuzzy).then_some(fuzzy),
        semantic,
        repeats: Repeats::settle(
            kinds.iter().filter_map(|kind| kind.repeat()).collect(),
            args.repeat_bytes.or(file.repeat_bytes),
            args.passage_words.or(file.passage_words),
            args.repeat_copies.or(file.repeat_copies),
        )?,
        survivor: args.survivor.or(file.survivor).map_or(Survivor::First, |s| Survivor::parse(&s)),
        prefer_sources: if args.prefer_sources.is_empty() {
            file.prefer_sources.unwrap_or_default()
        } else {
            args.prefer_sources
        },
        across_sources: args.across_sources || file.across_sources.unwrap_or(false),
        only_against: args.only_against || file.only_against.unwrap_or(false),
        group_by: args.group_by.or(file.group_by),
        source_column: args.source_column.or(file.source_column),
        text_column: args.text_column.or(file.text_column),
        id_column: args.id_column.or(file.id_column),
        reason_field: args.reason_field.or(file.reason_field).unwrap_or(defaults.reason_field),
        write_flags: args.write_flags || file.write_flags.unwrap_or(false),
        limit: args.limit.or(file.limit),
        record_bytes_max: record_max.unwrap_or(defaults.record_bytes_max),
        decontaminate,
        tokens: Tokens::settle(
            args.tokenizer.or(file.tokenizer.map(|path| base.join(path))).as_deref(),
            args.token_sample.or(file.token_sample),
        )?,
    };
    let (threads, memory_bytes) =
        machine(args.threads.or(file.threads), args.memory.or(file.memory).as_deref())?;
    let alarms = Alarms::settle(
        args.alarm_source.or(file.alarm_source),
        args.alarm_cluster.or(file.alarm_cluster),
    )?;
    let audit = args.audit.or(file.audit);
    if audit == Some(0) {
        return Err(PipelineError::Usage("audit: at least one document".into()).into());
    }
    let gate = args.gate || file.gate.unwrap_or(false);
    let request = Request {
        inputs,
        rules,
        config: RunConfig {
            content,
            out,
            threads,
            memory_bytes,
            temp: args.temp.or(file.temp.map(|temp| base.join(temp))),
            audit,
            alarms,
            against: if args.against.is_empty() {
                file.against.iter().map(|path| beside(path)).collect()
            } else {
                args.against
            },
            device,
            force: args.force,
            rebuild_plans: false,
        },
    };
    Ok((request, gate))
}

/// The kinds of duplicates that go.
pub(crate) fn dedup(args: &[Dedup], file: Option<&[String]>) -> Result<Vec<Dedup>, PipelineError> {
    let mut chosen = args.to_vec();
    if args.is_empty() {
        for name in file.unwrap_or(&["exact".to_owned(), "fuzzy".to_owned()]) {
            let kind = Dedup::from_str(name, false).map_err(|_| {
                PipelineError::Usage(format!(
                    "dedup: '{name}' is not known, write exact, fuzzy, semantic, lines, paragraphs, passages or none"
                ))
            })?;
            chosen.push(kind);
        }
    }
    if chosen.contains(&Dedup::None) && chosen.len() > 1 {
        return Err(PipelineError::Usage("dedup: none cannot be mixed with other kinds".into()));
    }
    Ok(chosen)
}
