//! What the labels say, live.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::{count, percent, piece, put_lines, title, wrapped};
use crate::summary::{GateState, Gauge, Interval, Rate};
use crate::ui::state::{App, Pane};
use crate::ui::theme::Role;

/// Draws it; `full` on its own screen.
pub fn draw(app: &App, buffer: &mut Buffer, area: Rect, full: bool) {
    let focused = full || app.focus == Pane::Statistics;
    let pace = app.summary.per_minute.map(|pace| format!("{pace:.1} a minute")).unwrap_or_default();
    let area = title(app, buffer, area, focused, "statistics", &pace);
    let area = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let mut lines = lines(app, area.width.into());
    // on two rows the counts are worth more than the end of the sentence
    while area.height < 4 && lines.len() > 2 && lines[1].spans.len() == 1 {
        lines.remove(1);
    }
    put_lines(buffer, area, &lines, app.scrolls.statistics);
}

/// Whether rates may be shown at all, and why not.
fn refusal(app: &App) -> Option<String> {
    if app.browsing() {
        let what = app.spec.filter.as_deref().unwrap_or("another specification");
        return Some(format!(
            "not a random sample: browsing {what}; these verdicts do not count, Esc goes back"
        ));
    }
    if !app.frame.is_sample {
        let read = app.frame.progress * 100.0;
        return Some(format!(
            "not a random sample: the head of the file ({read:.0} % read); verdicts do not count yet"
        ));
    }
    (!app.summary.is_sample).then(|| "not a random sample".to_owned())
}

fn lines(app: &App, width: usize) -> Vec<Line<'static>> {
    let summary = &app.summary;
    let refused = refusal(app);
    let mut lines = Vec::new();
    let (sentence, role) = match &refused {
        Some(why) => (why.as_str(), Role::Warn),
        None if summary.sentence.is_empty() => {
            ("nothing judged yet: a ok, x defect, space skip", Role::Dim)
        }
        None => (summary.sentence.as_str(), Role::Strong),
    };
    lines.extend(
        wrapped(sentence, width).into_iter().map(|line| Line::from(piece(app, line, role))),
    );
    lines.push(counts(app, refused.is_none()));
    if refused.is_none() {
        work(app, &mut lines, width);
        tables(app, &mut lines, width);
    }
    lines
}

fn interval(interval: Interval) -> String {
    format!("{}–{}", percent(interval.low).trim_end_matches(" %"), percent(interval.high))
}

fn counts(app: &App, rates: bool) -> Line<'static> {
    let summary = &app.summary;
    let mut line = Line::from(vec![
        piece(app, format!("✓ {}", summary.good), Role::Good),
        piece(app, format!("  ✗ {}", summary.defects), Role::Bad),
        piece(app, format!("  – {}", summary.skips), Role::Dim),
        piece(app, format!("  ⚑ {}", summary.flagged), Role::Warn),
    ]);
    if rates && summary.n > 0 {
        let rate = &summary.documents;
        line.push_span(piece(app, format!("   {} ", percent(rate.estimate)), Role::Text));
        line.push_span(piece(app, interval(rate.sequence), Role::Strong));
        line.push_span(piece(app, format!("  fixed n {}", interval(rate.fixed)), Role::Dim));
        if summary.skips > 0 {
            line.push_span(piece(
                app,
                format!("  skips as bad/good {}", interval(summary.with_skips)),
                Role::Dim,
            ));
        }
    }
    line
}

