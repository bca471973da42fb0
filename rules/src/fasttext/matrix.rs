//! The weights of a model: plain rows, or rows of codes.

use super::reader::Reader;

/// Codes of a byte.
const CENTROIDS: usize = 256;

#[derive(Debug)]
pub(super) enum Matrix {
    Plain { rows: usize, columns: usize, values: Vec<f32> },
    Quantised(Quantised),
}

/// Rows whose parts are codes of centroids.
#[derive(Debug)]
pub(super) struct Quantised {
    rows: usize,
    columns: usize,
    codes: Vec<u8>,
    parts: Quantiser,
    /// The norm of each row, where rows were normalised.
    norms: Option<Vec<f32>>,
}

#[derive(Debug)]
struct Quantiser {
    parts: usize,
    /// Columns of a part, and of the last one.
    width: usize,
    last: usize,
    centroids: Vec<f32>,
}

impl Quantiser {
    fn read(reader: &mut Reader<'_>) -> Result<Self, String> {
        let limit = 1 << 16;
        let columns = reader.size(limit, "dimension of codes")?;
        let parts = reader.size(limit, "number of codes")?;
        let width = reader.size(limit, "width of codes")?;
        let last = reader.size(limit, "width of the last code")?;
        let fits = parts > 0 && last > 0 && last <= width && (parts - 1) * width + last == columns;
        if !fits {
            return Err("the codes of the model do not fit its rows".to_owned());
        }
        let centroids = reader.floats(columns * CENTROIDS)?;
        Ok(Self { parts, width, last, centroids })
    }

    fn columns(&self) -> usize {
        (self.parts - 1) * self.width + self.last
    }

    /// The values that a code of a part stands for.
    fn centroid(&self, part: usize, code: u8) -> &[f32] {
        let before = part * CENTROIDS * self.width;
        let width = if part + 1 == self.parts { self.last } else { self.width };
        let start = before + usize::from(code) * width;
        self.centroids.get(start..start + width).unwrap_or_default()
    }
}

impl Matrix {
    pub(super) fn read(reader: &mut Reader<'_>, quantised: bool) -> Result<Self, String> {
        if quantised {
            return Quantised::read(reader).map(Self::Quantised);
        }
        let rows = reader.long("number of rows")?;
        let columns = reader.long("number of columns")?;
        let size = rows.checked_mul(columns).ok_or("the model has too many rows")?;
        Ok(Self::Plain { rows, columns, values: reader.floats(size)? })
    }

    pub(super) fn rows(&self) -> usize {
        match self {
            Self::Plain { rows, .. } => *rows,
            Self::Quantised(matrix) => matrix.rows,
        }
    }

    pub(super) fn columns(&self) -> usize {
        match self {
            Self::Plain { columns, .. } => *columns,
            Self::Quantised(matrix) => matrix.columns,
        }
    }

    /// Adds a row to `sum`; nothing where there is no such row.
    pub(super) fn add(&self, row: usize, sum: &mut [f32]) {
        match self {
            Self::Plain { columns, values, .. } => {
                let values = values.get(row * columns..).unwrap_or_default();
                sum.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
            }
            Self::Quantised(matrix) => {
                let mut at = sum.iter_mut();
                matrix.each(row, |value| {
                    if let Some(sum) = at.next() {
                        *sum += value;
                    }
                });
            }
        }
    }

    /// The product of a row and `other`.
    pub(super) fn dot(&self, row: usize, other: &[f32]) -> f32 {
        match self {
            Self::Plain { columns, values, .. } => {
                let values = values.get(row * columns..).unwrap_or_default();
                values.iter().zip(other).map(|(value, other)| value * other).sum()
            }
            Self::Quantised(matrix) => {
                let mut sum = 0.0;
                let mut others = other.iter();
                matrix.each(row, |value| sum += value * others.next().copied().unwrap_or(0.0));
                sum
            }
        }
    }
}

impl Quantised {
    fn read(reader: &mut Reader<'_>) -> Result<Self, String> {
        let normalised = reader.byte()? != 0;
        let rows = reader.long("number of rows")?;
        let columns = reader.long("number of columns")?;
        let size = reader.size(usize::try_from(i32::MAX).unwrap_or(usize::MAX), "size of codes")?;
        let codes = reader.bytes(size)?.to_vec();
        let parts = Quantiser::read(reader)?;
        if parts.columns() != columns || rows.checked_mul(parts.parts) != Some(size) {
            return Err("the codes of the model do not fit its rows".to_owned());
        }
        let norms = if normalised {
            let codes = reader.bytes(rows)?;
            let norm = Quantiser::read(reader)?;
            let of = |code: &u8| norm.centroid(0, *code).first().copied().unwrap_or(0.0);
            Some(codes.iter().map(of).collect())
        } else {
            None
        };
        Ok(Self { rows, columns, codes, parts, norms })
    }

    /// Calls `found` with each value of a row.
    fn each(&self, row: usize, mut found: impl FnMut(f32)) {
        let norm = match &self.norms {
            Some(norms) => norms.get(row).copied().unwrap_or(0.0),
            None => 1.0,
        };
        let codes = self.codes.chunks_exact(self.parts.parts).nth(row).unwrap_or_default();
        for (part, code) in codes.iter().enumerate() {
            for value in self.parts.centroid(part, *code) {
                found(norm * value);
            }
        }
    }
}
