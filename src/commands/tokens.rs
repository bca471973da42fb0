//! `tamis tokens`: what a tokenizer makes of a corpus.

use std::fmt::Write as _;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use tamis_inspector::tokens::{Audit, Fertility, LongToken, Named, Request, audit};
use tamis_inspector::visible::visible;
use tamis_pipeline::PipelineError;
use tamis_pipeline::read::{Columns, Discovered, discover};
use tamis_rules::TokenizerSpec;

use crate::screen::{grouped, table};

const EXAMPLES: &str = "Examples:
  tamis tokens corpus/ --tokenizer tokenizer.json
  tamis tokens out --tokenizer tokenizer.json             what a run has kept
  tamis tokens corpus/ --tokenizer a.json --sample 1000   a thousand random documents
  tamis tokens corpus/ --tokenizer a.json --json | jq .by_language

docs/tokens.md says what each part means.";

/// The options of `tamis tokens`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct TokensArgs {
    /// Files, folders and globs of a corpus, or a run directory
    #[arg(required = true, value_name = "FILE")]
    inputs: Vec<String>,
    /// A tokenizer.json of Hugging Face tokenizers, or the folder that holds it
    #[arg(long, value_name = "FILE")]
    tokenizer: PathBuf,
    /// Look at N random documents, the first N of tamis sample
    #[arg(long, value_name = "N")]
    sample: Option<usize>,
    /// Seed of the sample
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Column with the text [default: text, content or `raw_content`, as found]
    #[arg(long, value_name = "NAME")]
    text_column: Option<String>,
    /// Column with the id [default: id, `doc_id` ..., as found]
    #[arg(long, value_name = "NAME")]
    id_column: Option<String>,
    /// Column that names a document's source [default: the first folder of its shard]
    #[arg(long, value_name = "NAME")]
    source_column: Option<String>,
    /// Worker threads [default: all cores]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Looks at the corpus and prints what was found.
pub(crate) fn run(args: TokensArgs) -> anyhow::Result<ExitCode> {
    if args.sample == Some(0) {
        return Err(PipelineError::Usage("sample: at least one document".into()).into());
    }
    let spec = TokenizerSpec::open(&args.tokenizer).map_err(PipelineError::from)?;
    let tokenizer = spec.load().map_err(PipelineError::from)?;
    let Discovered { shards, warnings } =
        discover(&args.inputs, None).map_err(PipelineError::from)?;
    for warning in warnings {
        writeln!(std::io::stderr(), "note: {}", visible(&warning))?;
    }
    let (threads, _) = super::run::machine(args.threads, None)?;
    let request = Request {
        shards,
        columns: Columns { text: args.text_column, id: args.id_column },
        source_column: args.source_column,
        sample: args.sample,
        seed: args.seed,
        threads,
    };
    let found = audit(&tokenizer, &request)?;
    let mut out = std::io::stdout().lock();
    if args.json {
        serde_json::to_writer_pretty(&mut out, &found)?;
        writeln!(out)?;
    } else {
        write!(out, "{}", page(&found))?;
    }
    let failed: u64 = found.failures.values().sum();
    if found.read > 0 && failed == found.read {
        writeln!(
            std::io::stderr(),
            "error: every record failed; --text-column names another column"
        )?;
        return Ok(ExitCode::from(2));
    }
    Ok(ExitCode::SUCCESS)
}

fn share(part: u64, whole: u64) -> String {
    if whole == 0 { "-".to_owned() } else { format!("{:.2} %", part as f64 * 100.0 / whole as f64) }
}

fn ratio(one: u64, other: u64) -> String {
    if other == 0 { "-".to_owned() } else { format!("{:.2}", one as f64 / other as f64) }
}

/// A text on one line, between quotation marks, its white space spelt out.
fn quoted(text: &str) -> String {
    visible(&format!("{text:?}")).into_owned()
}

fn page(found: &Audit) -> String {
    let mut page = String::new();
    // a String takes whatever is written to it
    let _ = written(&mut page, found);
    page
}

fn written(page: &mut String, found: &Audit) -> std::fmt::Result {
    writeln!(
        page,
        "{} documents, {} bytes, {} tokens: {} bytes a token",
        grouped(found.all.documents),
        grouped(found.all.text_bytes),
        grouped(found.all.tokens),
        ratio(found.all.text_bytes, found.all.tokens)
    )?;
    for (reason, count) in &found.failures {
        writeln!(page, "failed: {} x {reason}", grouped(*count))?;
    }
    if found.refused > 0 {
        writeln!(page, "refused by the tokenizer: {} documents", grouped(found.refused))?;
    }
    vocabulary(page, found)?;
    round_trip(page, found)?;
    unspelt(page, found)?;
    prompts(page, found)?;
    fertility(page, "by script", &found.by_script)?;
    fertility(page, "by language", &found.by_language)?;
    fertility(page, "by source", &found.by_source)
}

