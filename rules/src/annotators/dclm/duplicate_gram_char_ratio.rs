//! `dclm_duplicate_Ngram_char_ratio`: how much of the words lies in n-grams that come again.

use super::super::evidence::copy_spans;
use super::super::value::share;
use super::super::{Example, Measure, Value, ValueType};
use crate::document::Document;

/// The annotator `dclm_duplicate_5gram_char_ratio`.
pub(in crate::annotators) const DUPLICATE_5GRAM_CHAR_RATIO: Measure = of::<5>(
    "dclm_duplicate_5gram_char_ratio",
    &[
        Example::float("a b c d e zz a b c d e", 10.0 / 12.0),
        Example::float("a b c d e", 0.0),
        Example::null("- !"),
    ],
);

/// The annotator `dclm_duplicate_6gram_char_ratio`.
pub(in crate::annotators) const DUPLICATE_6GRAM_CHAR_RATIO: Measure = of::<6>(
    "dclm_duplicate_6gram_char_ratio",
    &[
        Example::float("a b c d e f zz a b c d e f", 12.0 / 14.0),
        Example::float("a b c d e f", 0.0),
        Example::null("- !"),
    ],
);

/// The annotator `dclm_duplicate_7gram_char_ratio`.
pub(in crate::annotators) const DUPLICATE_7GRAM_CHAR_RATIO: Measure = of::<7>(
    "dclm_duplicate_7gram_char_ratio",
    &[
        Example::float("a b c d e f g zz a b c d e f g", 14.0 / 16.0),
        Example::float("a b c d e f g", 0.0),
        Example::null("- !"),
    ],
);

/// The annotator `dclm_duplicate_8gram_char_ratio`.
pub(in crate::annotators) const DUPLICATE_8GRAM_CHAR_RATIO: Measure = of::<8>(
    "dclm_duplicate_8gram_char_ratio",
    &[
        Example::float("a b c d e f g h zz a b c d e f g h", 16.0 / 18.0),
        Example::float("a b c d e f g h", 0.0),
        Example::null("- !"),
    ],
);

/// The annotator `dclm_duplicate_9gram_char_ratio`.
pub(in crate::annotators) const DUPLICATE_9GRAM_CHAR_RATIO: Measure = of::<9>(
    "dclm_duplicate_9gram_char_ratio",
    &[
        Example::float("a b c d e f g h i zz a b c d e f g h i", 18.0 / 20.0),
        Example::float("a b c d e f g h i", 0.0),
        Example::null("- !"),
    ],
);

/// The annotator `dclm_duplicate_10gram_char_ratio`.
pub(in crate::annotators) const DUPLICATE_10GRAM_CHAR_RATIO: Measure = of::<10>(
    "dclm_duplicate_10gram_char_ratio",
    &[
        Example::float("a b c d e f g h i j zz a b c d e f g h i j", 20.0 / 22.0),
        Example::float("a b c d e f g h i j", 0.0),
        Example::null("- !"),
    ],
);

const SOURCE: &str = "DCLM, massive_web_repetition_filters";

const DEFINITION: &str = "Characters of the words that lie in an n-gram that occurs more than once, first \
        occurrences included and each word counted once, divided by the characters of all words; n \
        is the number in the name. Words stand between the word boundaries of Unicode and start \
        with a letter or a digit. A text without words gives NULL.";

const fn of<const N: usize>(name: &'static str, examples: &'static [Example]) -> Measure {
    Measure {
        evidence: evidence::<N>,
        ..Measure::plain(
            name,
            ValueType::Float,
            "share of characters",
            (0.0, 1.0),
            DEFINITION,
            SOURCE,
            examples,
            measure::<N>,
        )
    }
}

fn measure<const N: usize>(document: &mut Document<'_>) -> Value {
    let view = document.bounded_grams();
    let all = view.grams.chars(0, view.words.len());
    share(view.grams.copies(N, view.table, |_, _| ()), all)
}

fn evidence<const N: usize>(document: &mut Document<'_>) -> Vec<(usize, usize)> {
    copy_spans(&mut document.bounded_grams(), N)
}
