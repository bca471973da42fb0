//! Numbers in every form, and lists and ranges of them.

use super::key::Key;
use super::numerals::{circled, digit, ideographic, narrow, roman};
use super::words::{Words, char_at, first_word, head, skip_blank};

/// Keys that one list or range may give; a longer range keeps its ends.
const EXPANDED_MAX: u32 = 64;
/// Digits of one part of a number.
const DIGITS_MAX: usize = 4;
/// Parts of a dotted number.
const PARTS_MAX: usize = 6;

/// How numbers are read after one noun.
pub(super) struct Grammar<'a> {
    /// Lists and ranges may follow.
    pub(super) many: bool,
    /// The noun has a capital, so number words and single letters are numbers.
    pub(super) capital: bool,
    /// Number words, from one on.
    pub(super) words: &'a [String],
    /// Words between the numbers of a list.
    pub(super) and: &'a Words,
    /// Words between the ends of a range.
    pub(super) to: &'a Words,
    /// Words are written without spaces.
    pub(super) unspaced: bool,
    /// Words that make the number a quantity.
    pub(super) units: &'a Words,
}

/// Where the numbers end, and whether a hyphen in the first may mean a range.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Read {
    /// The byte after the last number.
    pub(super) end: usize,
    /// `2-3` may be a range as well as chapter 2, number 3.
    pub(super) or_range: bool,
}

#[derive(Clone, Copy)]
struct One {
    key: Key,
    end: usize,
    dashed: bool,
}

/// Reads the numbers at `at` into `keys`; nothing where there is none.
pub(super) fn read(
    text: &str,
    at: usize,
    grammar: &Grammar<'_>,
    keys: &mut Vec<Key>,
    lower: &mut String,
) -> Option<Read> {
    keys.clear();
    let open = char_at(text, at).is_some_and(|c| c == '(' || c == '（');
    let first_at = if open { at + char_at(text, at)?.len_utf8() } else { at };
    let first = one(text, first_at, grammar, lower)?;
    if is_year(first.key) || (first.dashed && is_shelf_mark(first.key)) {
        return None;
    }
    let mut end = first.end;
    let or_range = first.dashed && !grammar.many;
    if first.dashed && grammar.many && is_rising(first.key) && !follows_dashed(text, end) {
        let text = first.key.as_str();
        let (from, to) = text.split_once('.')?;
        expand(Key::new(from), Key::new(to), keys);
    } else {
        keys.push(first.key);
    }
    if open {
        end += char_at(text, end).filter(|c| matches!(c, ')' | '）'))?.len_utf8();
    }
    end = follow(text, end, grammar, keys, lower);
    (!is_quantity(text, end, grammar, lower)).then_some(Read { end, or_range })
}

/// Reads further numbers of a list or range; gives the end of the last.
fn follow(
    text: &str,
    mut end: usize,
    grammar: &Grammar<'_>,
    keys: &mut Vec<Key>,
    lower: &mut String,
) -> usize {
    while keys.len() < EXPANDED_MAX as usize {
        let Some((range, next)) = separator(text, end, grammar, lower) else { break };
        if let Some((key, to)) = part_letter(text, next, end, keys) {
            let last = keys.last().copied().unwrap_or_default();
            if range {
                expand(last, key, keys);
            } else {
                keys.push(key);
            }
            end = to;
            continue;
        }
        let spaced_dash = range && text.get(end..next).is_some_and(|gap| gap.contains('-'));
        if !grammar.many && (!range || spaced_dash) {
            break;
        }
        let open = char_at(text, next).is_some_and(|c| c == '(' || c == '（');
        let from = if open { next + char_at(text, next).map_or(1, char::len_utf8) } else { next };
        let plain = Grammar { capital: false, ..*grammar };
        let Some(one) = one(text, from, &plain, lower) else { break };
        if !one.key.as_str().contains(|c: char| c.is_ascii_digit()) {
            break;
        }
        let mut to = one.end;
        if open {
            match char_at(text, to) {
                Some(c @ (')' | '）')) => to += c.len_utf8(),
                _ => break,
            }
        }
        if is_quantity(text, to, grammar, lower) {
            break;
        }
        let last = keys.last().copied().unwrap_or_default();
        if range {
            if last.series() != one.key.series() || one.key.ordinal() <= last.ordinal() {
                break;
            }
            expand(last, one.key, keys);
        } else if one.dashed && is_rising(one.key) && !last.as_str().contains('.') {
            let (from, to) = one.key.as_str().split_once('.').unwrap_or_default();
            keys.push(Key::new(from));
            expand(Key::new(from), Key::new(to), keys);
        } else {
            keys.push(one.key);
        }
        end = to;
    }
    end
}

