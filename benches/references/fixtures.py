"""Chooses small units of openly licensed books for tests/references/fixtures.jsonl.

    python3 make.py --packages packages --out small --only debian-handbook/ --only postgresql --limit 3000
    python3 fixtures.py small/tuning.jsonl units/stripped-tuning.jsonl > ../../tests/references/fixtures.jsonl

Only the tuning split, so that tests show nothing that is held out. Output of strippers is cropped to the
paragraphs around one mention; mentions in them whose object may be outside are not judged (`elsewhere`).
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

BOOKS = ("debian-handbook/", "postgresql")
SIZE = 3900


def shift(rows: list[dict[str, Any]], start: int, end: int) -> list[dict[str, Any]]:
    return [row | {"start": row["start"] - start, "end": row["end"] - start} for row in rows if row["start"] >= start and row["end"] <= end]


def crop(unit: dict[str, Any]) -> dict[str, Any] | None:
    """About 2,200 bytes around the first gold mention of a table, figure or listing."""
    gold = next((row for row in unit["gold"] if row["kind"] in ("table", "figure", "listing") and row["verdict"] != "partial"), None)
    if gold is None:
        return None
    raw = unit["text"].encode()
    start = raw.rfind(b"\n", 0, max(gold["start"] - 700, 0)) + 1 if gold["start"] > 700 else 0
    end = raw.find(b"\n", gold["end"] + 900)
    end = len(raw) if end < 0 else end + 1
    if end - start > 2800:
        return None
    kept = unit | {"text": raw[start:end].decode(), "gold": shift([row for row in unit["gold"] if row["form"] == "numbered" or row is gold], start, end), "present": []}
    kept["elsewhere"] = shift(unit["present"] + [row for row in unit["elsewhere"] if row["start"] >= 0], start, end)
    kept["elsewhere"] += shift([row for row in unit["gold"] if row["form"] != "numbered" and row is not gold], start, end)
    return kept


def main() -> None:
    rng = random.Random(5)
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for path in sys.argv[1:]:
        with Path(path).open(encoding="utf-8") as lines:
            for line in lines:
                unit: dict[str, Any] | None = json.loads(line)
                if not unit or not unit["project"].startswith(BOOKS):
                    continue
                unit.pop("lost", None)
                if unit["surface"] == "stripped":
                    unit = crop(unit)
                else:
                    unit["elsewhere"] = [row for row in unit["elsewhere"] if row["start"] >= 0]
                if unit and unit["variant"] == "intact" and not any(row["form"] != "promise" for row in unit["present"]):
                    continue
                if unit and len(json.dumps(unit, ensure_ascii=False).encode()) < SIZE:
                    groups.setdefault((unit["variant"], unit["surface"]), []).append(unit)
    wanted: dict[str, int] = {}
    languages: dict[str, int] = {}
    pages: set[str] = set()
    order = sorted(groups)
    rng.shuffle(order)
    for variant, surface in order:
        room = 3 if variant in ("intact", "body", "body+caption") else 2
        if wanted.get(variant, 0) >= room:
            continue
        choices = groups[variant, surface]
        rng.shuffle(choices)
        choices.sort(key=lambda u: (u["unit"].rsplit(":", 1)[0] in pages, languages.get(u["language"], 0), all(row["kind"] not in ("table", "figure") for row in u["gold"] + u["present"])))
        for unit in choices[: room if surface == "stripped" else 1]:
            wanted[variant] = wanted.get(variant, 0) + 1
            languages[unit["language"]] = languages.get(unit["language"], 0) + 1
            pages.add(unit["unit"].rsplit(":", 1)[0])
            print(json.dumps(unit, ensure_ascii=False))


if __name__ == "__main__":
    main()
