//! `phone_number_count`: telephone numbers.

use std::cell::Cell;

use super::{DigitRun, byte, count, evidence, is_word, word_at, word_before};
use crate::annotators::{Example, Measure, ValueType};

/// The annotator `phone_number_count`.
pub(in crate::annotators) const PHONE_NUMBER_COUNT: Measure = Measure {
    name: "phone_number_count",
    value_type: ValueType::Int,
    unit: "numbers",
    range: (0.0, f64::INFINITY),
    definition: "Telephone numbers that can be told from other numbers: `+`, an assigned country \
        code and as many digits as that country dials; ten digits of North America as \
        `(212) 555-0123`, `212-555-0123` or `212.555.0123`, with or without `1` before them; French \
        ones as `01 23 45 67 89`; British ones as `020 7946 0958` or `07700 900123`; a German code in \
        brackets, `(030) 1234567`; and 7 to 15 digits in groups behind a word such as `phone`, `fax` \
        or `Tel.`. Dates, addresses of machines and numbers within longer ones are none.",
    source: "tamis; country codes and lengths: ITU-T E.164 and the national numbering plans",
    examples: &[
        Example::int("Call +49 30 1234567, (212) 555-0123 or 212-555-0123.", 3),
        Example::int("Tel.: 030/123 45 67, mobile 07700 900123, 01 42 68 53 00", 3),
        Example::int("ISBN 978-3-16-148410-0, 2004-05-06, 1.2.3.4567, 123-45-6789, 555-0123", 0),
        Example::int("+1 212 555 01234567 +999 123456789 +40.7127753 0212-555-0123", 0),
    ],
    measure: |document| count(document, true, find),
    evidence: |document| evidence(document, true, find),
};

/// Country codes of one and two digits with the digits that follow them, at least and at most.
const COUNTRIES: &[(&str, usize, usize)] = &[
    ("1", 10, 10),
    ("7", 10, 10),
    ("20", 8, 10),
    ("27", 9, 9),
    ("30", 10, 10),
    ("31", 9, 9),
    ("32", 8, 9),
    ("33", 9, 9),
    ("34", 9, 9),
    ("36", 8, 9),
    ("39", 8, 11),
    ("40", 9, 9),
    ("41", 9, 9),
    ("43", 7, 12),
    ("44", 9, 10),
    ("45", 8, 8),
    ("46", 7, 9),
    ("47", 8, 8),
    ("48", 9, 9),
    ("49", 7, 12),
    ("51", 8, 9),
    ("52", 10, 11),
    ("53", 8, 8),
    ("54", 10, 11),
    ("55", 10, 11),
    ("56", 9, 9),
    ("57", 8, 10),
    ("58", 10, 10),
    ("60", 8, 10),
    ("61", 9, 9),
    ("62", 8, 12),
    ("63", 8, 10),
    ("64", 8, 10),
    ("65", 8, 8),
    ("66", 8, 9),
    ("81", 9, 10),
    ("82", 8, 10),
    ("84", 9, 10),
    ("86", 10, 11),
    ("90", 10, 10),
    ("91", 10, 10),
    ("92", 9, 10),
    ("93", 9, 9),
    ("94", 9, 9),
    ("95", 8, 10),
    ("98", 10, 10),
];
/// Country codes of three digits, from and to.
const LONG_CODES: &[(u16, u16)] = &[
    (211, 213),
    (216, 216),
    (218, 218),
    (220, 258),
    (260, 269),
    (290, 291),
    (297, 299),
    (350, 359),
    (370, 383),
    (385, 387),
    (389, 389),
    (420, 421),
    (423, 423),
    (500, 509),
    (590, 599),
    (670, 670),
    (672, 683),
    (685, 692),
    (800, 800),
    (808, 808),
    (850, 850),
    (852, 853),
    (855, 856),
    (870, 870),
    (880, 883),
    (886, 886),
    (960, 968),
    (970, 977),
    (979, 979),
    (992, 996),
    (998, 998),
];
/// Digits behind a country code of three digits, at least and at most.
const LONG_CODE_DIGITS: (usize, usize) = (6, 10);
/// Digits behind a word that announces a number, at least and at most.
const ANNOUNCED_DIGITS: (usize, usize) = (7, 15);
/// Groups of digits of one number.
const GROUPS_MAX: usize = 8;

