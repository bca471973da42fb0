"""Planted semantic duplicates: makes a corpus with embeddings, runs tamis on it, and counts what it found.

    python3 benches/semantic/planted.py make FOLDER --rows 1000000 --planted 20000
    python3 benches/semantic/planted.py run FOLDER --tamis target/release/tamis --cosine 0.9 -- --semantic-search hashed

The vectors have a common direction, a thousand topics and a covariance whose k-th eigenvalue falls
as 1 / (k + 5), as embeddings of text do; `--planted` of them are copies of earlier ones, turned so
that the cosine is one from 0.90 to 0.995. Cosines are computed again from what is stored. What comes
behind `--` goes to `tamis run`. Needs numpy and pyarrow.
"""

import argparse
import json
import shutil
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

TOPICS = 1000
WORDS = "corpus sieve flour table figure kernel vector plain field river stone window paper winter road".split()


def shaped(random, count, spread):
    rows = random.standard_normal((count, len(spread)), dtype=np.float32) * spread
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def basis(seed, dimensions):
    """What all shards share: the spread, the common direction, the topics."""
    random = np.random.default_rng([seed, 0])
    spread = np.sqrt(1 / (np.arange(dimensions) + 5.0)).astype(np.float32)
    # a random turn of the axes: components of real embeddings are not sorted by their variance
    spread = random.permutation(spread)
    return spread, shaped(random, 1, spread)[0], shaped(random, TOPICS, spread)


def fresh(seed, number, count, spread, common, topics):
    random = np.random.default_rng([seed, 1, number])
    topic = random.integers(TOPICS, size=count)
    rows = 0.5 * common + 0.5 * topics[topic] + np.float32(0.5**0.5) * shaped(random, count, spread)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def shard(task):
    folder, number, count, planted, kind, dimensions, seed = task
    shared = basis(seed, dimensions)
    rows = fresh(seed, number, count, *shared)
    random = np.random.default_rng([seed, 2, number])
    truth = []
    if planted:
        # half a step in, so that no cosine lies on a threshold; the last rows are copies of earlier ones of the same shard, none of a copy
        originals = random.choice(count - planted, size=planted, replace=False)
        wanted = 0.9 + 0.095 * (np.arange(planted) % 96 + 0.5) / 96
        side = random.standard_normal((planted, dimensions), dtype=np.float32)
        base = rows[originals]
        side -= (side * base).sum(1, keepdims=True) * base
        side /= np.linalg.norm(side, axis=1, keepdims=True)
        turned = wanted[:, None] * base + np.sqrt(1 - wanted**2)[:, None] * side
        rows[count - planted :] = turned
        stored = rows.astype(kind).astype(np.float64)
        stored /= np.linalg.norm(stored, axis=1, keepdims=True)
        for at, original in enumerate(originals):
            copy = count - planted + at
            truth.append((f"{number}-{original}", f"{number}-{copy}", float(stored[original] @ stored[copy])))
    words = np.array(WORDS)
    chosen = words[random.integers(len(WORDS), size=(count, 24))]
    text = [f"{number} {at} {' '.join(row)}" for at, row in enumerate(chosen)]
    flat = pa.array(rows.astype(kind).reshape(-1))
    table = pa.table(
        {
            "id": [f"{number}-{at}" for at in range(count)],
            "text": text,
            "embedding": pa.FixedSizeListArray.from_arrays(flat, dimensions),
        }
    )
    # numbers like these do not compress
    pq.write_table(
        table, Path(folder) / f"part-{number:03}.parquet", compression={"id": "zstd", "text": "zstd", "embedding": "none"},
        use_dictionary=False, column_encoding=None, row_group_size=1 << 16,
    )
    return truth


