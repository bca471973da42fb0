//! The distribution of a measured value.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::why::number;
use super::{cells, count, piece, put, title};
use crate::model::Histogram;
use crate::ui::state::App;
use crate::ui::theme::Role;

const BLOCKS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Counts as blocks, the greatest full; what is not zero can be seen.
pub fn blocks(counts: &[u64]) -> String {
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    counts
        .iter()
        .map(|&count| {
            let step = if count == 0 { 0 } else { (count.saturating_mul(8) / most).max(1) };
            BLOCKS[usize::try_from(step).unwrap_or(8).min(8)]
        })
        .collect()
}

/// Draws a row for each bin: from, bar, documents.
pub fn draw(app: &App, buffer: &mut Buffer, area: Rect, focused: bool, name: &str, chosen: usize) {
    let Some(histogram) = app.histograms.get(name) else {
        let area = title(app, buffer, area, focused, name, "");
        return put(buffer, area, area.y, "measuring the corpus …", app.theme.style(Role::Dim));
    };
    let right =
        format!("median {} · {} unknown", quantile(histogram, 50), count(histogram.unknown));
    let area = title(app, buffer, area, focused, name, &right);
    let rows = usize::from(area.height);
    let first = chosen.saturating_sub(rows / 2).min(histogram.counts.len().saturating_sub(rows));
    let most = histogram.counts.iter().copied().max().unwrap_or(0).max(1);
    let room = usize::from(area.width).saturating_sub(24);
    for (at, y) in (first..histogram.counts.len()).zip(area.y..area.bottom()) {
        let from = histogram.borders.get(at).copied().unwrap_or_default();
        let documents = histogram.counts[at];
        let share = u128::from(documents) * room as u128 / u128::from(most);
        let bar = usize::try_from(share).unwrap_or(room).max(usize::from(documents > 0));
        put(buffer, area, y, &format!("{:>10} ", number(from)), app.theme.style(Role::Dim));
        let bar = piece(app, "▇".repeat(bar), Role::Bar);
        buffer.set_span(area.x + 11, y, &bar, area.width.saturating_sub(11));
        let text = format!(" {}", count(documents));
        let x = area.x + 11 + cells(bar.width());
        buffer.set_stringn(
            x,
            y,
            text,
            area.right().saturating_sub(x).into(),
            app.theme.style(Role::Text),
        );
        if focused && at == chosen {
            buffer.set_style(Rect { y, height: 1, ..area }, app.theme.style(Role::Chosen));
        }
    }
}

fn quantile(histogram: &Histogram, percent: usize) -> String {
    histogram.percentiles.get(percent).map_or("?".to_owned(), |&value| number(value))
}

/// The condition that holds for the documents of a bin.
pub fn condition(histogram: &Histogram, bin: usize) -> Option<String> {
    let (from, to) = (histogram.borders.get(bin)?, histogram.borders.get(bin + 1)?);
    let upper = if bin + 1 == histogram.counts.len() { "<=" } else { "<" };
    let name = &histogram.annotation;
    Some(format!("{name} >= {from} AND {name} {upper} {to}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_can_be_seen() {
        assert_eq!(blocks(&[0, 1, 500, 1000]), " ▁▄█");
        assert_eq!(blocks(&[]), "");
    }

    #[test]
    fn the_last_bin_holds_the_greatest_value() {
        let histogram = Histogram {
            annotation: "word_count".into(),
            borders: vec![0.0, 5.0, 10.0],
            counts: vec![1, 2],
            ..Histogram::default()
        };
        assert_eq!(condition(&histogram, 0).unwrap(), "word_count >= 0 AND word_count < 5");
        assert_eq!(condition(&histogram, 1).unwrap(), "word_count >= 5 AND word_count <= 10");
        assert_eq!(condition(&histogram, 2), None);
    }
}
