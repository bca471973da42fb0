//! What each source lost: references that point at nothing, counted, with the likely cause.

use arrow::array::{Int64Array, StringArray};
use datafusion::prelude::SessionContext;
use serde::{Deserialize, Serialize};

use crate::error::PipelineError;
use crate::table::batch::typed;
use crate::table::names::quoted;
use crate::table::row_id::ROW_ID;

/// Kinds whose objects are counted as well as what points at them, in the singular and plural.
pub const KINDS: [(&str, &str); 6] = [
    ("table", "tables"),
    ("figure", "figures"),
    ("equation", "equations"),
    ("listing", "listings"),
    ("citation", "citations"),
    ("footnote", "footnotes"),
];

/// What is missing of a kind, what points at it, and what an extractor drops then.
fn words(kind: &str) -> (&str, &str, &str) {
    match kind {
        "table" => ("table", "mention one", "tables"),
        "figure" => ("figure", "mention one", "figures"),
        "equation" => ("equation", "mention one", "equations"),
        "listing" => ("listing", "mention one", "listings"),
        "citation" => ("entry of a list of references", "cite one", "lists of references"),
        _ => ("footnote", "point at one", "footnotes"),
    }
}
/// Documents that mention a kind below which a share says little.
const ENOUGH: u64 = 5;
/// Documents that are named of each source.
const EXAMPLES: usize = 3;
/// Sources whose worst documents are named.
const SOURCES: usize = 20;

/// What one source lost.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LostRow {
    /// Its name.
    pub source: String,
    /// Its documents.
    pub documents: u64,
    /// Those that point at something which is not there.
    pub dangling: u64,
    /// Kinds that its documents point at.
    pub kinds: Vec<LostKind>,
    /// Documents with the most findings.
    pub examples: Vec<String>,
}

/// What one source lost of one kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LostKind {
    /// `table`, `figure`, `equation`, `listing`, `citation` or `footnote`.
    pub kind: String,
    /// Documents that mention one.
    pub mentioning: u64,
    /// Those of them that hold none at all.
    pub without: u64,
    /// Those of them in which one that is mentioned is not there.
    pub dangling: u64,
    /// What is probably the reason, where many documents say the same.
    pub cause: Option<String>,
}

impl LostKind {
    /// A kind with its likely cause.
    pub fn new(kind: &str, mentioning: u64, without: u64, dangling: u64) -> Self {
        let (one, point, dropped) = words(kind);
        let share = without as f64 / mentioning.max(1) as f64;
        let cause = if mentioning < ENOUGH || dangling * 2 < without {
            None
        } else if without == mentioning {
            Some(format!(
                "no {one} in any of the {mentioning} documents that {point}: the extractor drops {dropped}"
            ))
        } else if share >= 0.5 {
            Some(format!(
                "no {one} in {without} of the {mentioning} documents that {point}: the extractor drops most {dropped}"
            ))
        } else if dangling * 2 >= mentioning {
            Some(format!(
                "{dangling} of the {mentioning} documents that {point} point at some that are not there: the extractor drops parts of {dropped}"
            ))
        } else {
            None
        };
        Self { kind: kind.to_owned(), mentioning, without, dangling, cause }
    }
}

/// Counts by source, worst first; nothing where no rule asks for references. `columns` are those
/// of the annotations.
pub(crate) async fn rows(
    context: &SessionContext,
    columns: &[String],
) -> Result<Vec<LostRow>, PipelineError> {
    const ALL: &str = "dangling_references";
    let Some(all) = columns.iter().find(|name| name.rsplit('.').next() == Some(ALL)) else {
        return Ok(Vec::new());
    };
    // a later stage has its name in front
    let stage = all.strip_suffix(ALL).unwrap_or_default();
    let column = |name: &str| quoted(&format!("{stage}{name}"));
    let mut counts = format!("count(*) AS n, count(*) FILTER (WHERE {} > 0) AS d", column(ALL));
    for (kind, many) in KINDS {
        let [mentioned, present, dangling] =
            ["mentioned", "present", "dangling"].map(|of| column(&format!("{of}_{many}")));
        counts.push_str(&format!(
            ", count(*) FILTER (WHERE {mentioned} > 0) AS {kind}_m, \
             count(*) FILTER (WHERE {mentioned} > 0 AND {present} = 0) AS {kind}_w, \
             count(*) FILTER (WHERE {dangling} > 0) AS {kind}_d"
        ));
    }
    let sql =
        format!("SELECT source, {counts} FROM annotations GROUP BY source ORDER BY d DESC, source");
    let mut rows = Vec::new();
    for batch in context.sql(&sql).await?.collect().await? {
        let names = typed::<StringArray>(&batch, "source")?;
        for at in 0..batch.num_rows() {
            let number = |name: &str| -> Result<u64, PipelineError> {
                Ok(typed::<Int64Array>(&batch, name)?.value(at).unsigned_abs())
            };
            let mut row = LostRow {
                source: names.value(at).to_owned(),
                documents: number("n")?,
                dangling: number("d")?,
                ..LostRow::default()
            };
            for (kind, _) in KINDS {
                let [mentioning, without, dangling] =
                    ["m", "w", "d"].map(|of| number(&format!("{kind}_{of}")));
                let mentioning = mentioning?;
                if mentioning > 0 {
                    row.kinds.push(LostKind::new(kind, mentioning, without?, dangling?));
                }
            }
            rows.push(row);
        }
    }
    for row in rows.iter_mut().take(SOURCES).filter(|row| row.dangling > 0) {
        let source = row.source.replace('\'', "''");
        let sql = format!(
            "SELECT coalesce(id, document_id) AS name FROM annotations WHERE source = '{source}' \
             AND {0} > 0 ORDER BY {0} DESC, {ROW_ID} LIMIT {EXAMPLES}",
            column(ALL)
        );
        for batch in context.sql(&sql).await?.collect().await? {
            let names = typed::<StringArray>(&batch, "name")?;
            row.examples.extend(names.iter().flatten().map(str::to_owned));
        }
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_needs_many_documents_that_agree() {
        let cause = |m, w, d| LostKind::new("table", m, w, d).cause;
        assert!(cause(1204, 1204, 1100).unwrap().contains("in any of the 1204"));
        assert!(cause(10, 6, 6).unwrap().contains("6 of the 10"));
        assert!(cause(10, 4, 6).unwrap().contains("drops parts of tables"));
        assert_eq!(cause(4, 4, 4), None);
        assert_eq!(cause(100, 20, 20), None);
        // mentions of tables elsewhere are no loss
        assert_eq!(cause(100, 100, 3), None);
    }
}