def make(options):
    folder = Path(options.folder)
    folder.mkdir(parents=True, exist_ok=True)
    each, copies = options.rows // options.shards, options.planted // options.shards
    tasks = [
        (options.folder, number, each, copies, options.kind, options.dimensions, options.seed)
        for number in range(options.shards)
    ]
    with ProcessPoolExecutor(options.processes) as pool:
        truth = [pair for part in pool.map(shard, tasks) for pair in part]
    (folder / "truth.json").write_text(json.dumps(truth))
    print(f"{each * options.shards} rows of {options.dimensions} {options.kind}, {len(truth)} planted")


def run(options, more):
    folder = Path(options.folder)
    out = Path(options.out or folder / "out")
    shutil.rmtree(out, ignore_errors=True)
    command = [options.tamis, "run", str(folder / "part-*.parquet"), "--out", str(out), "--rules", "none"]
    command += ["--dedup", "semantic", "--embeddings", "column:embedding", "--cosine", str(options.cosine), *more]
    print("$", " ".join(command))
    start = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True)
    wall = time.monotonic() - start
    print(done.stderr.strip()[-4000:], file=sys.stderr)
    if done.returncode:
        sys.exit(done.returncode)
    report = json.loads((out / "report.json").read_text())
    manifest = json.loads((out / "run.json").read_text())
    clusters = pq.read_table(out / "clusters")
    gone = {}
    for row in clusters.to_pylist():
        if row["kind"] == "semantic" and row["document_id"] != row["survivor_id"]:
            gone[f"{int(Path(row['shard']).stem[5:])}-{row['row']}"] = row["similarity"]
    truth = json.loads((folder / "truth.json").read_text())
    semantic = report["semantic"]
    embedded = semantic["embedded"]
    print(f"{embedded} embeddings in {wall:.1f} s: {embedded / wall:,.0f} a second, the whole run")
    print("timings", json.dumps(manifest.get("timings"))[:2000])
    curve = dict((round(at, 4), share) for at, share in (semantic["scheme"] or {"curve": []})["curve"])
    print("scheme", {key: value for key, value in (semantic["scheme"] or {}).items() if key != "curve"})
    print("| cosine | planted | found | share | formula at the lower and upper end |\n|---|---|---|---|---|")
    for low in [options.cosine, *[x / 100 for x in range(90, 100) if x / 100 > options.cosine]]:
        high = min(round(int(low * 100 + 1e-9) / 100 + 0.01, 4), 1.0)
        pairs = [pair for pair in truth if low <= pair[2] < high]
        found = sum(pair[1] in gone for pair in pairs)
        formula = " to ".join(f"{curve[at]:.4f}" for at in (low, high) if at in curve)
        print(f"| {low:.2f} to {high:.2f} | {len(pairs)} | {found} | {found / max(len(pairs), 1):.4f} | {formula} |")
    below = [pair for pair in truth if pair[2] < options.cosine and pair[1] in gone]
    print(f"{len(gone)} go; of the planted pairs below the threshold {len(below)}")
    wrong = [pair for pair in truth if pair[1] in gone and abs(gone[pair[1]] - pair[2]) > 1e-5]
    print(f"{len(wrong)} with another similarity than theirs")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    made = commands.add_parser("make")
    made.add_argument("folder")
    made.add_argument("--rows", type=int, default=1_000_000)
    made.add_argument("--planted", type=int, default=20_000)
    made.add_argument("--dimensions", type=int, default=768)
    made.add_argument("--shards", type=int, default=16)
    made.add_argument("--processes", type=int, default=None)
    made.add_argument("--kind", choices=["float16", "float32"], default="float16")
    made.add_argument("--seed", type=int, default=1)
    ran = commands.add_parser("run")
    ran.add_argument("folder")
    ran.add_argument("--tamis", default="target/release/tamis")
    ran.add_argument("--out")
    ran.add_argument("--cosine", type=float, default=0.95)
    words = sys.argv[1:]
    cut = words.index("--") if "--" in words else len(words)
    options = parser.parse_args(words[:cut])
    if options.command == "make":
        make(options)
    else:
        run(options, words[cut + 1 :])


if __name__ == "__main__":
    main()