/// A separator after a number: whether it is a range's, and where the next number begins.
fn separator(
    text: &str,
    end: usize,
    grammar: &Grammar<'_>,
    lower: &mut String,
) -> Option<(bool, usize)> {
    let mut at = skip_blank(text, end);
    let c = char_at(text, at)?;
    if matches!(c, '–' | '-' | '‐' | '‑' | '−' | '～' | '〜') {
        return Some((true, skip_blank(text, at + c.len_utf8())));
    }
    let mut found = None;
    if matches!(c, ',' | '、' | '，' | ';') {
        at = skip_blank(text, at + c.len_utf8());
        found = Some((false, at));
    }
    let rest = text.get(at..)?;
    if grammar.unspaced {
        for (set, range) in [(grammar.and, false), (grammar.to, true)] {
            if let Some(word) = set.exact().find(|word| rest.starts_with(*word)) {
                return Some((range, skip_blank(text, at + word.len())));
            }
        }
        return found;
    }
    if c == '&' {
        return Some((false, skip_blank(text, at + 1)));
    }
    if let Some(bytes) = grammar.and.prefix(rest, lower) {
        return Some((false, skip_blank(text, at + bytes)));
    }
    if let Some(bytes) = grammar.to.prefix(rest, lower) {
        return Some((true, skip_blank(text, at + bytes)));
    }
    found
}

/// A further part letter, the `b` of `3a,b`: its key, and where it ends.
fn part_letter(text: &str, at: usize, end: usize, keys: &[Key]) -> Option<(Key, usize)> {
    let last = keys.last()?;
    if last.base() == *last || at > end + 4 {
        return None;
    }
    let letter = char_at(text, at).filter(char::is_ascii_alphabetic)?;
    if char_at(text, at + 1).is_some_and(char::is_alphanumeric) {
        return None;
    }
    let key = Key::new(&format!("{}{}", last.base(), letter.to_ascii_lowercase()));
    (key > *last).then_some((key, at + 1))
}

/// Whether the next number of a list is dashed too, so that dashes mark chapters.
fn follows_dashed(text: &str, end: usize) -> bool {
    let rest = head(text.get(end..).unwrap_or_default(), 12);
    let digits = rest.find(|c: char| c.is_ascii_digit());
    let number = digits.and_then(|at| rest.get(at..)).unwrap_or_default();
    let after = number.trim_start_matches(|c: char| c.is_ascii_digit());
    after.starts_with('-')
        && after.get(1..).is_some_and(|d| d.starts_with(|c: char| c.is_ascii_digit()))
}

/// Whether a key is rather a year.
fn is_year(key: Key) -> bool {
    let key = key.as_str();
    // "2.11" is between the two as well
    key.len() == 4 && key.bytes().all(|b| b.is_ascii_digit()) && ("1700".."2100").contains(&key)
}

/// Whether a key with dashes is rather a shelf mark: `146-1972-093`.
fn is_shelf_mark(key: Key) -> bool {
    let first = key.as_str().split('.').next().unwrap_or_default();
    first.len() > 2 && first.bytes().all(|b| b.is_ascii_digit())
}

/// Whether a dashed key can be a range: `2-3`, not `3-2`, not `1-2-3`.
fn is_rising(key: Key) -> bool {
    let Some((from, to)) = key.as_str().split_once('.') else { return false };
    matches!((from.parse::<u32>(), to.parse::<u32>()), (Ok(from), Ok(to)) if from < to)
}

/// Adds the keys after `from` up to `to`; `from` itself where the list is empty.
fn expand(from: Key, to: Key, keys: &mut Vec<Key>) {
    if keys.is_empty() {
        keys.push(from);
    }
    let (a, b) = (from.as_str(), to.as_str());
    if from.base() != from && from.base() == to.base() {
        let (first, last) = (a.bytes().last().unwrap_or(b'a'), b.bytes().last().unwrap_or(b'a'));
        for letter in first.saturating_add(1)..=last {
            keys.push(Key::new(&format!("{}{}", from.base(), char::from(letter))));
        }
        return;
    }
    if let (Some(first), Some(last)) = (from.ordinal(), to.ordinal())
        && last.saturating_sub(first) <= EXPANDED_MAX
    {
        let series = from.series();
        for number in first.saturating_add(1)..last {
            keys.push(Key::new(&format!("{series}{number}")));
        }
    }
    keys.push(to);
}