/// Words that announce a number.
const CUES: &[&str] = &[
    "phone",
    "phones",
    "telephone",
    "tel",
    "fax",
    "facsimile",
    "mobile",
    "mob",
    "cell",
    "cellphone",
    "whatsapp",
    "hotline",
    "telefon",
    "telefax",
    "tlf",
    "fon",
    "handy",
    "mobil",
    "mobiltelefon",
    "téléphone",
    "tél",
    "télécopie",
    "portable",
    "teléfono",
    "telefono",
    "telefone",
    "móvil",
    "cellulare",
    "telefoon",
    "puhelin",
    "telefonszám",
    "телефон",
    "тел",
    "факс",
];
/// Words between such a word and the number.
const FILLERS: &[&str] = &[
    "no",
    "nr",
    "num",
    "number",
    "numbers",
    "nummer",
    "numéro",
    "número",
    "numero",
    "номер",
    "is",
    "at",
];
/// How far before a number the word may stand.
const CUE_BACK: usize = 40;

/// Calls `found` with the bounds of each number.
pub(super) fn find(text: &str, runs: &[DigitRun], found: &mut dyn FnMut(usize, usize)) {
    let (mut at, mut last_end) = (0, 0);
    // each goes on in the next, so that all are numbers when the last one is
    let mut joined: Vec<(usize, usize)> = Vec::new();
    while at < runs.len() {
        let view = View { text, runs: &runs[at..], last_end, goes_on: Cell::new(None) };
        let number = view.number();
        let next = number.or(view.goes_on.get());
        let ended = joined.last().map_or(0, |(_, end)| *end);
        if next.is_some_and(|(start, _)| start > ended && start != ended + 1) {
            joined.clear();
        }
        match (number, view.goes_on.get()) {
            (Some((start, end)), _) => {
                if start == ended + 1 {
                    for (start, end) in &joined {
                        found(*start, *end);
                    }
                }
                joined.clear();
                found(start, end);
                last_end = end;
                at += runs[at..].iter().take_while(|run| run.end <= end).count();
            }
            (None, Some((start, end))) => {
                if start >= ended {
                    joined.push((start, end));
                }
                at += 1;
            }
            (None, None) => at += 1,
        }
    }
}

/// The runs of digits from one that may begin a number.
struct View<'a> {
    text: &'a str,
    runs: &'a [DigitRun],
    /// Where the number before ended: what ends there is no part of this one.
    last_end: usize,
    /// What would be a number, if no digits came behind a mark at its end.
    goes_on: Cell<Option<(usize, usize)>>,
}

