#!/usr/bin/env python3
"""Writes samples/packs/: the texts of the packs' own tests, each once, with the rules that they make
fire, and one text of 100,001 words. Needs PyYAML and zstandard; gives the same bytes each time.

    python3 samples/tools/pack_documents.py
"""

import json
from pathlib import Path

import yaml
import zstandard

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "samples" / "packs"


def main() -> None:
    documents: dict[str, list[str]] = {}
    for path in sorted((ROOT / "rules" / "packs").glob("*.yaml")):
        for test in yaml.safe_load(path.read_text(encoding="utf-8")).get("tests", []):
            expect = test["expect"]
            fired = sum((expect.get(key) or [] for key in ("drop", "flag", "edit")), [])
            named = documents.setdefault(test["text"], [])
            named.extend(f"{path.stem} {rule}" for rule in fired)
    OUT.mkdir(exist_ok=True)
    with open(OUT / "documents.jsonl", "w", encoding="utf-8") as file:
        for number, (text, rules) in enumerate(documents.items()):
            record = {"id": f"packs/{number:03}", "text": text, "rules": sorted(set(rules))}
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
    # no two words in a row come again, so that only the length is wrong with it
    words = (f"{'the of and that with have'.split()[at % 6]} word{at}" for at in range(50_001))
    record = {"id": "packs/long", "text": ". ".join(words), "rules": ["too-long"]}
    line = (json.dumps(record) + "\n").encode()
    (OUT / "long.jsonl.zst").write_bytes(zstandard.ZstdCompressor(level=19).compress(line))


if __name__ == "__main__":
    main()
