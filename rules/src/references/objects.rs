//! The objects of a text: tables, images, code, formulas, lists, quotes.

use super::lines::{Class, Line};

/// What an object is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ObjectKind {
    /// A table, in any markup or drawn with spaces.
    Table,
    /// Short lines one after the other, as a flattened table leaves them.
    Flat,
    /// An image, drawing or video.
    Image,
    /// A drawing of punctuation.
    Art,
    /// Code, or anything else kept as it is.
    Pre,
    /// Lines that look like code, without any mark.
    Codey,
    /// A displayed formula.
    Math,
    /// A list.
    List,
    /// A quotation.
    Quote,
}

/// One object.
#[derive(Clone, Copy, Debug)]
pub(super) struct TargetObject {
    pub(super) kind: ObjectKind,
    /// The first line.
    pub(super) first: u32,
    /// The last line.
    pub(super) last: u32,
    /// The first byte.
    pub(super) start: usize,
    /// The byte after the last one.
    pub(super) end: usize,
}

/// Rows that make a table of aligned columns.
const ROWS_MIN: usize = 3;
/// Rows that decide whether a run is a table, so that a long run is not looked at again and again.
const LOOK_ROWS: usize = 64;
/// Bytes of the longest line of words in a drawing.
const DRAWING_WORDS_BYTES: usize = 50;
/// Lines in which the first drawn one of a drawing stands.
const DRAWING_STARTS_WITHIN: usize = 3;
/// Cells that make a flattened table.
const FLAT_CELLS_MIN: usize = 6;
/// Bytes of one such cell.
const FLAT_CELL_BYTES: usize = 48;

/// Finds the objects that runs of lines make, and sets the class of their lines.
pub(super) fn runs(text: &str, lines: &mut [Line], objects: &mut Vec<TargetObject>) {
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        let class = line.class;
        if class == Class::Blank {
            at += 1;
            continue;
        }
        let end = if matches!(class, Class::Text | Class::Item | Class::Definition) {
            run_of_text(text, lines, at, objects)
        } else {
            let same = lines.iter().skip(at).take_while(|line| line.class == class).count();
            let kind = match class {
                Class::Quote => Some(ObjectKind::Quote),
                _ => None,
            };
            if let Some(kind) = kind {
                push(objects, lines, kind, at, at + same);
            }
            at + same
        };
        at = end.max(at + 1);
    }
    flattened(text, lines, objects);
}

/// One run of text up to a blank or otherwise marked line: rows, drawings, lists or code in it.
fn run_of_text(
    text: &str,
    lines: &mut [Line],
    from: usize,
    objects: &mut Vec<TargetObject>,
) -> usize {
    let written =
        |line: &&Line| matches!(line.class, Class::Text | Class::Item | Class::Definition);
    let end = from + lines.iter().skip(from).take_while(written).count();
    let mut at = from;
    // no line from `at` up to here is drawn: each is looked at once
    let mut clear = from;
    while at < end {
        let Some(rest) = lines.get(at..end) else { break };
        let rows = rows(text, rest);
        clear = clear.max(at);
        let near = end.min(at + DRAWING_STARTS_WITHIN);
        let plain = |line: &Line| !super::lines::is_drawn(line.of(text));
        while clear < near && lines.get(clear).is_some_and(plain) {
            clear += 1;
        }
        let any = clear < near;
        let drawing = if any { drawing(text, rest) } else { 0 };
        if drawing > rows {
            mark(lines, at, at + drawing, Class::Art);
            push(objects, lines, ObjectKind::Art, at, at + drawing);
            at += drawing;
            continue;
        }
        if rows > 0 {
            mark(lines, at, at + rows, Class::Table);
            push(objects, lines, ObjectKind::Table, at, at + rows);
            at += rows;
            continue;
        }
        let drawn = rest.iter().take_while(|line| any && !plain(line)).count();
        if drawn >= 3 {
            mark(lines, at, at + drawn, Class::Art);
            push(objects, lines, ObjectKind::Art, at, at + drawn);
            at += drawn;
            continue;
        }
        if rest.first().is_some_and(|line| line.class == Class::Item) {
            // an item's further lines belong to it
            let next = rest.iter().position(|line| line.class == Class::Text && line.indent == 0);
            let items = next.unwrap_or(rest.len()).max(1);
            push(objects, lines, ObjectKind::List, at, at + items);
            at += items;
            continue;
        }
        let code = rest
            .iter()
            .take_while(|line| line.class == Class::Text && super::lines::is_codey(line.of(text)))
            .count();
        if code > 0 {
            push(objects, lines, ObjectKind::Codey, at, at + code);
        }
        at += code.max(1);
    }
    end
}

