//! Shingle sets of the candidates of one unit, in a file from which any of them can be read.
//!
//! Sets lie one after the other, eight bytes a shingle (little-endian), in the order of row ids;
//! behind them the index: row id and end of each set (in bytes), then the footer: how many there
//! are, the xxh3-64 hash of the index, and eight bytes that name the format. Of the index every
//! 64th row id is held in memory.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, ArrayRef, BinaryArray, RecordBatch, StringArray, UInt64Array};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::{DataFusionError, Result, exec_datafusion_err};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use tamis_kernels::hash64;

use crate::table::atomic::PartFile;
use crate::table::batch::{changed, columns, typed};
use crate::table::names::SHINGLES;
use crate::table::node::{Inputs, Node};
use crate::table::part;
use crate::table::row_id::{ROW_ID, unit_and_position};

/// The last eight bytes of a file.
const FORMAT: &[u8; 8] = b"tamisst1";
/// Bytes of an entry of the index: row id, end.
const ENTRY: usize = 16;
/// Bytes behind the index: entries, hash, format.
const FOOTER: usize = 24;
/// Entries of the index for each row id in memory.
const STRIDE: usize = 64;
/// Files that are open at the same time, at most.
const OPEN_MAX: usize = 64;

/// Writes `row_id, shingles`, by row id, to a file that appears whole or not at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WriteSets {
    /// The final name of the file.
    pub path: PathBuf,
}

impl Node for WriteSets {
    const NAME: &'static str = "WriteSetsExec";
    const INPUT_ORDER: &'static [&'static str] = &[ROW_ID];

    fn schema(&self, _inputs: &[SchemaRef]) -> Result<SchemaRef> {
        Ok(part::schema())
    }

    fn detail(&self) -> String {
        self.path.display().to_string()
    }

    fn rows(&self, inputs: &Inputs<'_>, schema: SchemaRef) -> Result<SendableRecordBatchStream> {
        let (path, mut input, out) = (self.path.clone(), inputs.stream()?, Arc::clone(&schema));
        let work = async move {
            let mut writer = SetWriter::create(&path)?;
            while let Some(batch) = input.next().await {
                writer.write(&batch?)?;
            }
            let rows = writer.finish()?;
            let columns: Vec<ArrayRef> = vec![
                Arc::new(StringArray::from(vec![path.display().to_string()])),
                Arc::new(UInt64Array::from(vec![rows])),
            ];
            Ok(RecordBatch::try_new(out, columns)?)
        };
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, futures::stream::once(work))))
    }
}

fn external(error: crate::error::WriteError) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

/// A file of sets in the making.
struct SetWriter {
    out: BufWriter<PartFile>,
    index: Vec<u8>,
    end: u64,
    rows: u64,
    last: Option<u64>,
}

impl SetWriter {
    fn create(path: &Path) -> Result<Self> {
        let file = PartFile::create(path).map_err(external)?;
        let out = BufWriter::with_capacity(1 << 20, file);
        Ok(Self { out, index: Vec::new(), end: 0, rows: 0, last: None })
    }

    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let [row_ids] = columns(batch, [ROW_ID])?;
        let sets = typed::<BinaryArray>(batch, SHINGLES)?;
        for (row, &row_id) in row_ids.iter().enumerate() {
            if self.last.is_some_and(|last| last >= row_id) {
                return Err(exec_datafusion_err!("row {row_id} comes out of order"));
            }
            self.last = Some(row_id);
            let set = if sets.is_null(row) { &[][..] } else { sets.value(row) };
            self.out.write_all(set)?;
            self.end += set.len() as u64;
            self.rows += 1;
            self.index.extend(row_id.to_le_bytes());
            self.index.extend(self.end.to_le_bytes());
        }
        Ok(())
    }

    fn finish(mut self) -> Result<u64> {
        self.out.write_all(&self.index)?;
        self.out.write_all(&self.rows.to_le_bytes())?;
        self.out.write_all(&hash64(&self.index).to_le_bytes())?;
        self.out.write_all(FORMAT)?;
        let file = self.out.into_inner().map_err(|error| DataFusionError::IoError(error.into()))?;
        file.finish().map_err(external)?;
        Ok(self.rows)
    }
}