/// Reads one number.
fn one(text: &str, at: usize, grammar: &Grammar<'_>, lower: &mut String) -> Option<One> {
    let rest = head(text.get(at..)?, 64);
    if let Some(one) = dotted(rest, at) {
        return Some(one);
    }
    if let Some((number, len)) = ideographic(rest) {
        return Some(One { key: Key::number(number), end: at + len, dashed: false });
    }
    let word = first_word(rest);
    // particles of Korean and Japanese are glued to letters
    let glued = word.find(|c: char| c > '\u{2e7f}').filter(|at| *at > 0);
    let word = glued.and_then(|at| word.get(..at)).unwrap_or(word);
    if !grammar.capital && !grammar.unspaced {
        return None;
    }
    let plain = word.split(['-', '\'', '’']).next().unwrap_or(word);
    let whole = plain.len() == word.len();
    let key = if let Some(number) = roman(plain).filter(|_| whole) {
        Key::number(number)
    } else if whole && plain.len() == 1 && plain.bytes().all(|b| b.is_ascii_uppercase()) {
        Key::new(plain)
    } else if plain.len() > 1 && whole {
        let index = grammar.words.iter().position(|known| {
            super::words::fold(plain, lower);
            *lower == *known
        })?;
        Key::number(u32::try_from(index).ok()? + 1)
    } else {
        return None;
    };
    Some(One { key, end: at + plain.len(), dashed: false })
}

/// `12`, `3.2`, `3-2`, `A.1`, `S1`, `1a`, `1(a)`, `１`, `①`, `1—figure supplement 2`.
fn dotted(rest: &str, at: usize) -> Option<One> {
    let mut label = String::new();
    let mut chars = rest.char_indices().peekable();
    let (_, first) = *chars.peek()?;
    if let Some(number) = circled(first) {
        let key = Key::number(number);
        return Some(One { key, end: at + first.len_utf8(), dashed: false });
    }
    if first.is_ascii_uppercase() || ('Ａ'..='Ｚ').contains(&first) {
        label.push(narrow(first));
        chars.next();
        if let Some((_, c)) = chars.peek().copied()
            && matches!(c, '.' | '-')
        {
            label.push('.');
            chars.next();
        }
    }
    let mut end = 0;
    let mut dashed = false;
    for part in 0..PARTS_MAX {
        let digits = label.len();
        while let Some((offset, c)) = chars.peek().copied() {
            let Some(digit) = digit(c) else { break };
            label.push(digit);
            end = offset + c.len_utf8();
            chars.next();
            if label.len() - digits > DIGITS_MAX {
                return None;
            }
        }
        if label.len() == digits {
            if part == 0 {
                return None;
            }
            label.pop();
            break;
        }
        let tail = rest.get(end..)?;
        let mut next = tail.chars();
        let (mark, then) = (next.next(), next.next());
        if !matches!(mark, Some('.' | '-' | '‑' | '．' | '·' | '－'))
            || then.and_then(digit).is_none()
        {
            break;
        }
        dashed |= matches!(mark, Some('-' | '‑' | '－'));
        label.push('.');
        chars.next();
    }
    let (suffix, more) = part(rest.get(end..)?);
    label.extend(suffix);
    end += more;
    let after = rest.get(end..)?;
    // dimensions are no parts
    if rest.get(..end).is_some_and(|number| matches!(number, "2D" | "3D" | "4D" | "2d" | "3d")) {
        return None;
    }
    if let Some((number, more)) = supplement(after) {
        label.push_str(&format!("-s{number}"));
        end += more;
    } else if after.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_') {
        return None;
    }
    Some(One { key: Key::new(&label), end: at + end, dashed })
}

/// A part letter after a number, and its bytes: `a`, `A`, `(a)`.
fn part(after: &str) -> (Option<char>, usize) {
    let mut chars = after.chars();
    let ends = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() || !c.is_ascii());
    match (chars.next(), chars.next(), chars.next()) {
        (Some('('), Some(c @ 'a'..='h'), Some(')')) => (Some(c), 3),
        (Some(c @ ('a'..='z' | 'A'..='H')), next, _) if ends(next) => {
            (Some(c.to_ascii_lowercase()), 1)
        }
        _ => (None, 0),
    }
}

