//! Sets of documents, one bit each, looked up beside a scan.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use crate::table::batch::columns;
use crate::table::cursor::SortedCursor;
use crate::table::row_id::{ROW_ID, unit_and_position};
use arrow::array::{BooleanArray, UInt64Array};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::cast::as_uint64_array;
use datafusion::common::{Result, exec_datafusion_err, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::scalar::ScalarValue;

/// Rows of a batch.
const ROWS: usize = 1 << 14;
/// Sets that a process keeps: more stages are never under way at the same time.
const SETS_MAX: usize = 8;

/// The row ids that stand in a table: a bit for each document of a unit up to the last that does.
#[derive(Debug, Default)]
pub(crate) struct RowSet {
    units: Vec<Vec<u64>>,
}

/// The word of a position, and its bit there.
fn bit(position: u64) -> Result<(usize, u64)> {
    let word = usize::try_from(position / 64)
        .map_err(|_| exec_datafusion_err!("position {position} is beyond what memory can hold"))?;
    Ok((word, 1 << (position % 64)))
}

impl RowSet {
    /// Those of the column `row_id` of a file.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let mut set = Self::default();
        let mut cursor = SortedCursor::new(vec![path.to_owned()], &[ROW_ID], 0, ROWS);
        while let Some(batch) = cursor.next()? {
            for row_id in columns(&batch, [ROW_ID])?[0] {
                set.add(*row_id)?;
            }
        }
        Ok(set)
    }

    fn add(&mut self, row_id: u64) -> Result<()> {
        let (unit, position) = unit_and_position(row_id);
        let (word, bit) = bit(position)?;
        if self.units.len() <= unit {
            self.units.resize_with(unit + 1, Vec::new);
        }
        let words = &mut self.units[unit];
        if words.len() <= word {
            words.resize(word + 1, 0);
        }
        words[word] |= bit;
        Ok(())
    }

    /// Whether the document is one of them.
    pub(crate) fn has(&self, row_id: u64) -> bool {
        let (unit, position) = unit_and_position(row_id);
        let Ok((word, bit)) = bit(position) else { return false };
        self.units.get(unit).and_then(|words| words.get(word)).is_some_and(|word| word & bit != 0)
    }
}

/// A set with what its file was when it was read.
struct Cached {
    path: PathBuf,
    bytes: u64,
    modified: SystemTime,
    set: Arc<RowSet>,
}

static SETS: Mutex<Vec<Cached>> = Mutex::new(Vec::new());

/// The set of the file at `path`, read once a process.
fn cached(path: &Path) -> Result<Arc<RowSet>> {
    let unusable = |error| exec_datafusion_err!("{}: cannot be read: {error}", path.display());
    let data = std::fs::metadata(path).map_err(unusable)?;
    let modified = data.modified().map_err(unusable)?;
    let mut sets = SETS.lock().unwrap_or_else(PoisonError::into_inner);
    let same =
        |one: &Cached| one.path == path && one.bytes == data.len() && one.modified == modified;
    if let Some(known) = sets.iter().find(|one| same(one)) {
        return Ok(Arc::clone(&known.set));
    }
    let set = Arc::new(RowSet::read(path)?);
    sets.retain(|one| one.path != path);
    if sets.len() >= SETS_MAX {
        sets.remove(0);
    }
    let new = Cached { path: path.to_owned(), bytes: data.len(), modified, set: Arc::clone(&set) };
    sets.push(new);
    Ok(set)
}

/// `tamis_in_table(row_id, path)`: whether the row id stands in the table in that file.
#[derive(Debug, PartialEq, Eq, Hash)]
struct InTable {
    signature: Signature,
}

impl ScalarUDFImpl for InTable {
    fn name(&self) -> &'static str {
        "tamis_in_table"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [rows, ColumnarValue::Scalar(ScalarValue::Utf8(Some(path)))] = args.args.as_slice()
        else {
            return exec_err!("tamis_in_table takes row ids and a literal path");
        };
        let set = cached(Path::new(path))?;
        let rows = rows.to_array(args.number_rows)?;
        let rows: &UInt64Array = as_uint64_array(&rows)?;
        let found: BooleanArray = rows.iter().map(|row| row.map(|row| set.has(row))).collect();
        Ok(ColumnarValue::Array(Arc::new(found)))
    }
}

/// The function `tamis_in_table`.
pub(crate) fn in_table_udf() -> Arc<ScalarUDF> {
    let signature = Signature::exact(vec![DataType::UInt64, DataType::Utf8], Volatility::Stable);
    Arc::new(ScalarUDF::from(InTable { signature }))
}

/// `tamis_document_number(row_id, bases)`: the number of a document in input order, from 0, where
/// `bases` (JSON) has the documents before each unit.
#[derive(Debug, PartialEq, Eq, Hash)]
struct DocumentNumber {
    signature: Signature,
}

impl ScalarUDFImpl for DocumentNumber {
    fn name(&self) -> &'static str {
        "tamis_document_number"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::UInt64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [rows, ColumnarValue::Scalar(ScalarValue::Utf8(Some(bases)))] = args.args.as_slice()
        else {
            return exec_err!("tamis_document_number takes row ids and a literal list");
        };
        let bases: Vec<u64> = serde_json::from_str(bases)
            .map_err(|error| exec_datafusion_err!("tamis_document_number: {error}"))?;
        let rows = rows.to_array(args.number_rows)?;
        let mut numbers = Vec::with_capacity(rows.len());
        for row_id in as_uint64_array(&rows)?.values() {
            let (unit, position) = unit_and_position(*row_id);
            let Some(base) = bases.get(unit) else {
                return exec_err!("row {row_id} is of no unit of this run");
            };
            numbers.push(base + position);
        }
        Ok(ColumnarValue::Array(Arc::new(UInt64Array::from(numbers))))
    }
}

/// The function `tamis_document_number`.
pub(crate) fn document_number_udf() -> Arc<ScalarUDF> {
    let signature = Signature::exact(vec![DataType::UInt64, DataType::Utf8], Volatility::Immutable);
    Arc::new(ScalarUDF::from(DocumentNumber { signature }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::batch::{Rows, numbered};

    fn write(path: &Path, row_ids: &[u64]) {
        let mut rows = Rows::default();
        row_ids.iter().for_each(|row_id| rows.push([*row_id]));
        let batch = rows.batch(&numbered([ROW_ID])).unwrap();
        let file = std::fs::File::create(path).unwrap();
        let mut writer = parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
    }

    #[test]
    fn a_set_holds_what_its_table_holds_also_when_that_changes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.parquet");
        write(&path, &[1, 5, 1 << 41]);
        let set = cached(&path).unwrap();
        assert!(set.has(1) && set.has(5) && set.has(1 << 41));
        assert!(!set.has(0) && !set.has(6));
        write(&path, &[2, 3, 4, 9]);
        let set = cached(&path).unwrap();
        assert!(set.has(9) && !set.has(1));
    }
}
