"""Runs real strippers over HTML manuals, and writes what they lost as units like those of make.py.

    python3 strip.py --packages packages --out units
    python3 strip.py --packages packages --out units --only postgresql --stripper jusText

Strippers: trafilatura, trafilatura-no-tables, jusText, html2text, resiliparse and, where the program is
there, pandoc-plain. An object is lost when less than 20 % of its probes (up to 30 cells, lines or
pictures' names that stand nowhere else in the page) are in the output, partly lost up to 80 %. Lost with its
caption it is missing, without it hollow. A mention counts when it is in the output with the words
around it, outside the object and its caption. The units go to stripped-tuning.jsonl and
stripped-held-out.jsonl.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import html2text
import justext
import trafilatura
import yaml
from lxml import etree, html
from lxml.html import HtmlElement
from resiliparse.extract.html2text import extract_plain_text

import docbook
from make import HERE, find_deictics, find_labels, find_promises, folder_of, seeded
from model import END, START, Block, Page, unmark

STOPLISTS = {
    "en": "English", "de": "German", "fr": "French", "es": "Spanish", "pt": "Portuguese", "it": "Italian", "nl": "Dutch",
    "pl": "Polish", "ru": "Russian", "ko": "Korean",
}  # fmt: skip
BOOKS = ("debian-handbook", "gimp-help", "debian-reference", "postgresql", "aptitude-wiki", "kicad", "python")
LOST, PARTLY = 0.2, 0.8


def just_text(page: str, language: str) -> str:
    name = STOPLISTS.get(language)
    words = justext.get_stoplist(name) if name else frozenset()
    options = {} if name else {"stopwords_low": 0, "stopwords_high": 0}
    return "\n\n".join(p.text for p in justext.justext(page.encode(), words, encoding="utf-8", **options) if not p.is_boilerplate)


def html_to_text(page: str, language: str) -> str:
    return html2text.html2text(page, bodywidth=0)


def pandoc(page: str, language: str) -> str:
    run = subprocess.run([PANDOC, "-f", "html", "-t", "plain", "--wrap=none"], input=page, capture_output=True, text=True, timeout=120, check=False)
    return run.stdout


PANDOC = shutil.which("pandoc") or ""
STRIPPERS: dict[str, Callable[[str, str], str]] = {
    "trafilatura": lambda page, _: trafilatura.extract(page) or "",
    "trafilatura-no-tables": lambda page, _: trafilatura.extract(page, include_tables=False) or "",
    "jusText": just_text,
    "html2text": html_to_text,
    "resiliparse": lambda page, _: extract_plain_text(page, main_content=True),
    "pandoc-plain": pandoc,
}


# ---------------------------------------------------------------- mentions put in


def put_in(root: HtmlElement, words: dict[str, Any], seed: str) -> None:
    """A sentence that refers to it in front of every third captioned table, figure or example."""
    rng = seeded("put in", seed)
    for node in root.iter("div"):
        kind = next((docbook.WRAPPERS[name] for name in docbook.classes(node) if name in docbook.WRAPPERS), None)
        if kind not in ("table", "figure", "listing") or rng.random() > 0.4:
            continue
        title = next((child for child in node if isinstance(child.tag, str) and "title" in docbook.classes(child)), None)
        match = docbook.LABEL.match(docbook.clean(title.text_content())) if title is not None else None
        before = node.getprevious()
        while before is not None and before.tag in ("a", "br"):
            before = before.getprevious()
        if not match or not re.match(r"\D", match["label"]) or before is None or not (before.tag == "p" or "para" in docbook.classes(before)):
            continue
        if len(before.text_content()) < 60 or before.find(".//pre") is not None:
            continue
        forms = [form for form in words[kind]["numbered"] if "{L}" in form or rng.random() < 0.3]
        sentence = " " + rng.choice(forms).replace("{L}", match["label"].strip()).replace("{n}", match["key"])
        if match["label"].strip() not in sentence:
            sentence = f" ({match['label'].strip()})"  # the label word for word, so that it is found again
        if len(before):
            before[-1].tail = (before[-1].tail or "").rstrip() + sentence
        else:
            before.text = (before.text or "").rstrip() + sentence


# ---------------------------------------------------------------- what is left


def loose(text: str) -> str:
    """The words of a text with anything short between them: strippers add marks and line breaks."""
    parts = re.findall(r"\w+|[^\w\s]", text)
    return r"[\s\u00a0\\*_`]*".join(re.escape(part) for part in parts)


def flat(text: str) -> str:
    return re.sub(r"[\s\u00a0\\*_`|]+", "", text)


def probes(block: Block, page: Page, seed: str) -> list[str]:
    if block.rows:
        found = [unmark(cell) for row in block.rows for cell in row]
    elif block.images:
        return [flat(source.rsplit("/", 1)[-1]) for source, _ in block.images if source]
    else:
        found = [line.strip() for line in block.code.splitlines()]
    found = sorted({flat(text) for text in found if 4 <= len(text) <= (40 if block.rows else 90)} - {""})
    others = "".join(flat(unmark(b.text + b.caption) + (b.code + "".join("".join(row) for row in b.rows) if b is not block else "")) for b in page.blocks if b is not block)
    found = [text for text in found if text not in others]
    seeded(seed, block.id).shuffle(found)
    return found[:30]


def position(text: str, block: Block, start: int, end: int) -> tuple[int, int] | None:
    """Where the marked words of a block are in the output, known by the words around them."""
    raw = block.text
    before, inside, after = unmark(raw[:start]), unmark(raw[start:end]), unmark(raw[end:])
    for reach in (30, 12):
        pattern = f"({loose(before[-reach:])})(?P<gap>[\\s\\u00a0\\\\*_`\\[]*)(?P<mention>{loose(inside)})(?:\\]\\([^)]*\\))?[\\s\\u00a0\\\\*_`]*{loose(after[:reach])}"
        match = re.search(pattern, text)
        if match:
            return match.span("mention")
    return None


def strip(page: Page, name: str, text: str, split: str) -> dict[str, Any] | None:
    dense = flat(text) + "\n" + flat(re.sub(r"\[([^\]\[]*)\]\([^)]*\)", r"\1", text))  # once without the targets of links
    seed = f"{page.project}/{page.path}"
    state: dict[str, str] = {}
    for block in page.blocks:
        if block.what == "object":
            wanted = probes(block, page, seed)
            if len(wanted) < (1 if block.images else 3):
                continue
            kept = sum(probe in dense for probe in wanted) / len(wanted)
            title = flat(unmark(block.caption_line()))[:40]
            caption = bool(title) and title in dense
            state[block.id] = "present" if kept > PARTLY else "partial" if kept >= LOST else "hollow" if caption else "missing"
    items: dict[str, list[str]] = {}
    for block in page.blocks:
        if block.list_id:
            items.setdefault(block.list_id, []).append(flat(unmark(block.text))[:40])
    for list_id, parts in items.items():
        parts = [part for part in parts if len(part) > 5]
        if len(parts) >= 2:
            kept = sum(part in dense for part in parts) / len(parts)
            state[list_id] = "present" if kept > PARTLY else "partial" if kept >= LOST else "missing"
    gold, present, elsewhere = [], [], []
    seen = set()
    for block in page.blocks:
        if block.what != "para":
            continue
        for at, sign in enumerate(block.text):
            if not chr(START) <= sign <= "\uf8ff":
                continue
            mention = page.mentions[ord(sign) - START]
            end = block.text.find(END, at)
            found = position(text, block, at, end if end > 0 else at + 1)
            if found is None:
                continue
            start, stop = (len(text[:place].encode()) for place in found)
            row: dict[str, Any] = {"kind": mention.kind or None, "form": mention.form, "key": mention.key, "start": start, "end": stop, "origin": mention.origin}
            verdict = state.get(mention.target or "")
            if mention.target is None:
                elsewhere.append(row | {"scope": "other-page"})
            elif verdict is None:
                elsewhere.append(row | {"scope": "not probed"})
            elif verdict == "present":
                present.append(row)
            elif mention.form == "numbered" and (mention.kind, mention.key) in seen:
                elsewhere.append(row | {"scope": "repeated"})
            elif mention.form != "numbered" and any(b.id == mention.target and b.kind == "figure" and not b.caption for b in page.blocks):
                elsewhere.append(row | {"scope": "ambiguous"})
            else:
                seen.add((mention.kind, mention.key))
                gold.append(row | {"verdict": verdict})
    if not (gold or present):
        return None
    known = {(row["kind"], row["key"]) for row in gold + present + elsewhere}
    for block in page.blocks:  # objects without a mention that was found again: no finding on them is judged
        if block.what == "object" and block.key and (block.kind, block.key) not in known:
            elsewhere.append({"kind": block.kind, "form": "numbered", "key": block.key, "start": -1, "end": -1, "origin": "text", "scope": "not found again"})
    return {
        "unit": f"{page.project}:{page.path}:{name}", "pair": "", "project": page.project, "language": page.language, "split": split,
        "variant": name, "surface": "stripped", "text": text, "gold": gold, "present": present, "elsewhere": elsewhere, "cuts": [],
        "lost": dict(Counter(state.values())),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packages", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--stripper", action="append", default=[], choices=list(STRIPPERS))
    parser.add_argument("--pages", type=int, default=12, help="of one project")
    parser.add_argument("--pandoc", help="the program, when it is not on the path")
    args = parser.parse_args()
    global PANDOC
    PANDOC = args.pandoc or PANDOC
    names = args.stripper or [name for name in STRIPPERS if name != "pandoc-plain" or PANDOC]
    projects = yaml.safe_load((HERE / "projects.yaml").read_text())["projects"]
    words = yaml.safe_load((HERE / "words.yaml").read_text())
    args.out.mkdir(parents=True, exist_ok=True)
    files = {split: (args.out / f"stripped-{split}.jsonl").open("w") for split in ("tuning", "held-out")}
    for project, entry in projects.items():
        if args.only and not project.startswith(tuple(args.only)) or project.split("/")[0] not in BOOKS:
            continue
        folder = folder_of(args.packages, project, entry["package"])
        if folder is None:
            print(f"{project}: not there")
            continue
        paths = sorted(path for path in folder.glob("*.html") if 2000 < path.stat().st_size < 200_000)
        sources = []
        for path in paths:
            raw = path.read_bytes()
            rank = -(raw.count(b'class="table"') + raw.count(b'class="example"') + raw.count(b'class="figure"') + raw.count(b"<pre"))
            sources.append((max(rank, -6), seeded("page", project, path.name).random(), path, raw))
        count: Counter[str] = Counter()
        taken = 0
        for _, _, path, raw in sorted(sources, key=lambda item: item[:2]):
            if taken >= args.pages:
                break
            try:
                root = html.document_fromstring(raw)
            except (etree.ParserError, ValueError):
                continue
            put_in(root, words[entry["language"]], f"{project}/{path.name}")
            page = Page(project, entry["language"], path.name, [], [])
            reader = docbook.Reader(page, path.name)
            body = root.find(".//div[@role='main']")
            reader.walk(body if body is not None else root.find(".//body"))
            reader.flush()
            first = next((b for b in page.blocks if b.what == "heading" and b.key), None)
            if "chapters" in entry and (first is None or not re.match(rf"[1-{entry['chapters']}](?!\d)", first.key or "")):
                continue
            docbook.resolve([page])
            find_labels(page)
            find_deictics(page, words[entry["language"]])
            find_promises(page)
            markup = html.tostring(root, encoding="unicode")
            taken += 1
            for name in names:
                made = strip(page, name, STRIPPERS[name](markup, entry["language"]), entry["split"])
                if made:
                    count[name] += 1
                    for row in made["gold"]:
                        count[f"{row['kind']} {row['form']} {row['verdict']}"] += 1
                    files[entry["split"]].write(json.dumps(made, ensure_ascii=False) + "\n")
        print(project, entry["split"], taken, dict(sorted(count.items())))


if __name__ == "__main__":
    main()
