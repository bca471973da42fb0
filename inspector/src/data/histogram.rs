//! The distribution of an annotation over all documents of a run, with exact percentiles.

use std::fs::File;
use std::path::{Path, PathBuf};

use polars::prelude::{DataType, ParquetReader, PolarsResult, SerReader};

use crate::error::InspectError;
use crate::model::Histogram;

/// Bins of a histogram.
const BINS: usize = 40;

/// The histogram of the column `annotation` over annotation parts.
pub(crate) fn histogram(parts: &[PathBuf], annotation: &str) -> Result<Histogram, InspectError> {
    let folder = parts.first().and_then(|part| part.parent()).unwrap_or(Path::new("annotations"));
    let (values, unknown) = values(parts, annotation)
        .map_err(|error| InspectError::file(folder, format!("{annotation}: {error}")))?;
    Ok(of_sorted(annotation, &values, unknown))
}

/// The values in ascending order, and the number of those that are NULL or no number.
fn values(parts: &[PathBuf], annotation: &str) -> PolarsResult<(Vec<f64>, u64)> {
    let mut sorted = Vec::new();
    let mut rows: u64 = 0;
    for part in parts {
        let reader = ParquetReader::new(File::open(part)?);
        let frame = reader.with_columns(Some(vec![annotation.to_owned()])).finish()?;
        rows += frame.height() as u64;
        let column = frame.column(annotation)?.cast(&DataType::Float64)?;
        sorted.extend(column.f64()?.iter().flatten().filter(|value| value.is_finite()));
    }
    sorted.sort_unstable_by(f64::total_cmp);
    let unknown = rows - sorted.len() as u64;
    Ok((sorted, unknown))
}

/// Bins and nearest-rank percentiles of sorted values.
fn of_sorted(annotation: &str, values: &[f64], unknown: u64) -> Histogram {
    let mut histogram =
        Histogram { annotation: annotation.to_owned(), unknown, ..Histogram::default() };
    let (Some(&least), Some(&most)) = (values.first(), values.last()) else { return histogram };
    let rank = |share: usize| (values.len() * share).div_ceil(100).max(1) - 1;
    histogram.percentiles = (0..=100).map(|share| values[rank(share)]).collect();
    if least >= most {
        histogram.borders = vec![least, most];
        histogram.counts = vec![values.len() as u64];
        return histogram;
    }
    let step = most / BINS as f64 - least / BINS as f64;
    histogram.borders = (0..BINS).map(|bin| least + step * bin as f64).collect();
    histogram.borders.push(most);
    let mut before = 0;
    for bin in 0..BINS {
        // a border belongs to the bin above it, the last one to the last bin
        let end = if bin + 1 == BINS {
            values.len()
        } else {
            values.partition_point(|value| *value < histogram.borders[bin + 1])
        };
        histogram.counts.push((end - before) as u64);
        before = end;
    }
    histogram
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_exact_and_bins_hold_everything() {
        let values: Vec<f64> = (1..=1000).map(f64::from).collect();
        let found = of_sorted("n", &values, 3);
        assert_eq!(found.percentiles.len(), 101);
        assert_eq!((found.percentiles[0], found.percentiles[50]), (1.0, 500.0));
        assert_eq!((found.percentiles[99], found.percentiles[100]), (990.0, 1000.0));
        assert_eq!(found.counts.iter().sum::<u64>(), 1000);
        assert_eq!(found.borders.len(), found.counts.len() + 1);
        assert_eq!(found.unknown, 3);
    }

    #[test]
    fn one_value_and_none_have_a_shape_too() {
        let one = of_sorted("n", &[2.0; 5], 0);
        assert_eq!((one.borders, one.counts), (vec![2.0, 2.0], vec![5]));
        assert!(of_sorted("n", &[], 9).percentiles.is_empty());
        let wide = of_sorted("n", &[-1e308, 1e308], 0);
        assert_eq!(wide.counts.iter().sum::<u64>(), 2);
    }
}
