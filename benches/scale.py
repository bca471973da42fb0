#!/usr/bin/env python3
"""Cost of near-duplicate search by number of documents, on planted corpora.

    cargo build --release --workspace --example plant
    python3 benches/scale.py --out scale            # 100 thousand to 10 million documents, 10 GB of disk
    python3 benches/scale.py --plot scale/scale.json docs/scale.svg

Prints a Markdown table and keeps the numbers in OUT/scale.json. Plotting needs matplotlib.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

SIZES = [100_000, 316_000, 1_000_000, 3_160_000, 10_000_000]


def measure(target: Path, out: Path, documents: int, memory: str, threads: int) -> dict:
    """Makes a corpus, runs tamis over it and checks what went; both are removed again."""
    corpus, run = out / "in", out / "out"
    plant = target / "examples/plant"
    subprocess.run([plant, "make", corpus, str(documents)], check=True, stdout=subprocess.DEVNULL)
    text = sum(file.stat().st_size for file in corpus.rglob("*") if file.is_file())
    command = [target / "tamis", "run", corpus, "--out", run, "--rules", "none", "--dedup", "fuzzy"]
    command += ["--memory", memory, "--threads", str(threads), "--quiet"]
    begun = time.monotonic()
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - begun
    if status != 0:
        raise SystemExit(f"tamis failed over {documents} documents")
    subprocess.run([plant, "check", run], check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(corpus)
    shutil.rmtree(run)
    return {
        "documents": documents,
        "stored_mb": text / 1e6,
        "wall_s": wall,
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "peak_mb": usage.ru_maxrss * 1024 / 1e6,
    }


def plot(rows: list[dict], path: Path) -> None:
    """Processor time over documents, both logarithmic, beside a straight line through the first."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6, 3.6))
    documents = [row["documents"] for row in rows]
    each = rows[0]["cpu_s"] / rows[0]["documents"]
    axes.loglog(documents, [row["cpu_s"] for row in rows], "o-", label="processor seconds")
    axes.loglog(documents, [each * count for count in documents], ":", label="proportional")
    axes.loglog(documents, [row["peak_mb"] for row in rows], "s--", label="peak memory, MB")
    axes.set_xlabel("documents")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    """Measures, or plots what was measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--target", type=Path, default=Path(os.environ.get("CARGO_TARGET_DIR", "target")) / "release")
    parser.add_argument("--out", type=Path, default=Path("scale"))
    parser.add_argument("--memory", default="1GiB")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--plot", type=Path, nargs=2, metavar=("JSON", "SVG"))
    arguments = parser.parse_args()
    if arguments.plot:
        plot(json.loads(arguments.plot[0].read_text()), arguments.plot[1])
        return
    arguments.out.mkdir(parents=True, exist_ok=True)
    rows = []
    print("| documents | wall s | CPU s | peak memory MB |\n|---|---|---|---|")
    for documents in arguments.sizes:
        row = measure(arguments.target, arguments.out, documents, arguments.memory, arguments.threads)
        rows.append(row)
        print(f"| {documents:,} | {row['wall_s']:.1f} | {row['cpu_s']:.1f} | {row['peak_mb']:.0f} |", flush=True)
        (arguments.out / "scale.json").write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
