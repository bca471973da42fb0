#!/usr/bin/env python3
"""Compares `gopher@dolma`, signal by signal, with dolma's own Python package on every document.

    pip install dolma==1.2.1 'pyarrow<19' zstandard
    cargo build --release
    benches/packs/compare_dolma.py --tamis target/release/tamis corpus.jsonl.zst [...]

Each file is JSONL, plain, .gz or .zst, with the field `text`. Ends with status 1 where a value
differs by more than 1e-6.
"""

import argparse
import gzip
import io
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pyarrow.parquet as parquet
import zstandard
from dolma.taggers.gopher import get_attributes

SIGNALS = {
    "dolma_word_count": "word_count",
    "dolma_median_word_length": "median_word_length",
    "dolma_symbol_word_ratio": "symbol_to_word_ratio",
    "dolma_alphabetic_word_ratio": "fraction_of_words_with_alpha_character",
    "dolma_stop_word_count": "required_word_count",
    "dolma_bullet_line_ratio": "fraction_of_lines_starting_with_bullet_point",
    "dolma_ellipsis_line_ratio": "fraction_of_lines_ending_with_ellipsis",
    "dolma_duplicate_line_ratio": "fraction_of_duplicate_lines",
    "dolma_duplicate_line_char_ratio": "fraction_of_characters_in_duplicate_lines",
    **{f"dolma_top_{n}gram_char_ratio": f"fraction_of_characters_in_most_common_{n}grams" for n in (2, 3, 4)},
    **{f"dolma_duplicate_{n}gram_char_ratio": f"fraction_of_characters_in_duplicate_{n}grams" for n in range(5, 11)},
}
TOLERANCE = 1e-6


def lines(path: Path):
    raw = open(path, "rb")
    if path.suffix == ".zst":
        raw = zstandard.ZstdDecompressor().stream_reader(raw)
    elif path.suffix == ".gz":
        raw = gzip.open(raw)
    return io.TextIOWrapper(raw, encoding="utf-8", newline="\n")


def ours(tamis: str, path: Path):
    """Our values by row, measured by a run that removes nothing it does not have to."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        command = [tamis, "run", str(path), "--rules", "gopher@dolma", "--dedup", "none"]
        subprocess.run([*command, "--out", str(out)], check=True, stdout=subprocess.DEVNULL)
        rows = {}
        for part in sorted((out / "annotations").rglob("*.parquet")):
            table = parquet.read_table(part, columns=["row", *SIGNALS])
            for record in table.to_pylist():
                rows[record.pop("row")] = record
        return rows


def compare(tamis: str, path: Path):
    """Documents, values, and the values that differ."""
    rows = ours(tamis, path)
    documents, values, different = 0, 0, []
    for row, line in enumerate(lines(path)):
        text = json.loads(line).get("text")
        if not text:
            continue
        documents += 1
        theirs = {span.type: span.score for span in get_attributes(text).as_spans()}
        for name, signal in SIGNALS.items():
            values += 1
            a, b = rows[row][name], theirs.get(signal)
            if (a is None) != (b is None) or (a is not None and abs(a - b) > TOLERANCE):
                different.append((row, name, a, b))
    return documents, values, different


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--tamis", default="target/release/tamis", help="the tamis command")
    arguments.add_argument("files", nargs="+", type=Path)
    options = arguments.parse_args()
    failed = 0
    for path in options.files:
        documents, values, different = compare(options.tamis, path)
        failed += len(different)
        print(f"{path}: {documents} documents, {values} values, {len(different)} differ")
        for row, name, a, b in different[:20]:
            print(f"  row {row}: {name} is {a} here and {b} in dolma")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
