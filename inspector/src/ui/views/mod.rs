//! What is drawn where.

pub mod draft;
pub mod footer;
pub mod header;
pub mod help;
pub mod histogram;
pub mod metadata;
pub mod notes;
pub mod overview;
pub mod palette;
pub mod queue;
pub mod reader;
pub mod recent;
pub mod statistics;
pub mod toast;
pub mod tokens;
pub mod twins;
pub mod why;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr as _;

use super::layout::Wrap;
use super::layout::glyph::{fit, flat};
use super::state::{App, Overlay, Pane, Screen};
use super::theme::Role;

/// Below this there is only a message.
pub const SMALLEST: (u16, u16) = (40, 10);

/// Columns from which panes lie beside each other.
pub const WIDE: u16 = 100;

/// Where things are; none where they are not on the screen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Areas {
    /// One row at the top.
    pub header: Rect,
    /// Between header and footer.
    pub body: Rect,
    /// One row at the bottom.
    pub footer: Rect,
    /// The documents, title included, as all below.
    pub queue: Option<Rect>,
    /// The last decisions.
    pub recent: Option<Rect>,
    /// The text with its title.
    pub reader: Option<Rect>,
    /// The text alone.
    pub text: Option<Rect>,
    /// Tokens below the text.
    pub tokens: Option<Rect>,
    /// Why, or metadata.
    pub why: Option<Rect>,
    /// What the labels say.
    pub statistics: Option<Rect>,
    /// The text of the twins' screen.
    pub twin_text: Option<Rect>,
}

/// Whether the terminal is too small for anything.
pub fn too_small(app: &App) -> bool {
    app.size.0 < SMALLEST.0 || app.size.1 < SMALLEST.1
}

/// Where things are.
pub fn areas(app: &App) -> Areas {
    let (columns, rows) = app.size;
    if too_small(app) {
        return Areas::default();
    }
    let header = Rect::new(0, 0, columns, 1);
    let body = Rect::new(0, 1, columns, rows - 2);
    let footer = Rect::new(0, rows - 1, columns, 1);
    let mut areas = Areas { header, body, footer, ..Areas::default() };
    match app.screen {
        Screen::Review if app.zoom => zoomed(app, &mut areas),
        Screen::Review if columns >= WIDE && rows >= 20 => wide(app, &mut areas),
        Screen::Review if rows >= 40 => portrait(app, &mut areas),
        Screen::Review => small(app, &mut areas),
        Screen::Twins => areas.twin_text = Some(twins::text_area(app, body)),
        _ => {}
    }
    if let Some(reader) = areas.reader {
        let mut text = below_title(reader);
        if app.reader.tokenized && text.height > 8 {
            let list = text.height / 3;
            areas.tokens = Some(Rect { y: text.y + text.height - list, height: list, ..text });
            text.height -= list;
        }
        // a column of air on both sides, and the scroll bar
        text.x += 1;
        text.width = text.width.saturating_sub(3);
        areas.text = Some(text);
    }
    areas
}

fn zoomed(app: &App, areas: &mut Areas) {
    let body = Some(areas.body);
    match app.focus {
        Pane::Queue => areas.queue = body,
        Pane::Reader => areas.reader = body,
        Pane::Why => areas.why = body,
        Pane::Statistics => areas.statistics = body,
        Pane::Recent => areas.recent = body,
    }
}

fn wide(app: &App, areas: &mut Areas) {
    let body = areas.body;
    let bottom = if app.focus == Pane::Statistics { body.height / 2 } else { 5 };
    let upper = body.height - bottom;
    let left = if body.width >= 150 { 34 } else { 27 };
    let right = if body.width >= 150 { 48 } else { 34 };
    let recent = 11.min(upper / 3);
    areas.queue = Some(Rect::new(0, body.y, left, upper - recent));
    areas.recent = Some(Rect::new(0, body.y + upper - recent, left, recent));
    areas.reader = Some(Rect::new(left + 1, body.y, body.width - left - right - 2, upper));
    areas.why = Some(Rect::new(body.width - right, body.y, right, upper));
    areas.statistics = Some(Rect::new(0, body.y + upper, body.width, bottom));
}

fn portrait(app: &App, areas: &mut Areas) {
    let body = areas.body;
    let grown = |pane: Pane, rows: u16| if app.focus == pane { rows + rows / 2 } else { rows };
    let queue = grown(Pane::Queue, 8);
    let why = grown(Pane::Why, 14);
    let statistics = grown(Pane::Statistics, 10);
    let recent = if body.height > 70 { 7 } else { 0 };
    let reader = body.height - queue - why.min(body.height / 4) - statistics - recent;
    let mut y = body.y;
    let mut next = |height: u16| {
        let area = Rect::new(0, y, body.width, height);
        y += height;
        Some(area)
    };
    areas.queue = next(queue);
    areas.reader = next(reader);
    areas.why = next(why.min(body.height / 4));
    areas.statistics = next(statistics);
    areas.recent = (recent > 0).then(|| next(recent)).flatten();
}

