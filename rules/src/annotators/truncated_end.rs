//! `truncated_end`: a document that stops in the middle of a sentence.

use super::{Example, Measure, Value, ValueType};
use crate::document::Document;
use crate::language::has_no_spaces;

/// The annotator `truncated_end`.
pub(super) const TRUNCATED_END: Measure = Measure {
    name: "truncated_end",
    value_type: ValueType::Bool,
    unit: "true or false",
    range: (0.0, 1.0),
    definition: "Whether the text stops in the middle of a sentence: its last line is prose (at \
        least 8 words, or three times as many characters of scripts without spaces; no heading, \
        item, table row, code, address, date or notice) that ends in no mark which ends a sentence \
        in its script and in no bracket, while at least 0.9 of the prose among the 200 lines \
        before it, two lines or more, end in one. NULL where the other lines do not, or are too few.",
    source: "tamis",
    examples: &[
        Example { text: CUT, value: Value::Bool(true) },
        Example { text: WHOLE, value: Value::Bool(false) },
        Example::null("A line without a mark\nAnd another one without a mark"),
    ],
    measure: |document| {
        end_of(document.text()).map_or(Value::Null, |end| Value::Bool(end.truncated))
    },
    evidence,
};

const WHOLE: &str = "The river rises in the hills above the town and runs south.\n\nIt was used for \
                     mills until the railway came to the valley in the end.\n\nMost of the mills \
                     were closed when the price of grain had fallen.";
const CUT: &str = "The river rises in the hills above the town and runs south.\n\nIt was used for \
                   mills until the railway came to the valley in the end.\n\nMost of the mills were \
                   closed when the price of grain had";

fn evidence(document: &mut Document<'_>) -> Vec<(usize, usize)> {
    end_of(document.text()).filter(|end| end.truncated).map(|end| end.line).into_iter().collect()
}

/// Prose lines beside the last one that a text must have to be judged.
const LEAST_OTHERS: usize = 2;
/// Share of them that must end as sentences do.
const LEAST_ENDED: f64 = 0.9;
/// Prose lines looked at, the last ones of the text.
const MOST_LINES: usize = 200;
/// Weight of a line below which it may be a heading, a caption, a name: words, or a third of the
/// letters of scripts without spaces.
const LEAST_WEIGHT: usize = 8;

/// What the end of a text looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct End {
    /// Whether it stops in the middle of a sentence.
    truncated: bool,
    /// The bounds of its last line.
    line: (usize, usize),
}

/// How the text ends, none where its lines are not prose that ends in marks.
fn end_of(text: &str) -> Option<End> {
    let mut from_last = text.split('\n').rev().map(str::trim).filter(|line| !line.is_empty());
    let last = from_last.next()?;
    let start = last.as_ptr() as usize - text.as_ptr() as usize;
    let line = (start, start + last.len());
    // fences, indented lines and marks of code: what ends there is no sentence
    let complete = End { truncated: false, line };
    if is_ended(last) || !is_prose(last) || is_closing(last) || in_code(text, start) {
        return judged(from_last).then_some(complete);
    }
    judged(from_last).then_some(End { truncated: true, line })
}

/// Whether lines are prose whose paragraphs end in marks.
fn judged<'t>(lines: impl Iterator<Item = &'t str>) -> bool {
    let (mut all, mut ended) = (0_usize, 0_usize);
    for line in lines.take(MOST_LINES).filter(|line| is_prose(line)) {
        all += 1;
        ended += usize::from(is_ended(line));
    }
    all >= LEAST_OTHERS && ended as f64 >= LEAST_ENDED * all as f64
}

/// Whether a line ends as a sentence or an introduction to a list does, marks that close left out.
fn is_ended(line: &str) -> bool {
    let closes = |c: char| {
        matches!(
            c,
            '"' | '\''
                | '”'
                | '’'
                | '»'
                | '›'
                | '«'
                | '“'
                | ')'
                | ']'
                | '}'
                | '*'
                | '_'
                | '`'
                | '」'
                | '』'
                | '）'
                | '】'
                | '》'
                | '〉'
                | '］'
        ) || c.is_whitespace()
    };
    let bare = line.trim_end_matches(closes);
    // what ends in a bracket or a mark of code is whole
    let closed = line.ends_with([')', ']', '}', '`', '）', '】', '］']);
    // a number of a note behind the mark
    let noted = bare.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '[' | ']'));
    closed || ends_in_mark(bare) || (noted.len() < bare.len() && ends_in_mark(noted))
}

