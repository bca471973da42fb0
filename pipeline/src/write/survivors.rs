//! The duplicates of a run in input order, read beside its documents.

use std::fs::File;
use std::path::Path;

use arrow::array::{Array, BooleanArray, Float64Array, RecordBatch, StringArray, UInt64Array};
use datafusion::common::{DataFusionError, Result};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::statistics::Statistics;

use crate::table::batch::typed;
use crate::table::names::AGAINST;

const COLUMNS: [&str; 8] =
    ["document_id", "survivor_id", "similarity", "kind", "twin", "shard", "row", AGAINST];

/// What dedup says of a document that goes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Duplicate {
    /// The survivor, by the user's id where there is one.
    pub(crate) survivor: Option<String>,
    /// Similarity to it.
    pub(crate) similarity: Option<f64>,
    /// `exact`.
    pub(crate) kind: String,
}

/// What dedup says of a document.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Role {
    /// It goes.
    Goes(Duplicate),
    /// Others go for it.
    Survives,
}

/// A walk over a file of clusters, which lies in input order; holds one batch.
pub(crate) struct Duplicates {
    reader: ParquetRecordBatchReader,
    batch: Option<RecordBatch>,
    at: usize,
}

impl Duplicates {
    /// Opens the clusters at `path` for documents of the shards from `first` to `last`.
    pub(crate) fn open(path: &Path, first: &str, last: &str) -> Result<Self> {
        let file = File::open(path).map_err(|error| {
            DataFusionError::Execution(format!("{}: cannot be read: {error}", path.display()))
        })?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(file)?;
        let schema = builder.parquet_schema();
        let shard = schema.columns().iter().position(|column| column.name() == "shard");
        let mask = ProjectionMask::columns(schema, COLUMNS);
        let wanted = |group: &RowGroupMetaData| {
            let statistics = shard.and_then(|at| group.column(at).statistics());
            let Some(Statistics::ByteArray(bounds)) = statistics else { return true };
            let above = bounds.max_opt().is_none_or(|most| most.data() >= first.as_bytes());
            let below = bounds.min_opt().is_none_or(|least| least.data() <= last.as_bytes());
            above && below
        };
        let groups = builder.metadata().row_groups().iter().enumerate();
        let groups = groups.filter(|(_, group)| wanted(group)).map(|(at, _)| at).collect();
        let reader =
            builder.with_projection(mask).with_row_groups(groups).with_batch_size(4096).build()?;
        Ok(Self { reader, batch: None, at: 0 })
    }

    /// What dedup says of the document in `row` of `shard`; documents are asked for in input order.
    pub(crate) fn find(&mut self, shard: &str, row: u64) -> Result<Option<Role>> {
        loop {
            let Some(batch) = self.batch.as_ref().filter(|batch| self.at < batch.num_rows()) else {
                self.at = 0;
                self.batch = self.reader.next().transpose()?;
                if self.batch.is_none() {
                    return Ok(None);
                }
                continue;
            };
            let text = |name| typed::<StringArray>(batch, name);
            let survives =
                text("document_id")?.value(self.at) == text("survivor_id")?.value(self.at);
            let against = typed::<BooleanArray>(batch, AGAINST)?.value(self.at);
            // survivors of a reference set lie before all, whatever their shards are called
            if survives && against {
                self.at += 1;
                continue;
            }
            let here =
                (text("shard")?.value(self.at), typed::<UInt64Array>(batch, "row")?.value(self.at));
            if here > (shard, row) {
                return Ok(None);
            }
            if here == (shard, row) && survives {
                return Ok(Some(Role::Survives));
            }
            if here == (shard, row) {
                let (twin, at) = (text("twin")?, self.at);
                let similarity = typed::<Float64Array>(batch, "similarity")?;
                return Ok(Some(Role::Goes(Duplicate {
                    survivor: (!twin.is_null(at)).then(|| twin.value(at).to_owned()),
                    similarity: (!similarity.is_null(at)).then(|| similarity.value(at)),
                    kind: text("kind")?.value(at).to_owned(),
                })));
            }
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use arrow::array::ArrayRef;
    use parquet::arrow::ArrowWriter;
    use parquet::file::properties::WriterProperties;

    fn clusters(path: &Path) {
        let text = |values: [&str; 4]| -> ArrayRef { Arc::new(StringArray::from(values.to_vec())) };
        let batch = RecordBatch::try_from_iter([
            ("document_id", text(["1", "2", "3", "4"])),
            ("survivor_id", text(["1", "1", "1", "1"])),
            ("similarity", Arc::new(Float64Array::from(vec![1.0; 4])) as ArrayRef),
            ("kind", text(["exact"; 4])),
            ("twin", text(["one"; 4])),
            ("shard", text(["a", "a", "b", "c"])),
            ("row", Arc::new(UInt64Array::from(vec![0, 3, 1, 0])) as ArrayRef),
            (AGAINST, Arc::new(BooleanArray::from(vec![false; 4])) as ArrayRef),
        ])
        .unwrap();
        let one_a_group = WriterProperties::builder().set_max_row_group_row_count(Some(1)).build();
        let file = File::create(path).unwrap();
        let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(one_a_group)).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
    }

    #[test]
    fn only_those_that_go_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clusters.parquet");
        clusters(&path);
        let mut twins = Duplicates::open(&path, "a", "c").unwrap();
        let places = [("a", 0), ("a", 2), ("a", 3), ("b", 1), ("b", 2), ("c", 0), ("c", 1)];
        let found = places.map(|(shard, row)| match twins.find(shard, row).unwrap() {
            Some(Role::Goes(_)) => 'g',
            Some(Role::Survives) => 's',
            None => '-',
        });
        assert_eq!(found, ['s', '-', 'g', 'g', '-', 'g', '-']);
    }

    #[test]
    fn other_shards_are_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clusters.parquet");
        clusters(&path);
        let mut twins = Duplicates::open(&path, "b", "b").unwrap();
        let twin =
            Duplicate { survivor: Some("one".into()), similarity: Some(1.0), kind: "exact".into() };
        assert_eq!(twins.find("b", 1).unwrap(), Some(Role::Goes(twin)));
        assert_eq!(twins.find("c", 0).unwrap(), None);
    }
}
