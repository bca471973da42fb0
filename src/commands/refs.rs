//! `tamis refs`: what texts point at, and what of it is not there.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use owo_colors::{OwoColorize, Stream};
use serde_json::{Value, json};
use tamis_inspector::visible::visible;
use tamis_pipeline::PipelineError;
use tamis_pipeline::look;
use tamis_pipeline::look::Run;
use tamis_pipeline::read;
use tamis_pipeline::read::{Columns, ReadOptions};
use tamis_pipeline::report::lost::{KINDS, LostKind, LostRow};
use tamis_rules::document::{Document, Scratch};
use tamis_rules::extraction::{Fate, Part, Raw, compare};
use tamis_rules::findings::Wanted;
use tamis_rules::references::{Evidence, Finding, Found, Mention, Span, Verdict};

const EXAMPLES: &str = "Examples:
  tamis refs corpus/docs.jsonl.zst             findings of the first documents that have any
  tamis refs out -n 50                         of what a run kept
  tamis refs out --by source                   what each source lost, and the likely cause
  tamis refs page.md --mentions                everything that the text points at
  tamis refs out --only 'table, missing, 0.8'  one kind, one verdict, at least that sure
  tamis refs corpus/ -n 0 --json > findings.jsonl
  tamis refs texts/ --against html/            what the extractor dropped, object by object";

/// How findings are added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum By {
    /// One row for each source
    Source,
}

/// The options of `tamis refs`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct RefsArgs {
    /// A run directory, or files and folders of a corpus
    #[arg(required = true, value_name = "OUT|FILE")]
    inputs: Vec<String>,
    /// Documents to print, 0 for all
    #[arg(short, default_value_t = 20, value_name = "N")]
    n: usize,
    /// Print every mention, those whose target is there as well
    #[arg(long)]
    mentions: bool,
    /// Only these findings: kind, verdict, least confidence
    #[arg(long, value_name = "KIND,VERDICT,CONFIDENCE", default_value = "any")]
    only: String,
    /// Add up instead of listing
    #[arg(long, value_enum)]
    by: Option<By>,
    /// Folder with the documents the texts were extracted from (HTML, Markdown, LaTeX): say which
    /// tables, figures, code and lists were lost on the way
    #[arg(long, value_name = "DIR", conflicts_with_all = ["by", "mentions"])]
    against: Option<PathBuf>,
    /// Column with the text [default: text, content or `raw_content`, as found]
    #[arg(long, value_name = "NAME")]
    text_column: Option<String>,
    /// Print JSON lines
    #[arg(long)]
    json: bool,
}

/// One document to look at.
struct Page<'a> {
    id: &'a str,
    shard: &'a str,
    row: u64,
    text: &'a str,
}

/// What was found so far.
struct Reading<'a, W> {
    args: &'a RefsArgs,
    wanted: Wanted,
    scratch: Scratch,
    sources: BTreeMap<String, LostRow>,
    /// The sources as a run added them up.
    added_up: Vec<LostRow>,
    audit: Option<Audit>,
    printed: usize,
    out: W,
}

impl<W: Write> Reading<'_, W> {
    /// Looks at one document; false where enough were printed.
    fn page(&mut self, page: &Page<'_>) -> anyhow::Result<bool> {
        if let Some(audit) = &mut self.audit {
            return audit.page(page, self.args, &mut self.out);
        }
        let mut document = Document::new(page.text, &mut self.scratch);
        let found = document.references();
        if self.args.by.is_some() {
            let source = page.shard.split('/').next().unwrap_or_default();
            add(self.sources.entry(source.to_owned()).or_default(), page, found);
            return Ok(true);
        }
        let meant: Vec<&Finding> =
            found.findings.iter().filter(|finding| self.wanted.has(finding)).collect();
        let shown = self.args.mentions && !found.scan.mentions.is_empty();
        if meant.is_empty() && !shown {
            return Ok(true);
        }
        self.printed += 1;
        if self.args.json {
            let mentions: Vec<_> = found.scan.mentions.iter().map(|m| mention(page, m)).collect();
            let findings: Vec<_> = meant.iter().map(|f| finding(page, f)).collect();
            let mut line = json!({
                "id": page.id, "shard": page.shard, "row": page.row, "findings": findings,
            });
            if self.args.mentions {
                line["mentions"] = mentions.into();
            }
            writeln!(self.out, "{line}")?;
        } else {
            let name = page.id.if_supports_color(Stream::Stdout, |text| text.bold()).to_string();
            writeln!(self.out, "{name} · {} row {}", page.shard, page.row)?;
            for finding in &meant {
                print(&mut self.out, page, finding)?;
            }
            if self.args.mentions {
                for mention in &found.scan.mentions {
                    let lost = meant.iter().any(|finding| finding.span == mention.span);
                    if !lost {
                        let (kind, key) = (mention.kind, mention.key);
                        let at = context(page.text, mention.span, false);
                        writeln!(self.out, "  {kind} {key}: there, or not asked for\n    {at}")?;
                    }
                }
            }
            writeln!(self.out)?;
        }
        Ok(self.args.n == 0 || self.printed < self.args.n)
    }

    fn finish(mut self) -> anyhow::Result<()> {
        if let Some(audit) = &self.audit {
            return audit.finish(&mut self.out, self.args);
        }
        if self.args.by.is_none() {
            if self.printed == 0 && !self.args.json {
                writeln!(self.out, "nothing points at something that is not there")?;
            }
            return Ok(());
        }
        if !self.added_up.is_empty() {
            return by_source(&mut self.out, &self.added_up, self.args.json);
        }
        let mut rows: Vec<LostRow> = self.sources.into_values().collect();
        for row in &mut rows {
            let counted = std::mem::take(&mut row.kinds);
            let told = counted.into_iter().filter(|kind| kind.mentioning > 0);
            row.kinds =
                told.map(|k| LostKind::new(&k.kind, k.mentioning, k.without, k.dangling)).collect();
        }
        rows.sort_by_key(|row| std::cmp::Reverse(row.dangling));
        by_source(&mut self.out, &rows, self.args.json)
    }
}

