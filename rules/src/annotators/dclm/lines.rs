//! What DCLM counts over lines.

use super::super::{Example, Measure, Value, ValueType};

/// The annotator `dclm_bullet_line_ratio`.
pub(in crate::annotators) const BULLET_LINE_RATIO: Measure = Measure::plain(
    "dclm_bullet_line_ratio",
    ValueType::Float,
    "share of lines",
    (0.0, 1.0),
    "Lines that start with `●`, `•`, `*` or `-`, divided by all lines that are not blank; white \
     space at both ends of a line is left out. A text without such lines gives 0.",
    "DCLM, bullet_count_filter",
    &[Example::float("- a\n\n * b\n• c\nd", 3.0 / 4.0), Example::float("\n", 0.0)],
    |document| {
        let counts = document.line_counts();
        Value::Float(counts.dclm_bullets as f64 / counts.filled.max(1) as f64)
    },
);

/// The annotator `dclm_ellipsis_line_ratio`.
pub(in crate::annotators) const ELLIPSIS_LINE_RATIO: Measure = Measure::plain(
    "dclm_ellipsis_line_ratio",
    ValueType::Float,
    "share of lines",
    (0.0, 1.0),
    "Lines that end with `...`, `. . .` or `…`, divided by all lines that are not blank; white \
     space at both ends of a line is left out. A text without such lines gives 0.",
    "DCLM, ellipsis_count_filter",
    &[Example::float("a…\n\nb... \nc. . .\nd..", 3.0 / 4.0), Example::float("", 0.0)],
    |document| {
        let counts = document.line_counts();
        Value::Float(counts.dclm_ellipses as f64 / counts.filled.max(1) as f64)
    },
);
