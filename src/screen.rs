//! What a person sees while a run works and when it is done.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{CellAlignment, ContentArrangement, Table, TableComponent};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use owo_colors::{OwoColorize, Stream};
use tamis_inspector::visible::visible;
use tamis_pipeline::progress;
use tamis_pipeline::progress::{Observer, Progress};
use tamis_pipeline::report::Report;
use tamis_pipeline::report::SemanticRow;
use tamis_pipeline::report::contamination::ContaminationRow;
use tamis_pipeline::report::tokens::{TokenReport, TokenRow};

/// Seconds between two log lines where there is no terminal.
const LOG_EVERY: Duration = Duration::from_secs(5);

/// Prints an error and its causes to standard error.
pub(crate) fn error(error: &anyhow::Error) {
    let mut stderr = std::io::stderr().lock();
    let label = "error:".if_supports_color(Stream::Stderr, |text| text.red()).to_string();
    let _ = writeln!(stderr, "{label} {error:#}");
}

/// Follows a run: a bar on a terminal, a log line every few seconds elsewhere.
pub(crate) struct Follower {
    state: Mutex<State>,
    stop: Arc<AtomicBool>,
    done: Arc<AtomicBool>,
    terminal: bool,
    quiet: bool,
}

struct State {
    bar: ProgressBar,
    movement: String,
    units: usize,
    parts: usize,
    begun: Instant,
    before: Progress,
}

impl Follower {
    /// A follower; `stop` is raised by signals.
    pub(crate) fn new(quiet: bool, stop: Arc<AtomicBool>) -> Arc<Self> {
        let terminal = std::io::stderr().is_terminal();
        let bar = ProgressBar::hidden();
        let follower = Arc::new(Self {
            state: Mutex::new(State {
                bar,
                movement: String::new(),
                units: 0,
                parts: 0,
                begun: Instant::now(),
                before: progress::read(),
            }),
            stop,
            done: Arc::new(AtomicBool::new(false)),
            terminal,
            quiet,
        });
        let ticking = Arc::clone(&follower);
        std::thread::spawn(move || ticking.tick());
        follower
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn rate(state: &State) -> String {
        let now = progress::read();
        let seconds = state.begun.elapsed().as_secs_f64().max(1e-3);
        let documents = now.documents.saturating_sub(state.before.documents);
        let bytes = now.text_bytes.saturating_sub(state.before.text_bytes);
        format!(
            "{} documents, {:.0}/s, {:.1} MB/s of text",
            grouped(documents),
            documents as f64 / seconds,
            bytes as f64 / 1e6 / seconds
        )
    }

    fn tick(&self) {
        let mut logged = Instant::now();
        while !self.done.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(200));
            let state = self.state();
            if self.quiet || state.movement.is_empty() {
                continue;
            }
            let stored = progress::read().stored_bytes.saturating_sub(state.before.stored_bytes);
            let parts = format!("{}/{} parts", state.parts, state.units);
            if self.terminal {
                state.bar.set_position(stored.min(state.bar.length().unwrap_or(0)));
                state.bar.set_message(format!("{parts}, {}", Self::rate(&state)));
                state.bar.tick();
            } else if logged.elapsed() >= LOG_EVERY {
                logged = Instant::now();
                let whole = state.bar.length().unwrap_or(0);
                let done = if whole > 0 { stored as f64 * 100.0 / whole as f64 } else { 0.0 };
                let line = format!(
                    "{}: {:.0} %, {parts}, {}",
                    state.movement,
                    done.min(100.0),
                    Self::rate(&state)
                );
                let _ = writeln!(std::io::stderr(), "{line}");
            }
        }
    }

    /// Takes the bar off the screen.
    pub(crate) fn finish(&self) {
        self.done.store(true, Ordering::Relaxed);
        self.state().bar.finish_and_clear();
    }
}

