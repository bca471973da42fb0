use std::sync::Arc;

use super::*;
use arrow::array::{
    Array, AsArray, BinaryArray, FixedSizeListArray, Float32Array, Float64Array, ListArray,
    RecordBatch,
};
use arrow::buffer::OffsetBuffer;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::file::properties::{WriterProperties, WriterVersion};

const ROWS: usize = 1000;

fn stored(version: WriterVersion) -> WriterProperties {
    WriterProperties::builder()
        .set_writer_version(version)
        .set_dictionary_enabled(false)
        .set_data_page_size_limit(10_000)
        .set_write_batch_size(100)
        .build()
}

fn numbers(count: usize) -> Float32Array {
    (0..count).map(|at| Some(at as f32)).collect()
}

fn fixed(width: usize) -> ArrayRef {
    let item = Arc::new(Field::new("item", DataType::Float32, true));
    let values = Arc::new(numbers(ROWS * width));
    Arc::new(FixedSizeListArray::new(item, i32::try_from(width).unwrap(), values, None))
}

fn lists(lengths: impl Iterator<Item = usize>) -> ArrayRef {
    let ends = OffsetBuffer::<i32>::from_lengths(lengths);
    let count = usize::try_from(ends[ends.len() - 1]).unwrap();
    let values: Float64Array = (0..count).map(|at| Some(at as f64)).collect();
    let item = Arc::new(Field::new("item", DataType::Float64, false));
    Arc::new(ListArray::new(item, ends, Arc::new(values), None))
}

/// What is laid out of the only column of a file.
fn laid(array: &ArrayRef, properties: WriterProperties) -> (Option<Laid>, Arc<Field>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let batch = RecordBatch::try_from_iter([("v", Arc::clone(array))]).unwrap();
    let file = File::create(&path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let file = Arc::new(File::open(&path).unwrap());
    let metadata = ArrowReaderMetadata::load(&*file, ArrowReaderOptions::new()).unwrap();
    let field = Arc::clone(&metadata.schema().fields()[0]);
    let chunk = metadata.metadata().row_group(0).column(0);
    let found = match field.data_type() {
        DataType::Binary => Laid::bytes(&file, chunk, array.len()),
        other => Laid::lists(&file, chunk, array.len(), other),
    };
    (found, field)
}

#[test]
fn lists_are_read_from_where_they_lie() {
    for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
        // the second version has encodings of its own for most types, but not for these
        for array in [fixed(1), fixed(7), fixed(100), lists((0..ROWS).map(|_| 33))] {
            let (laid, field) = laid(&array, stored(version));
            let laid = laid.unwrap();
            for (first, rows) in [(0, ROWS), (0, 1), (17, 300), (ROWS - 1, 1), (500, 0)] {
                let found = laid.array(&field, first, rows).unwrap();
                assert_eq!(&found, &array.slice(first, rows), "{version:?} {first} {rows}");
            }
            assert!(laid.array(&field, ROWS - 1, 2).is_err());
        }
    }
}

#[test]
fn what_is_stored_otherwise_is_left_to_the_decoder() {
    let version = WriterVersion::PARQUET_1_0;
    let compressed = stored(version).into_builder().set_compression(Compression::SNAPPY).build();
    let dictionary = stored(version).into_builder().set_dictionary_enabled(true).build();
    let ragged = lists((0..ROWS).map(|row| 5 + usize::from(row == 700)));
    let even = fixed(8);
    let nulls = {
        let values = numbers(ROWS * 4).iter().map(|n| n.filter(|n| *n < 123.0)).collect();
        let item = Arc::new(Field::new("item", DataType::Float32, true));
        let values: Float32Array = values;
        Arc::new(FixedSizeListArray::new(item, 4, Arc::new(values), None)) as ArrayRef
    };
    for (array, stored) in [
        (&even, compressed),
        (&even, dictionary),
        (&ragged, stored(version)),
        (&nulls, stored(version)),
    ] {
        assert!(laid(array, stored).0.is_none());
    }
}

#[test]
fn values_of_bytes_are_read_as_numbers() {
    let row = |at: usize| (0..5).flat_map(move |n| ((at * 5 + n) as f32).to_le_bytes());
    let even: BinaryArray = (0..ROWS).map(|at| Some(row(at).collect::<Vec<u8>>())).collect();
    let even: ArrayRef = Arc::new(even);
    let (even, _) = laid(&even, stored(WriterVersion::PARQUET_1_0));
    let even = even.unwrap();
    assert_eq!((even.rows(), even.width()), (ROWS, 20));
    let mut found = vec![0.0; 15];
    for first in [0, 3, 499, ROWS - 3] {
        even.read_floats(first, &mut found).unwrap();
        let expected: Vec<f32> = (0..15).map(|at| (first * 5 + at) as f32).collect();
        assert_eq!(found, expected);
    }
    assert!(even.read_floats(ROWS - 2, &mut found).is_err());
    // as many bytes in all, but not in each
    let uneven: BinaryArray =
        (0..ROWS).map(|at| Some(vec![0; if at % 2 == 0 { 16 } else { 24 }])).collect();
    let uneven: ArrayRef = Arc::new(uneven);
    let (uneven, _) = laid(&uneven, stored(WriterVersion::PARQUET_1_0));
    if let Some(uneven) = uneven {
        let error = uneven.read_floats(0, &mut found).unwrap_err();
        assert!(error.to_string().contains("equally long"), "{error}");
    }
}

#[test]
fn parts_are_read_whether_they_stay_open_or_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let rows: BinaryArray = (0..3000_u16).map(|at| Some(f32::from(at).to_le_bytes())).collect();
    let batch = RecordBatch::try_from_iter([("v", Arc::new(rows) as ArrayRef)]).unwrap();
    let properties = stored(WriterVersion::PARQUET_1_0).into_builder();
    let properties = properties.set_max_row_group_row_count(Some(1000)).build();
    let file = File::create(&path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    for open in [true, false] {
        let groups = of_part(&path, "v", open).unwrap().unwrap();
        assert_eq!(groups.iter().map(Laid::rows).collect::<Vec<_>>(), [1000; 3]);
        let mut found = [0.0; 2];
        groups[2].read_floats(998, &mut found).unwrap();
        assert_eq!(found.map(f32::to_bits), [2998.0_f32, 2999.0].map(f32::to_bits));
        assert!(of_part(&path, "w", open).unwrap().is_none());
    }
}

#[test]
fn damage_is_seen_or_does_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let batch = RecordBatch::try_from_iter([("v", fixed(20))]).unwrap();
    let file = File::create(&path).unwrap();
    let properties = Some(stored(WriterVersion::PARQUET_1_0));
    let mut writer = ArrowWriter::try_new(file, batch.schema(), properties).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let whole = std::fs::read(&path).unwrap();
    let metadata =
        ArrowReaderMetadata::load(&File::open(&path).unwrap(), ArrowReaderOptions::new()).unwrap();
    let chunk = metadata.metadata().row_group(0).column(0);
    let kind = metadata.schema().field(0).data_type();
    for at in (0..whole.len() - 300).step_by(97) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x15;
        std::fs::write(&path, &bytes).unwrap();
        let file = Arc::new(File::open(&path).unwrap());
        if let Some(laid) = Laid::lists(&file, chunk, ROWS, kind) {
            let field = metadata.schema().field(0);
            let array = laid.array(field, 0, ROWS).unwrap();
            assert_eq!(array.as_fixed_size_list().len(), ROWS);
        }
    }
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let file = Arc::new(File::open(&path).unwrap());
    assert!(Laid::lists(&file, chunk, ROWS, kind).is_none());
}