/// Forecast, gate, tokens, discoveries: one line each.
fn work(app: &App, lines: &mut Vec<Line<'static>>, width: usize) {
    let summary = &app.summary;
    let mut line = Line::default();
    if let Some(forecast) = &summary.forecast {
        let minutes =
            forecast.minutes.map(|minutes| format!(", {minutes:.0} min")).unwrap_or_default();
        line.push_span(piece(
            app,
            format!(
                "≈ {} more clean documents{minutes} for < {}  ",
                count(forecast.documents),
                percent(forecast.below)
            ),
            Role::Text,
        ));
    }
    if let Some(gauge) = &summary.gauge {
        if width < 110 && !line.spans.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        self::gauge(app, gauge, &mut line);
    }
    if !line.spans.is_empty() {
        lines.push(line);
    }
    let mut line = Line::default();
    if let Some(tokens) = &summary.tokens {
        let sequence = tokens.sequence.map_or_else(|| "no bound".to_owned(), interval);
        line.push_span(piece(app, format!("by token {} ", percent(tokens.estimate)), Role::Text));
        line.push_span(piece(app, sequence, Role::Strong));
        line.push_span(piece(app, format!("  effective n {:.0}", tokens.effective_n), Role::Dim));
    }
    if let Some(unseen) = summary.unseen_kind {
        line.push_span(piece(
            app,
            format!("   next defect of a new kind {}", percent(unseen)),
            Role::Dim,
        ));
    }
    if let Some((kappa, pairs)) = summary.self_agreement {
        line.push_span(piece(app, format!("   own agreement κ {kappa:.2} ({pairs})"), Role::Dim));
    }
    if !line.spans.is_empty() {
        lines.push(line);
    }
    if summary.discoveries.iter().any(|&found| found > 0) {
        let blocks = super::histogram::blocks(&summary.discoveries);
        lines.push(Line::from(vec![
            piece(app, "defects found ", Role::Dim),
            piece(app, blocks, Role::Bar),
        ]));
    }
}

/// The log likelihood ratio between its two bounds.
fn gauge(app: &App, gauge: &Gauge, line: &mut Line<'static>) {
    let word = match gauge.state {
        GateState::Passed => "passed",
        GateState::Failed => "failed",
        GateState::Open => "open",
    };
    line.push_span(piece(app, format!("gate {} ", gauge.condition), Role::Dim));
    let span = gauge.reject - gauge.accept;
    if span > 0.0 && gauge.llr.is_finite() {
        let place = ((gauge.llr - gauge.accept) / span).clamp(0.0, 1.0);
        let at = (0..15).take_while(|step| f64::from(*step) / 14.0 < place).count();
        let bar: String = (0..15).map(|step| if step == at.min(14) { '●' } else { '─' }).collect();
        line.push_span(piece(app, "✓", Role::Good));
        line.push_span(piece(app, bar, Role::Bar));
        line.push_span(piece(app, "✗ ", Role::Bad));
    }
    let span = ratatui::text::Span::styled(word.to_owned(), app.theme.gate(gauge.state));
    line.push_span(span);
    line.push_span(piece(app, format!(" ({})", gauge.method), Role::Dim));
}

fn tables(app: &App, lines: &mut Vec<Line<'static>>, width: usize) {
    let summary = &app.summary;
    let name_width = (width / 3).clamp(8, 36);
    let heading = |text: &str| Line::from(piece(app, text, Role::Focus));
    if !summary.kinds.is_empty() {
        lines.push(heading("kinds of defect (all at once 95 %)"));
        lines.extend(summary.kinds.iter().map(|(name, rate)| row(app, name, rate, name_width, "")));
    }
    if !summary.strata.is_empty() {
        lines.push(heading("strata (all at once 95 %)"));
        lines.extend(summary.strata.iter().map(|stratum| {
            let share = format!("  {} of the frame", percent(stratum.weight));
            row(app, &stratum.name, &stratum.rate, name_width, &share)
        }));
    }
    if !summary.rules.is_empty() {
        lines.push(heading(
            "rules: share of hits that are defects, and what of all defects they find",
        ));
        lines.extend(summary.rules.iter().map(|rule| {
            let recall = rule
                .recall_low
                .map_or("  recall ?".to_owned(), |low| format!("  recall ≥ {}", percent(low)));
            row(app, &rule.rule, &rule.precision, name_width, &recall)
        }));
    }
}

fn row(app: &App, name: &str, rate: &Rate, width: usize, tail: &str) -> Line<'static> {
    let name = super::fit(name, width);
    let gap = width.saturating_sub(ratatui::text::Span::raw(name.as_str()).width());
    Line::from(vec![
        piece(app, format!("  {name}{} ", " ".repeat(gap)), Role::Text),
        piece(app, format!("{:>4}/{:<5}", rate.count, rate.n), Role::Dim),
        piece(app, format!("{:>7} ", percent(rate.estimate)), Role::Text),
        piece(app, format!("{:<14}", interval(rate.sequence)), Role::Strong),
        piece(app, tail, Role::Dim),
    ])
}