impl Observer for Follower {
    fn begin(&self, movement: &str, units: usize, stored_bytes: u64) {
        let mut state = self.state();
        state.bar.finish_and_clear();
        let target = if self.terminal && !self.quiet {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        state.bar = ProgressBar::with_draw_target(Some(stored_bytes), target);
        let template = if stored_bytes > 0 {
            "{prefix:>9} {bar:30.cyan} {percent:>3} %  {msg}  {eta} left"
        } else {
            "{prefix:>9} {spinner} {elapsed}"
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            state.bar.set_style(style);
        }
        state.bar.set_prefix(movement.to_owned());
        movement.clone_into(&mut state.movement);
        state.units = units;
        state.parts = 0;
        state.begun = Instant::now();
        state.before = progress::read();
    }

    fn unit_done(&self) {
        self.state().parts += 1;
    }

    fn note(&self, message: &str) {
        let label = "note:".if_supports_color(Stream::Stderr, |text| text.yellow()).to_string();
        self.state().bar.suspend(|| {
            let _ = writeln!(std::io::stderr(), "{label} {message}");
        });
    }

    fn stop_asked(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// `1234567` as `1,234,567`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Characters of a quoted text that the summary shows.
const QUOTE_CHARS: usize = 72;

fn share(part: u64, whole: u64) -> String {
    if whole == 0 { "-".to_owned() } else { format!("{:.2} %", part as f64 * 100.0 / whole as f64) }
}

fn megabytes(bytes: u64) -> String {
    format!("{:.2}", bytes as f64 / 1e6)
}

/// How semantic duplicates were looked for, and what share of them was found.
fn told_semantic(row: &SemanticRow) -> String {
    let mut text = format!(
        "semantic: {} vectors of {} numbers from {}",
        grouped(row.embedded),
        row.dimensions,
        row.embeddings
    );
    if row.without_vector > 0 {
        text.push_str(&format!(", {} documents have none", grouped(row.without_vector)));
    }
    match &row.scheme {
        None => text.push_str("; every document was compared with all that stay\n"),
        Some(scheme) => {
            let at = |(cosine, _): &&(f64, f64)| *cosine >= row.threshold - 0.05;
            let shares: Vec<String> = (scheme.curve.iter().filter(at))
                .map(|(cosine, share)| format!("{:.2} % at {cosine}", share * 100.0))
                .collect();
            text.push_str(&format!(
                "; {} tables of {} of {} bits bring together {} cosine, and every pair was verified\n",
                scheme.tables,
                scheme.bits_per_table,
                scheme.bits,
                shares.join(", ")
            ));
        }
    }
    let audit = &row.audit;
    text.push_str(&format!(
        "semantic audit: {} of {} pairs that {} random documents have with a cosine of {} or more were found: recall {:.1} % (95 % interval {:.1} to {:.1})\n",
        grouped(audit.found),
        grouped(audit.pairs),
        grouped(audit.queries),
        row.threshold,
        audit.recall * 100.0,
        audit.low * 100.0,
        audit.high * 100.0
    ));
    text
}

/// What the corpus knows of an evaluation set.
fn told_contamination(row: &ContaminationRow, out: &str) -> String {
    let mut text = format!(
        "contamination: {} of {} items of {} stand in {} documents ({} words in a row), see {out}/contamination/\n",
        grouped(row.contaminated),
        grouped(row.items),
        visible(&row.set),
        grouped(row.decided),
        row.words
    );
    let mut also = Vec::new();
    if row.touched > row.contaminated {
        let more = grouped(row.touched - row.contaminated);
        also.push(format!(
            "{more} more items have a passage in a document, but not enough of them"
        ));
    }
    if row.too_short > 0 {
        let short = grouped(row.too_short);
        also.push(format!(
            "{short} items are shorter than {} words and cannot be found",
            row.words
        ));
    }
    if row.passed_over > 0 {
        also.push(format!("{} n-grams were passed over as common", grouped(row.passed_over)));
    }
    if !also.is_empty() {
        text.push_str(&format!("  {}\n", also.join("; ")));
    }
    for item in row.most.iter().filter(|item| item.decided > 0).take(3) {
        text.push_str(&format!(
            "  {}: {} documents, {:.0} % of its words\n",
            visible(&item.item),
            grouped(item.decided),
            item.overlap_ratio * 100.0
        ));
    }
    text
}

/// Tokens as a person reads them: `1,234`, or an estimate with its interval.
fn told_tokens(row: &TokenRow) -> String {
    match (row.tokens, row.low.zip(row.high), row.sampled) {
        (None, ..) => "?".to_owned(),
        (Some(0), None, _) => "0".to_owned(),
        (Some(tokens), None, None) => grouped(tokens),
        (Some(tokens), None, Some(_)) => format!("~{}", grouped(tokens)),
        (Some(tokens), Some((low, high)), _) => {
            format!("~{} ({} to {})", grouped(tokens), grouped(low), grouped(high))
        }
    }
}

/// By what tokens were counted, and what edits took.
fn counted_by(report: &TokenReport) -> String {
    let name = report.tokenizer.display();
    let mut text = match report.sample {
        None => format!("tokens: counted by {name}"),
        Some(sample) => format!(
            "tokens: estimated from {} random documents by {name}, with intervals of 95 %",
            grouped(sample)
        ),
    };
    if let (Some(before), Some(after)) = (report.before_edits.tokens, report.after_edits.tokens)
        && report.before_edits.documents > 0
    {
        text.push_str(&format!(
            "; edits of {} documents made {} tokens {}",
            grouped(report.before_edits.documents),
            grouped(before),
            grouped(after)
        ));
    }
    if report.read.refused > 0 {
        text.push_str(&format!(
            "; {} documents were refused by the tokenizer and are not among them",
            grouped(report.read.refused)
        ));
    }
    text.push('\n');
    text
}

/// What rang, and how near duplicates were found.
fn duplicates(report: &Report, out: &str) -> String {
    let mut text = String::new();
    for alarm in report.alarms.iter().take(8) {
        text.push_str(&format!("alarm: {alarm}\n"));
    }
    if report.alarms.len() > 8 {
        text.push_str(&format!("alarm: {} more in {out}/report.json\n", report.alarms.len() - 8));
    }
    if let Some(fuzzy) = &report.fuzzy {
        let shown = fuzzy.curve.iter().filter(|(at, _)| *at >= 0.7 || *at >= fuzzy.threshold);
        let shares: Vec<String> =
            shown.map(|(at, share)| format!("{:.2} % at {at}", share * 100.0)).collect();
        text.push_str(&format!(
            "fuzzy: {} bands of {} rows over {}-word shingles bring together {} similarity; every pair at {} or more was verified\n",
            fuzzy.bands,
            fuzzy.rows,
            fuzzy.shingle_words,
            shares.join(", "),
            fuzzy.threshold
        ));
    }
    if let Some(semantic) = &report.semantic {
        text.push_str(&told_semantic(semantic));
    }
    let causes = report.references.iter().flat_map(|row| {
        row.kinds.iter().filter_map(move |kind| Some((&row.source, kind.cause.as_ref()?)))
    });
    for (source, cause) in causes.take(5) {
        text.push_str(&format!("references: {source}: {cause}\n"));
    }
    let dangling: u64 = report.references.iter().map(|row| row.dangling).sum();
    if dangling > 0 {
        text.push_str(&format!(
            "references: {} documents point at something that is not there, see tamis refs {out}\n",
            grouped(dangling)
        ));
    }
    for row in &report.repeats {
        text.push_str(&format!(
            "{}: {} copies were cut out of {} documents, {} MB, see {out}/repeats/\n",
            row.kind,
            grouped(row.copies),
            grouped(row.documents),
            megabytes(row.bytes)
        ));
        for quote in row.most.iter().take(3) {
            let line: String = quote.text.split_whitespace().collect::<Vec<_>>().join(" ");
            let line = visible(&line);
            let line: String = line.chars().take(QUOTE_CHARS).collect();
            text.push_str(&format!("  {} x  {line}\n", grouped(quote.copies)));
        }
    }
    for row in &report.contamination {
        text.push_str(&told_contamination(row, out));
    }
    if let Some(reference) = &report.reference {
        text.push_str(&format!(
            "against: {} documents went for one of the {} of the reference set\n",
            grouped(reference.removed),
            grouped(reference.documents)
        ));
    }
    if let Some(audit) = &report.audit {
        text.push_str(&format!(
            "audit: {} of {} similar pairs of {} random documents were found: recall {:.1} % ({:.1} to {:.1})\n",
            grouped(audit.found),
            grouped(audit.pairs),
            grouped(audit.queries),
            audit.recall * 100.0,
            audit.low * 100.0,
            audit.high * 100.0
        ));
    }
    text
}

/// An empty table in our style.
pub(crate) fn table() -> Table {
    let mut table = Table::new();
    table.load_preset(UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Disabled);
    for line in [TableComponent::HorizontalLines, TableComponent::MiddleIntersections] {
        table.remove_style(line);
    }
    table
}

/// The funnel: who read, what each rule took first, what stayed.
pub(crate) fn summary(report: &Report, out: &str) -> String {
    let mut table = table();
    let tokens = report.tokens.as_ref();
    let mut header = vec!["", "documents", "share", "text MB", "fired", "undecided"];
    header.extend(tokens.map(|_| "tokens"));
    table.set_header(header);
    let documents = &report.documents;
    let told = |row: Option<&TokenRow>| tokens.map(|_| row.map(told_tokens).unwrap_or_default());
    let row = |name: &str, count: u64, bytes: Option<u64>| {
        vec![
            name.to_owned(),
            grouped(count),
            share(count, documents.read),
            bytes.map(megabytes).unwrap_or_default(),
            String::new(),
            String::new(),
        ]
    };
    let with = |mut cells: Vec<String>, tokens: Option<String>| {
        cells.extend(tokens);
        cells
    };
    let reason = |name: &str| told(tokens.and_then(|tokens| tokens.reasons.get(name)));
    let read = row("read", documents.read, Some(report.text_bytes.read));
    table.add_row(with(read, told(tokens.map(|tokens| &tokens.read))));
    for rule in &report.rules {
        if rule.fired == 0 && rule.undecided == 0 {
            continue;
        }
        let removes = matches!(rule.action.as_str(), "drop" | "keep") || rule.first > 0;
        let mut cells = if removes {
            row(&format!("  {}", rule.id), rule.first, Some(rule.first_text_bytes))
        } else {
            vec![
                format!("  {} ({})", rule.id, rule.action),
                String::new(),
                String::new(),
                String::new(),
                String::new(),
                String::new(),
            ]
        };
        cells[4] = grouped(rule.fired);
        if rule.undecided > 0 {
            cells[5] = grouped(rule.undecided);
        }
        table.add_row(with(cells, reason(&rule.id)));
    }
    for kind in &report.duplicates {
        let mut cells = row(&format!("  dedup/{}", kind.kind), kind.removed, Some(kind.text_bytes));
        cells[4] = format!("{} clusters", grouped(kind.clusters));
        table.add_row(with(cells, reason(&format!("dedup/{}", kind.kind))));
    }
    if report.emptied > 0 {
        table.add_row(row("  nothing left", report.emptied, None));
    }
    let removed = row("removed", documents.removed, Some(report.text_bytes.removed));
    table.add_row(with(removed, told(tokens.map(|tokens| &tokens.removed))));
    table.add_row(with(row("failed", documents.failed, None), told(None)));
    let kept = row("kept", documents.kept, Some(report.text_bytes.kept));
    table.add_row(with(kept, told(tokens.map(|tokens| &tokens.kept))));
    for column in 1..7 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut text = format!("{table}\n");
    text.extend(tokens.map(counted_by));
    text.push_str(&duplicates(report, out));
    for (reason, count) in &report.failures {
        text.push_str(&format!("failed: {count} x {reason}, see {out}/failed/\n"));
    }
    for warning in report.warnings.iter().take(8) {
        text.push_str(&format!("note: {warning}\n"));
    }
    if report.warnings.len() > 8 {
        text.push_str(&format!("note: {} more in {out}/report.json\n", report.warnings.len() - 8));
    }
    text.push_str(&format!(
        "balanced: {} read = {} kept + {} removed + {} failed\n",
        grouped(documents.read),
        grouped(documents.kept),
        grouped(documents.removed),
        grouped(documents.failed)
    ));
    if documents.edited + documents.flagged > 0 {
        text.push_str(&format!(
            "of the kept {} were edited and {} flagged\n",
            grouped(documents.edited),
            grouped(documents.flagged)
        ));
    }
    text.push_str(&format!("look:  tamis sample {out} -n 10 --from removed --by rule\n"));
    text.push_str(&format!("       tamis sample {out} -n 10 --from kept\n"));
    text
}