/// Adds a document to its source.
fn add(row: &mut LostRow, page: &Page<'_>, found: &Found) {
    page.shard.split('/').next().unwrap_or_default().clone_into(&mut row.source);
    row.documents += 1;
    let lost = |one: &&Finding| one.verdict.is_defect();
    if found.findings.iter().any(|one| lost(&one)) {
        row.dangling += 1;
        if row.examples.len() < 3 {
            row.examples.push(page.id.to_owned());
        }
    }
    if row.kinds.is_empty() {
        row.kinds = KINDS
            .iter()
            .map(|(kind, _)| LostKind { kind: (*kind).to_owned(), ..LostKind::default() })
            .collect();
    }
    for kind in &mut row.kinds {
        let of = |name: &str| name == kind.kind;
        if !found.scan.mentions.iter().any(|mention| of(mention.kind.as_str())) {
            continue;
        }
        let mut bodies = found.scan.targets.iter();
        let body = bodies.any(|t| of(t.kind.as_str()) && t.evidence == Evidence::Body);
        let dangling = found.findings.iter().filter(lost).any(|one| of(one.kind.as_str()));
        kind.mentioning += 1;
        kind.without += u64::from(!body);
        kind.dangling += u64::from(dangling);
    }
}

/// The raw documents behind a corpus, by the names that texts may have.
struct Audit {
    /// Relative path without extension, and the last step of it where only one file has it.
    files: BTreeMap<String, Option<PathBuf>>,
    counts: BTreeMap<Part, [u64; 3]>,
    found: u64,
    unmatched: u64,
}

impl Audit {
    fn open(folder: &Path) -> anyhow::Result<Self> {
        let mut files: BTreeMap<String, Option<PathBuf>> = BTreeMap::new();
        for path in look::files(folder)? {
            let known = path.extension().and_then(|e| e.to_str()).and_then(Raw::of_extension);
            if known.is_none() {
                continue;
            }
            let name = path.strip_prefix(folder).unwrap_or(&path).with_extension("");
            let whole = name.display().to_string();
            let stem = name.file_name().map(|stem| stem.to_string_lossy().into_owned());
            for name in
                [Some(whole.clone()), stem.filter(|stem| *stem != whole)].into_iter().flatten()
            {
                let file = files.entry(name).or_insert_with(|| Some(path.clone()));
                if file.as_ref() != Some(&path) {
                    // two files of that name: neither is meant
                    *file = None;
                }
            }
        }
        if files.is_empty() {
            let what = format!("{} holds no .html, .md or .tex file", folder.display());
            return Err(PipelineError::Usage(what).into());
        }
        Ok(Self { files, counts: BTreeMap::new(), found: 0, unmatched: 0 })
    }

    /// The raw file of a text, by its id or the name of its file, with or without extension.
    fn raw(&self, page: &Page<'_>) -> Option<&PathBuf> {
        [page.id, page.shard].into_iter().find_map(|name| {
            let plain = Path::new(name).with_extension("").display().to_string();
            let last = plain.rsplit(['/', ':']).next().unwrap_or_default().to_owned();
            let names = [name, plain.as_str(), last.as_str()];
            names.iter().find_map(|name| self.files.get(*name)?.as_ref())
        })
    }

