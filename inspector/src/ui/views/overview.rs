//! Counts of the run: funnel, rules, sources, distributions; each row is a way to its documents.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::{cells, count, histogram, percent, piece, put, title};
use crate::model::{Overview, Population, RuleCount, SourceCount};
use crate::ui::layout::glyph::fit;
use crate::ui::state::App;
use crate::ui::theme::Role;

struct Tables {
    funnel: Rect,
    rules: Rect,
    sources: Rect,
    annotations: Rect,
}

fn tables(app: &App, area: Rect) -> Tables {
    let funnel_rows =
        app.overview.counts.as_ref().map_or(2, |counts| cells(counts.funnel.len() + 1));
    let funnel = Rect { height: funnel_rows.min(area.height / 4), ..area };
    let rest = Rect { y: area.y + funnel.height, height: area.height - funnel.height, ..area };
    if area.width >= super::WIDE {
        let left = area.width * 3 / 5;
        let left_area = Rect { width: left - 1, ..rest };
        let upper = rest.height / 2;
        return Tables {
            funnel,
            rules: Rect { height: upper, ..left_area },
            sources: Rect { y: rest.y + upper, height: rest.height - upper, ..left_area },
            annotations: Rect { x: rest.x + left, width: rest.width - left, ..rest },
        };
    }
    let third = rest.height / 3;
    Tables {
        funnel,
        rules: Rect { height: third, ..rest },
        sources: Rect { y: rest.y + third, height: third, ..rest },
        annotations: Rect { y: rest.y + 2 * third, height: rest.height - 2 * third, ..rest },
    }
}

/// Draws it.
pub fn draw(app: &App, buffer: &mut Buffer, area: Rect) {
    let Some(counts) = &app.overview.counts else {
        let area = title(app, buffer, area, true, "overview", "");
        return put(buffer, area, area.y, "counting …", app.theme.style(Role::Dim));
    };
    let tables = tables(app, area);
    funnel(app, buffer, tables.funnel, counts);
    rules(app, buffer, tables.rules, counts);
    sources(app, buffer, tables.sources, counts);
    let focused = app.overview.table >= 2;
    match &app.overview.annotation {
        Some(name) => {
            let chosen = app.overview.chosen[3];
            histogram::draw(app, buffer, tables.annotations, focused, name, chosen);
        }
        None => annotations(app, buffer, tables.annotations, counts),
    }
}

fn funnel(app: &App, buffer: &mut Buffer, area: Rect, counts: &Overview) {
    let area = title(app, buffer, area, false, "funnel", &app.frame.name);
    let most = counts.funnel.iter().map(|(_, number)| *number).max().unwrap_or(0).max(1);
    let name_width = counts.funnel.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let room = usize::from(area.width).saturating_sub(name_width + 24);
    for ((name, number), y) in counts.funnel.iter().zip(area.y..area.bottom()) {
        let bar =
            usize::try_from(u128::from(*number) * room as u128 / u128::from(most)).unwrap_or(0);
        let line = Line::from(vec![
            piece(app, format!(" {name:<name_width$} "), Role::Text),
            piece(app, format!("{:>11} ", count(*number)), Role::Strong),
            piece(app, format!("{:>7} ", percent(*number as f64 / most as f64)), Role::Dim),
            piece(app, "▇".repeat(bar.max(usize::from(*number > 0))), Role::Bar),
        ]);
        buffer.set_line(area.x, y, &line, area.width);
    }
}

fn sorted_rules<'a>(app: &App, counts: &'a Overview) -> Vec<&'a RuleCount> {
    let mut rules: Vec<_> = counts.rules.iter().collect();
    if app.overview.by_count {
        rules.sort_by_key(|rule| std::cmp::Reverse(rule.fired));
    }
    rules
}

fn sorted_sources<'a>(app: &App, counts: &'a Overview) -> Vec<&'a SourceCount> {
    let mut sources: Vec<_> = counts.sources.iter().collect();
    if !app.overview.by_count {
        sources.sort_by(|a, b| a.source.cmp(&b.source));
    }
    sources
}