fn ends_in_mark(text: &str) -> bool {
    text.chars().next_back().is_some_and(|c| {
        matches!(
            c,
            '.' | '!' | '?' | ':' | ';' | '…' | '‽' | '⁇' | '⁈' | '⁉'
                // Chinese, Japanese, Korean
                | '。' | '．' | '｡' | '！' | '？' | '：' | '；'
                // Arabic, Urdu, Hebrew
                | '؟' | '۔' | '؛' | '׃'
                // India, Armenia, Ethiopia, Myanmar, Khmer, Tibet, Mongolia, Greece
                | '।' | '॥' | '։' | '՞' | '՜' | '።' | '፧' | '፨' | '။' | '၊' | '។' | '៕' | '།' | '༎' | '᠃'
                | '\u{37e}' | '·'
        )
    })
}

/// Whether a line is long enough and wordy enough to be part of a paragraph, and no heading, item,
/// row, caption or code.
fn is_prose(line: &str) -> bool {
    let first = line.chars().next().unwrap_or(' ');
    let marked = matches!(
        first,
        '#' | '-'
            | '*'
            | '+'
            | '•'
            | '·'
            | '◦'
            | '▪'
            | '–'
            | '—'
            | '|'
            | '>'
            | '<'
            | '='
            | '~'
            | '!'
            | '@'
            | '$'
            | '%'
            | '/'
            | '\\'
            | '{'
            | '}'
            | '['
            | ']'
            | '('
            | '©'
            | '→'
            | '^'
            | '&'
            | ':'
            | ';'
            | '`'
            | '.'
    );
    if marked || is_numbered(line) || line.contains(['|', '\t', '{', '}', '`', '\\']) {
        return false;
    }
    let (mut words, mut spaceless, mut letters, mut others) = (0, 0, 0, 0);
    let (mut capitals, mut lower, mut at_word) = (0_usize, 0_usize, true);
    for c in line.chars() {
        if c.is_whitespace() {
            at_word = true;
            continue;
        }
        if c.is_alphabetic() {
            letters += 1;
            spaceless += usize::from(has_no_spaces(c));
            if at_word {
                words += 1;
                capitals += usize::from(c.is_uppercase());
                lower += usize::from(c.is_lowercase());
            }
        } else if !matches!(c, '\'' | '’' | ',' | '-' | '"') {
            others += 1;
        }
        at_word = false;
    }
    let weight = words + spaceless / 3;
    // titles have capitals everywhere, tables and data have figures and signs
    weight >= LEAST_WEIGHT && others * 8 <= letters && capitals <= lower.max(1)
        || weight >= LEAST_WEIGHT && lower == 0 && capitals == 0 && others * 4 <= letters
}

/// Whether a line starts as an item with a number does.
fn is_numbered(line: &str) -> bool {
    let rest = line.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    rest.len() < line.len() && rest.starts_with([' ', ')', ':'])
}

/// Whether a last line is a signature, an address, a date, a notice: they end without a mark.
fn is_closing(line: &str) -> bool {
    let last = line.rsplit(char::is_whitespace).next().unwrap_or_default();
    let address = last.contains(['@', '/', '=', '<', '>', '&', '%']) || last.contains("www.");
    let number = last.chars().any(char::is_numeric);
    let lower = line.to_lowercase();
    let notices =
        ["©", "copyright", "all rights reserved", "last updated", "posted by", "category:"];
    address || number || notices.iter().any(|notice| lower.contains(notice))
}

