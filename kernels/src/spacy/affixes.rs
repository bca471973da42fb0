//! What is peeled off the ends of a run.

use crate::char_class::is_icon;

/// Marks that are peeled off both ends.
fn is_outer_mark(c: char) -> bool {
    match c {
        ',' | ':' | ';' | '!' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '<' | '>' | '_' | '#'
        | '*' | '&' | '…' | '¿' | '؟' | '¡' | '。' | '？' | '！' | '，' | '、' | '；' | '：'
        | '～' | '·' | '।' | '،' | '۔' | '؛' | '٪' => true,
        _ => is_quote(c),
    }
}

/// Quotes, the brackets that go with them and, as spaCy has it, the comma.
pub(super) fn is_quote(c: char) -> bool {
    matches!(
        c,
        '\'' | '"' | ',' | '`' | '”' | '“' | '‘' | '´' | '’' | '‚' | '„' | '«' | '»' | '「'
            ..='』'
                | '（'
                | '）'
                | '〔'
                | '〕'
                | '【'
                | '】'
                | '《'
                | '》'
                | '〈'
                | '〉'
                | '\u{2329}'
                | '\u{232a}'
                | '⟦'
                | '⟧'
    )
}

fn is_currency(c: char) -> bool {
    matches!(c, '$' | '£' | '€' | '¥' | '฿' | '﷼' | '\u{20a0}'..='\u{20bf}')
}

/// The bytes at the start of `run` that are peeled off; 0 for none.
pub(super) fn prefix(run: &str) -> usize {
    let mut chars = run.chars();
    let Some(first) = chars.next() else { return 0 };
    match first {
        'U' if run.starts_with("US$") => 3,
        'C' | 'A' if run.as_bytes().get(1) == Some(&b'$') => 2,
        'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '/' => 0,
        '%' | '=' => 1,
        '+' => usize::from(!chars.next().is_some_and(|c| c.is_ascii_digit())),
        '.' => {
            let dots = run.bytes().take_while(|byte| *byte == b'.').count();
            if dots > 1 { dots } else { 0 }
        }
        '§' | '—' | '–' => first.len_utf8(),
        c if is_outer_mark(c) || is_currency(c) || is_icon(c) => c.len_utf8(),
        _ => 0,
    }
}

/// The bytes at the end of `run` that are peeled off; 0 for none.
pub(super) fn suffix(run: &str) -> usize {
    let mut back = run.chars().rev();
    let Some(last) = back.next() else { return 0 };
    let before = back.next();
    match last {
        '.' => dots(run, before, back.next()),
        's' | 'S' => match before {
            Some('\'') => 2,
            Some('’') => 4,
            _ => after_digit(run),
        },
        'a'..='z' | 'A'..='Z' => after_digit(run),
        '0'..='9' | '-' | '=' | '/' => 0,
        '…' if before == Some('…') => 6,
        '+' => usize::from(before.is_some_and(|c| c.is_ascii_digit())),
        '—' | '–' => last.len_utf8(),
        c if is_outer_mark(c) || is_icon(c) => c.len_utf8(),
        _ => after_digit(run),
    }
}

/// The dots at the end: two and more always, one only after what ends a sentence.
fn dots(run: &str, before: Option<char>, second: Option<char>) -> usize {
    let Some(c) = before else { return 0 };
    if c == '.' {
        return run.bytes().rev().take_while(|byte| *byte == b'.').count();
    }
    let peeled = c.is_ascii_digit()
        || matches!(c, '%' | '²' | '-' | '+' | '|')
        || is_outer_mark(c)
        || is_lower(c)
        || (is_upper(c) && second.is_some_and(is_upper))
        || (second == Some('°') && matches!(c, 'F' | 'C' | 'K'));
    usize::from(peeled)
}

/// The longest unit.
const UNIT_BYTES: usize = "мбар".len();

/// The bytes of a unit or currency that directly follows a digit.
fn after_digit(run: &str) -> usize {
    let mut back = run.bytes().rev().take(UNIT_BYTES + 1);
    let Some(length) = back.position(|byte| byte.is_ascii_digit()) else { return 0 };
    let tail = run.get(run.len() - length..).unwrap_or_default();
    if is_unit(tail) { length } else { 0 }
}

fn is_unit(tail: &str) -> bool {
    let mut chars = tail.chars();
    if let (Some(c), None) = (chars.next(), chars.next())
        && is_currency(c)
    {
        return true;
    }
    matches!(
        tail,
        "km" | "km²"
            | "km³"
            | "m"
            | "m²"
            | "m³"
            | "dm"
            | "dm²"
            | "dm³"
            | "cm"
            | "cm²"
            | "cm³"
            | "mm"
            | "mm²"
            | "mm³"
            | "ha"
            | "µm"
            | "nm"
            | "yd"
            | "in"
            | "ft"
            | "kg"
            | "g"
            | "mg"
            | "µg"
            | "t"
            | "lb"
            | "oz"
            | "m/s"
            | "km/h"
            | "kmh"
            | "mph"
            | "hPa"
            | "Pa"
            | "mbar"
            | "mb"
            | "MB"
            | "kb"
            | "KB"
            | "gb"
            | "GB"
            | "tb"
            | "TB"
            | "T"
            | "G"
            | "M"
            | "K"
            | "%"
            | "US$"
            | "C$"
            | "A$"
            | "км"
            | "км²"
            | "км³"
            | "м"
            | "м²"
            | "м³"
            | "дм"
            | "дм²"
            | "дм³"
            | "см"
            | "см²"
            | "см³"
            | "мм"
            | "мм²"
            | "мм³"
            | "нм"
            | "кг"
            | "г"
            | "мг"
            | "м/с"
            | "км/ч"
            | "кПа"
            | "Па"
            | "мбар"
            | "Кб"
            | "КБ"
            | "кб"
            | "Мб"
            | "МБ"
            | "мб"
            | "Гб"
            | "ГБ"
            | "гб"
            | "Тб"
            | "ТБ"
    )
}

/// A lower-case letter, or one of a script without case.
pub(super) fn is_lower(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_lowercase() } else { c.is_alphabetic() && !c.is_uppercase() }
}

/// An upper-case letter, or one of a script without case.
pub(super) fn is_upper(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_uppercase() } else { c.is_alphabetic() && !c.is_lowercase() }
}