/// How many of the first lines are one drawing: more lines than letters, up to a label or to prose.
fn drawing(text: &str, lines: &[Line]) -> usize {
    let (mut all, mut drawn, mut last) = (0, 0, 0);
    for line in lines.iter().take(LOOK_ROWS) {
        let full = line.of(text);
        let is_drawn = super::lines::is_drawn(full);
        let prose = !is_drawn && line.gaps == 0 && line.width() > DRAWING_WORDS_BYTES;
        // prose, and a line that comes long before anything is drawn, is none
        if prose || (drawn == 0 && all >= DRAWING_STARTS_WITHIN) {
            break;
        }
        if all > 0 && super::captions::looks_like_label(full.trim_start()) {
            break;
        }
        all += 1;
        drawn += usize::from(is_drawn);
        last = all;
    }
    if drawn >= 3 && drawn * 2 > last { last } else { 0 }
}

/// How many of the first lines are the rows of one table.
fn rows(text: &str, lines: &[Line]) -> usize {
    let Some(first) = lines.first() else { return 0 };
    let start = first.of(text).trim_start();
    let plain = first.pipes == 0 && first.gaps == 0 && first.tabs == 0 && first.commas < 2;
    if plain && start.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return 0;
    }
    if start.starts_with("+-") || start.starts_with("+=") {
        let row = |line: &&Line| line.of(text).trim_start().starts_with(['+', '|']);
        let count = lines.iter().take_while(row).count();
        return if count >= 3 { count } else { 0 };
    }
    if first.pipes > 0 {
        let rows = lines.iter().take(LOOK_ROWS).take_while(|line| line.pipes > 0).count();
        let ruled = lines.iter().take(rows).any(|line| is_rule_row(line.of(text)));
        let edged = lines.iter().take(rows).filter(|l| l.of(text).trim_start().starts_with('|'));
        if rows >= 2 && (ruled || edged.count() * 2 > rows || (rows >= ROWS_MIN && first.pipes > 1))
        {
            return lines.iter().take_while(|line| line.pipes > 0).count();
        }
        // rows with rules of nothing but dashes between them
        if lines.get(1).is_some_and(|line| is_plain_rule(line.of(text))) {
            let row = |line: &&Line| line.pipes > 0 || is_plain_rule(line.of(text));
            let rows = lines.iter().take(LOOK_ROWS).take_while(row);
            if rows.filter(|line| line.pipes > 0).count() >= 2 {
                return lines.iter().take_while(row).count();
            }
        }
    }
    let boxed = |line: &&Line| {
        let line = line.of(text).trim_start();
        line.starts_with(|c: char| ('\u{2500}'..='\u{257f}').contains(&c))
    };
    let drawn = lines.iter().take_while(boxed).count();
    if drawn >= 3 {
        return drawn;
    }
    if is_column_rule(start) {
        let ends =
            lines.iter().skip(1).rposition(|line| is_column_rule(line.of(text).trim_start()));
        if let Some(last) = ends {
            return last + 2;
        }
    }
    // the rule of a table may stand below its head
    let below = lines.get(1).map_or("", |line| line.of(text).trim_start());
    if first.gaps > 0 && below.starts_with("--") && is_column_rule(below) {
        return lines.len();
    }
    aligned(lines).max(separated(lines)).max(tabbed(lines))
}