impl View<'_> {
    fn number(&self) -> Option<(usize, usize)> {
        let first = *self.runs.first()?;
        let before = first.start.checked_sub(1).map_or(0, |at| byte(self.text.as_bytes(), at));
        match before {
            b'+' => self.international(first).or_else(|| self.announced(first.start - 1)),
            b'(' => self
                .american_in_brackets(first)
                .or_else(|| self.german_in_brackets(first))
                .or_else(|| self.announced(first.start - 1)),
            _ => self
                .american(first)
                .or_else(|| self.french(first))
                .or_else(|| self.british(first))
                .or_else(|| self.announced(first.start)),
        }
    }

    fn bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    fn run(&self, at: usize) -> Option<DigitRun> {
        self.runs.get(at).copied()
    }

    /// What stands between a run and the next.
    fn gap(&self, at: usize) -> &str {
        match (self.run(at), self.run(at + 1)) {
            (Some(run), Some(next)) => self.text.get(run.end..next.start).unwrap_or_default(),
            _ => "",
        }
    }

    /// Whether a number may start at `start`: nothing before it belongs to it.
    fn starts(&self, start: usize) -> bool {
        let before = start.checked_sub(1).map_or(b' ', |at| byte(self.bytes(), at));
        start == self.last_end
            || !(b"-./+_=#&%@$,}\\".contains(&before) || word_before(self.text, start))
    }

    /// Whether a number from `start` may end at `end`.
    fn ends(&self, start: usize, end: usize) -> bool {
        let more = matches!(byte(self.bytes(), end), b'-' | b'.' | b'/' | b',' | b':')
            && byte(self.bytes(), end + 1).is_ascii_digit();
        if more {
            self.goes_on.set(self.goes_on.get().or(Some((start, end))));
        }
        !more && !word_at(self.text, end)
    }

    fn whole(&self, start: usize, end: usize) -> Option<(usize, usize)> {
        (self.starts(start) && self.ends(start, end)).then_some((start, end))
    }

    /// `+`, country code, number.
    fn international(&self, first: DigitRun) -> Option<(usize, usize)> {
        let start = first.start - 1;
        let digits = first.digits(self.text);
        let (code, least, most) = country(digits)?;
        let mut national = digits.get(code..)?.to_owned();
        let mut end = (least..=most).contains(&national.len()).then_some(first.end);
        let mut groups = 1;
        for at in 0..GROUPS_MAX {
            let (Some(run), gap) = (self.run(at + 1), self.gap(at)) else { break };
            if !is_gap(gap) {
                break;
            }
            // `+44 (0)20`: the zero is dialled at home only
            let in_brackets = gap.ends_with('(') && byte(self.bytes(), run.end) == b')';
            if in_brackets && run.digits(self.text) == "0" && national.is_empty() {
                continue;
            }
            if national.len() + run.len() > most {
                break;
            }
            national.push_str(run.digits(self.text));
            groups += 1;
            if national.len() >= least {
                end = Some(run.end);
            }
        }
        let end = end?;
        // `+40.7127753` is a decimal number
        let decimal = groups == 2 && self.gap(0) == ".";
        let plausible = if digits.starts_with('1') {
            is_american(&national)
        } else {
            national.bytes().any(|digit| Some(digit) != national.bytes().next())
        };
        (plausible && !decimal).then_some(())?;
        self.whole(start, end)
    }

    /// `212-555-0123`, `212.555.0123`, with `1` before it or not.
    fn american(&self, first: DigitRun) -> Option<(usize, usize)> {
        let skip = usize::from(first.digits(self.text) == "1");
        if skip == 1 && !matches!(self.gap(0), "-" | "." | " " | " (" | "-(") {
            return None;
        }
        let area = self.run(skip)?;
        if area.len() != 3 {
            return None;
        }
        let end = if skip == 1 && self.gap(0).ends_with('(') {
            self.american_rest(skip, &[") ", ")", ")-"])?
        } else {
            self.american_rest(skip, &["-", "."])
                .filter(|_| self.gap(skip) == self.gap(skip + 1))?
        };
        self.whole(first.start, end)
    }

    /// `(212) 555-0123`.
    fn american_in_brackets(&self, first: DigitRun) -> Option<(usize, usize)> {
        if first.len() != 3 {
            return None;
        }
        let end = self.american_rest(0, &[") ", ")", ")-"])?;
        self.whole(first.start - 1, end)
    }

    /// The end of the number whose area code is run `at`, with one of `gaps` behind it.
    fn american_rest(&self, at: usize, gaps: &[&str]) -> Option<usize> {
        let (area, exchange, line) = (self.run(at)?, self.run(at + 1)?, self.run(at + 2)?);
        if exchange.len() != 3 || line.len() != 4 || !gaps.contains(&self.gap(at)) {
            return None;
        }
        let parts = [area, exchange, line].map(|run| run.digits(self.text));
        let joined = matches!(self.gap(at + 1), "-" | "." | " ") && is_american(&parts.concat());
        joined.then_some(line.end)
    }

    /// `(030) 1234567`.
    fn german_in_brackets(&self, first: DigitRun) -> Option<(usize, usize)> {
        let code = first.digits(self.text);
        if !(3..=5).contains(&code.len()) || !code.starts_with('0') || code.starts_with("00") {
            return None;
        }
        if !matches!(self.gap(0), ") " | ")" | ")-" | ") / " | ")/") {
            return None;
        }
        let mut digits = 0;
        let mut end = first.end;
        for at in 1..GROUPS_MAX {
            let Some(run) = self.run(at) else { break };
            if at > 1 && !matches!(self.gap(at - 1), " " | "-") || digits + run.len() > 8 {
                break;
            }
            digits += run.len();
            end = run.end;
        }
        if digits < 4 { None } else { self.whole(first.start - 1, end) }
    }

    /// `01 23 45 67 89`.
    fn french(&self, first: DigitRun) -> Option<(usize, usize)> {
        let gap = self.gap(0);
        if first.len() != 2 || !matches!(gap, " " | "." | "-" | "\u{a0}" | "\u{202f}") {
            return None;
        }
        let pairs = self.runs.get(..5)?;
        if pairs.iter().any(|run| run.len() != 2) || (0..4).any(|at| self.gap(at) != gap) {
            return None;
        }
        let digits: Vec<&str> = pairs.iter().map(|run| run.digits(self.text)).collect();
        let values: Vec<u8> = digits.iter().filter_map(|pair| pair.parse().ok()).collect();
        // a list of numbers, or a row of a table
        let counts = values.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1));
        let goes_on = self.run(5).is_some_and(|run| run.len() == 2 && self.gap(4) == gap);
        let begun = self.text.get(..first.start)?;
        let begun = begun.strip_suffix(gap).is_some_and(|rest| {
            let digits = rest.bytes().rev().take_while(u8::is_ascii_digit).count();
            digits == 2 && rest.len() != self.last_end
        });
        let home = digits[0].starts_with('0') && digits[0] != "00";
        (home && !counts && !goes_on && !begun).then_some(())?;
        self.whole(first.start, pairs.last()?.end)
    }

    /// `020 7946 0958`, `0121 496 0123`, `01632 960123`, `07700 900123`, `07700 900 123`.
    fn british(&self, first: DigitRun) -> Option<(usize, usize)> {
        const FORMS: &[(&str, &[usize])] = &[
            ("02", &[3, 4, 4]),
            ("01", &[4, 3, 4]),
            ("01", &[5, 6]),
            ("07", &[5, 6]),
            ("07", &[5, 3, 3]),
        ];
        let digits = first.digits(self.text);
        let gap = self.gap(0);
        if !digits.starts_with('0') || !matches!(gap, " " | "-" | "\u{a0}") {
            return None;
        }
        let form = FORMS.iter().find(|(head, lengths)| {
            let runs = self.runs.get(..lengths.len()).unwrap_or_default();
            digits.starts_with(head)
                && runs.len() == lengths.len()
                && runs.iter().zip(*lengths).all(|(run, length)| run.len() == *length)
                && (1..lengths.len()).all(|at| self.gap(at - 1) == gap)
        })?;
        self.whole(first.start, self.run(form.1.len() - 1)?.end)
    }

    /// Groups of digits behind a word that announces a number; `start` is the byte of a plus or a
    /// bracket before the first group, or that of the group.
    fn announced(&self, start: usize) -> Option<(usize, usize)> {
        let first = self.run(0)?;
        let before = start.checked_sub(1).map(|at| byte(self.bytes(), at))?;
        if !(b" :.\t#-*|".contains(&before) || before >= 0x80) || !is_announced(self.text, start) {
            return None;
        }
        let (least, most) = ANNOUNCED_DIGITS;
        let (mut digits, mut end, mut groups) = (first.len(), first.end, 1);
        while groups < GROUPS_MAX {
            let (Some(run), gap) = (self.run(groups), self.gap(groups - 1)) else { break };
            let spaced = digits >= 9 && gap == " " && digits + run.len() > 11;
            if !is_gap(gap) || spaced || digits + run.len() > most {
                break;
            }
            digits += run.len();
            end = run.end;
            groups += 1;
        }
        let parts = self.runs.get(..groups)?;
        let sizes: Vec<usize> = parts.iter().map(|run| run.len()).collect();
        let year = |run: &DigitRun| {
            let digits = run.digits(self.text);
            digits.len() == 4 && (digits.starts_with("19") || digits.starts_with("20"))
        };
        let date = matches!(sizes[..], [4, 2, 2] | [2, 2, 4]) || parts.iter().all(year);
        let dotted = (1..groups).all(|at| self.gap(at - 1) == ".");
        let machine = groups == 4 && dotted && sizes.iter().all(|size| *size <= 3);
        let decimal = groups == 2 && dotted;
        ((least..=most).contains(&digits) && !date && !machine && !decimal).then_some(())?;
        self.ends(start, end).then_some((start, end))
    }
}