fn vocabulary(page: &mut String, found: &Audit) -> std::fmt::Result {
    let told = &found.vocabulary;
    writeln!(page, "\nvocabulary: {} with {} tokens", told.model, grouped(told.tokens))?;
    for line in &told.normalizer {
        writeln!(page, "  before anything is cut: {}", visible(line))?;
    }
    if told.normalizer.is_empty() {
        writeln!(page, "  nothing is done to the text before it is cut")?;
    }
    if told.holes > 0 {
        let holes = grouped(told.holes);
        writeln!(page, "  {holes} ids below the highest have no token and cannot be decoded")?;
    }
    if told.parts > 0 {
        let parts = grouped(told.parts);
        writeln!(page, "  {parts} tokens are no whole characters: alone they decode to U+FFFD")?;
    }
    if told.unreachable > 0 {
        let examples: Vec<String> =
            told.unreachable_examples.iter().map(|text| quoted(text)).collect();
        writeln!(
            page,
            "  {} tokens are never made of their own text: {}",
            grouped(told.unreachable),
            examples.join(" ")
        )?;
    }
    writeln!(
        page,
        "  never used here: {} of {} ({})",
        grouped(found.never_used),
        grouped(found.usable),
        share(found.never_used, found.usable)
    )?;
    longest(page, "longest", &told.longest)?;
    longest(page, "longest in use", &found.longest_used)?;
    writeln!(
        page,
        "  white space and punctuation in one token: {} tokens, {} of all uses",
        grouped(told.glued),
        share(found.uses.glued, found.all.tokens)
    )?;
    counts(page, &found.glued)
}

fn longest(page: &mut String, title: &str, tokens: &[LongToken]) -> std::fmt::Result {
    if tokens.is_empty() {
        return Ok(());
    }
    writeln!(page, "  {title}:")?;
    for token in tokens.iter().take(5) {
        let used = token.used.map(|used| format!(", used {} times", grouped(used)));
        let text: String = token.text.chars().take(60).collect();
        writeln!(
            page,
            "    {} ({} bytes, id {}{})",
            quoted(&text),
            token.bytes,
            token.id,
            used.unwrap_or_default()
        )?;
    }
    Ok(())
}

fn counts(page: &mut String, counts: &[(String, u64)]) -> std::fmt::Result {
    if counts.is_empty() {
        return Ok(());
    }
    let shown: Vec<String> = counts
        .iter()
        .map(|(text, count)| format!("{} {}", quoted(text), grouped(*count)))
        .collect();
    writeln!(page, "    {}", shown.join("  "))
}

fn round_trip(page: &mut String, found: &Audit) -> std::fmt::Result {
    let lost: u64 = found.different.values().sum();
    let documents = found.all.documents;
    writeln!(
        page,
        "\nround trip: {} of {} documents do not come back from their tokens ({})",
        grouped(lost),
        grouped(documents),
        share(lost, documents)
    )?;
    for (loss, count) in &found.different {
        writeln!(page, "  {}: {} documents", loss.told(), grouped(*count))?;
        for one in found.examples.iter().filter(|one| one.loss == *loss).take(3) {
            writeln!(
                page,
                "    {} at byte {}: {} comes back as {}",
                visible(&one.document),
                one.at,
                quoted(&one.text),
                quoted(&one.back)
            )?;
        }
    }
    Ok(())
}

fn unspelt(page: &mut String, found: &Audit) -> std::fmt::Result {
    let uses = &found.uses;
    writeln!(page, "\ntokens that are no words")?;
    let line = |page: &mut String, name: &str, count: u64, documents: Option<u64>| {
        let of = documents.map(|documents| format!(" in {} documents", grouped(documents)));
        writeln!(
            page,
            "  {name}: {} ({}){}",
            grouped(count),
            share(count, found.all.tokens),
            of.unwrap_or_default()
        )
    };
    match &found.vocabulary.unknown {
        Some(name) => {
            line(page, &format!("unknown ({name})"), uses.unknown, Some(uses.unknown_documents))?;
        }
        None => writeln!(page, "  unknown: there is no such token")?,
    }
    if found.vocabulary.bytes > 0 {
        line(page, "bytes of a character (byte fallback)", uses.bytes, Some(uses.bytes_documents))?;
    }
    if found.vocabulary.parts > 0 {
        line(page, "parts of characters", uses.parts, None)?;
    }
    line(
        page,
        "special tokens that the text spells out",
        uses.special,
        Some(uses.special_documents),
    )?;
    counts(page, &found.spelt_out)?;
    if !found.unspelt.is_empty() {
        writeln!(page, "  characters without a token of their own:")?;
        let shown: Vec<(String, u64)> =
            found.unspelt.iter().map(|(letter, count)| (letter.to_string(), *count)).collect();
        counts(page, &shown)?;
    }
    Ok(())
}

fn prompts(page: &mut String, found: &Audit) -> std::fmt::Result {
    let prompts = &found.prompts;
    writeln!(
        page,
        "\na space at the end of a prompt: {} documents cut between two words\n  without it the prompt's tokens begin those of the document in {}, with it in {}; in {} it is one token more",
        grouped(prompts.tried),
        share(prompts.kept_without_space, prompts.tried),
        share(prompts.kept_with_space, prompts.tried),
        share(prompts.one_token_more, prompts.tried)
    )
}

fn fertility(page: &mut String, title: &str, rows: &[Named]) -> std::fmt::Result {
    let mut table = table();
    table.set_header([
        title,
        "documents",
        "tokens",
        "share",
        "bytes/token",
        "chars/token",
        "tokens/word",
    ]);
    let whole: u64 = rows.iter().map(|row| row.fertility.tokens).sum();
    for row in rows.iter().take(20) {
        let Fertility { documents, text_bytes, chars, words, tokens, word_tokens } = row.fertility;
        table.add_row([
            visible(&row.name).into_owned(),
            grouped(documents),
            grouped(tokens),
            share(tokens, whole),
            ratio(text_bytes, tokens),
            ratio(chars, tokens),
            ratio(word_tokens, words),
        ]);
    }
    for column in 1..7 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(comfy_table::CellAlignment::Right);
        }
    }
    writeln!(page, "\n{table}")?;
    if rows.len() > 20 {
        writeln!(page, "and {} more: --json has all", rows.len() - 20)?;
    }
    Ok(())
}