fn small(app: &App, areas: &mut Areas) {
    let body = areas.body;
    let statistics = if app.focus == Pane::Statistics { body.height / 2 } else { 3 };
    let left = body.height.saturating_sub(statistics);
    let why = match app.focus {
        Pane::Why => left / 2,
        _ if body.height >= 18 => 6,
        _ => 0,
    };
    let reader = Rect::new(0, body.y, body.width, left - why);
    let side = 28.min(body.width / 2);
    let (beside, rest) = (
        Rect { width: side, ..reader },
        Rect { x: side + 1, width: reader.width - side - 1, ..reader },
    );
    areas.reader = Some(reader);
    match app.focus {
        Pane::Queue => (areas.queue, areas.reader) = (Some(beside), Some(rest)),
        Pane::Recent => (areas.recent, areas.reader) = (Some(beside), Some(rest)),
        _ => {}
    }
    areas.why = (why > 0).then(|| Rect::new(0, body.y + reader.height, body.width, why));
    areas.statistics = Some(Rect::new(0, body.y + left, body.width, statistics));
}

/// Panes that Tab walks through.
pub fn panes(_app: &App) -> [Pane; 5] {
    [Pane::Queue, Pane::Reader, Pane::Why, Pane::Statistics, Pane::Recent]
}

/// Draws the screen.
pub fn draw(app: &App, frame: &mut Frame<'_>) {
    let area = frame.area();
    let buffer = frame.buffer_mut();
    if too_small(app) || (area.width, area.height) != app.size {
        return small_message(app, buffer, area);
    }
    let areas = areas(app);
    header::draw(app, buffer, areas.header);
    match app.screen {
        Screen::Review => review(app, buffer, &areas),
        Screen::Overview => overview::draw(app, buffer, areas.body),
        Screen::Statistics => statistics::draw(app, buffer, areas.body, true),
        Screen::Twins => twins::draw(app, buffer, areas.body),
        Screen::Draft => draft::draw(app, buffer, areas.body),
    }
    footer::draw(app, buffer, areas.footer);
    toast::draw(app, buffer, areas.reader.unwrap_or(areas.body));
    let cursor = match &app.overlay {
        Some(Overlay::Help(row)) => help::draw(app, buffer, areas.body, *row),
        Some(Overlay::Palette(input, row)) => palette::draw(app, buffer, areas.body, input, *row),
        Some(Overlay::Search(input)) => notes::line(app, buffer, areas.footer, "/", input),
        Some(Overlay::Note(input)) => notes::draw(app, buffer, areas.body, input),
        Some(Overlay::Message(title, lines)) => {
            notes::message(app, buffer, areas.body, title, lines)
        }
        None => draft::cursor(app, areas.body),
    };
    if let Some(cursor) = cursor {
        frame.set_cursor_position(cursor);
    }
}

fn review(app: &App, buffer: &mut Buffer, areas: &Areas) {
    if let Some(area) = areas.queue {
        queue::draw(app, buffer, area);
    }
    if let Some(area) = areas.recent {
        recent::draw(app, buffer, area);
    }
    if let (Some(area), Some(text)) = (areas.reader, areas.text) {
        reader::draw(app, buffer, area, text);
    }
    if let Some(area) = areas.tokens {
        tokens::draw(app, buffer, area);
    }
    if let Some(area) = areas.why {
        if app.metadata {
            metadata::draw(app, buffer, area);
        } else {
            why::draw(app, buffer, area);
        }
    }
    if let Some(area) = areas.statistics {
        statistics::draw(app, buffer, area, false);
    }
    divide(app, buffer, areas);
}

/// Rules between panes that lie beside each other.
fn divide(app: &App, buffer: &mut Buffer, areas: &Areas) {
    let Some(reader) = areas.reader else { return };
    let style = app.theme.style(Role::Line);
    for x in [reader.x.checked_sub(1), Some(reader.right())].into_iter().flatten() {
        if x >= areas.body.right() {
            continue;
        }
        for y in reader.y..reader.bottom() {
            buffer.set_string(x, y, if y == reader.y { "┬" } else { "│" }, style);
        }
    }
}

fn small_message(app: &App, buffer: &mut Buffer, area: Rect) {
    let text = format!("tamis needs {} columns and {} rows", SMALLEST.0, SMALLEST.1);
    let wrap = Wrap { width: area.width.into(), whitespace: false };
    for (row, y) in wrap.rows(&text, 0, area.height.into()).iter().zip(area.y..) {
        let line: String = row.glyphs.iter().map(|glyph| glyph.text.as_str()).collect();
        put(buffer, area, y, &line, app.theme.style(Role::Text));
    }
}

