//! The vectors of finished parts, read by their number from where they lie.

use std::io;
use std::path::PathBuf;

use datafusion::common::{Result, exec_err};
use tamis_kernels::vectors::Rows;

use crate::embed::compare::Comparer;
use crate::read::plain::{Laid, of_part};
use crate::table::names::VECTOR;

/// Files that stay open at most: a process may have 1,024 on many machines.
const OPEN_FILES: usize = 256;

/// That vectors are of one width in bytes.
pub(crate) fn one_width(width: usize, other: usize) -> Result<()> {
    if width == other && width > 0 {
        return Ok(());
    }
    exec_err!(
        "embeddings have {} numbers in one place and {} in another; they must come from one model",
        width / 4,
        other / 4
    )
}

/// The vectors of some parts, numbered in their order.
#[derive(Debug)]
pub(crate) struct PartVectors {
    /// Vectors before each group.
    starts: Vec<usize>,
    groups: Vec<Laid>,
    count: usize,
    dimensions: usize,
}

impl PartVectors {
    /// Those of `files`; none where one is stored in another way than this version of tamis does, or
    /// they are not equally long.
    pub(crate) fn open(files: &[PathBuf], comparer: &Comparer) -> Result<Option<Self>> {
        let open = files.len() <= OPEN_FILES;
        let part = |file: usize| Ok(of_part(&files[file], VECTOR, open)?);
        let parts = comparer.in_parallel(files.len(), part)?;
        let Some(groups) = parts.into_iter().collect::<Option<Vec<_>>>() else { return Ok(None) };
        let groups: Vec<Laid> = groups.into_iter().flatten().collect();
        let (mut starts, mut count) = (Vec::with_capacity(groups.len()), 0);
        let width = groups.first().map_or(0, Laid::width);
        for group in &groups {
            if group.width() != width {
                return Ok(None);
            }
            starts.push(count);
            count += group.rows();
        }
        Ok(Some(Self { starts, groups, count, dimensions: width / 4 }))
    }
}

impl Rows for PartVectors {
    fn count(&self) -> usize {
        self.count
    }

    fn dimensions(&self) -> usize {
        self.dimensions
    }

    fn read(&self, first: usize, into: &mut [f32]) -> io::Result<()> {
        let (mut at, mut into) = (first, into);
        let mut number = self.starts.partition_point(|start| *start <= at).saturating_sub(1);
        while !into.is_empty() {
            let (Some(start), Some(group)) = (self.starts.get(number), self.groups.get(number))
            else {
                return Err(io::ErrorKind::UnexpectedEof.into());
            };
            let within = at - start;
            let rows = (group.rows() - within).min(into.len() / self.dimensions);
            let (now, rest) = into.split_at_mut(rows * self.dimensions);
            group.read_floats(within, now)?;
            (at, into, number) = (at + rows, rest, number + 1);
        }
        Ok(())
    }
}
