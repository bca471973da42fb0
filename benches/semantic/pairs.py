#!/usr/bin/env python3
"""Draws pairs of documents over the range of cosines, to be read by a person.

    tamis run corpus/ --out out --rules none --dedup exact,fuzzy,semantic --cosine 1
    python3 benches/semantic/pairs.py out --from 0.80 --bins 10 --per-bin 10 --seed 1 > pairs.jsonl

Each line has both ids, the cosine and both texts. A document is drawn once; documents that are
duplicates by their words already are not. Needs numpy and pyarrow.
"""

import argparse
import json
import pathlib
import subprocess
import sys

import numpy
import pyarrow.parquet


def vectors(out):
    files = sorted(pathlib.Path(out, "embeddings").glob("*.parquet"))
    tables = [pyarrow.parquet.read_table(file) for file in files]
    places = numpy.concatenate([table["place"].to_numpy() for table in tables])
    rows = [numpy.frombuffer(row.as_py(), "<f4") for table in tables for row in table["vector"]]
    return places, numpy.stack(rows)


def gone(out):
    file = pathlib.Path(out, "clusters", "fuzzy.parquet")
    if not file.exists():
        return set()
    rows = pyarrow.parquet.read_table(file, columns=["document_id", "survivor_id"]).to_pylist()
    return {row["document_id"] for row in rows if row["document_id"] != row["survivor_id"]}


def ids(out):
    files = sorted(pathlib.Path(out, "annotations").glob("*.parquet"))
    columns = ["place", "document_id", "source"]
    tables = [pyarrow.parquet.read_table(file, columns=columns) for file in files]
    return {row["place"]: row for table in tables for row in table.to_pylist()}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out")
    parser.add_argument("--from", dest="least", type=float, default=0.8)
    parser.add_argument("--bins", type=int, default=10)
    parser.add_argument("--per-bin", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tamis", default="tamis")
    args = parser.parse_args()
    random = numpy.random.default_rng(args.seed)
    places, rows = vectors(args.out)
    names = ids(args.out)
    by_words = gone(args.out)
    there = [names[place]["document_id"] not in by_words for place in places]
    places, rows = places[there], rows[there]
    edges = numpy.linspace(args.least, 1.0, args.bins + 1)
    found = [[] for _ in range(args.bins)]
    seen = numpy.zeros(args.bins, dtype=numpy.int64)
    for first in range(0, len(rows), 1024):
        block = rows[first : first + 1024] @ rows.T
        left, right = numpy.nonzero(block >= args.least)
        keep = right > left + first
        left, right = left[keep], right[keep]
        cosines = block[left, right]
        for bin_number in range(args.bins):
            last = bin_number == args.bins - 1
            inside = (cosines >= edges[bin_number]) & ((cosines < edges[bin_number + 1]) | last)
            for at in numpy.nonzero(inside)[0]:
                # a reservoir of many, so that documents drawn twice can be passed over
                seen[bin_number] += 1
                pair = (int(left[at]) + first, int(right[at]), float(cosines[at]))
                if len(found[bin_number]) < 2000:
                    found[bin_number].append(pair)
                else:
                    other = int(random.integers(seen[bin_number]))
                    if other < 2000:
                        found[bin_number][other] = pair
    used, drawn = set(), []
    for bin_number, pairs in enumerate(found):
        taken = 0
        for at in random.permutation(len(pairs)):
            one, other, cosine = pairs[at]
            if one in used or other in used or taken == args.per_bin:
                continue
            used.update((one, other))
            drawn.append((bin_number, names[places[one]], names[places[other]], cosine))
            taken += 1
    print("pairs per bin:", seen.tolist(), file=sys.stderr)
    for bin_number, one, other, cosine in drawn:
        texts = []
        for document in (one, other):
            command = [args.tamis, "explain", args.out, document["document_id"], "--json"]
            told = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
            record = told["record"]
            texts.append(record if isinstance(record, str) else record.get("text", ""))
        line = {
            "bin": f"{edges[bin_number]:.2f}-{edges[bin_number + 1]:.2f}",
            "cosine": round(cosine, 4),
            "ids": [one["document_id"], other["document_id"]],
            "sources": [one["source"], other["source"]],
            "texts": texts,
        }
        print(json.dumps(line, ensure_ascii=False))


main()