/// The area below a pane's title.
pub fn below_title(area: Rect) -> Rect {
    Rect { y: area.y + area.height.min(1), height: area.height.saturating_sub(1), ..area }
}

/// Draws a pane's title: what it is on the left, a detail on the right; the area below it.
pub fn title(
    app: &App,
    buffer: &mut Buffer,
    area: Rect,
    focused: bool,
    left: &str,
    right: &str,
) -> Rect {
    if area.height == 0 || area.width == 0 {
        return area;
    }
    let line = app.theme.style(Role::Line);
    buffer.set_string(area.x, area.y, "─".repeat(area.width.into()), line);
    // the rule's colour must not shine through
    let plain = Style::new().fg(Color::Reset);
    let style = plain.patch(app.theme.style(if focused { Role::Focus } else { Role::Strong }));
    let room = usize::from(area.width).saturating_sub(4);
    // the detail is short, and a long name still says something when it is cut
    let right_wanted = if room > 16 { right.width().min(room - 14) + 2 } else { 0 };
    let left = fit(left, room.saturating_sub(if right.is_empty() { 0 } else { right_wanted }));
    let used = left.width() + 2;
    let mark = if focused { "▸" } else { " " };
    buffer.set_string(area.x + 1, area.y, format!("{mark}{left} "), style);
    let right = fit(right, room.saturating_sub(used));
    if !right.is_empty() {
        let x = area.right().saturating_sub(cells(right.width()) + 3);
        buffer.set_string(x, area.y, format!(" {right} "), app.theme.style(Role::Dim));
    }
    below_title(area)
}

/// Puts a text on a row of an area, cut to it.
pub fn put(buffer: &mut Buffer, area: Rect, y: u16, text: &str, style: Style) {
    if y < area.bottom() && y >= area.y {
        buffer.set_stringn(area.x, y, flat(text), area.width.into(), style);
    }
}

/// Puts lines into an area from a row on.
pub fn put_lines(buffer: &mut Buffer, area: Rect, lines: &[Line<'_>], skip: usize) {
    let skip = skip.min(lines.len().saturating_sub(area.height.into()));
    for (line, y) in lines.iter().skip(skip).zip(area.y..area.bottom()) {
        buffer.set_line(area.x, y, line, area.width);
    }
}

/// A number of columns for the buffer.
pub fn cells(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

/// A piece of a line.
pub fn piece(app: &App, text: impl AsRef<str>, role: Role) -> Span<'static> {
    Span::styled(flat(text.as_ref()), app.theme.style(role))
}

/// A text as lines of a width.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let text = flat(text);
    let wrap = Wrap { width: width.max(1), whitespace: false };
    wrap.rows(&text, 0, 200)
        .iter()
        .map(|row| row.glyphs.iter().map(|glyph| glyph.text.as_str()).collect::<String>())
        .map(|line| line.trim_end().to_owned())
        .collect()
}

/// A share as percent: two digits that mean something.
pub fn percent(share: f64) -> String {
    let value = share * 100.0;
    match value {
        _ if !value.is_finite() => "?".to_owned(),
        _ if value == 0.0 || value >= 9.95 => format!("{value:.0} %"),
        _ if value >= 0.095 => format!("{value:.1} %"),
        _ => format!("{value:.2} %"),
    }
}

/// A count with thin groups: 12 345.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// Bytes for people.
pub fn bytes(number: u64) -> String {
    match number {
        0..10_000 => format!("{} B", count(number)),
        10_000..10_000_000 => format!("{:.0} kB", number as f64 / 1e3),
        10_000_000..10_000_000_000 => format!("{:.0} MB", number as f64 / 1e6),
        _ => format!("{:.1} GB", number as f64 / 1e9),
    }
}

/// What a session is, line by line.
pub fn session_lines(app: &App) -> Vec<String> {
    let spec = &app.spec;
    let frame = &app.frame;
    let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "–".to_owned());
    vec![
        format!("opened      {} ({})", frame.name, frame.format),
        format!("documents   {}", frame.documents.map_or("not counted".to_owned(), count)),
        format!("reviewer    {}", app.setup.reviewer),
        format!("seed        {}", spec.seed),
        format!("population  {:?}", spec.population).to_lowercase(),
        format!("unit        {:?}", spec.unit).to_lowercase(),
        format!(
            "strata      {}",
            spec.strata
                .as_ref()
                .map_or("–".into(), |strata| format!("{strata:?}").to_lowercase())
        ),
        format!("filter      {}", or_none(&spec.filter)),
        format!("blind       {}", if app.setup.blind { "yes" } else { "no" }),
        format!("sampler     {}", frame.sampler),
        format!("frame hash  {}", frame.hash),
        format!("rules hash  {}", or_none(&frame.rules_hash)),
        format!("rule file   {}", or_none(&app.setup.rule_file)),
    ]
}