/// The length of the country code that `digits` start with, and how many may follow it.
fn country(digits: &str) -> Option<(usize, usize, usize)> {
    let short = COUNTRIES.iter().find(|(code, _, _)| digits.starts_with(code));
    if let Some((code, least, most)) = short {
        return Some((code.len(), *least, *most));
    }
    let code: u16 = digits.get(..3)?.parse().ok()?;
    let (least, most) = LONG_CODE_DIGITS;
    let known = LONG_CODES.iter().any(|(from, to)| (*from..=*to).contains(&code));
    known.then_some((3, least, most))
}

/// Ten digits that can be dialled in North America: area and exchange start with 2 to 9, and are
/// no service such as 911.
fn is_american(digits: &str) -> bool {
    let part = |part: &[u8]| matches!(part, [b'2'..=b'9', rest @ ..] if rest != b"11");
    let bytes = digits.as_bytes();
    bytes.len() == 10 && bytes.get(..3).is_some_and(part) && bytes.get(3..6).is_some_and(part)
}

/// What may stand between two groups of digits of one number.
fn is_gap(gap: &str) -> bool {
    const GAPS: &[&str] = &[
        " ",
        "-",
        ".",
        "/",
        ")",
        "(",
        ") ",
        " (",
        "-(",
        ")-",
        " - ",
        " / ",
        ") - ",
        ") / ",
        ")/",
        ".(",
        "\u{a0}",
        "\u{202f}",
        "\u{2010}",
        "\u{2011}",
        "\u{2013}",
        " \u{2013} ",
        ")\u{a0}",
        "\u{a0}(",
    ];
    GAPS.contains(&gap)
}

