//! Languages: `language`, `language_score` and `other_language_paragraph_ratio`.

use super::evidence::Spans;
use super::measure::no_evidence;
use super::{Example, Measure, Value, ValueType};
use crate::document::Document;
use crate::language::{Language, detect};

const SOURCE: &str = "tamis; trigrams by whatlang 0.18";

/// The annotator `language`.
pub(super) const LANGUAGE: Measure = Measure {
    name: "language",
    value_type: ValueType::Text,
    unit: "ISO 639-1 code",
    range: (f64::NEG_INFINITY, f64::INFINITY),
    definition: "The language of the text, one of 69: from at most 4,096 bytes of it, sixteen \
        windows at fixed relative places. Where small words settle it (at least 25 words, of which \
        7 % are frequent words of English, or 12 % of de, es, fr, it, nl, pl, pt or ru, and no \
        near relative has more than 0.6 times as many) it is that one, else what letters and \
        trigrams are nearest to. NULL where the text has no letters of a known script.",
    source: SOURCE,
    examples: &[
        Example::text(ENGLISH, "en"),
        Example::text("Der Zug nach München fährt heute leider nicht.", "de"),
        Example::text("Поезд в Москву сегодня не идёт, к сожалению.", "ru"),
        Example::text("今日は東京行きの列車はありません。", "ja"),
        Example::null("42 + 7"),
    ],
    measure: |document| document.language().map_or(Value::Null, |found| Value::Text(found.code)),
    evidence: no_evidence,
};

/// 26 words.
const ENGLISH: &str = "The train to the city does not run today, and the next one is the train of \
                       the morning, which is the first one of the day.";

/// The annotator `language_score`.
pub(super) const LANGUAGE_SCORE: Measure = Measure {
    name: "language_score",
    value_type: ValueType::Float,
    unit: "confidence",
    range: (0.0, 1.0),
    definition: "How sure `language` is: 1 where small words settle it or the script has one \
        language, else how far the nearest language is before the second one, in relation to the \
        number of trigrams. It is no probability: texts of several languages, of none, or full of \
        code and names have low scores. NULL where `language` is.",
    source: SOURCE,
    examples: &[
        Example::float(ENGLISH, 1.0),
        Example::float("Το τρένο δεν φεύγει σήμερα.", 1.0),
        Example::null("42 + 7"),
    ],
    measure: |document| document.language().map_or(Value::Null, |found| Value::Float(found.score)),
    evidence: no_evidence,
};

/// Bytes of a paragraph below which its language is not asked.
const LEAST_BYTES: usize = 120;
/// A paragraph is of another language only where that is this sure.
const LEAST_SCORE: f64 = 0.9;

/// The annotator `other_language_paragraph_ratio`.
pub(super) const OTHER_LANGUAGE_PARAGRAPH_RATIO: Measure = Measure {
    name: "other_language_paragraph_ratio",
    value_type: ValueType::Float,
    unit: "share of paragraphs",
    range: (0.0, 1.0),
    definition: "Paragraphs whose language is not `language`, with a score of at least 0.9, among \
        those of at least 120 bytes. Each such paragraph is asked by itself, which takes several \
        times as long as the other annotations together: measured only where a rule asks for it. \
        NULL where there is no such paragraph or `language` is NULL.",
    source: SOURCE,
    examples: &[
        Example::float(MIXED, 1.0 / 3.0),
        Example::float(ENGLISH, 0.0),
        Example::null("Ein kurzer Satz."),
    ],
    measure: |document| {
        let mut others = 0;
        let asked = each(document, |_, _| others += 1);
        Value::ratio(others, asked)
    },
    evidence: |document| {
        let mut spans = Spans::default();
        each(document, |start, end| spans.push(start, end));
        spans.into_vec()
    },
};

const MIXED: &str = "The train to the city does not run today, and the next one is the train of the \
                     morning, which is the first one of the day.\n\nNobody knows when the trains \
                     of the afternoon are going to be back on the line to the coast and what is \
                     wrong with them.\n\nDer Zug in die Stadt fährt heute nicht, und der nächste \
                     ist der Zug am Morgen, der auch der erste des Tages ist und nicht der letzte.";

/// Calls `found` with the bounds of each paragraph of another language; gives how many were asked.
fn each(document: &mut Document<'_>, mut found: impl FnMut(usize, usize)) -> usize {
    let Some(Language { code, .. }) = document.language() else { return 0 };
    let text = document.text();
    let mut asked = 0;
    for paragraph in document.paragraphs() {
        if paragraph.end - paragraph.start < LEAST_BYTES {
            continue;
        }
        asked += 1;
        let own = text.get(paragraph.start..paragraph.end).and_then(detect);
        if own.is_some_and(|own| own.code != code && own.score >= LEAST_SCORE) {
            found(paragraph.start, paragraph.end);
        }
    }
    asked
}
