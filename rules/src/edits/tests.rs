//! What edits do, and where the places lie that they touch.

use std::ops::Range;

use proptest::prelude::*;

use super::stages::{EditStages, EditStep};
use super::{CompiledEdit, Edit};

fn edit(pattern: &str, replacement: Option<&str>) -> Edit {
    let pattern = pattern.to_owned();
    match replacement {
        None => Edit::RemoveLines { pattern },
        Some(with) => Edit::Replace { pattern, with: with.to_owned(), lines_if: None },
    }
}

fn apply(edit: &Edit, text: &str) -> (Option<String>, Vec<(usize, usize)>) {
    match CompiledEdit::new(edit).unwrap().apply(text).unwrap() {
        Some(rewritten) => {
            let spans = rewritten.spans().collect();
            (Some(rewritten.text), spans)
        }
        None => (None, Vec::new()),
    }
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
    let edit = Edit::RemoveLinesIf { condition: "line_word_count < 2".to_owned() };
    let (text, spans) = apply(&edit, "one\ntwo words\r\n\nlast");
    assert_eq!(text.unwrap(), "two words\r\n");
    assert_eq!(spans, [(0, 4), (15, 16), (16, 20)]);
}

#[test]
fn matches_are_replaced_in_some_lines_only() {
    let edit = Edit::Replace {
        pattern: "(?i)sign-in ?".to_owned(),
        with: String::new(),
        lines_if: Some("line_word_count <= 2".to_owned()),
    };
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
    let repair = Edit::RepairMojibake;
    let (text, spans) = apply(&repair, "cafÃ© and donâ€™t");
    assert_eq!(text.unwrap(), "café and don’t");
    assert_eq!(spans, [(3, 7), (15, 23)]);
    assert_eq!(apply(&repair, "café, « été »"), (None, vec![]));
}

fn dangling(wanted: &str, with: Option<&str>) -> Edit {
    let wanted = wanted.to_owned();
    match with {
        None => Edit::RemoveDangling { wanted },
        Some(with) => Edit::MarkDangling { wanted, with: with.to_owned() },
    }
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
    assert_eq!(spans.len(), 2);
    assert!(spans.iter().all(|(start, end)| &POINTS[*start..*end] == "Table 2"));
    assert_eq!(apply(&dangling("figure", None), POINTS).0, None);
    assert!(CompiledEdit::new(&dangling("tables", None)).is_err());
}

#[test]
fn personal_data_is_replaced_by_kind_or_in_turn() {
    let pii = |kinds: &[&str], with: &[&str]| {
        let owned = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect();
        Edit::ReplacePii { kinds: owned(kinds), with: owned(with) }
    };
    let text = "a@b.org, c@d.org, a@b.org, e@f.org at 8.8.8.8";
    let (edited, spans) = apply(&pii(&["email", "public_ip"], &["<{kind}>"]), text);
    assert_eq!(edited.unwrap(), "<email>, <email>, <email>, <email> at <public_ip>");
    assert_eq!(spans, [(0, 7), (9, 16), (18, 25), (27, 34), (38, 45)]);
    let (edited, _) = apply(&pii(&["email"], &["x@example.com", "y@example.org"]), text);
    let expected = "x@example.com, y@example.org, x@example.com, x@example.com at 8.8.8.8";
    assert_eq!(edited.unwrap(), expected);
    assert_eq!(apply(&pii(&["iban"], &["<{kind}>"]), text), (None, vec![]));
    let same = apply(&pii(&["public_ip"], &["8.8.8.8"]), text);
    assert_eq!(same.0, None);
    // the longer of two that start together
    let (edited, _) = apply(&pii(&["email", "iban"], &["<{kind}>"]), "BE68539007547034@b.org");
    assert_eq!(edited.unwrap(), "<email>");
    let wrong: [(&[&str], &[&str], &str); 4] = [
        (&["mails"], &[""], "there are email"),
        (&["email"], &[], "with: ''"),
        (&["email", "iban"], &["a", "b"], "a rule for each kind"),
        (&[], &["a"], "name a kind"),
    ];
    for (kinds, with, says) in wrong {
        let error = CompiledEdit::new(&pii(kinds, with)).unwrap_err().to_string();
        assert!(error.contains(says), "{kinds:?} {with:?}: {error}");
    }
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
        let removed: usize = spans.iter().map(|(start, end)| end - start).sum();
        prop_assert_eq!(edited.unwrap_or(text.clone()), kept.clone());
        prop_assert_eq!(removed, text.len() - kept.len());
    }
}

#[test]
fn what_cannot_be_compiled_says_what_is_wrong() {
    for (edit, key, says) in [
        (edit("(", None), "remove_lines_matching", "unclosed group"),
        (edit("a", Some("US$1A")), "with", "group '1A'"),
        (edit("(?<n>a)", Some("$m")), "with", "group 'm'"),
        (edit("(a)", Some("$1$2")), "with", "group '2'"),
        (
            Edit::Replace {
                pattern: "a".to_owned(),
                with: String::new(),
                lines_if: Some("words < 3".to_owned()),
            },
            "lines_if",
            "no measure 'words'",
        ),
        (Edit::RemoveLinesIf { condition: "line".to_owned() }, "remove_lines_if", "no condition"),
        (dangling("tables", None), "remove_dangling", "no kind of reference"),
    ] {
        let error = CompiledEdit::new(&edit).unwrap_err();
        assert_eq!(error.key(), Some(key), "{edit:?}");
        assert!(error.to_string().contains(says), "{edit:?}: {error}");
    }
    for fine in ["$0", "${1}A", "$n", "${n}s", "$$1", "5$", "$ 1", "${", "$-"] {
        let edit = edit("(?<n>a)", Some(fine));
        assert!(CompiledEdit::new(&edit).is_ok(), "{fine}");
    }
}