fn list(
    app: &App,
    buffer: &mut Buffer,
    area: Rect,
    table: usize,
    name: &str,
    lines: &[Line<'static>],
) {
    let focused = app.overview.table == table;
    let area = title(app, buffer, area, focused, name, &lines.len().to_string());
    let chosen = app.overview.chosen[table];
    let first = first(chosen, lines.len(), area.height);
    for ((at, line), y) in lines.iter().enumerate().skip(first).zip(area.y..area.bottom()) {
        buffer.set_line(area.x, y, line, area.width);
        if focused && at == chosen {
            buffer.set_style(Rect { y, height: 1, ..area }, app.theme.style(Role::Chosen));
        }
    }
}

fn first(chosen: usize, count: usize, height: u16) -> usize {
    let rows = usize::from(height);
    chosen.saturating_sub(rows / 2).min(count.saturating_sub(rows))
}

fn rules(app: &App, buffer: &mut Buffer, area: Rect, counts: &Overview) {
    let width = usize::from(area.width);
    let lines: Vec<Line<'static>> = sorted_rules(app, counts)
        .into_iter()
        .map(|rule| {
            let name = fit(&rule.rule, 28.min(width / 2));
            let gap = 28.min(width / 2).saturating_sub(Span::raw(name.as_str()).width());
            let role = if rule.effect == "drop" { Role::Bad } else { Role::Warn };
            Line::from(vec![
                piece(app, format!(" {name}{} ", " ".repeat(gap)), Role::Text),
                piece(app, format!("{:<6}", rule.effect), role),
                piece(app, format!("{:>9} ", count(rule.fired)), Role::Strong),
                piece(app, format!("{:>9} first  ", count(rule.first)), Role::Dim),
                piece(app, &rule.why, Role::Dim),
            ])
        })
        .collect();
    list(app, buffer, area, 0, "rules", &lines);
}

fn sources(app: &App, buffer: &mut Buffer, area: Rect, counts: &Overview) {
    let width = usize::from(area.width);
    let lines: Vec<Line<'static>> = sorted_sources(app, counts)
        .into_iter()
        .map(|source| {
            let name = fit(&source.source, 28.min(width / 2));
            let gap = 28.min(width / 2).saturating_sub(Span::raw(name.as_str()).width());
            let of = |number: u64| number as f64 / source.read.max(1) as f64;
            let dangling = of(source.dangling);
            let role = if dangling > 0.5 { Role::Bad } else { Role::Dim };
            Line::from(vec![
                piece(app, format!(" {name}{} ", " ".repeat(gap)), Role::Text),
                piece(app, format!("{:>9} ", count(source.read)), Role::Strong),
                piece(app, format!("kept {:>6} ", percent(of(source.kept))), Role::Text),
                piece(app, format!("dangling {:>6}  ", percent(dangling)), role),
                piece(app, source.cause.clone().unwrap_or_default(), Role::Dim),
            ])
        })
        .collect();
    list(app, buffer, area, 1, "sources", &lines);
}

fn annotations(app: &App, buffer: &mut Buffer, area: Rect, counts: &Overview) {
    let lines: Vec<Line<'static>> = counts
        .annotations
        .iter()
        .map(|name| {
            let spark = app.histograms.get(name).map(|known| histogram::blocks(&known.counts));
            let name = fit(name, 30);
            let gap = 31_usize.saturating_sub(Span::raw(name.as_str()).width());
            Line::from(vec![
                piece(app, format!(" {name}{}", " ".repeat(gap)), Role::Text),
                piece(app, spark.unwrap_or_default(), Role::Bar),
            ])
        })
        .collect();
    list(app, buffer, area, 2, "measured values", &lines);
}

/// Rows of a table.
pub fn rows(app: &App, table: usize) -> usize {
    let Some(counts) = &app.overview.counts else { return 0 };
    match table {
        0 => counts.rules.len(),
        1 => counts.sources.len(),
        2 => counts.annotations.len(),
        _ => app
            .overview
            .annotation
            .as_ref()
            .and_then(|name| app.histograms.get(name))
            .map_or(0, |known| known.counts.len()),
    }
}

/// The annotation at a row.
pub fn annotation(app: &App, at: usize) -> Option<String> {
    app.overview.counts.as_ref()?.annotations.get(at).cloned()
}

/// The population and the condition that a row stands for.
pub fn condition(app: &App, table: usize, at: usize) -> Option<(Population, String)> {
    let counts = app.overview.counts.as_ref()?;
    match table {
        0 => {
            let rule = sorted_rules(app, counts).get(at).copied()?;
            let population = match rule.effect.as_str() {
                "drop" | "dedup" => Population::Removed,
                "flag" => Population::Flagged,
                _ => Population::All,
            };
            // a rule's own result is a column; duplicates are known by the reason only
            let condition = match rule.effect.as_str() {
                "drop" | "dedup" => format!("first_reason = {}", quoted(&rule.rule)),
                _ => format!("\"{}\"", rule.rule.replace('"', "\"\"")),
            };
            Some((population, condition))
        }
        1 => {
            let source = sorted_sources(app, counts).get(at).copied()?;
            Some((Population::All, format!("source = {}", quoted(&source.source))))
        }
        3 => {
            let name = app.overview.annotation.as_ref()?;
            let condition = histogram::condition(app.histograms.get(name)?, at)?;
            Some((Population::All, condition))
        }
        _ => None,
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The table and row under a place of the screen.
pub fn row_at(app: &App, place: Position) -> Option<(usize, usize)> {
    let tables = tables(app, super::areas(app).body);
    let last = if app.overview.annotation.is_some() { 3 } else { 2 };
    let areas = [(0, tables.rules), (1, tables.sources), (last, tables.annotations)];
    let (table, area) = areas.into_iter().find(|(_, area)| area.contains(place))?;
    let area = super::below_title(area);
    let row = usize::from(place.y.checked_sub(area.y)?);
    let count = rows(app, table);
    let at = first(app.overview.chosen[table], count, area.height) + row;
    (at < count).then_some((table, at))
}
