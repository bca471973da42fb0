#!/usr/bin/env python3
"""What the search for dangling references adds to a run with the default rules, in processor time.

    cargo build --release --workspace --bins
    python3 benches/references/cost.py CORPUS.jsonl.zst

Runs the default rules with and without references one after the other, each several times with one
thread, and compares the medians of user and system time. Ends with status 1 where the search adds
more than `--limit`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

PACK = Path(__file__).parents[2] / "rules/packs/tamis-web.yaml"
RULE = "  - id: web/dangling-references"


def without_references(path: Path) -> None:
    """Writes the default rules less the one that asks for references, which is the last."""
    rules, found, rest = PACK.read_text().partition(RULE)
    if not found or "  - id:" in rest.partition("\ntests:")[0]:
        sys.exit(f"{RULE.strip()} is not the last rule of {PACK}")
    path.write_text(rules)


def seconds(command: list[str | Path]) -> float:
    """Processor time of a command, user and system."""
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"failed: {' '.join(map(str, command))}")
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path)
    target = Path(os.environ.get("CARGO_TARGET_DIR", "target"))
    parser.add_argument("--tamis", type=Path, default=target / "release/tamis")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--limit", type=float, default=0.25, help="what the search may add, as a share")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rules, out = Path(folder) / "rules.yaml", Path(folder) / "out"
        without_references(rules)
        times: dict[str, list[float]] = {"with": [], "without": []}
        # the first round fills the page cache and does not count
        for round_ in range(arguments.runs + 1):
            for name, more in [("with", []), ("without", ["--rules", rules])]:
                command = [arguments.tamis, "run", arguments.corpus, "--out", out, "--threads", "1", "--quiet"]
                used = seconds([*command, *more])
                shutil.rmtree(out)
                if round_ > 0:
                    times[name].append(used)
    medians = {name: statistics.median(values) for name, values in times.items()}
    added = medians["with"] / medians["without"] - 1
    for name, values in times.items():
        print(f"{name:8} {medians[name]:6.2f} s  ({min(values):.2f} to {max(values):.2f})")
    print(f"references add {added:.1%}")
    if added > arguments.limit:
        sys.exit(f"more than {arguments.limit:.0%}")


if __name__ == "__main__":
    main()