fn stages(edits: &[&[Edit]]) -> Result<EditStages, crate::RuleError> {
    let mut number = 0;
    let mut step = |edit: &Edit| {
        number += 1;
        EditStep::new(number - 1, "t/x", edit)
    };
    let stages = edits.iter().map(|stage| stage.iter().map(&mut step).collect());
    Ok(EditStages(stages.collect::<Result<_, _>>()?))
}

#[test]
fn an_edit_that_does_not_compile_names_its_rule() {
    let error = stages(&[&[edit("[", None)]]).unwrap_err().to_string();
    assert!(error.starts_with("rule 't/x': ") && error.contains("unclosed"), "{error}");
}

#[test]
fn each_stage_sees_the_text_after_its_edits() {
    let stages =
        stages(&[&[], &[edit("^cut", None), edit("b", Some("bb"))], &[], &[edit("a", Some(""))]]);
    let edited = stages.unwrap();
    let edited = edited.edit("cut\nab").unwrap();
    let seen: Vec<&str> = (0..6).map(|stage| edited.stage_text(stage)).collect();
    assert_eq!(seen, ["cut\nab", "cut\nab", "abb", "abb", "bb", "bb"]);
    assert_eq!(edited.original_span(2, 1, 3), (5, 6));
    assert_eq!(edited.original_span(4, 0, 2), (5, 6));
    let spans: Vec<_> = edited.spans().map(|span| (span.rule, span.start, span.end)).collect();
    assert_eq!(spans, [(0, 0, 4), (1, 5, 6), (2, 4, 5)]);
    assert_eq!(edited.version_count(), 3);
    assert!(edited.is_edited());
    assert_eq!(edited.into_text(), "bb");
}

/// A character of an edited text, and the bytes of the original that it comes from.
#[derive(Clone, Copy)]
struct Origin {
    character: char,
    start: usize,
    end: usize,
    /// Whether it stood in the original, and no edit put it in.
    was_read: bool,
}

/// A text, character by character.
fn origins(text: &str) -> Vec<Origin> {
    let origin = |(start, character): (usize, char)| Origin {
        character,
        start,
        end: start + character.len_utf8(),
        was_read: true,
    };
    text.char_indices().map(origin).collect()
}

fn text_of(origins: &[Origin]) -> String {
    origins.iter().map(|origin| origin.character).collect()
}

/// The characters that stand at `bytes` of the text of `origins`.
fn characters(origins: &[Origin], bytes: Range<usize>) -> Range<usize> {
    let text = text_of(origins);
    let at = |byte: usize| text[..byte].chars().count();
    at(bytes.start)..at(bytes.end)
}

proptest! {
    /// Edits that remove, shorten, lengthen and leave in place, several in a row, against a model
    /// that keeps the origin of every character.
    #[test]
    fn a_span_of_the_original_is_what_the_edit_took(
        text in "[abxé\n]{0,24}",
        chosen in proptest::collection::vec(0_usize..7, 1..5),
    ) {
        let known = [
            edit("x", None),
            edit("a+", Some("")),
            edit("b", Some("éé")),
            edit("é", Some("b")),
            edit("(a)(b)", Some("$2$1")),
            edit("ab|xa", Some("a")),
            Edit::Replace {
                pattern: "b".to_owned(),
                with: "aa".to_owned(),
                lines_if: Some("line_char_count > 2".to_owned()),
            },
        ];
        let edits: Vec<Edit> = chosen.iter().map(|number| known[*number].clone()).collect();
        let by_stage: Vec<&[Edit]> = edits.chunks(2).collect();
        let stages = stages(&by_stage).unwrap();
        let edited = stages.edit(&text).unwrap();

        let mut model = origins(&text);
        let mut spans = Vec::new();
        for (number, edit) in (0_u32..).zip(&edits) {
            let seen = text_of(&model);
            let Some(rewritten) = CompiledEdit::new(edit).unwrap().apply(&seen).unwrap() else {
                continue;
            };
            let mut taken = Vec::new();
            // from the end, so that places before stay what they were
            for cut in rewritten.cuts.iter().rev() {
                let at = characters(&model, cut.from..cut.to);
                let cut_out = &model[at.clone()];
                let (start, end) = (cut_out[0].start, cut_out[cut_out.len() - 1].end);
                let in_one_piece = cut_out.iter().all(|one| one.was_read)
                    && cut_out.windows(2).all(|pair| pair[0].end == pair[1].start);
                if in_one_piece {
                    prop_assert_eq!(&text[start..end], &seen[cut.from..cut.to]);
                }
                // what is put in comes from all that is taken out
                let put = rewritten.text[cut.at..cut.at + cut.length].chars();
                let put = put.map(|character| Origin { character, start, end, was_read: false });
                model.splice(at, put.collect::<Vec<_>>());
                taken.push((number, start, end));
            }
            spans.extend(taken.into_iter().rev());
            prop_assert_eq!(text_of(&model), rewritten.text);
        }
        let told: Vec<_> = edited.spans().map(|one| (one.rule, one.start, one.end)).collect();
        prop_assert_eq!(told, spans);
        prop_assert_eq!(text_of(&model), edited.text());

        // every span of the text after all edits comes from where its characters do
        let last = by_stage.len();
        let mut byte = 0;
        for origin in &model {
            let end = byte + origin.character.len_utf8();
            prop_assert_eq!(edited.original_span(last, byte, end), (origin.start, origin.end));
            byte = end;
        }
    }
}