/// Whether a word that announces a number stands before `start`.
fn is_announced(text: &str, start: usize) -> bool {
    let signs = [' ', ':', '.', '\u{a0}', '\t', '#', '-', '*', '|', '(', '：'];
    let mut from = start.saturating_sub(CUE_BACK);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let mut before = text.get(from..start).unwrap_or_default();
    for _ in 0..2 {
        before = before.trim_end_matches(signs);
        let rest = before.trim_end_matches(char::is_alphabetic);
        let word = before.get(rest.len()..).unwrap_or_default().to_lowercase();
        if CUES.contains(&word.as_str()) {
            return !rest.ends_with(is_word);
        }
        if !FILLERS.contains(&word.as_str()) {
            return false;
        }
        before = rest;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::super::tests::found;
    use super::*;

    #[test]
    fn international_numbers_have_the_length_of_their_country() {
        for number in [
            "+49 30 1234567",
            "+44 (0)20 7946 0958",
            "+1 (212) 555-0123",
            "+1-212-555-0123",
            "+12125550123",
            "+33 1 42 68 53 00",
            "+41 44 668 18 00",
            "+354 551 2345",
            "+86 138 0013 8000",
            "+39 06 6982",
            "+7 495 123-45-67",
            "+420 222 333 444",
        ] {
            let expected = if number == "+39 06 6982" { vec![] } else { vec![number] };
            assert_eq!(found(find, &format!("at {number}, or")), expected, "{number}");
        }
        for text in [
            "+1 212 555 012",
            "+1 112 555 0123",
            "+1 911 555 0123",
            "+1 212 155 0123",
            "+33 1 42 68 53",
            "+999 123456789",
            "+49 111 1111111111111",
            "x+49301234567",
            "a +02:00",
            "+40.71277530",
            "+49 1111111",
            "+0 123456789",
            "+2147483648",
            "+4294967296",
        ] {
            assert!(found(find, text).is_empty(), "{text}");
        }
        // what goes on in a number is one, and what goes on in other digits is none
        let three = "07700 900123:07700 900123:07700 900123";
        assert_eq!(found(find, three), ["07700 900123"; 3]);
        assert!(found(find, "07700 900123:07700 900123:80").is_empty());
        // what follows a whole number is another one
        assert_eq!(found(find, "+1 212 555 0123 2000 of"), ["+1 212 555 0123"]);
    }

    #[test]
    fn national_forms() {
        for number in [
            "212-555-0123",
            "212.555.0123",
            "(212) 555-0123",
            "(212)555-0123",
            "1-212-555-0123",
            "1 (212) 555-0123",
            "01 42 68 53 00",
            "01.42.68.53.00",
            "020 7946 0958",
            "0121 496 0123",
            "01632 960123",
            "07700 900123",
            "(030) 1234567",
            "(089) 123 45 67",
        ] {
            assert_eq!(found(find, &format!("at {number}. Or")), [number], "{number}");
        }
        for text in [
            "123-45-6789",
            "212-555-01234",
            "3212-555-0123",
            "212-555-0123-4",
            "x212-555-0123",
            "212-555.0123",
            "111-555-0123",
            "212-111-0123",
            "01 02 03 04 05",
            "12 01 42 68 53 00",
            "01 42 68 53 00 17",
            "00 42 68 53 00",
            "f(030) 1234",
            "(030) 123",
            "0207 946 0958 1",
            "212 555 0123",
            "978-3-16-148410-0",
            "2004-05-06 12:30:00",
            "/212-555-0123",
            "550e8400-e29b-212-555-0123",
            "$212.555.0123",
        ] {
            assert!(found(find, text).is_empty(), "{text}");
        }
    }

    #[test]
    fn a_word_announces_other_forms() {
        for (text, number) in [
            ("Tel. 030 1234567", "030 1234567"),
            ("Telephone number: 555 0123", "555 0123"),
            ("**Phone:** 212 555 0123", "212 555 0123"),
            ("| Fax | 08-123 456 78 |", "08-123 456 78"),
            ("тел. 8 495 123-45-67", "8 495 123-45-67"),
            ("Phone: +1 555 0142", "+1 555 0142"),
            ("Tel. 030 12345678 12 to", "030 12345678"),
        ] {
            assert_eq!(found(find, text), [number], "{text}");
        }
        for text in [
            "phone 192.168.100.200",
            "fax 2004-05-06",
            "tel 1999-2001",
            "phone 123456",
            "hotel 1234567",
            "phone 1234567890123456",
            "phone\n1234567",
            "mobile 3.1415926",
            "telephones 12345678",
            "phone <number> 1234567",
        ] {
            assert!(found(find, text).is_empty(), "{text}");
        }
    }
}
