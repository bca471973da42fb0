//! Edits: removing lines and replacing matches, with the spans they touched.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::thread::LocalKey;

use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

use crate::annotators::pii::{self, Kind};
use crate::findings::Wanted;
use crate::lines::LineCondition;
use crate::mojibake;
use crate::references::{self, Detector, Finding, Found};
use crate::trace::Cut;

/// Bytes that a compiled pattern may take.
const PATTERN_BYTES_MAX: usize = 16 << 20;
/// Patterns and conditions kept ready for each thread.
const CACHE_SIZE: usize = 256;

/// One edit of the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// Number of the rule in its set.
    pub rule: u32,
    /// What it does.
    pub change: Change,
}

/// What an edit does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// Removes the lines in which a pattern matches.
    RemoveLines {
        /// The regular expression.
        pattern: String,
    },
    /// Removes the lines for which a condition holds.
    RemoveLinesIf {
        /// SQL over the measures of a line, see [`LineCondition`].
        condition: String,
    },
    /// Replaces the matches of a pattern.
    Replace {
        /// The regular expression.
        pattern: String,
        /// What they become.
        with: String,
        /// Only within lines for which this holds, see [`LineCondition`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lines_if: Option<String>,
    },
    /// Removes the sentences that point at something that is not there.
    RemoveDangling {
        /// Kind, verdict and least confidence, see [`Wanted`].
        wanted: String,
    },
    /// Takes back what is certainly mojibake.
    RepairMojibake {},
    /// Puts a mark behind what points at something that is not there.
    MarkDangling {
        /// Kind, verdict and least confidence, see [`Wanted`].
        wanted: String,
        /// The mark; `{kind}`, `{key}` and `{verdict}` stand for those of the finding.
        with: String,
    },
    /// Replaces personal data.
    ReplacePii {
        /// Kinds with commas between, such as `email, public_ip`.
        kinds: String,
        /// What findings become; `{kind}` stands for the kind. Of several, each different finding
        /// of a document gets the next one, and the first again after the last.
        with: Vec<String>,
    },
}

/// Compiles a pattern; the error is in the words of the regex library.
pub fn compile(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).size_limit(PATTERN_BYTES_MAX).build()
}

/// A pattern ready to be searched for.
struct Pattern {
    regex: Regex,
    /// A line that matches is a match in the text around it too, as nothing asks what stands
    /// before or behind.
    anywhere: bool,
}

/// What is ready for this thread, by how it is written. Handed out without being cloned: a clone of
/// a pattern starts with none of the states that it has learned.
type Cache<T> = RefCell<Vec<(String, Rc<T>)>>;

thread_local! {
    static PATTERNS: Cache<Pattern> = const { RefCell::new(Vec::new()) };
    static CONDITIONS: Cache<LineCondition> = const { RefCell::new(Vec::new()) };
}

/// An edit ready to be applied.
pub struct Editor<'a>(Ready<'a>);