    fn page(
        &mut self,
        page: &Page<'_>,
        args: &RefsArgs,
        out: &mut impl Write,
    ) -> anyhow::Result<bool> {
        let Some(path) = self.raw(page).cloned() else {
            self.unmatched += 1;
            return Ok(true);
        };
        let format = path.extension().and_then(|e| e.to_str()).and_then(Raw::of_extension);
        let Some(format) = format else { return Ok(true) };
        let raw = std::fs::read(&path).map_err(|error| PipelineError::directory(&path, error))?;
        let objects = compare(&String::from_utf8_lossy(&raw), format, page.text);
        self.found += 1;
        for object in &objects {
            let count = self.counts.entry(object.part).or_default();
            count[object.fate as usize] += 1;
        }
        let gone: Vec<_> = objects.iter().filter(|object| object.fate != Fate::Kept).collect();
        if args.json {
            let line = json!({"id": page.id, "raw": path, "objects": objects});
            writeln!(out, "{line}")?;
        } else if !gone.is_empty() && (args.n == 0 || self.found <= args.n as u64) {
            writeln!(out, "{} · {}", page.id, path.display())?;
            for object in gone {
                let (part, fate) = (object.part, object.fate);
                writeln!(
                    out,
                    "  {part:?} {fate:?} {:.2}: {}",
                    object.recall,
                    visible(&object.begins)
                )?;
            }
        }
        Ok(true)
    }

    fn finish(&self, out: &mut impl Write, args: &RefsArgs) -> anyhow::Result<()> {
        if args.json {
            return Ok(());
        }
        let mut table = crate::screen::table();
        table.set_header(["object", "in the raw documents", "lost", "partial", "kept"]);
        for (part, [lost, partial, kept]) in &self.counts {
            let numbers = [lost + partial + kept, *lost, *partial, *kept];
            let mut cells = vec![format!("{part:?}").to_lowercase()];
            cells.extend(numbers.map(crate::screen::grouped));
            table.add_row(cells);
        }
        writeln!(out, "{table}")?;
        writeln!(
            out,
            "{} texts were compared, {} have no raw document of their name",
            crate::screen::grouped(self.found),
            crate::screen::grouped(self.unmatched)
        )?;
        Ok(())
    }
}

/// The table by source.
fn by_source(out: &mut impl Write, rows: &[LostRow], json: bool) -> anyhow::Result<()> {
    if json {
        serde_json::to_writer_pretty(&mut *out, rows)?;
        writeln!(out)?;
        return Ok(());
    }
    let mut table = crate::screen::table();
    table.set_header([
        "source",
        "documents",
        "dangling",
        "kind",
        "mention one",
        "hold none",
        "dangling",
    ]);
    for row in rows {
        let mut first = vec![
            row.source.clone(),
            crate::screen::grouped(row.documents),
            crate::screen::grouped(row.dangling),
        ];
        if row.kinds.is_empty() {
            table.add_row(first.clone());
        }
        for kind in &row.kinds {
            let mut cells = std::mem::replace(&mut first, vec![String::new(); 3]);
            cells.push(kind.kind.clone());
            cells
                .extend([kind.mentioning, kind.without, kind.dangling].map(crate::screen::grouped));
            table.add_row(cells);
        }
    }
    writeln!(out, "{table}")?;
    for row in rows {
        for cause in row.kinds.iter().filter_map(|kind| kind.cause.as_ref()) {
            writeln!(out, "{}: {cause}", row.source)?;
        }
        if row.dangling > 0 {
            writeln!(out, "{}: for example {}", row.source, row.examples.join(", "))?;
        }
    }
    Ok(())
}

fn finding(page: &Page<'_>, finding: &Finding) -> serde_json::Value {
    json!({
        "kind": finding.kind, "form": finding.form, "key": finding.key.as_str(),
        "verdict": finding.verdict, "confidence": (f64::from(finding.confidence) * 1e4).round() / 1e4,
        "start": finding.span.start, "end": finding.span.end,
        "mention": finding.span.of(page.text), "looked_for": finding.looked_for.to_string(),
        "evidence": finding.evidence.map(|span| [span.start, span.end]),
    })
}

fn mention(page: &Page<'_>, mention: &Mention) -> serde_json::Value {
    json!({
        "kind": mention.kind, "form": mention.form, "key": mention.key.as_str(),
        "start": mention.span.start, "end": mention.span.end,
        "mention": mention.span.of(page.text),
    })
}