/// `—figure supplement 2` after a number, and its bytes.
fn supplement(after: &str) -> Option<(u32, usize)> {
    let rest = after.strip_prefix(['—', '–', '-'])?;
    let words = ["figure supplement ", "source data ", "table supplement "];
    let number = words.iter().find_map(|word| rest.strip_prefix(word))?;
    let digits = number.bytes().take_while(u8::is_ascii_digit).count();
    let value = number.get(..digits)?.parse().ok()?;
    Some((value, after.len() - number.len() + digits))
}

/// Whether what stands at `end` makes the number a quantity or a time.
fn is_quantity(text: &str, end: usize, grammar: &Grammar<'_>, lower: &mut String) -> bool {
    let rest = text.get(end..).unwrap_or_default();
    let mut chars = rest.chars();
    let (first, second) = (chars.next(), chars.next());
    match first {
        Some('%' | '+' | '°' | '€' | '$' | '£' | '=' | '^' | '@' | '_' | '[') => true,
        Some(':' | '/' | ',' | '\\' | '×' | '.') if second.is_some_and(|c| c.is_ascii_digit()) => {
            // "Tables 1,2" is a list, "1,200" a quantity
            first != Some(',')
                || rest.bytes().skip(1).take(4).take_while(u8::is_ascii_digit).count() == 3
        }
        // a part of a name: Bild 135-S
        Some('-') => second.is_some_and(char::is_alphanumeric),
        Some(c) if c.is_ascii_alphanumeric() => true,
        _ => {
            let at = skip_blank(text, end);
            text.get(at..).is_some_and(|rest| {
                rest.starts_with('%') || grammar.units.prefix(rest, lower).is_some()
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str, many: bool) -> Vec<String> {
        let words = ["one", "two", "three"].map(str::to_owned);
        let set =
            |forms: &[&str]| Words::new(&forms.iter().map(ToString::to_string).collect::<Vec<_>>());
        let (and, to, units) = (set(&["and", "or"]), set(&["to"]), set(&["million"]));
        let grammar = Grammar {
            many,
            capital: true,
            words: &words,
            and: &and,
            to: &to,
            unspaced: false,
            units: &units,
        };
        let mut keys = Vec::new();
        let read = read(text, 0, &grammar, &mut keys, &mut String::new());
        if read.is_none() { Vec::new() } else { keys.iter().map(ToString::to_string).collect() }
    }

    #[test]
    fn every_form() {
        for (text, key) in [
            ("12", "12"),
            ("3.2.", "3.2"),
            ("3-2", "3.2"),
            ("A.1", "A.1"),
            ("B.", "B"),
            ("IV", "4"),
            ("II shows", "2"),
            ("Two", "2"),
            ("S1", "S1"),
            ("1a", "1a"),
            ("1B", "1b"),
            ("1(a)", "1a"),
            ("１２", "12"),
            ("三", "3"),
            ("十二", "12"),
            ("③", "3"),
            ("١", "1"),
            ("(3)", "3"),
            ("1—figure supplement 2", "1-s2"),
        ] {
            assert_eq!(keys(text, false), [key], "{text}");
        }
    }

    #[test]
    fn lists_and_ranges() {
        for (text, expected) in [
            ("2 and 4-6", "2 4 5 6"),
            ("1–3", "1 2 3"),
            ("1 to 3 show", "1 2 3"),
            ("2, 3a,b and 5", "2 3a 3b 5"),
            ("1A–C", "1a 1b 1c"),
            ("1, 2 and 10 million", "1 2"),
            ("(1) and (2)", "1 2"),
            ("A.1 to A.3", "A.1 A.2 A.3"),
            ("3.1, 3.2, and 3.4", "3.1 3.2"),
        ] {
            let found = keys(text, true).join(" ");
            if text.contains(", and") {
                assert!(found.starts_with(expected), "{text}: {found}");
            } else {
                assert_eq!(found, expected, "{text}");
            }
        }
        assert_eq!(keys("1-1000000", true).len(), 0);
        assert_eq!(keys("1-9999", true), ["1", "9999"]);
    }

    #[test]
    fn quantities_are_no_numbers() {
        for text in ["5%", "3 million", "20+", "1,200", "10:30", "1/2", "5th", "12345", "x", "a"] {
            assert_eq!(keys(text, false), [""; 0], "{text}");
        }
    }
}