/// Whether the place lies in a fence or in indented text.
fn in_code(text: &str, start: usize) -> bool {
    let head = text.get(..start).unwrap_or_default();
    let indent = head.rsplit('\n').next().unwrap_or_default();
    if indent.len() >= 4 || indent.contains('\t') {
        return true;
    }
    let fences = head.split('\n').filter(|line| line.trim_start().starts_with("```"));
    fences.count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn truncated(text: &str) -> Option<bool> {
        end_of(text).map(|end| end.truncated)
    }

    const PROSE: &str = "The river rises in the hills above the town and runs south.\n\n\
                         It was used for mills until the railway came to the valley in the end.\n\n";

    #[test]
    fn a_sentence_without_its_end_is_found() {
        let cut = format!("{PROSE}Most of the mills were closed when the price of grain had");
        let end = end_of(&cut).unwrap();
        assert!(end.truncated);
        assert!(cut[end.line.0..end.line.1].starts_with("Most of"));
        assert_eq!(truncated(&(cut + " fallen.")), Some(false));
        // eight words, seven may be a heading
        assert_eq!(
            truncated(&format!("{PROSE}most of the mills were closed when the")),
            Some(true)
        );
        assert_eq!(truncated(&format!("{PROSE}most of the mills were closed when")), Some(false));
    }

    #[test]
    fn other_ends_are_whole() {
        for end in [
            "See also the list of mills of the upper valley (closed)",
            "\"Nobody knows who wrote these lines on the wall of the mill.\"",
            "It is said that he never came back to the valley again.[12]",
            "## Where the mills of the valley stood before the flood came",
            "- most of the mills were closed when the price of grain had",
            "1. most of the mills were closed when the price of grain had",
            "The Mills Of The Upper Valley And The Lower Valley Today",
            "| most | of the mills were closed when the price of grain had",
            "    most of the mills were closed when the price of grain had",
            "read the whole story of the mills on the page at https://a.org/mills",
            "this page was last updated by the editors on the 3rd of May 2020",
            "Copyright by the friends of the mills of the upper valley and others",
            "The following mills of the valley are still in use in our days:",
        ] {
            assert_eq!(truncated(&format!("{PROSE}{end}")), Some(false), "{end}");
        }
        let code = format!("{PROSE}```\nmost of the mills were closed when the price of grain had");
        assert_eq!(truncated(&code), Some(false));
    }

    #[test]
    fn texts_whose_lines_have_no_marks_are_not_judged() {
        let poem = "the river rises in the hills above the town\n\
                    it was used for mills until the railway came\n";
        assert_eq!(truncated(&poem.repeat(4)), None);
        assert_eq!(truncated(""), None);
        assert_eq!(truncated("one line of text that ends without a mark at all"), None);
        // nine of ten with a mark are enough, eight are not
        let line = "The river rises in the hills above the town and runs south.\n";
        let open = "The river rises in the hills above the town and runs south\n";
        assert_eq!(truncated(&format!("{}{open}{open}", line.repeat(9))), Some(true));
        assert_eq!(truncated(&format!("{}{open}{open}{open}", line.repeat(9))), None);
    }

    #[test]
    fn other_scripts_have_their_marks() {
        for (whole, cut) in [
            (
                "这条河发源于城镇上方的山丘，向南流去，最后流入大海。",
                "后来因为粮食价格下跌，大部分的磨坊都在铁路通车以后",
            ),
            (
                "この川は町の上の丘から流れ出て、南へ向かって海に注いでいます。",
                "穀物の値段が下がったときには、ほとんどの水車小屋が",
            ),
            (
                "यह नदी शहर के ऊपर की पहाड़ियों से निकलती है और दक्षिण की ओर बहती है।",
                "अनाज के दाम गिरने पर अधिकांश चक्कियाँ बंद हो गईं और",
            ),
            (
                "ينبع النهر من التلال التي تقع فوق المدينة ويجري نحو الجنوب؟",
                "أغلقت معظم المطاحن عندما انخفضت أسعار الحبوب في كل",
            ),
            (
                "Река берёт начало в холмах над городом и течёт на юг к морю.",
                "большинство мельниц закрылось когда цена на зерно упала и",
            ),
        ] {
            assert_eq!(truncated(&format!("{whole}\n{whole}\n{whole}")), Some(false), "{whole}");
            assert_eq!(truncated(&format!("{whole}\n{whole}\n{cut}")), Some(true), "{cut}");
        }
    }
}