fn print(out: &mut impl Write, page: &Page<'_>, finding: &Finding) -> std::io::Result<()> {
    let verdict = finding.verdict.to_string();
    let verdict = match finding.verdict {
        Verdict::External | Verdict::Truncated => verdict,
        _ => verdict.if_supports_color(Stream::Stdout, |text| text.red()).to_string(),
    };
    writeln!(
        out,
        "  {} {} {verdict} {:.2}: {}",
        finding.kind, finding.key, finding.confidence, finding.looked_for
    )?;
    writeln!(out, "    {}", context(page.text, finding.span, true))
}

/// The text around a mention, on one line, the mention marked.
fn context(text: &str, span: Span, color: bool) -> String {
    const AROUND: usize = 70;
    let before = text.get(..span.start).unwrap_or_default();
    let after = text.get(span.end..).unwrap_or_default();
    let from = before.char_indices().rev().take(AROUND).last().map_or(before.len(), |(at, _)| at);
    let to = after.char_indices().nth(AROUND).map_or(after.len(), |(at, _)| at);
    let line = |part: &str| {
        let spaced: String =
            part.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
        visible(&spaced).into_owned()
    };
    let mention = line(span.of(text));
    let mention = if color {
        mention.if_supports_color(Stream::Stdout, |text| text.yellow()).to_string()
    } else {
        mention
    };
    let dots = |cut: bool| if cut { "…" } else { "" };
    format!(
        "{}{}«{mention}»{}{}",
        dots(from > 0),
        line(before.get(from..).unwrap_or_default()),
        line(after.get(..to).unwrap_or_default()),
        dots(to < after.len())
    )
}

/// Looks for references in a run or a corpus.
pub(crate) fn run(args: &RefsArgs) -> anyhow::Result<ExitCode> {
    let wanted = Wanted::parse(&args.only)
        .map_err(|error| PipelineError::Usage(format!("--only: {error}")))?;
    let out = std::io::BufWriter::new(std::io::stdout().lock());
    let (scratch, sources) = (Scratch::default(), BTreeMap::new());
    let audit = args.against.as_deref().map(Audit::open).transpose()?;
    let added_up = Vec::new();
    let mut reading = Reading { args, wanted, scratch, sources, added_up, audit, printed: 0, out };
    match args.inputs.as_slice() {
        [only] if Run::is_run(Path::new(only)) => from_run(&mut reading, Path::new(only))?,
        _ => from_corpus(&mut reading, &args.inputs, args.text_column.clone())?,
    }
    reading.finish()?;
    Ok(ExitCode::SUCCESS)
}

/// A JSON file of a run.
fn json_of(path: &Path) -> anyhow::Result<Value> {
    let broken = |error: &dyn std::fmt::Display| PipelineError::directory(path, error);
    let text = std::fs::read_to_string(path).map_err(|error| broken(&error))?;
    Ok(serde_json::from_str(&text).map_err(|error| broken(&error))?)
}

/// What a run kept, file by file; the sources as the run added them up, where its rules asked.
fn from_run<W: Write>(reading: &mut Reading<'_, W>, root: &Path) -> anyhow::Result<()> {
    if reading.args.by.is_some() {
        let path = root.join("report.json");
        let rows = json_of(&path)?.get("references").cloned().unwrap_or_default();
        let rows: Vec<LostRow> =
            serde_json::from_value(rows).map_err(|error| PipelineError::directory(&path, error))?;
        if !rows.is_empty() {
            reading.added_up = rows;
            return Ok(());
        }
    }
    let manifest = json_of(&root.join("run.json"))?;
    let column = manifest.pointer("/configuration/text_column").and_then(Value::as_str);
    let column = column.map(str::to_owned).or_else(|| reading.args.text_column.clone());
    from_corpus(reading, &[root.join("kept").display().to_string()], column)
}

fn from_corpus<W: Write>(
    reading: &mut Reading<'_, W>,
    inputs: &[String],
    text_column: Option<String>,
) -> anyhow::Result<()> {
    let options = ReadOptions {
        columns: Columns { text: text_column, id: None },
        foreign: Vec::new(),
        reason_field: String::new(),
        with_raw: false,
        batch_bytes: 4 << 20,
        batch_rows: 1024,
        record_bytes_max: 128 << 20,
        limit: None,
    };
    for shard in look::shards(inputs)? {
        let mut reader = read::open(&shard, &options).map_err(PipelineError::from)?;
        while let Some(chunk) = reader.next_chunk().map_err(PipelineError::from)? {
            for document in look::documents(&shard, &chunk)? {
                let id = document.id.unwrap_or(&document.document_id);
                let page = Page { id, shard: &shard.name, row: document.row, text: document.text };
                if !reading.page(&page)? {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}
