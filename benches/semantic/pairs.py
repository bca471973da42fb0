#!/usr/bin/env python3
"""Draws documents with their nearest neighbour over the range of cosines, to be read by a person.

    tamis run corpus/ --out out --rules none --dedup exact,fuzzy,semantic --cosine 1
    python3 benches/semantic/pairs.py out --edges 0.85,0.9,0.94,0.96,0.98,0.99,1 --per-bin 17 > pairs.jsonl

A document that would go as a semantic duplicate goes for one that it is near to, so documents are
drawn, not pairs: a page of which there are hundreds alike counts once. Documents that are duplicates
by their words already are left out, and one is drawn once. Each line has both ids, the cosine and
both texts. For JSONL corpora; needs numpy, pyarrow and, for .zst, the command zstd.
"""

import argparse
import json
import pathlib
import subprocess
import sys

import numpy
import pyarrow.parquet

OPEN = {".zst": ["zstd", "-dc"], ".gz": ["gzip", "-dc"], ".bz2": ["bzip2", "-dc"]}


def table(out, folder, columns):
    files = sorted(pathlib.Path(out, folder).glob("*.parquet"))
    return [row for file in files for row in pyarrow.parquet.read_table(file, columns=columns).to_pylist()]


def texts(out, wanted):
    """Texts by shard and row of documents that were kept."""
    found = {}
    rows = table(out, "annotations", ["document_id", "shard", "row"])
    gone = {
        row["document_id"]
        for row in table(out, "clusters", ["document_id", "survivor_id"])
        if row["document_id"] != row["survivor_id"]
    }
    by_shard = {}
    for row in sorted(rows, key=lambda row: (row["shard"], row["row"])):
        if row["document_id"] not in gone:
            by_shard.setdefault(row["shard"], []).append(row["document_id"])
    for shard, documents in by_shard.items():
        path = pathlib.Path(out, "kept", shard)
        command = OPEN.get(path.suffix, ["cat"])
        with subprocess.Popen([*command, path], stdout=subprocess.PIPE) as reader:
            for document, line in zip(documents, reader.stdout, strict=True):
                if document in wanted:
                    record = json.loads(line)
                    found[document] = record.get("text") or record.get("content") or ""
    return found


def nearest(rows):
    """For each row the nearest other one, and their cosine."""
    best = numpy.zeros(len(rows), dtype=numpy.int64)
    cosines = numpy.zeros(len(rows), dtype=numpy.float32)
    for first in range(0, len(rows), 2048):
        block = rows[first : first + 2048] @ rows.T
        own = numpy.arange(len(block))
        block[own, own + first] = -1
        best[first : first + len(block)] = block.argmax(axis=1)
        cosines[first : first + len(block)] = block.max(axis=1)
    return best, cosines


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out")
    parser.add_argument("--edges", default="0.85,0.9,0.94,0.96,0.98,0.99,1")
    parser.add_argument("--per-bin", type=int, default=17)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    edges = [float(edge) for edge in args.edges.split(",")]
    edges[-1] += 1e-6
    names = {row["row_id"]: row for row in table(args.out, "annotations", ["row_id", "document_id", "source"])}
    gone = {
        row["document_id"]
        for row in table(args.out, "clusters", ["document_id", "survivor_id"])
        if row["document_id"] != row["survivor_id"]
    }
    vectors = [row for row in table(args.out, "embeddings", ["row_id", "vector"]) if names[row["row_id"]]["document_id"] not in gone]
    rows = numpy.stack([numpy.frombuffer(row["vector"], "<f4") for row in vectors])
    documents = [names[row["row_id"]] for row in vectors]
    best, cosines = nearest(rows)
    used, drawn, random = set(), [], numpy.random.default_rng(args.seed)
    for low, high in zip(edges, edges[1:]):
        inside = numpy.nonzero((cosines >= low) & (cosines < high))[0]
        print(f"{low:.3f} to {high:.3f}: {len(inside)} documents", file=sys.stderr)
        taken = 0
        for at in random.permutation(inside):
            pair = (int(at), int(best[at]))
            if taken == args.per_bin or used.intersection(pair):
                continue
            used.update(pair)
            taken += 1
            drawn.append((f"{low:.2f}-{min(high, 1):.2f}", *pair, float(cosines[at])))
    found = texts(args.out, {documents[at]["document_id"] for _, *pair, _ in drawn for at in pair})
    for name, one, other, cosine in drawn:
        both = [documents[one], documents[other]]
        line = {
            "bin": name,
            "cosine": round(cosine, 4),
            "ids": [document["document_id"] for document in both],
            "sources": [document["source"] for document in both],
            "texts": [found[document["document_id"]] for document in both],
        }
        print(json.dumps(line, ensure_ascii=False))


main()
