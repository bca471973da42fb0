//! Why: what rules and the detector say of the document.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{piece, put_lines, title, wrapped};
use crate::model::{Histogram, Why};
use crate::ui::state::{App, Pane};
use crate::ui::theme::Role;

/// Explanations that are laid out at once: a document may have a hundred thousand.
const SHOWN: usize = 60;

/// Draws it.
pub fn draw(app: &App, buffer: &mut Buffer, area: Rect) {
    let focused = app.focus == Pane::Why;
    let whys = app.reader.document.as_ref().map_or(0, |document| document.why.len());
    let right = if whys > 0 && !app.blind() { whys.to_string() } else { String::new() };
    let area = title(app, buffer, area, focused, "why", &right);
    let area = Rect { x: area.x + 1, width: area.width.saturating_sub(1), ..area };
    let area = legend(app, buffer, area);
    let (lines, _) = lines(app, area.width.into());
    put_lines(buffer, area, &lines, app.scrolls.why);
}

/// Which digit is which kind of defect, where there is room; the area above it.
fn legend(app: &App, buffer: &mut Buffer, area: Rect) -> Rect {
    let kinds = app.setup.kinds();
    let rows = super::cells(app.setup.kinds().count());
    if rows == 0 || area.height < rows + 12 {
        return area;
    }
    let above = Rect { height: area.height - rows, ..area };
    for ((at, kind), y) in kinds.zip(above.bottom()..) {
        let chosen = app.verdicts.kinds.contains(kind);
        let line = Line::from(vec![
            piece(app, format!("{} ", at + 1), Role::Key),
            piece(app, kind, if chosen { Role::Chosen } else { Role::Dim }),
        ]);
        buffer.set_line(area.x, y, &line, area.width);
    }
    above
}

/// The row at which the explanation `why` starts.
pub fn row_of(app: &App, why: usize) -> usize {
    let width = super::areas(app).why.map_or(30, |area| area.width.saturating_sub(1));
    lines(app, width.into()).1.get(why).copied().unwrap_or(0)
}

fn lines(app: &App, width: usize) -> (Vec<Line<'static>>, Vec<usize>) {
    let say = |text: &str| (vec![Line::from(piece(app, text, Role::Dim))], Vec::new());
    let Some(document) = &app.reader.document else { return (Vec::new(), Vec::new()) };
    if app.blind() {
        return say("hidden until you judge (blind)");
    }
    if document.why.is_empty() {
        return say("no rule and no finding");
    }
    let current = app.reader.current_why();
    let (mut lines, mut starts) = (Vec::new(), Vec::new());
    let (first, more) = window(current.unwrap_or(0), document.why.len());
    if first > 0 {
        lines.push(Line::from(piece(app, format!("… {first} before"), Role::Dim)));
    }
    starts.resize(first, 0);
    for (at, why) in document.why.iter().enumerate().skip(first).take(SHOWN) {
        starts.push(lines.len());
        explain(app, why, current == Some(at), width, &mut lines);
    }
    if more > 0 {
        let text = format!("… {more} more; the keys of the next finding lead there");
        lines.extend(
            wrapped(&text, width).into_iter().map(|line| Line::from(piece(app, line, Role::Dim))),
        );
    }
    (lines, starts)
}

/// The first explanation that is laid out, and how many come after the last.
fn window(current: usize, count: usize) -> (usize, usize) {
    let first = current.saturating_sub(SHOWN / 4).min(count.saturating_sub(SHOWN));
    (first, count.saturating_sub(first + SHOWN))
}

fn explain(app: &App, why: &Why, current: bool, width: usize, lines: &mut Vec<Line<'static>>) {
    let role = match why.effect.as_str() {
        "removed" => Role::Bad,
        "flagged" | "found" => Role::Warn,
        _ => Role::Key,
    };
    let mut head = Line::from(vec![
        piece(app, if current { "▸" } else { " " }, Role::Focus),
        piece(app, &why.title, Role::Strong),
        piece(app, format!("  {}", why.effect), role),
    ]);
    if let Some(confidence) = why.confidence {
        let percent = format!(" {:.0} %", confidence * 100.0);
        // a word that is cut off says less than none
        let whole = format!("{percent} sure");
        let fits = head.width() + whole.len() <= width;
        head.push_span(piece(app, if fits { whole } else { percent }, Role::Dim));
    }
    lines.push(head);
    for detail in &why.details {
        for line in wrapped(detail, width.saturating_sub(3)) {
            lines.push(Line::from(piece(app, format!("   {line}"), Role::Text)));
        }
    }
    if let Some((name, value)) = &why.measured {
        measured(app, name, *value, width, lines);
    }
    lines.push(Line::default());
}

/// Where a value lies in the corpus.
fn measured(app: &App, name: &str, value: f64, width: usize, lines: &mut Vec<Line<'static>>) {
    let Some(histogram) = app.histograms.get(name) else { return };
    let place = percentile(histogram, value);
    let text = format!("   {name} {} is at {place:.0} % of the corpus", number(value));
    for line in wrapped(&text, width.saturating_sub(1)) {
        lines.push(Line::from(piece(app, format!("   {}", line.trim()), Role::Dim)));
    }
    let mut line = Line::from(piece(app, "   ", Role::Text));
    for span in spark(app, histogram, value, width.saturating_sub(6).min(40)) {
        line.push_span(span);
    }
    lines.push(line);
}

/// The share of the corpus at or below a value, in percent.
pub fn percentile(histogram: &Histogram, value: f64) -> f64 {
    let below = histogram.percentiles.partition_point(|&border| border < value);
    let upto = histogram.percentiles.partition_point(|&border| border <= value);
    // of equal values the middle
    let middle = (below + upto) as f64 / 2.0;
    (middle / histogram.percentiles.len().max(1) as f64 * 100.0).min(100.0)
}

/// A distribution as blocks, the bin of `value` apart from the others.
fn spark(app: &App, histogram: &Histogram, value: f64, width: usize) -> Vec<Span<'static>> {
    let bins = histogram.counts.len();
    if bins == 0 || width == 0 {
        return Vec::new();
    }
    let width = width.min(bins);
    let own = histogram
        .borders
        .partition_point(|&border| border <= value)
        .saturating_sub(1)
        .min(bins - 1);
    let own = own * width / bins;
    let mut sums = vec![0_u64; width];
    for (at, count) in histogram.counts.iter().enumerate() {
        sums[at * width / bins] += count;
    }
    let blocks = super::histogram::blocks(&sums);
    blocks
        .chars()
        .enumerate()
        .map(|(at, block)| {
            let (text, role) = if at == own {
                (if block == ' ' { '▁' } else { block }, Role::Bad)
            } else {
                (block, Role::Bar)
            };
            piece(app, text.to_string(), role)
        })
        .collect()
}

/// A measured value, short.
pub fn number(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        format!("{value:.0}")
    } else {
        format!("{value:.3}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_thousand_findings_are_laid_out_in_part() {
        assert_eq!(window(0, 3), (0, 0));
        assert_eq!(window(0, 100_000), (0, 99_940));
        assert_eq!(window(50_000, 100_000), (49_985, 49_955));
        assert_eq!(window(99_999, 100_000), (99_940, 0));
    }

    #[test]
    fn a_value_is_placed_in_the_corpus() {
        let histogram =
            Histogram { percentiles: (0..=100).map(f64::from).collect(), ..Histogram::default() };
        assert!((percentile(&histogram, 50.0) - 50.0).abs() < 1.0);
        assert!(percentile(&histogram, -1.0) < 0.01);
        assert!((percentile(&histogram, 200.0) - 100.0).abs() < 0.01);
    }
}