/// A file of sets, opened.
struct SetFile {
    file: File,
    /// Bytes of all sets: where the index begins.
    sets_bytes: u64,
    rows: usize,
    /// The row id of every [`STRIDE`]th entry.
    sparse: Vec<u64>,
}

/// The bytes as a number; there must be eight.
fn number(bytes: &[u8]) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(..8)?.try_into().ok()?))
}

impl SetFile {
    fn open(path: &Path) -> Result<Self> {
        let broken = |what: &str| exec_datafusion_err!("{}: {what}; {}", path.display(), changed());
        let file = File::open(path).map_err(|error| broken(&format!("cannot be read: {error}")))?;
        let bytes = file.metadata()?.len();
        let mut footer = [0; FOOTER];
        let index_end =
            bytes.checked_sub(FOOTER as u64).ok_or_else(|| broken("is no file of shingle sets"))?;
        file.read_exact_at(&mut footer, index_end)?;
        let (rows, hash) = number(&footer).zip(number(&footer[8..])).unwrap_or((0, 0));
        let rows = usize::try_from(rows).ok().filter(|_| footer.ends_with(FORMAT));
        let rows = rows.ok_or_else(|| broken("is no file of shingle sets"))?;
        let index_bytes = rows.checked_mul(ENTRY).filter(|bytes| *bytes as u64 <= index_end);
        let index_bytes = index_bytes.ok_or_else(|| broken("is damaged"))?;
        let sets_bytes = index_end - index_bytes as u64;
        let mut index = vec![0; index_bytes];
        file.read_exact_at(&mut index, sets_bytes)?;
        if hash64(&index) != hash {
            return Err(broken("is damaged"));
        }
        let sparse = index.chunks(ENTRY * STRIDE).filter_map(number).collect();
        Ok(Self { file, sets_bytes, rows, sparse })
    }

    /// Reads the set of `row_id` into `set`; false where the file has none.
    fn read(&self, row_id: u64, set: &mut Vec<u64>, bytes: &mut Vec<u8>) -> Result<bool> {
        let block = self.sparse.partition_point(|first| *first <= row_id);
        let Some(block) = block.checked_sub(1) else { return Ok(false) };
        // the entry before the block says where its first set begins
        let first = block * STRIDE;
        let from = first.saturating_sub(1);
        let to = (first + STRIDE).min(self.rows);
        let mut index = [0; ENTRY * (STRIDE + 1)];
        let index = &mut index[..(to - from) * ENTRY];
        self.file.read_exact_at(index, self.sets_bytes + (from * ENTRY) as u64)?;
        let entry = |at: usize| {
            let entry = &index[(at - from) * ENTRY..];
            number(entry).zip(number(&entry[8..])).unwrap_or((u64::MAX, 0))
        };
        let found = (first..to).find(|at| entry(*at).0 >= row_id);
        let Some(found) = found.filter(|at| entry(*at).0 == row_id) else { return Ok(false) };
        let begin = if found == 0 { 0 } else { entry(found - 1).1 };
        let length =
            entry(found).1.checked_sub(begin).and_then(|bytes| usize::try_from(bytes).ok());
        let length = length.ok_or_else(|| exec_datafusion_err!("an index of sets is damaged"))?;
        bytes.resize(length, 0);
        self.file.read_exact_at(bytes, begin)?;
        set.clear();
        set.extend(bytes.as_chunks::<8>().0.iter().map(|eight| u64::from_le_bytes(*eight)));
        Ok(true)
    }
}

/// The sets of all units, read by any number of threads.
#[derive(Debug)]
pub(crate) struct ShingleSets {
    paths: Vec<PathBuf>,
    open: Mutex<Vec<(usize, Arc<SetFile>)>>,
}