/// Rows whose second column begins below the one before, or that have several columns.
fn aligned(lines: &[Line]) -> usize {
    let count = lines.iter().take(LOOK_ROWS).take_while(|line| line.gaps > 0).count();
    if count < ROWS_MIN {
        return 0;
    }
    let rows = lines.get(..count).unwrap_or_default();
    let wide = rows.iter().filter(|line| line.gaps > 1).count();
    let column = rows.first().map_or(0, |line| line.column);
    let level = rows.iter().filter(|line| line.column == column).count();
    let level_to_next =
        rows.iter().zip(rows.iter().skip(1)).filter(|(a, b)| a.column == b.column).count();
    if wide * 5 >= count * 3 || level * 5 >= count * 3 || level_to_next * 2 > count {
        lines.iter().take_while(|line| line.gaps > 0).count()
    } else {
        0
    }
}

/// Rows with the same number of tabs.
fn tabbed(lines: &[Line]) -> usize {
    let tabs = lines.first().map_or(0, |line| line.tabs);
    if tabs == 0 {
        return 0;
    }
    let rows = lines.iter().take_while(|line| line.tabs == tabs).count();
    if rows >= 2 { rows } else { 0 }
}

/// Rows with the same number of commas or semicolons that no space follows.
fn separated(lines: &[Line]) -> usize {
    let commas = lines.first().map_or(0, |line| line.commas);
    if commas < 2 {
        return 0;
    }
    let rows = lines.iter().take_while(|line| line.commas == commas).count();
    if rows >= ROWS_MIN { rows } else { 0 }
}

/// `|---|:--:|`, `-----+-----`.
fn is_rule_row(line: &str) -> bool {
    line.contains("--")
        && line.chars().all(|c| matches!(c, '|' | '-' | ':' | ' ' | '+' | '=' | '\t'))
}

/// `----------`, as wide as a row.
fn is_plain_rule(line: &str) -> bool {
    let line = line.trim();
    line.len() >= 10 && line.bytes().all(|b| matches!(b, b'-' | b'=' | b'_'))
}

/// `====  ====`, the rule of a simple table.
fn is_column_rule(line: &str) -> bool {
    let mut groups = 0;
    let mut last = ' ';
    for c in line.trim_end().chars() {
        if !matches!(c, '=' | '-' | ' ') {
            return false;
        }
        groups += u32::from(c != ' ' && last == ' ');
        last = c;
    }
    groups >= 2
}

/// Runs of short lines that are no list and no sentence, blank lines between them or not.
fn flattened(text: &str, lines: &[Line], objects: &mut Vec<TargetObject>) {
    let mut start = None;
    let (mut cells, mut last) = (0, 0);
    let mut finish = |start: &mut Option<usize>, cells: &mut usize, last: usize| {
        if let Some(first) = start.take()
            && *cells >= FLAT_CELLS_MIN
        {
            push(objects, lines, ObjectKind::Flat, first, last + 1);
        }
        *cells = 0;
    };
    for (index, line) in lines.iter().enumerate() {
        if line.class == Class::Blank {
            if index > last + 2 {
                finish(&mut start, &mut cells, last);
            }
            continue;
        }
        let cell = line.class == Class::Text
            && line.width() <= FLAT_CELL_BYTES
            && !line.of(text).ends_with(['.', ':', ';', ',', '!', '?', '。', '：']);
        if cell {
            start.get_or_insert(index);
            cells += 1;
            last = index;
        } else {
            finish(&mut start, &mut cells, last);
        }
    }
    finish(&mut start, &mut cells, last);
}

fn mark(lines: &mut [Line], from: usize, to: usize, class: Class) {
    for line in lines.get_mut(from..to).unwrap_or_default() {
        line.class = class;
    }
}

/// Adds the object of the lines from `from` up to, not including, `to`.
pub(super) fn push(
    objects: &mut Vec<TargetObject>,
    lines: &[Line],
    kind: ObjectKind,
    from: usize,
    to: usize,
) {
    let Some((first, last)) = lines.get(from).zip(lines.get(to.saturating_sub(1))) else { return };
    let cut = |line: usize| u32::try_from(line).unwrap_or(u32::MAX);
    objects.push(TargetObject {
        kind,
        first: cut(from),
        last: cut(to.saturating_sub(1)),
        start: first.start as usize,
        end: last.end as usize,
    });
}
