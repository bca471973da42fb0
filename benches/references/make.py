"""Makes gold units for dangling references: documents whole and damaged, with what is then missing.

    python3 make.py --packages packages --out units                # everything that is there
    python3 make.py --packages / --out units --only debian-handbook    # installed packages
    python3 make.py --packages packages --jsonl repositories.jsonl.zst --out units

`--packages` is a folder with one unpacked Debian package per subfolder (`dpkg -x`, see README.md) or a
root in which they are installed. `--jsonl` holds files of repositories: `source` (owner/name), `path`,
`text`. Writes tuning.jsonl and held-out.jsonl, as projects.yaml says.
"""

from __future__ import annotations

import argparse
import copy
import glob
import gzip
import hashlib
import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import yaml
import zstandard

import docbook
import latex
import lyx
import plaintext
from model import END, Block, Mention, Page, take_marks, unmark
from render import SURFACES, render

HERE = Path(__file__).parent
KINDS = ("table", "figure", "listing", "equation", "footnote", "citation")
LIMIT = 40_000  # characters of a document; a longer page is cut at its headings
PLACES = {  # where a package keeps its pages; {l} is the part of the project's name behind the slash
    "debian-handbook": "usr/share/doc/debian-handbook/html/{l}",
    "gimp-help": "usr/share/gimp/2.0/help/{l_}",
    "debian-reference": "usr/share/debian-reference",
    "aptitude-wiki": "usr/share/doc/aptitude/html/{l}",
    "installer": "usr/share/doc/installation-guide-amd64/{l_}",
    "kicad": "usr/share/doc/kicad/help/{l}",
    "postgresql": "usr/share/doc/postgresql-doc-15/html",
    "python": "usr/share/doc/python3.11/html/**",
    "lyx": "usr/share/lyx/doc/{l}",
    "rfc-standards": "usr/share/doc/RFC/**",
    "rfc-experimental": "usr/share/doc/RFC/**",
    "rfc-informational": "usr/share/doc/RFC/**",
}
VERBATIM = ("rfc-standards", "rfc-experimental", "rfc-informational", "peps", "riscv")  # kept as they are written
# few objects in their language: more mentions, objects and surfaces of each page
DENSE = ("debian-handbook/", "debian-reference/zh-CN", "installer/zh-CN")
CAPTIONS = {  # their objects have no number: they get one
    "kicad/de": ("Tabelle", "Abbildung"),
    "kicad/en": ("Table", "Figure"),
    "kicad/es": ("Tabla", "Figura"),
    "kicad/fr": ("Tableau", "Figure"),
    "kicad/it": ("Tabella", "Figura"),
    "kicad/ja": ("表 ", "図 "),
    "kicad/pl": ("Tabela", "Rysunek"),
    "kicad/ru": ("Таблица", "Рисунок"),
    "kicad/zh": ("表 ", "图 "),
}
VERDICTS = {"body+caption": "missing", "placeholder": "hollow", "flat": "partial", "rows30": "partial"}


def seeded(*parts: object) -> random.Random:
    return random.Random(hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest())


# ---------------------------------------------------------------- cutting