impl std::fmt::Debug for SetFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} sets", self.rows)
    }
}

impl ShingleSets {
    /// A file for each unit.
    pub(crate) fn new(paths: Vec<PathBuf>) -> Self {
        Self { paths, open: Mutex::default() }
    }

    /// Reads the set of `row_id`, which must be there.
    pub(crate) fn read(&self, row_id: u64, set: &mut Vec<u64>, bytes: &mut Vec<u8>) -> Result<()> {
        let (unit, _) = unit_and_position(row_id);
        if self.file(unit)?.read(row_id, set, bytes)? {
            return Ok(());
        }
        Err(exec_datafusion_err!("the shingles of row {row_id} are missing; {}", changed()))
    }

    fn file(&self, unit: usize) -> Result<Arc<SetFile>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, file)) = open.iter().find(|(of, _)| *of == unit) {
            return Ok(Arc::clone(file));
        }
        let path = self
            .paths
            .get(unit)
            .ok_or_else(|| exec_datafusion_err!("unit {unit} has no file of shingle sets"))?;
        let file = Arc::new(SetFile::open(path)?);
        if open.len() >= OPEN_MAX {
            open.remove(0);
        }
        open.push((unit, Arc::clone(&file)));
        Ok(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::row_id::first_row_id;
    use datafusion::arrow::datatypes::DataType;

    fn file(path: &Path, sets: &[(u64, Vec<u64>)]) {
        let mut writer = SetWriter::create(path).unwrap();
        let bytes = |set: &Vec<u64>| set.iter().flat_map(|s| s.to_le_bytes()).collect::<Vec<u8>>();
        let sets_of = sets.iter().map(|(_, set)| Some(bytes(set)));
        let batch = RecordBatch::try_new(
            crate::table::batch::schema_of(&[
                (ROW_ID, DataType::UInt64),
                (SHINGLES, DataType::Binary),
            ]),
            vec![
                Arc::new(UInt64Array::from_iter_values(sets.iter().map(|(row_id, _)| *row_id))),
                Arc::new(sets_of.collect::<BinaryArray>()),
            ],
        )
        .unwrap();
        writer.write(&batch).unwrap();
        assert_eq!(writer.finish().unwrap(), sets.len() as u64);
    }

    #[test]
    fn any_set_of_any_unit_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let (mut paths, mut all) = (Vec::new(), Vec::new());
        for unit in 0..3 {
            let path = folder.path().join(format!("{unit}.sets"));
            let row = |n: u64| (first_row_id(unit) + n * 3, (0..n % 7).map(|s| s * n).collect());
            let sets: Vec<(u64, Vec<u64>)> = (0..500).map(row).collect();
            file(&path, &sets);
            all.extend(sets);
            paths.push(path);
        }
        let sets = ShingleSets::new(paths);
        let (mut set, mut bytes) = (Vec::new(), Vec::new());
        for (row_id, expected) in all.iter().rev() {
            sets.read(*row_id, &mut set, &mut bytes).unwrap();
            assert_eq!(set, *expected, "{row_id}");
        }
        for missing in [1, 1_500, first_row_id(1) + 2, first_row_id(3)] {
            assert!(sets.read(missing, &mut set, &mut bytes).is_err(), "{missing}");
        }
    }

    #[test]
    fn a_damaged_file_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("0.sets");
        file(&path, &(0..200).map(|n| (n, vec![n])).collect::<Vec<_>>());
        let whole = std::fs::read(&path).unwrap();
        for at in whole.len() - FOOTER - 200 * ENTRY..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            std::fs::write(&path, &bytes).unwrap();
            assert!(SetFile::open(&path).is_err(), "{at}");
        }
        std::fs::write(&path, &whole[..20]).unwrap();
        assert!(SetFile::open(&path).is_err());
    }
}
