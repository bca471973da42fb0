//! `docs/tables.md` says of every table which columns it has, and of which type.

use std::fs::{self, File};
use std::path::Path;

use arrow::datatypes::DataType;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::common::{expect, samples};

/// Columns and types of the section of a table.
fn documented(page: &str, table: &str) -> Vec<(String, String)> {
    let section = page.split("\n## ").find(|section| section.starts_with(&format!("`{table}/`")));
    let rows = section.unwrap().lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        (cells[1].trim_matches('`').to_owned(), cells[2].to_owned())
    })
    .collect()
}

fn named(kind: &DataType) -> &'static str {
    match kind {
        DataType::Utf8 => "string",
        DataType::UInt64 => "uint64",
        DataType::Float64 => "double",
        DataType::Boolean => "boolean",
        DataType::FixedSizeBinary(16) => "binary(16)",
        DataType::List(_) => "list of struct",
        other => panic!("a type without a name here: {other}"),
    }
}

fn columns(file: &Path) -> Vec<(String, DataType)> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(file).unwrap()).unwrap();
    let fields = reader.schema().fields().iter();
    fields.map(|field| (field.name().clone(), field.data_type().clone())).collect()
}

#[test]
fn the_page_of_tables_is_what_a_run_writes() {
    let page = fs::read_to_string(samples().join("../docs/tables.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let input = samples().display().to_string();
    expect(folder.path(), &["run", &input, "--out", "out", "--quiet"], 0);
    let out = folder.path().join("out");
    for (table, file) in [
        ("decisions", "decisions/part-00000.parquet"),
        ("annotations", "annotations/part-00000.parquet"),
        ("clusters", "clusters/fuzzy.parquet"),
    ] {
        let found = columns(&out.join(file));
        let wanted = documented(&page, table);
        assert!(wanted.len() > 8, "{table}: {wanted:?}");
        if table == "annotations" {
            for (name, kind) in &wanted {
                let there = found.iter().find(|(found, _)| found == name);
                assert_eq!(named(&there.unwrap().1), kind, "{name}");
            }
        } else {
            let found: Vec<(String, String)> =
                found.iter().map(|(name, kind)| (name.clone(), named(kind).to_owned())).collect();
            assert_eq!(found, wanted, "{table}");
        }
    }
    // decisions are those of the outputs, in number
    let plans = fs::read_dir(out.join("plans")).unwrap().count();
    assert!(plans > 5, "{plans} plans");
}