def cut(page: Page, limit: int = LIMIT) -> list[Page]:
    """Pieces of at most about `limit` characters, cut at headings; what they refer to in another piece
    becomes a reference to another page."""
    size = sum(len(b.text) + len(b.code) + sum(len(c) for row in b.rows for c in row) for b in page.blocks)
    if size <= limit:
        return [page]
    pieces: list[list[Block]] = [[]]
    length = 0
    for block in page.blocks:
        own = len(block.text) + len(block.code) + sum(len(c) for row in block.rows for c in row)
        if block.what == "heading" and length > (limit // 3 if block.level > 2 else limit // 8) and not block.list_id:
            pieces.append([])
            length = 0
        pieces[-1].append(block)
        length += own
    out = []
    for number, blocks in enumerate(pieces):
        here = {name for b in blocks for name in b.ids}
        mentions = [copy.copy(m) for m in page.mentions]
        for mention in mentions:
            if mention.target is not None and mention.target not in here:
                mention.target = None
        out.append(Page(page.project, page.language, f"{page.path}.{number}", blocks, mentions, page.chapter))
    return out


def know_others(pages: list[Page], one_book: bool) -> None:
    """Tells each page what has a number elsewhere: in the book, or in the file that it was cut from."""
    books: dict[str, list[Page]] = {}
    for page in pages:
        books.setdefault("" if one_book else re.sub(r"\.\d+$", "", page.path), []).append(page)
    for parts in books.values():
        keys: dict[str, Counter[str]] = {}
        own: list[dict[str, set[str]]] = []
        for page in parts:
            mine: dict[str, set[str]] = {}
            for block in page.blocks:
                if block.key and block.what != "para":
                    mine.setdefault("section" if block.what == "heading" else block.kind, set()).add(block.key)
            for kind, names in mine.items():
                keys.setdefault(kind, Counter()).update(names)
            own.append(mine)
        for page, mine in zip(parts, own):
            page.others = {kind: {key for key in names if key not in mine.get(kind, ())} for kind, names in keys.items()}


NAMED = {  # English names as the documents kept verbatim have them
    "figure": re.compile(r"\bFig(?:ure|\.)?s?\s+(\d[\d.\-]*)", re.IGNORECASE),
    "table": re.compile(r"\bTables?\s+(\d[\d.\-]*)", re.IGNORECASE),
    "section": re.compile(r"(?:\b(?:Section|Appendix)s?\s+|^\s{0,8})([A-Z](?:\.\d+)*|\d+(?:\.\d+)+)\b", re.MULTILINE),
    "equation": re.compile(r"(?:\bEquations?\s+\(?|\()(\d+)\)?", re.IGNORECASE),
    "citation": re.compile(r"\[(\d+)\]"),
}


def know_other_pieces(pieces: list[Page]) -> None:
    """Tells each piece of a page that was cut what the other pieces speak of: a reader who has only the
    piece cannot know whether it is there, and neither can the gold."""
    texts = ["\n".join(unmark(b.text) + "\n" + b.caption + "\n" + b.code for b in piece.blocks) for piece in pieces]
    named = [{kind: {key.rstrip(".-").replace("-", ".") for key in found.findall(text)} for kind, found in NAMED.items()} for text in texts]
    for at, piece in enumerate(pieces):
        for kind in NAMED:
            own = {b.key for b in piece.blocks if (b.kind == kind or (kind == "section" and b.what == "heading")) and b.key}
            others = set().union(*(one[kind] for other, one in enumerate(named) if other != at))
            piece.others.setdefault(kind, set()).update(others - own)


# ---------------------------------------------------------------- mentions


def free(text: str, start: int, end: int) -> bool:
    """Whether no mark is in or around the place."""
    before = text[:start]
    opened = sum(1 for c in before if "\ue100" <= c <= "\uf8ff")
    return opened == before.count(END) and unmark(text[start:end]) == text[start:end]


def mark_in(page: Page, block: Block, start: int, end: int, mention: Mention) -> None:
    text = block.text
    block.text = text[:start] + page.mark(text[start:end], mention) + text[end:]


def find_labels(page: Page) -> None:
    """Labels of the page's objects that stand in its text without a link."""
    for item in page.blocks:
        if item.what != "object" or not item.key or not re.match(r"\D", item.label):
            continue
        pattern = re.compile(re.escape(item.label).replace(r"\ ", r"[\s\u00a0]").replace("\u00a0", r"[\s\u00a0]") + r"(?![\w])(?![.\-]\d)")
        for block in page.blocks:
            if block.what == "para":
                for match in reversed(list(pattern.finditer(block.text))):
                    if free(block.text, *match.span()):
                        mark_in(page, block, *match.span(), Mention(item.kind, "numbered", item.key, item.id))


def neighbour(page: Page, at: int, step: int) -> Block | None:
    other = at + step
    if 0 <= other < len(page.blocks) and page.blocks[other].what == "para":
        return page.blocks[other]
    return None


def find_deictics(page: Page, words: dict[str, Any]) -> None:
    for at, item in enumerate(page.blocks):
        if item.what != "object" or item.kind not in words:
            continue
        patterns = words[item.kind]["here"]
        previous = neighbour(page, at, -1)
        if previous is not None:
            text = previous.text
            last = max((m.end() for m in re.finditer(r"[.!?](?=\s)|[。！？]", text[:-1])), default=0)
            for match in list(re.finditer(patterns["before"], text[last:], re.IGNORECASE))[-1:]:
                start, end = match.start() + last, match.end() + last
                if free(text, start, end):
                    mark_in(page, previous, start, end, Mention(item.kind, "deictic", None, item.id))
        following = neighbour(page, at, 1)
        if following is not None:
            text = following.text
            first = re.search(r"[.!?](?=\s)|[。！？]", text)
            for match in list(re.finditer(patterns["after"], text[: first.end() if first else len(text)], re.IGNORECASE))[:1]:
                if free(text, *match.span()):
                    mark_in(page, following, *match.span(), Mention(item.kind, "deictic", None, item.id))


def find_promises(page: Page) -> None:
    """A paragraph that ends in a colon, and right behind it a list or an object."""
    for at, block in enumerate(page.blocks[:-1]):
        following = page.blocks[at + 1]
        text = block.text.rstrip()
        if block.what != "para" or not re.search(r"\w[^\w\s]{0,2}[:：]$", text) or len(text) < 15:
            continue
        start = max(text.rfind(" ", 0, len(text) - 2), len(text) - 25) + 1
        if not free(text, start, len(text)):
            continue
        block.text = text
        if following.list_id and following.list_id != block.list_id:
            mark_in(page, block, start, len(text), Mention("list", "promise", None, following.list_id))
        elif following.what == "object" and following.kind in ("listing", "table", "equation"):
            mark_in(page, block, start, len(text), Mention(following.kind, "promise", None, following.id))


def number_objects(page: Page, names: tuple[str, str]) -> None:
    count: Counter[str] = Counter()
    heading = ""
    for block in page.blocks:
        if block.what == "heading":
            heading = re.sub(r"^[\d.]+\s*", "", unmark(block.text))
        if block.what == "object" and block.kind in ("table", "figure") and not block.caption_line():
            count[block.kind] += 1
            block.key = str(count[block.kind])
            name = names[block.kind == "figure"]
            block.label = name + ("" if name.endswith(" ") else " ") + block.key
            block.caption = heading or "…"
            block.caption_first = block.kind == "table"


def insert(page: Page, words: dict[str, Any], rng: random.Random) -> None:
    """References to objects that nothing in the page refers to, a few to a page."""
    targets = {m.target for m in page.mentions if m.form != "promise"}
    spaceless = page.language in ("zh-Hans", "zh-Hant", "ja")
    numbered, deictic = Counter(), Counter()
    dense = page.project.startswith(DENSE)
    order = [at for at, item in enumerate(page.blocks) if item.what == "object" and item.kind in words]
    rng.shuffle(order)
    for at in order:
        item = page.blocks[at]
        if item.id in targets:
            continue
        forms = words[item.kind]
        before, after = neighbour(page, at, -1), neighbour(page, at, 1)
        if item.key and re.match(r"\D", item.label) and numbered[item.kind] < (8 if dense else 3) and (dense or rng.random() < 0.75 or deictic[item.kind]):
            host = next((b for b in (before, after) if b is not None and len(b.text) > 60), None)
            if host is None:
                near = [b for b in page.blocks[max(at - 6, 0) : at + 7] if b.what == "para" and len(b.text) > 60]
                host = rng.choice(near) if near else None
            if host is None:
                continue
            sentence = rng.choice(forms["numbered"]).replace("{L}", item.label).replace("{n}", item.key)
            label = re.search(r"(" + re.escape(item.label) + r"|[^\s(<，。]*[ \u00a0]?" + re.escape(item.key) + r")", sentence)
            if label is None:
                continue
            marked = page.mark(label[0], Mention(item.kind, "numbered", item.key, item.id, "inserted"))
            sentence = sentence[: label.start()] + marked + sentence[label.end() :]
            numbered[item.kind] += 1
        elif (before is not None or after is not None) and deictic[item.kind] < 1 and rng.random() < 0.6:
            side = "before" if before is not None and (after is None or rng.random() < 0.7) else "after"
            host = before if side == "before" else after
            if host is None or host.prefix or host.list_id or len(host.text) < 40 or unmark(host.text).rstrip().endswith((":", "：")):
                continue
            sentence = rng.choice(forms[side])
            marked = page.mark(sentence.rstrip(".。"), Mention(item.kind, "deictic", None, item.id, "inserted"))
            sentence = marked + sentence[-1]
            deictic[item.kind] += 1
            if side == "after":
                host.text = sentence + ("" if spaceless else " ") + host.text
                continue
        else:
            continue
        glue = "" if spaceless else " "
        if unmark(host.text).rstrip().endswith((".", "!", "?", "。", "！", "？", ")", "”", "»")):
            host.text = host.text.rstrip() + glue + sentence
        else:
            host.text = sentence + glue + host.text


def flatten_numbers(page: Page) -> None:
    """"Table 9.1" becomes "Table 1", where nothing on the page refers to another page's numbers."""
    for kind in ("table", "figure", "listing"):
        items = [b for b in page.blocks if b.what == "object" and b.kind == kind and b.key and "." in b.key]
        names = {b.id for b in items}
        if not items or any(m.kind in (kind, "") and m.form == "numbered" and m.target not in names for m in page.mentions):
            continue
        new = {b.key: str(n) for n, b in enumerate(items, 1)}
        if len(new) != len(items):
            continue

        def change(text: str, kind: str = kind, new: dict[str | None, str] = new) -> str:
            def one(match: re.Match[str]) -> str:
                mention = page.mentions[ord(match[1]) - 0xE100]
                if mention.kind != kind or mention.form != "numbered":
                    return match[0]
                return match[1] + match[2].replace(mention.key or "", new[mention.key], 1) + END

            return re.sub("([\ue100-\uf8ff])([^\ue000-\uf8ff]*)" + END, one, text)

        for block in page.blocks:
            block.text = change(block.text)
            block.caption = change(block.caption)
            block.rows = [[change(cell) for cell in row] for row in block.rows]
        for item in items:
            item.label = item.label.replace(item.key or "", new[item.key], 1)
        for mention in page.mentions:
            if mention.kind == kind and mention.form == "numbered":
                mention.key = new[mention.key]
        for item in items:
            item.key = new[item.key]


# ---------------------------------------------------------------- units


def ambiguous(page: Page, mention: Mention, states: dict[str, str], gone_lists: frozenset[str], place: dict[int, int], number: int) -> bool:
    """After the damage something of the same kind stands where the text points: a reader may not notice."""
    at = place.get(number)
    if at is None:
        return True
    target = next((i for i, b in enumerate(page.blocks) if b.id == mention.target or b.list_id == mention.target), at)
    step = 1 if target > at else -1
    seen = 0
    other = at + step
    while 0 <= other < len(page.blocks) and seen < (1 if mention.form == "promise" else 4):
        block = page.blocks[other]
        other += step
        if block.list_id in gone_lists or states.get(block.id) == "body+caption":
            continue
        if block.id == mention.target:
            continue
        seen += 1
        if mention.form == "promise":
            return block.what == "object" or bool(block.list_id) or (block.what == "para" and len(block.text) < 60)
        if block.what == "heading":
            return False
        if block.what == "object" and block.kind == mention.kind:
            return True
    return False


def unit(page: Page, variant: str, surface: str, states: dict[str, str], split: str, name: str, gone_lists: frozenset[str] = frozenset(), headings: bool = True) -> dict[str, Any]:
    seed = f"{page.project}/{page.path}"
    marked, cuts = render(page, surface, states, seed, gone_lists, headings)
    text, spans = take_marks(marked)
    objects = {b.id: b for b in page.blocks if b.what == "object"}
    sections = {b.id for b in page.blocks if b.what == "heading"}
    place = {}
    for at, block in enumerate(page.blocks):
        for c in block.text:
            if "\ue100" <= c <= "\uf8ff":
                place[ord(c) - 0xE100] = at
    gold, present, elsewhere = [], [], []
    seen: set[tuple[str, str]] = set()
    for number, (start, end) in sorted(spans.items(), key=lambda item: item[1]):
        mention = page.mentions[number]
        row: dict[str, Any] = {"kind": mention.kind or None, "form": mention.form, "key": mention.key, "start": start, "end": end, "origin": mention.origin}
        if mention.target is None:
            elsewhere.append(row | {"scope": "other-page"})
            continue
        verdict = None
        if mention.target in gone_lists:
            verdict = "missing"
        elif mention.target in sections:
            verdict = None if headings else "missing"
        elif mention.target in objects:
            item = objects[mention.target]
            state = "body+caption" if item.list_id in gone_lists else states.get(mention.target)
            if state == "body":
                verdict = "hollow" if item.caption_line() else "missing"
            elif state:
                verdict = VERDICTS[state]
        if verdict is None:
            present.append(row)
        elif mention.bare or (mention.form != "numbered" and ambiguous(page, mention, states, gone_lists, place, number)):
            elsewhere.append(row | {"scope": "ambiguous"})
        elif mention.form == "numbered" and (mention.kind, mention.key or "") in seen:
            elsewhere.append(row | {"scope": "repeated"})
        else:
            if mention.form == "numbered":
                seen.add((mention.kind, mention.key or ""))
            gold.append(row | {"verdict": verdict})
    numbers = set(re.findall(r"(?:[A-Z]\.)?\d+(?:\.\d+)*", text))
    known = {(row["kind"], row["key"]) for row in gold + present + elsewhere}
    for kind, keys in page.others.items():  # named without a link: not judged
        elsewhere += [
            {"kind": kind, "form": "numbered", "key": key, "start": -1, "end": -1, "origin": "text", "scope": "other-page"}
            for key in sorted(keys & numbers)
            if (kind, key) not in known
        ]
    language = page.language
    return {
        "unit": f"{page.project}:{page.path}:{name}",
        "pair": f"{page.project}:{page.path}:intact",
        "project": page.project,
        "language": language,
        "split": split,
        "variant": variant,
        "surface": surface,
        "text": text,
        "gold": gold,
        "present": present,
        "elsewhere": elsewhere,
        "cuts": sorted({len(unmark(marked[:at]).encode()) for _, at in cuts}),
    }


def units(page: Page, split: str, surface: str | None, again: int = 0) -> Iterator[dict[str, Any]]:
    rng = seeded("variants", page.project, page.path, *([again] if again else []))
    objects = [b for b in page.blocks if b.what == "object"]
    choice = SURFACES
    if any(b.rows and (len(b.rows) < 3 or min(map(len, b.rows)) < 2) for b in objects):
        choice = [s for s in SURFACES if s not in ("plain", "tsv")]
    if again and surface is None:
        first = seeded("variants", page.project, page.path).choice(choice)
        choice = [s for s in choice if s != first]
    surface = surface or rng.choice(choice)
    yield unit(page, "intact", surface, {}, split, "intact")
    wanted = {m.target for m in page.mentions if m.form != "promise" and not m.bare}
    for kind in KINDS:
        of_kind = [b for b in objects if b.kind == kind]
        mentioned = [b for b in of_kind if b.id in wanted]
        if not mentioned:
            continue
        for nth, item in enumerate(rng.sample(mentioned, min(len(mentioned), 3 if page.project.startswith(DENSE) else 1))):
            variants = ["body+caption", "body"] + rng.sample(["placeholder", *(["flat", "rows30"] if item.rows else [])], 1)
            if kind in ("footnote", "citation"):
                variants = ["body+caption"]
            for variant in variants:
                if variant == "body" and not item.caption_line():
                    continue
                made = unit(page, variant, surface, {item.id: variant}, split, f"{kind}-{variant}" + (f"-{nth + 1}" if nth else ""))
                if made["gold"]:
                    yield made
        if len(of_kind) > 1:
            made = unit(page, "all-of-kind", surface, {b.id: "body+caption" for b in of_kind}, split, f"{kind}-all")
            if made["gold"]:
                yield made
    promised = sorted({m.target for m in page.mentions if m.form == "promise" and m.kind == "list" and m.target})
    if promised:
        made = unit(page, "body+caption", surface, {}, split, "list", frozenset([rng.choice(promised)]))
        if made["gold"]:
            yield made
    promised = sorted({m.target for m in page.mentions if m.form == "promise" and m.kind == "listing" and m.target})
    if promised:
        made = unit(page, "body+caption", surface, {rng.choice(promised): "body+caption"}, split, "promised-listing")
        if made["gold"]:
            yield made
    sections = {b.id for b in page.blocks if b.what == "heading"}
    if any(m.target in sections for m in page.mentions):
        made = unit(page, "headings", surface, {}, split, "headings", headings=False)
        if made["gold"]:
            yield made


# ---------------------------------------------------------------- sources


def folder_of(root: Path, project: str, package: str) -> Path | None:
    book, _, part = project.partition("/")
    place = PLACES[book].format(l=part, l_=part.replace("-", "_"))
    if project == "lyx/en":
        place = place.removesuffix("/en")
    for base in (root / package, root):
        if glob.glob(str(base / place.removesuffix("/**"))):
            return base / place.removesuffix("/**")
    return None


def read_project(project: str, entry: dict[str, Any], root: Path, words: dict[str, Any]) -> list[Page]:
    folder = folder_of(root, project, entry["package"])
    if folder is None:
        print(f"{project}: package {entry['package']} is not there")
        return []
    if project.startswith("lyx/"):
        return lyx.read_book(folder, project, entry["language"], words[entry["language"]])
    if project.startswith("rfc-"):
        paths = {path.name: path for path in sorted(folder.rglob("rfc[0-9]*.txt.gz")) if not path.is_symlink()}
        return [plaintext.read_rfc(gzip.decompress(path.read_bytes()).decode("utf-8", "replace"), project, name) for name, path in paths.items()]
    if PLACES[project.split("/")[0]].endswith("**"):
        folders = [folder, *sorted(path for path in folder.rglob("*") if path.is_dir() and not path.name.startswith("_"))]
        return [page for one in folders for page in docbook.read_book(one, project, entry["language"], str(one.relative_to(folder)))]
    return docbook.read_book(folder, project, entry["language"])


def read_repository(project: str, entry: dict[str, Any], paths: list[Path]) -> list[Page]:
    """The files of a repository, from JSONL."""
    rows = []
    for path in paths:
        data = zstandard.ZstdDecompressor().stream_reader(path.open("rb")).read() if path.suffix == ".zst" else path.read_bytes()
        rows += [row for row in map(json.loads, data.splitlines()) if row.get("source") == entry["repository"]]
    pages, book = [], latex.Cplusplus()
    for row in rows:
        if row["path"].endswith(".tex"):
            book.count(row["text"])
    for row in rows:
        name = row["path"].rsplit("/", 1)[-1]
        if name.endswith(".rst"):
            pages.append(plaintext.read_rst(row["text"], project, name))
        elif name.endswith(".adoc"):
            pages.append(plaintext.read_asciidoc(row["text"], project, row["path"].removeprefix("src/")))
        elif name.endswith(".tex"):
            pages.append(book.read(row["text"], project, name))
    return pages


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packages", type=Path, required=True)
    parser.add_argument("--jsonl", type=Path, action="append", default=[], help="files of repositories")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", action="append", default=[], help="projects whose name starts so")
    parser.add_argument("--documents", type=int, default=50, help="damaged documents of one project")
    parser.add_argument("--limit", type=int, default=LIMIT, help="characters of a document, about")
    parser.add_argument("--plain", type=int, default=30, help="more documents of it, intact only")
    args = parser.parse_args()
    projects = yaml.safe_load((HERE / "projects.yaml").read_text())["projects"]
    words = yaml.safe_load((HERE / "words.yaml").read_text())
    args.out.mkdir(parents=True, exist_ok=True)
    files = {split: (args.out / f"{split}.jsonl").open("w") for split in ("tuning", "held-out")}
    for project, entry in projects.items():
        if args.only and not project.startswith(tuple(args.only)):
            continue
        if "repository" in entry:
            whole = read_repository(project, entry, args.jsonl)
        else:
            whole = read_project(project, entry, args.packages, words)
        if project in VERBATIM:
            entry["surface"] = "verbatim"
        cuts = [cut(page, args.limit) for page in whole]
        pages = [piece for pieces in cuts for piece in pieces]
        if "chapters" in entry:
            pages = [p for p in pages if p.chapter is not None and 1 <= p.chapter <= entry["chapters"]]
        know_others(pages, project.startswith(tuple(docbook.BOOKS)) or project == "cplusplus")
        if project in VERBATIM:
            for pieces in cuts:
                if len(pieces) > 1:
                    know_other_pieces(pieces)
        rich, poor = [], []
        for page in pages:
            if project in CAPTIONS:
                number_objects(page, CAPTIONS[project])
            find_labels(page)
            find_deictics(page, words[page.language])
            find_promises(page)
            own = sum(m.target is not None and m.kind in KINDS and m.form != "promise" for m in page.mentions)
            labelled = sum(b.what == "object" and bool(b.key) for b in page.blocks)
            others = sum(m.target is not None for m in page.mentions)
            size = sum(len(b.text) for b in page.blocks)
            if size < 200:
                continue
            (rich if own or labelled or others else poor).append((-min(own, 3) - min(labelled, 3) - (own > 0) * 3, seeded(page.project, page.path).random(), page))
        rich.sort(key=lambda item: item[:2])
        poor.sort(key=lambda item: item[1])
        count: Counter[str] = Counter()

        def write(made: dict[str, Any], file: TextIO = files[entry["split"]]) -> None:
            file.write(json.dumps(made, ensure_ascii=False) + "\n")

        for _, _, page in rich[: args.documents]:
            rng = seeded("insert", project, page.path)
            if entry.get("surface") != "verbatim":
                insert(page, words[page.language], rng)
                if rng.random() < 0.4:
                    flatten_numbers(page)
            for made in units(page, entry["split"], entry.get("surface")):
                count[made["variant"]] += 1
                for row in made["gold"]:
                    count[f"{row['kind']} {row['form']} {row['verdict']}"] += 1
                write(made)
            if project.startswith(DENSE) and any(b.kind in ("table", "figure") and b.key for b in page.blocks):
                for made in units(page, entry["split"], entry.get("surface"), again=1):
                    for name in ("unit", "pair"):
                        made[name] += "~2"
                    write(made)
        for _, _, page in [*rich[args.documents :], *poor][: args.plain]:
            surface = entry.get("surface") or seeded(project, page.path).choice(SURFACES)
            write(unit(page, "intact", surface, {}, entry["split"], "intact"))
        print(project, entry["split"], len(pages), dict(sorted(count.items())))


if __name__ == "__main__":
    main()
