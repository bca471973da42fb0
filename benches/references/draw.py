"""Draws findings of a run for reading: by `tamis sample`, so many documents of each kind, the first finding of each.

    tamis run corpus --out out --rules tamis/docs --dedup none --source-column source
    python3 draw.py --tamis ../../target/release/tamis --out out --seed 9 > read.jsonl

Every line is one finding: id, kind, form, key, verdict, confidence, span, the words around it, and an empty
`judgement` and `reason` for the reader. `python3 draw.py --count read.jsonl` counts what was judged.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from collections import Counter
from pathlib import Path

KINDS = {  # how many, and which documents
    ("table",): (30, "dangling_tables > 0"),
    ("figure",): (30, "dangling_figures > 0"),
    ("citation", "author_year"): (20, "dangling_citations > 0"),
    (): (20, "dangling_references > dangling_tables + dangling_figures + dangling_citations"),
}
ABOUT = 220


def lines(*command: object) -> list[dict]:
    run = subprocess.run([str(part) for part in command], check=True, stdout=subprocess.PIPE)
    return [json.loads(line) for line in run.stdout.splitlines()]


def draw(tamis: Path, out: Path, seed: int) -> None:
    found = {page["id"]: page["findings"] for page in lines(tamis, "refs", out, "-n", 0, "--json")}
    named = {kind for kinds in KINDS for kind in kinds}
    for kinds, (size, condition) in KINDS.items():
        for page in lines(tamis, "sample", out, "-n", size, "--seed", seed, "--where", condition, "--json"):
            name = page["id"] or page["document_id"]
            lost = [f for f in found.get(name, []) if f["verdict"] not in ("external", "truncated")]
            first = next((f for f in lost if (f["kind"] in kinds if kinds else f["kind"] not in named)), None)
            if first is None:
                continue
            raw = page["record"]["text"].encode()
            start, end = first["start"], first["end"]
            about = [raw[max(start - ABOUT, 0) : start], raw[start:end], raw[end : end + ABOUT]]
            before, mention, after = (part.decode(errors="ignore") for part in about)
            row = {key: first[key] for key in ("kind", "form", "key", "verdict")}
            row |= {"confidence": round(first["confidence"], 2), "span": [start, end], "about": f"{before}«{mention}»{after}"}
            print(json.dumps({"id": name, **row, "judgement": "", "reason": ""}, ensure_ascii=False))


def lower_bound(right: int, all_of: int) -> float:
    """Clopper and Pearson's lower end, 95 %, by bisection."""
    from math import comb

    low, high = 0.0, 1.0
    for _ in range(60):
        p = (low + high) / 2
        tail = sum(comb(all_of, k) * p**k * (1 - p) ** (all_of - k) for k in range(right, all_of + 1))
        low, high = (p, high) if tail < 0.025 else (low, p)
    return low


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tamis", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--seed", type=int, default=9)
    parser.add_argument("--count", type=Path)
    args = parser.parse_args()
    if not args.count:
        return draw(args.tamis, args.out, args.seed)
    rows = [json.loads(line) for line in args.count.read_text(encoding="utf-8").splitlines()]
    groups = {"all": rows} | {kind: [row for row in rows if row["kind"] == kind] for kind in sorted({row["kind"] for row in rows})}
    for kind, group in groups.items():
        judged = Counter(row["judgement"] for row in group)
        right = judged["right"]
        print(f"{kind}: {right} of {len(group)} right, at least {lower_bound(right, len(group)):.1%}; {dict(judged)}")


if __name__ == "__main__":
    main()
