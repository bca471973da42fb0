//! Labels as files for other programs, JSONL or Parquet: there whole or not at all.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, ListBuilder, RecordBatch, StringArray, StringBuilder, UInt64Array,
};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use tamis_pipeline::table::atomic::PartFile;

use crate::error::InspectError;
use crate::model::{Label, Verdict};

/// Form of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// A JSON object in each line.
    Jsonl,
    /// A Parquet file.
    Parquet,
}

/// The word of a verdict in files.
pub fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Good => "good",
        Verdict::Defect => "defect",
        Verdict::Skip => "skip",
    }
}

/// Writes labels to `path`.
pub fn export(labels: &[Label], format: ExportFormat, path: &Path) -> Result<(), InspectError> {
    let failed = |error: &dyn std::fmt::Display| InspectError::file(path, error);
    let mut file = PartFile::create(path).map_err(|error| failed(&error))?;
    match format {
        ExportFormat::Jsonl => write_jsonl(labels, &mut file).map_err(|error| failed(&error))?,
        ExportFormat::Parquet => {
            let batch = batch(labels).map_err(|error| failed(&error))?;
            let properties = WriterProperties::builder()
                .set_compression(Compression::ZSTD(ZstdLevel::default()))
                .build();
            let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties))
                .map_err(|error| failed(&error))?;
            writer.write(&batch).map_err(|error| failed(&error))?;
            file = writer.into_inner().map_err(|error| failed(&error))?;
        }
    }
    file.finish().map_err(|error| failed(&error))
}

/// Writes labels as JSONL.
pub fn write_jsonl(labels: &[Label], out: &mut impl Write) -> std::io::Result<()> {
    for label in labels {
        serde_json::to_writer(&mut *out, label)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// One row a label; the columns are the fields of the JSON form.
fn batch(labels: &[Label]) -> Result<RecordBatch, arrow::error::ArrowError> {
    let text = |of: fn(&Label) -> &str| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(labels.iter().map(of)))
    };
    let maybe = |of: fn(&Label) -> Option<&str>| -> ArrayRef {
        Arc::new(labels.iter().map(of).collect::<StringArray>())
    };
    let number = |of: fn(&Label) -> u64| -> ArrayRef {
        Arc::new(UInt64Array::from_iter_values(labels.iter().map(of)))
    };
    let truth = |of: fn(&Label) -> bool| -> ArrayRef {
        Arc::new(labels.iter().map(|label| Some(of(label))).collect::<BooleanArray>())
    };
    let list = |of: fn(&Label) -> &[String]| -> ArrayRef {
        let mut builder = ListBuilder::new(StringBuilder::new());
        for label in labels {
            builder.append_value(of(label).iter().map(Some));
        }
        Arc::new(builder.finish())
    };
    RecordBatch::try_from_iter([
        ("document_id", text(|label| &label.document_id)),
        ("id", maybe(|label| label.id.as_deref())),
        ("content_hash", text(|label| &label.content_hash)),
        ("verdict", text(|label| word(label.verdict))),
        ("kinds", list(|label| &label.kinds)),
        ("flagged", truth(|label| label.flagged)),
        ("note", maybe(|label| label.note.as_deref())),
        ("reviewer", text(|label| &label.reviewer)),
        ("at_ms", number(|label| label.at_ms)),
        ("spent_ms", number(|label| label.spent_ms)),
        ("stratum", maybe(|label| label.stratum.as_deref())),
        ("size", number(|label| label.size)),
        ("rules", list(|label| &label.rules)),
        ("sampled", truth(|label| label.sampled)),
        ("repeat", truth(|label| label.repeat)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReader;

    fn labels() -> Vec<Label> {
        let one = |number: u64, verdict, note: Option<&str>| Label {
            document_id: format!("{number:032x}"),
            id: (number > 0).then(|| format!("doc-{number}")),
            content_hash: "c".to_owned(),
            verdict,
            kinds: vec!["lost-part".to_owned(); usize::try_from(number).unwrap()],
            flagged: number == 1,
            note: note.map(str::to_owned),
            reviewer: "me".to_owned(),
            at_ms: 1_700_000_000_000 + number,
            spent_ms: 900,
            stratum: None,
            size: 12,
            rules: Vec::new(),
            sampled: true,
            repeat: false,
        };
        vec![one(0, Verdict::Good, None), one(2, Verdict::Defect, Some("line\n\u{e9}\"x"))]
    }

    #[test]
    fn jsonl_comes_back_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/labels.jsonl");
        export(&labels(), ExportFormat::Jsonl, &path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let back: Vec<Label> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(back, labels());
        assert_eq!(std::fs::read_dir(folder.path().join("a")).unwrap().count(), 1);
    }

    #[test]
    fn parquet_has_the_same_columns_as_the_fields_of_the_json_form() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("labels.parquet");
        export(&labels(), ExportFormat::Parquet, &path).unwrap();
        let file = std::fs::File::open(&path).unwrap();
        let batch = ParquetRecordBatchReader::try_new(file, 10).unwrap().next().unwrap().unwrap();
        assert_eq!(batch.num_rows(), 2);
        let json = serde_json::to_value(&labels()[0]).unwrap();
        let mut fields: Vec<String> = json.as_object().unwrap().keys().cloned().collect();
        let schema = batch.schema();
        let mut columns: Vec<String> = schema.fields().iter().map(|f| f.name().clone()).collect();
        fields.sort();
        columns.sort();
        assert_eq!(columns, fields);
        let shown = |name: &str, row| {
            let column = batch.column_by_name(name).unwrap();
            arrow::util::display::array_value_to_string(column, row).unwrap()
        };
        assert_eq!(shown("verdict", 1), "defect");
        assert_eq!(shown("kinds", 1), "[lost-part, lost-part]");
        assert_eq!(shown("note", 1), "line\n\u{e9}\"x");
        assert_eq!(shown("id", 0), "");
        // none is written as an empty file with columns, so that a reader need not ask
        export(&[], ExportFormat::Parquet, &path).unwrap();
        assert!(path.exists());
    }
}