enum Ready<'a> {
    Lines(Rc<Pattern>),
    LinesIf(Rc<LineCondition>),
    Replace(Rc<Pattern>, &'a str, Option<Rc<LineCondition>>),
    Mojibake,
    /// What is meant, and the mark; none removes the sentence.
    Dangling(Wanted, Option<&'a str>),
    Pii(Vec<&'static Kind>, &'a [String]),
}

/// Makes something of how it is written, or takes it from this thread's cache.
fn cached<T>(
    cache: &'static LocalKey<Cache<T>>,
    written: &str,
    make: impl FnOnce(&str) -> Result<T, String>,
) -> Result<Rc<T>, String> {
    let known = cache.with_borrow(|cache| {
        cache.iter().find(|(known, _)| known == written).map(|(_, ready)| Rc::clone(ready))
    });
    if let Some(known) = known {
        return Ok(known);
    }
    let ready = Rc::new(make(written)?);
    cache.with_borrow_mut(|cache| {
        if cache.len() >= CACHE_SIZE {
            cache.clear();
        }
        cache.push((written.to_owned(), Rc::clone(&ready)));
    });
    Ok(ready)
}

fn pattern(written: &str) -> Result<Rc<Pattern>, String> {
    cached(&PATTERNS, written, |written| {
        let regex = compile(written).map_err(|error| error.to_string())?;
        let asks = ["^", "$", r"\b", r"\B", r"\A", r"\z", r"\<", r"\>"];
        Ok(Pattern { regex, anywhere: !asks.iter().any(|mark| written.contains(mark)) })
    })
}

fn condition(written: &str) -> Result<Rc<LineCondition>, String> {
    cached(&CONDITIONS, written, LineCondition::parse)
}

impl<'a> Editor<'a> {
    /// Makes an edit ready; the error says what is wrong with its pattern or its arguments.
    pub fn new(edit: &'a Edit) -> Result<Self, String> {
        Ok(Self(match &edit.change {
            Change::RemoveLines { pattern: lines } => Ready::Lines(pattern(lines)?),
            Change::RemoveLinesIf { condition: lines } => Ready::LinesIf(condition(lines)?),
            Change::Replace { pattern: matches, with, lines_if } => {
                let lines = lines_if.as_deref().map(condition).transpose()?;
                Ready::Replace(pattern(matches)?, with, lines)
            }
            Change::RepairMojibake {} => Ready::Mojibake,
            Change::RemoveDangling { wanted } => Ready::Dangling(Wanted::parse(wanted)?, None),
            Change::MarkDangling { wanted, with } => {
                Ready::Dangling(Wanted::parse(wanted)?, Some(with))
            }
            Change::ReplacePii { kinds, with } => Ready::Pii(pii::parse_kinds(kinds)?, with),
        }))
    }

    /// As [`Editor::cut`]; `spans` gets the byte ranges.
    pub fn apply(&self, text: &str, spans: &mut Vec<(u64, u64)>) -> Option<String> {
        self.cut(text, &mut |cut| spans.push((cut.from as u64, cut.to as u64)))
    }

    /// The edited text, none where nothing matches; `found` gets every place that was removed or
    /// replaced.
    pub(crate) fn cut(&self, text: &str, found: &mut impl FnMut(Cut)) -> Option<String> {
        match &self.0 {
            Ready::Lines(pattern) => {
                // most texts hold no match at all
                if pattern.anywhere && !pattern.regex.is_match(text) {
                    return None;
                }
                remove_lines(|line| pattern.regex.is_match(line), text, found)
            }
            Ready::LinesIf(condition) => remove_lines(|line| condition.holds(line), text, found),
            Ready::Replace(pattern, with, None) => replace(&pattern.regex, text, with, found),
            Ready::Replace(pattern, with, Some(lines)) => {
                replace_in_lines(&pattern.regex, text, with, lines, found)
            }
            Ready::Mojibake => repair_mojibake(text, found),
            Ready::Dangling(wanted, None) => remove_sentences(*wanted, text, found),
            Ready::Dangling(wanted, Some(with)) => mark(*wanted, text, with, found),
            Ready::Pii(kinds, with) => replace_pii(kinds, text, with, found),
        }
    }
}

/// Calls `found` with the first byte of each line, the line without its end, and the byte behind its
/// end.
fn each_line<'t>(text: &'t str, mut found: impl FnMut(usize, &'t str, usize)) {
    let mut at = 0;
    let ends = memchr::memchr_iter(b'\n', text.as_bytes()).map(|feed| feed + 1);
    for end in ends.chain([text.len()]) {
        if at < end {
            let line = &text[at..end];
            let bare = line.strip_suffix('\n').unwrap_or(line);
            found(at, bare.strip_suffix('\r').unwrap_or(bare), end);
        }
        at = end;
    }
}

fn remove_lines(
    goes: impl Fn(&str) -> bool,
    text: &str,
    found: &mut impl FnMut(Cut),
) -> Option<String> {
    let mut edited = String::new();
    let (mut kept_from, mut hit) = (0, false);
    each_line(text, |at, bare, end| {
        if goes(bare) {
            if !hit {
                edited.reserve_exact(text.len());
                hit = true;
            }
            edited.push_str(&text[kept_from..at]);
            kept_from = end;
            found(Cut { from: at, to: end, length: 0 });
        }
    });
    if !hit {
        return None;
    }
    edited.push_str(&text[kept_from..]);
    Some(edited)
}

fn replace(
    pattern: &Regex,
    text: &str,
    replacement: &str,
    found: &mut impl FnMut(Cut),
) -> Option<String> {
    let mut edited = String::new();
    let mut from = 0;
    if !replacement.contains('$') {
        // without groups a match is found several times faster
        let mut matches = pattern.find_iter(text).peekable();
        matches.peek()?;
        edited.reserve(text.len());
        for whole in matches {
            edited.push_str(&text[from..whole.start()]);
            edited.push_str(replacement);
            from = whole.end();
            found(Cut { from: whole.start(), to: whole.end(), length: replacement.len() });
        }
        edited.push_str(&text[from..]);
        return (edited != text).then_some(edited);
    }
    let mut matches = pattern.captures_iter(text).peekable();
    matches.peek()?;
    for groups in matches {
        let Some(whole) = groups.get(0) else { continue };
        edited.push_str(&text[from..whole.start()]);
        let before = edited.len();
        groups.expand(replacement, &mut edited);
        from = whole.end();
        let length = edited.len() - before;
        found(Cut { from: whole.start(), to: whole.end(), length });
    }
    edited.push_str(&text[from..]);
    // a match that is replaced by itself changes nothing
    (edited != text).then_some(edited)
}

/// As [`replace`], only within the lines for which a condition holds.
fn replace_in_lines(
    pattern: &Regex,
    text: &str,
    with: &str,
    lines: &LineCondition,
    found: &mut impl FnMut(Cut),
) -> Option<String> {
    let mut edited = String::new();
    let mut kept_from = 0;
    each_line(text, |at, bare, _| {
        // looking for the pattern first spares most lines the measures
        if pattern.is_match(bare) && lines.holds(bare) {
            let mut moved = |cut: Cut| {
                found(Cut { from: cut.from + at, to: cut.to + at, ..cut });
            };
            if let Some(changed) = replace(pattern, bare, with, &mut moved) {
                edited.push_str(&text[kept_from..at]);
                edited.push_str(&changed);
                kept_from = at + bare.len();
            }
        }
    });
    edited.push_str(&text[kept_from..]);
    (edited != text).then_some(edited)
}

fn repair_mojibake(text: &str, found: &mut impl FnMut(Cut)) -> Option<String> {
    let mut edited = String::new();
    let mut from = 0;
    mojibake::repairs(text, |repair| {
        edited.push_str(text.get(from..repair.start).unwrap_or_default());
        edited.push_str(&repair.text);
        from = repair.end;
        found(Cut { from: repair.start, to: repair.end, length: repair.text.len() });
    });
    if from == 0 {
        return None;
    }
    edited.push_str(text.get(from..)?);
    Some(edited)
}

thread_local! {
    static FOUND: RefCell<(references::Scratch, Found)> = RefCell::default();
}

/// The findings that are meant, in the order of their places.
fn dangling(wanted: Wanted, text: &str) -> Vec<Finding> {
    let Ok(detector) = Detector::embedded() else { return Vec::new() };
    FOUND.with_borrow_mut(|(scratch, found)| {
        detector.find(text, scratch, found);
        let meant = found.findings.iter().filter(|finding| wanted.has(finding));
        let mut meant: Vec<Finding> = meant.copied().collect();
        meant.sort_by_key(|finding| (finding.span.start, finding.span.end));
        meant
    })
}

fn remove_sentences(wanted: Wanted, text: &str, found: &mut impl FnMut(Cut)) -> Option<String> {
    let detector = Detector::embedded().ok()?;
    let mut edited = String::new();
    let mut from = 0;
    for finding in dangling(wanted, text) {
        let sentence = detector.sentence_span(text, finding.span);
        let (start, end) = (sentence.start.max(from), sentence.end);
        // a sentence with two findings goes once
        if end <= from {
            continue;
        }
        edited.push_str(text.get(from..start)?);
        from = end;
        found(Cut { from: start, to: end, length: 0 });
    }
    if from == 0 {
        return None;
    }
    edited.push_str(text.get(from..)?);
    Some(edited)
}

fn mark(wanted: Wanted, text: &str, with: &str, found: &mut impl FnMut(Cut)) -> Option<String> {
    let mut edited = String::new();
    let mut from = 0;
    for finding in dangling(wanted, text) {
        let (start, end) = (finding.span.start, finding.span.end);
        if start < from {
            // several numbers of one mention have one mark
            continue;
        }
        let mark = with
            .replace("{kind}", finding.kind.as_str())
            .replace("{key}", finding.key.as_str())
            .replace("{verdict}", finding.verdict.as_str());
        edited.push_str(text.get(from..end)?);
        edited.push_str(&mark);
        from = end;
        found(Cut { from: start, to: end, length: end - start + mark.len() });
    }
    if from == 0 {
        return None;
    }
    edited.push_str(text.get(from..)?);
    Some(edited)
}

fn replace_pii(
    kinds: &[&'static Kind],
    text: &str,
    with: &[String],
    found: &mut impl FnMut(Cut),
) -> Option<String> {
    let mut runs = Vec::new();
    if kinds.iter().any(|kind| kind.by_digits) {
        pii::digit_runs(text, &mut runs);
    }
    let mut findings: Vec<(usize, usize, usize)> = Vec::new();
    for (number, kind) in kinds.iter().enumerate() {
        (kind.find)(text, &runs, &mut |start, end| findings.push((start, end, number)));
    }
    findings.sort_unstable_by_key(|(start, end, kind)| (*start, usize::MAX - end, *kind));
    // which of several replacements each finding has, so that one person stays one person
    let mut chosen: BTreeMap<(usize, &str), usize> = BTreeMap::new();
    let mut used = vec![0; kinds.len()];
    let mut edited = String::new();
    let mut from = 0;
    for (start, end, kind) in findings {
        let (Some(before), Some(finding)) = (text.get(from..start), text.get(start..end)) else {
            // it overlaps the one before
            continue;
        };
        let turn = *chosen.entry((kind, finding)).or_insert_with(|| {
            used[kind] += 1;
            used[kind] - 1
        });
        let template = with.get(turn % with.len().max(1)).map_or("", String::as_str);
        let mark = template.replace("{kind}", kinds[kind].name);
        edited.push_str(before);
        edited.push_str(&mark);
        from = end;
        found(Cut { from: start, to: end, length: mark.len() });
    }
    if from == 0 {
        return None;
    }
    edited.push_str(text.get(from..)?);
    // what is replaced by itself changes nothing
    (edited != text).then_some(edited)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn edit(pattern: &str, replacement: Option<&str>) -> Edit {
        let pattern = pattern.to_owned();
        let change = match replacement {
            None => Change::RemoveLines { pattern },
            Some(with) => Change::Replace { pattern, with: with.to_owned(), lines_if: None },
        };
        Edit { rule: 0, change }
    }

    fn apply(edit: &Edit, text: &str) -> (Option<String>, Vec<(u64, u64)>) {
        let mut spans = Vec::new();
        let edited = Editor::new(edit).unwrap().apply(text, &mut spans);
        (edited, spans)
    }

    #[test]
    fn whole_lines_go_with_their_newline() {
        let cookies = edit("(?i)cookies", None);
        let (text, spans) = apply(&cookies, "a\nWe use Cookies\r\nb\ncookies");
        assert_eq!(text.unwrap(), "a\nb\n");
        assert_eq!(spans, [(2, 18), (20, 27)]);
        assert_eq!(apply(&cookies, "nothing here"), (None, vec![]));
    }

    #[test]
    fn an_anchored_pattern_sees_a_line_without_its_end() {
        assert_eq!(apply(&edit("^b$", None), "a\r\nb\r\nc").0.unwrap(), "a\r\nc");
    }

    #[test]
    fn lines_go_by_what_is_measured() {
        let change = Change::RemoveLinesIf { condition: "line_word_count < 2".to_owned() };
        let (text, spans) = apply(&Edit { rule: 0, change }, "one\ntwo words\r\n\nlast");
        assert_eq!(text.unwrap(), "two words\r\n");
        assert_eq!(spans, [(0, 4), (15, 16), (16, 20)]);
    }

    #[test]
    fn matches_are_replaced_in_some_lines_only() {
        let change = Change::Replace {
            pattern: "(?i)sign-in ?".to_owned(),
            with: String::new(),
            lines_if: Some("line_word_count <= 2".to_owned()),
        };
        let edit = Edit { rule: 0, change };
        let (text, spans) = apply(&edit, "Sign-in now\nsign-in with a key\n\nSIGN-IN\r\n");
        assert_eq!(text.unwrap(), "now\nsign-in with a key\n\n\r\n");
        assert_eq!(spans, [(0, 8), (32, 39)]);
        assert_eq!(apply(&edit, "one\ntwo"), (None, vec![]));
    }

    #[test]
    fn matches_are_replaced_with_groups() {
        let mail = edit(r"(\w+)@(\w+)\.com", Some("<$2>"));
        let (text, spans) = apply(&mail, "ask bob@example.com or al@test.com");
        assert_eq!(text.unwrap(), "ask <example> or <test>");
        assert_eq!(spans, [(4, 19), (23, 34)]);
    }

    #[test]
    fn mojibake_is_taken_back_with_its_places() {
        let repair = Edit { rule: 0, change: Change::RepairMojibake {} };
        let (text, spans) = apply(&repair, "cafÃ© and donâ€™t");
        assert_eq!(text.unwrap(), "café and don’t");
        assert_eq!(spans, [(3, 7), (15, 23)]);
        assert_eq!(apply(&repair, "café, « été »"), (None, vec![]));
    }

    fn dangling(wanted: &str, with: Option<&str>) -> Edit {
        let wanted = wanted.to_owned();
        let change = match with {
            None => Change::RemoveDangling { wanted },
            Some(with) => Change::MarkDangling { wanted, with: with.to_owned() },
        };
        Edit { rule: 0, change }
    }

    const POINTS: &str = "Sales rose again. The growth by region is shown in Table 2 and Table 2 \
                          alone. Nobody was surprised.";

    #[test]
    fn sentences_that_point_at_nothing_go_or_are_marked() {
        let (text, spans) = apply(&dangling("table, missing", None), POINTS);
        assert_eq!(text.unwrap(), "Sales rose again. Nobody was surprised.");
        assert_eq!(spans.len(), 1);
        let (text, spans) = apply(&dangling("any", Some(" [{kind} {key} {verdict}]")), POINTS);
        let text = text.unwrap();
        assert!(text.contains("in Table 2 [table 2 missing] and"), "{text}");
        assert!(spans.iter().all(|(start, end)| {
            let at = |byte: &u64| usize::try_from(*byte).unwrap();
            &POINTS[at(start)..at(end)] == "Table 2"
        }));
        assert_eq!(apply(&dangling("figure", None), POINTS).0, None);
        assert!(Editor::new(&dangling("tables", None)).is_err());
    }

    #[test]
    fn personal_data_is_replaced_by_kind_or_in_turn() {
        let pii = |kinds: &str, with: &[&str]| {
            let with = with.iter().map(|one| (*one).to_owned()).collect();
            Edit { rule: 0, change: Change::ReplacePii { kinds: kinds.to_owned(), with } }
        };
        let text = "a@b.org, c@d.org, a@b.org, e@f.org at 8.8.8.8";
        let (edited, spans) = apply(&pii("email, public_ip", &["<{kind}>"]), text);
        assert_eq!(edited.unwrap(), "<email>, <email>, <email>, <email> at <public_ip>");
        assert_eq!(spans, [(0, 7), (9, 16), (18, 25), (27, 34), (38, 45)]);
        let (edited, _) = apply(&pii("email", &["x@example.com", "y@example.org"]), text);
        let expected = "x@example.com, y@example.org, x@example.com, x@example.com at 8.8.8.8";
        assert_eq!(edited.unwrap(), expected);
        assert_eq!(apply(&pii("iban", &["<{kind}>"]), text), (None, vec![]));
        let same = apply(&pii("public_ip", &["8.8.8.8"]), text);
        assert_eq!(same.0, None);
        // the longer of two that start together
        let (edited, _) = apply(&pii("email, iban", &["<{kind}>"]), "BE68539007547034@b.org");
        assert_eq!(edited.unwrap(), "<email>");
        assert!(Editor::new(&pii("mails", &[])).is_err());
    }

    proptest! {
        #[test]
        fn looking_at_the_whole_text_first_changes_nothing(text in "[ab\n]{0,20}") {
            let ways = ["b+a", "b+a|^x"].map(|pattern| apply(&edit(pattern, None), &text));
            prop_assert_eq!(&ways[0], &ways[1]);
        }

        #[test]
        fn removing_lines_keeps_exactly_the_others(lines in proptest::collection::vec("[abx]{0,3}", 0..8)) {
            let text = lines.join("\n");
            let kept: String = text.split_inclusive('\n').filter(|line| !line.contains('x')).collect();
            let (edited, spans) = apply(&edit("x", None), &text);
            let removed: u64 = spans.iter().map(|(start, end)| end - start).sum();
            prop_assert_eq!(edited.unwrap_or(text.clone()), kept.clone());
            prop_assert_eq!(removed, (text.len() - kept.len()) as u64);
        }
    }
}
