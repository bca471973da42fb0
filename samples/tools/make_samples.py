#!/usr/bin/env python3
"""Rebuild the sample corpora from four Debian packages.

    apt-get download debian-handbook=11.20220922 postgresql-doc-15=15.20-0+deb12u1 \\
        python3.11-doc=3.11.2-6+deb12u9 rust-doc=1.63.0+dfsg1-2
    python3 samples/tools/make_samples.py DIRECTORY-WITH-THE-PACKAGES

Needs dpkg-deb, the zstd command and pyarrow; everything else is the standard library. The same packages
give the same bytes. The notes, the rules and the licence texts are files of their own and stay as they are.
"""

import argparse
import bz2
import gzip
import hashlib
import itertools
import json
import pathlib
import re
import subprocess
import tempfile

import html_text
import mails
from html_text import Node

SAMPLES = pathlib.Path(__file__).resolve().parent.parent
PACKAGES = {
    "debian-handbook_11.20220922_all.deb": "3d5dbeac1f1afc9c094eab9d0f701f6ecff99c4927d5a4794cf6c85678134faa",
    "postgresql-doc-15_15.20-0+deb12u1_all.deb": "4c44bf2c599f208b3f46454a6cf7a72e25ec46ff74d37b59dd31ad76b00eebb7",
    "python3.11-doc_3.11.2-6+deb12u9_all.deb": "5b3594189d6ef9a6963ce0347fd307a1cc67620ad697e144db366070e2e146be",
    "rust-doc_1.63.0+dfsg1-2_all.deb": "96ef96fe6df87d939ca713bd7df3d15c2b778ccb892eca025c4ee504146f697b",
}
HANDBOOK_LANGUAGES = {
    "en-US": "en", "de-DE": "de", "fr-FR": "fr", "es-ES": "es", "it-IT": "it", "pt-BR": "pt", "nb-NO": "nb",
    "ru-RU": "ru", "ja-JP": "ja", "zh-CN": "zh", "fa-IR": "fa",
}
# pages with numbered tables, figures and examples that their own text refers to
HANDBOOK_REFERRING = ["sect.how-to-migrate", "sect.ldap-directory", "sect.remote-login"]
HANDBOOK_PLANTS = ["stripped", "hollow", "flattened", None]


def rank(*key):
    """A stable pseudo-random number for a key."""
    return int.from_bytes(hashlib.sha256("\x00".join(map(str, key)).encode()).digest()[:8], "big")


def kind_of(mention):
    """The kind of target that the link text of a DocBook reference names."""
    for kind, pattern in {
        "table": r"Tab|Таб|表|جدول",
        "figure": r"Fig|Abb|Рис|图|図|شكل",
        "example": r"Exam|Exem|Beis|Ejem|Esem|Eks|При|例|مثال",
    }.items():
        if re.match(pattern, mention):
            return kind
    return None


class Builder:
    """Collects records and the facts about them."""

    def __init__(self, packages):
        self.packages = packages
        self.shards = {}
        self.references = []
        self.facts = {"untranslated": {}, "navigation": [], "edition_stub": [], "null_score": []}

    def add(self, shard, record):
        self.shards.setdefault(shard, []).append(record)

    def note(self, record, kind, mention, key, verdict):
        """Writes down one reference of a record, once, if its mention is in the text."""
        entry = {"id": record["id"], "kind": kind, "mention": mention, "key": key, "verdict": verdict}
        if mention in record["text"] and entry not in self.references:
            self.references.append(entry)


# ---- DocBook: the Debian handbook and the PostgreSQL manual -------------------------------------------------


def docbook_targets(root):
    """Tables, figures and examples with a title, by their ids."""
    out = {}
    for div in root.find("div"):
        if div.classes & {"table", "figure", "example"}:
            ids = [div.attrs.get("id")] + [n.attrs.get("id") for n in div.find("a")]
            out.update({i: div for i in ids if i})
    return out


def docbook_references(root, page):
    """(mention, kind, number, same page?, fragment) of every reference to a table, figure or example."""
    out = []
    for a in root.find("a", "xref"):
        href = a.attrs.get("href") or ""
        if "#" not in href:
            continue
        target, fragment = href.split("#", 1)
        mention = html_text.inline(a)
        number = re.match(r"\S+\s*([0-9A-Z]+\.[0-9]+|[0-9]+)", mention) or re.search(r"([0-9]+\.[0-9]+)", mention)
        if number and kind_of(mention):
            out.append((mention[: number.end()], kind_of(mention), number[1], target in ("", page), fragment))
    return out


def docbook_page(builder, path, record, plant=None, kinds=("table", "figure", "example")):
    """Fills in a record's text from a page; `plant` says what becomes of its tables, figures and examples."""
    root = html_text.parse(path.read_text(encoding="utf-8"))
    targets = docbook_targets(root)
    references = docbook_references(root, path.name)
    here = [r for r in references if r[3] and r[4] in targets and targets[r[4]].classes & set(kinds)]
    planted = []
    if plant in ("stripped", "hollow", "flattened"):
        for div in {id(d): d for d in targets.values() if d.classes & set(kinds)}.values():
            titles = [n for n in div.children if isinstance(n, Node) and "title" in n.classes]
            if plant == "stripped":
                div.remove()
            elif plant == "hollow" or not div.find("table"):
                div.children = titles
            else:
                cells = [c for t in div.find("table") for row in html_text.rows(t)[0] for c in row if c]
                lines = [Node("p") for _ in cells]
                for line, cell in zip(lines, cells):
                    line.children = [cell]
                div.replace(titles + lines)
        planted = sorted({f"hollow_{r[1]}" if plant == "flattened" and r[1] != "table" else f"{plant}_{r[1]}" for r in here})
    record["text"] = html_text.text(root)
    record["planted"] = planted
    verdict = {"stripped": "missing", "hollow": "hollow", "flattened": "partial", None: "present"}[plant]
    for mention, kind, number, same, fragment in references:
        if same and fragment in targets:
            this = verdict if targets[fragment].classes & set(kinds) else "present"
            if plant == "flattened" and kind != "table":
                this = "hollow"
            builder.note(record, kind, mention, number, this)
        elif not same:
            builder.note(record, kind, mention, number, "other_page")


def handbook(builder):
    html = builder.packages / "usr/share/doc/debian-handbook/html"

    def paragraphs(path):
        root = html_text.parse(path.read_text(encoding="utf-8"))
        return [t for t in map(html_text.inline, root.find("div", "para")) if len(t) > 40]

    names = sorted(p.stem for p in (html / "en-US").glob("*.html"))
    # people's names and addresses fill these
    names = [n for n in names if n not in {"index", "foreword", "preface", "sect.acknowledgments"}]
    english = {n: paragraphs(html / f"en-US/{n}.html") for n in names}
    size = {n: sum(map(len, english[n])) for n in names}
    order = sorted((n for n in names if 500 < size[n] < 13000), key=lambda n: rank("handbook", n))
    for at, (locale, lang) in enumerate(HANDBOOK_LANGUAGES.items()):
        share = {}
        for n in HANDBOOK_REFERRING + order:
            there = set(paragraphs(html / locale / f"{n}.html"))
            share[n] = sum(p in there for p in english[n]) / max(1, len(english[n]))
        whole = [n for n in order if lang == "en" or share[n] <= 0.1]
        mixed = [] if lang == "en" else [n for n in order if 0.3 <= share[n] <= 0.8][:1]
        chosen = HANDBOOK_REFERRING + [n for n in whole if n not in HANDBOOK_REFERRING][:12] + mixed
        for n in sorted(set(chosen)):
            record = {"id": f"handbook/{lang}/{n}", "text": "", "source": "debian-handbook", "url": f"{locale}/{n}.html",
                      "lang": lang, "planted": []}
            plant = None
            if n in HANDBOOK_REFERRING:
                plant = HANDBOOK_PLANTS[(at + HANDBOOK_REFERRING.index(n)) % len(HANDBOOK_PLANTS)]
            if plant == "flattened" and n == "sect.remote-login":
                plant = "stripped"  # it has figures only
            docbook_page(builder, html / locale / f"{n}.html", record, plant, kinds=("table", "figure"))
            if lang != "en" and share[n] > 0.1:
                builder.facts["untranslated"][record["id"]] = round(share[n], 2)
            builder.add(f"handbook/{lang}.jsonl.zst", record)


def postgresql(builder):
    html = builder.packages / "usr/share/doc/postgresql-doc-15/html"
    referring, plain = [], []
    for path in sorted(html.glob("*.html")):
        page = path.read_text(encoding="utf-8")
        size = len(re.sub(r"<[^>]+>", "", page))
        if not 1500 < size < 17000 or path.stem.startswith(("release", "biblio", "acronyms", "contrib")):
            continue
        root = html_text.parse(page)
        same = [r for r in docbook_references(root, path.name) if r[3]]
        other = [r for r in docbook_references(root, path.name) if not r[3]]
        (referring if same else plain).append((rank("postgresql", path.stem), path, bool(other and not same)))
    referring.sort()
    plain.sort()
    plants = ["stripped", None, "hollow", "stripped", None, "flattened", "truncated", None]
    chosen = [(path, plants[i % len(plants)]) for i, (_, path, _) in enumerate(referring[:48])]
    chosen += [(path, None) for _, path, other in plain if other][:8]
    chosen += [(path, None) for _, path, other in plain if not other][:44]
    for name in ("admin", "server-programming"):  # tables of contents
        chosen.append((html / f"{name}.html", None))
        builder.facts["navigation"].append(f"postgresql/{name}")
    for path, plant in sorted(chosen):
        record = {"id": f"postgresql/{path.stem}", "text": "", "source": "postgresql-doc-15", "url": path.name, "lang": "en",
                  "planted": []}
        if plant == "truncated":
            truncate(builder, path, record)
        else:
            docbook_page(builder, path, record, plant)
        builder.add("manuals/postgresql.jsonl.gz", record)


def truncate(builder, path, record):
    """Cuts a page in a sentence between the mention of a table, figure or example and the thing itself."""
    scratch = Builder(builder.packages)
    docbook_page(scratch, path, record)
    for ref in scratch.references:
        at = record["text"].find(ref["mention"])
        caption = re.search(r"^" + re.escape(ref["mention"]) + r"\.", record["text"], re.M)
        if ref["verdict"] == "present" and caption and 150 < at and at + len(ref["mention"]) + 25 < caption.start():
            record["text"] = record["text"][: caption.start()].rstrip()[:-20].rstrip()
            record["planted"] = ["truncated"]
            break
    for ref in scratch.references:
        caption = re.search(r"^" + re.escape(ref["mention"]) + r"\.", record["text"], re.M)
        verdict = "truncated" if ref["verdict"] == "present" and record["planted"] and not caption else ref["verdict"]
        builder.note(record, ref["kind"], ref["mention"], ref["key"], verdict)


# ---- Python ------------------------------------------------------------------------------------------------

DEICTIC = {
    "table": r"\b(?:[Tt]he|[Tt]his|[Tt]hese|[Ss]ee) (?:following|above) tables?\b|\b(?:[Tt]he )?tables? below\b",
    "code": r"\b(?:[Tt]he|[Tt]his) (?:following|above) (?:example|code|program|script)\b|\b(?:[Tt]he )?example below\b",
    "list": r"[^.\n]*\b(?:following|these)\b[^.\n|`]*:(?=\n)",
}


def python(builder):
    html = builder.packages / "usr/share/doc/python3.11/html"
    paths = [p for folder in ("library", "tutorial", "howto", "faq", "c-api", "reference") for p in (html / folder).glob("*.html")]

    def body(path):
        root = html_text.parse(path.read_text(encoding="utf-8"))
        return next(n for n in root.walk() if n.attrs.get("role") == "main")

    unwanted = {"table": {"table"}, "code": {"pre"}, "list": {"ul", "ol"}}
    chosen, count = [], dict.fromkeys(unwanted, 0)
    for path in sorted(paths, key=lambda p: rank("python", p.parent.name, p.stem)):
        main = body(path)
        text, mentions = html_text.text(main), []
        limit = 36000 if count["table"] < 6 and re.search(DEICTIC["table"], text) and main.find("table") else 16000
        if not 1200 < len(text) < limit:
            continue
        tags = {n.tag for n in main.walk()}
        able = [k for k in unwanted if count[k] < 8 and tags & unwanted[k] and re.search(DEICTIC[k], text)]
        if able and rank("plant", path.stem) % 5 < 3:
            kind = min(able, key=lambda k: (count[k], k != "table"))
            for n in [n for n in main.walk() if n.tag in unwanted[kind]]:
                n.remove()
            before, text = text, html_text.text(main)
            mentions = [m[0].strip() for m in re.finditer(DEICTIC[kind], text)]
            if kind == "list":  # a colon may also announce code
                mentions = [m for m in mentions if re.search(re.escape(m) + r"\n\n(?:- |1\. )", before)]
            count[kind] += bool(mentions)
        record = {"id": f"python/{path.parent.name}/{path.stem}", "text": text, "source": "python3.11-doc",
                  "url": f"{path.parent.name}/{path.name}", "lang": "en", "planted": [f"stripped_{kind}"] if mentions else []}
        for mention in dict.fromkeys(mentions):
            builder.note(record, kind, mention, None, "missing")
        chosen.append(record)
        if len(chosen) == 60:
            break
    for name in ("genindex-J", "genindex-K", "genindex-Q", "genindex-Y", "library/index"):  # links and nothing else
        chosen.append({"id": f"python/{name}", "text": html_text.text(body(html / f"{name}.html")), "source": "python3.11-doc",
                       "url": f"{name}.html", "lang": "en", "planted": []})
        builder.facts["navigation"].append(f"python/{name}")
    for record in sorted(chosen, key=lambda r: r["id"]):
        builder.add("manuals/python.jsonl", record)


# ---- Rust --------------------------------------------------------------------------------------------------

MDBOOK = r"\b(Listing|Figure|Table) ([0-9]+-[0-9]+)\b"


def rust_page(builder, path, record, plant):
    """Fills in a record from an mdBook page; captions follow listings and figures and stand before tables."""
    main = html_text.parse(path.read_text(encoding="utf-8")).find("main")[0]
    captions = {}
    for p in main.find("p"):
        inside = [n for n in p.find("span", "caption")]
        found = re.match(MDBOOK, html_text.inline(inside[0])) if inside else None
        if found:
            captions[found[0]] = p
    for p in captions.values() if plant else ():
        beside = [n for n in p.parent.children if isinstance(n, Node) and n.tag != "a"]
        at = beside.index(p)
        before = beside[at - 1] if at else None
        gone = [before] if before is not None and (before.tag in {"pre", "img"} or before.find("img")) else []
        if at > 1 and gone and beside[at - 2].find("span", "filename"):
            gone.append(beside[at - 2])
        if at + 1 < len(beside) and (beside[at + 1].tag == "table" or beside[at + 1].find("table")):
            gone.append(beside[at + 1])
        for node in gone:
            node.remove()
        for image in p.find("img"):
            image.remove()
        if plant == "stripped":
            p.remove()
    record["text"] = html_text.text(main)
    verdict = {"stripped": "missing", "hollow": "hollow", None: "present"}[plant]
    prose = re.sub(r"```.*?```", "", record["text"], flags=re.S)
    for line in prose.split("\n"):
        for found in re.finditer(MDBOOK, line):
            if found.start() == 0 and line[found.end() : found.end() + 1] == ":":
                continue
            kind = found[1].lower()
            here = found[0] in captions
            builder.note(record, kind, found[0], found[2], verdict if here else "other_page")
            if here and plant and f"{plant}_{kind}" not in record["planted"]:
                record["planted"].append(f"{plant}_{kind}")
    record["planted"].sort()


def rust(builder):
    html = builder.packages / "usr/share/doc/rust-doc/html"
    book = sorted(p for p in (html / "book").glob("ch*.html") if re.match(r"ch\d\d-\d\d", p.stem))
    must = ["ch03-02-data-types", "ch04-01-what-is-ownership", "ch04-02-references-and-borrowing", "ch04-03-slices"]
    book = [p for p in book if p.stem in must or (p.stat().st_size < 75000 and rank("book", p.stem) % 100 < 55)]
    # pages of an old edition, which say only where the text went
    stubs = [html / f"book/first-edition/{n}.html" for n in ("closures", "comments", "enums", "ffi", "generics", "if-let", "lifetimes", "loops")]
    reference = sorted((html / "reference").rglob("*.html"), key=lambda p: rank("reference", p.relative_to(html)))
    reference = [p for p in reference if p.name != "print.html" and 9000 < p.stat().st_size < 60000]
    reference = [p for p in reference if "<main>" in p.read_text(encoding="utf-8")][:40]
    plants = itertools.cycle(["stripped", None, None, "hollow", None])
    for path in book + stubs + sorted(reference):
        name = path.relative_to(html)
        record = {"id": f"rust/{name.with_suffix('')}", "text": "", "source": "rust-doc", "url": str(name), "lang": "en", "planted": []}
        rust_page(builder, path, record, next(plants) if path in book else None)
        if path in stubs:
            builder.facts["edition_stub"].append(record["id"])
        prose = re.sub(r"```.*?```", "", record["text"], flags=re.S)
        score = round(len(prose) / max(1, len(record["text"])), 4)
        if rank("score", record["id"]) % 20 == 0:
            score = None
            builder.facts["null_score"].append(record["id"])
        record["meta"] = {"path": str(name), "score": score}
        builder.add(f"rust/{name.parts[0]}.parquet", record)


# ---- duplicates --------------------------------------------------------------------------------------------

SWAPS = {
    "the": "this", "a": "one", "is": "was", "are": "were", "can": "may", "may": "might", "must": "should", "will": "shall",
    "used": "employed", "use": "employ", "only": "solely", "also": "likewise", "all": "every", "many": "several",
    "example": "instance", "value": "quantity", "values": "quantities", "function": "routine", "returns": "yields",
    "when": "whenever", "because": "since", "but": "yet", "which": "that", "and": "plus", "however": "still",
}


def shingles(text, n=5):
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[i : i + n]) for i in range(max(1, len(words) - n + 1))} if words else set()


def jaccard(a, b):
    return len(a & b) / len(a | b) if a or b else 0.0


def vary(text, key, target):
    """Changes evenly spread numbers and small words until the 5-word shingle Jaccard falls to `target`."""
    spots = [m for m in re.finditer(r"\b[A-Za-z]+\b|\b\d+\b", text) if m[0].isdigit() or m[0].lower() in SWAPS]
    spots.sort(key=lambda m: rank(key, m.start()))
    base = shingles(text)

    def with_changes(count):
        out, end = [], 0
        for m in sorted(spots[:count], key=lambda m: m.start()):
            new = str(int(m[0]) + 1) if m[0].isdigit() else SWAPS[m[0].lower()]
            out += [text[end : m.start()], new.capitalize() if m[0][0].isupper() else new]
            end = m.end()
        return "".join(out) + text[end:]

    low, high = 0, len(spots)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if jaccard(base, shingles(with_changes(middle))) >= target else (low, middle)
    return with_changes(max(1, low))


def respace(text, how):
    """The same words with other white space."""
    if how == 0:
        return text
    if how == 1:
        return text.replace("\n", "\r\n")
    if how == 2:
        return re.sub(r"\n\n", "  \n\n\n", text)
    if how == 3:
        return "\n" + re.sub(r"(\w) (\w)", r"\1  \2", text) + "\n\n"
    return re.sub(r"(?m)^(?=\w)", "\t", text).rstrip("\n")


def duplicates(builder):
    """A made-up mirror of the two manuals: twins, near twins and pages that only resemble theirs."""
    originals = [r for s in ("manuals/postgresql.jsonl.gz", "manuals/python.jsonl") for r in builder.shards[s]]
    originals = [r for r in originals if not r["planted"] and 250 < len(r["text"].split()) < 1600]
    originals.sort(key=lambda r: rank("mirror", r["id"]))
    twins, near = [], []
    take = iter(originals)
    for i in range(15):
        r = next(take)
        copy = dict(r, id=f"mirror/{r['id']}", text=respace(r["text"], i % 5), source="mirror.example.com",
                    url=f"mirror.example.com/{r['url']}", planted=["exact_duplicate" if i % 5 == 0 else "whitespace_duplicate"],
                    planted_of=r["id"])
        twins.append([r["id"], copy["id"]])
        builder.add("manuals/website-mirror.jsonl", copy)
    for i, target in enumerate([0.95] * 7 + [0.9] * 7 + [0.85] * 6 + [0.65] * 5):
        r = next(take)
        texts = [vary(r["text"], f"{r['id']}/{i}", target)]
        if i in (0, 7, 14):  # a second generation: a chain of near twins
            texts.append(vary(texts[0], f"{r['id']}/{i}/2", target))
        for generation, text in enumerate(texts, 1):
            copy = dict(r, id=f"mirror/{r['id']}" + (f"~{generation}" if generation > 1 else ""), text=text,
                        source="mirror.example.com", url=f"mirror.example.com/{r['url']}",
                        planted=["near_duplicate" if target > 0.8 else "related"], planted_of=r["id"])
            near.append([r["id"], copy["id"]])
            builder.add("manuals/website-mirror.jsonl", copy)
    return twins, near


# ---- broken records ----------------------------------------------------------------------------------------


def broken():
    """The bytes of broken.jsonl and what is known about each line."""

    def good(name, text, **more):
        return json.dumps({"id": f"broken/{name}", "text": text, **more}, ensure_ascii=False).encode()

    lines = [
        (good("well-formed", "The pump was serviced in March. Both seals were replaced, and it has run without a leak since then."), None),
        (b'{"id": "broken/cut-in-the-middle", "text": "The second pump stands in the', "invalid_json"),
        (good("umlaute", "Die Pumpe im Keller läuft seit März wieder. Für die Dichtungen mussten wir größere Schrauben bestellen."), None),
        (b'{"id": "broken/no-text", "title": "Pump log", "body": "The text of this record has another name."}', "text_missing"),
        (b'{"id": "broken/number", "text": 4711}', "text_not_a_string"),
        (good("escapes", "Tab\there, a quote \" there, a backslash \\ and a line\nbreak: all of it is one text."), None),
        (b'{"id": "broken/latin-1", "text": "Die Pumpe l\xe4uft, aber diese Zeile ist nicht UTF-8."}', "invalid_utf8"),
        (good("emoji", "Checked on Friday, all fine 👍🏽. Next visit: 3 June."), None),
        (b'{"id": "broken/null", "text": null}', "text_not_a_string"),
        (good("empty", ""), None),
        (b'["broken/array", "an array is no record"]', "not_an_object"),
        (good("nested", "Fields that no rule names are carried along as they are.", meta={"pump": {"id": 7, "bar": [1.5, 2.25]}}), None),
        (b'{"id": "broken/raw-nul", "text": "A raw \x00 byte may not stand in a JSON string."}', "invalid_json"),
        (b'{"id": "broken/list", "text": ["a", "list", "of", "words"]}', "text_not_a_string"),
        (good("well-formed", "This id was used above. That is worth a warning, and the record is processed all the same."), None),
        (b'{"id": "broken/lone-surrogate", "text": "half a pair: \\ud83d and then nothing"}', "invalid_json"),
        (b'{"id": "broken/trailing", "text": "One record, one line."} {"id": "and another"}', "invalid_json"),
        (b'  {"text": "Spaces before the brace, no id, and another order of fields.", "lang": "en"}  ', None),
        (b'{"id": "broken/last-line", "text": "The file ends he', "invalid_json"),
    ]
    facts, at = [], 0
    for number, (line, reason) in enumerate(lines, 1):
        facts.append({"line": number, "offset": at, "length": len(line), "outcome": "failed" if reason else "read", "reason": reason})
        at += len(line) + 1
    return b"\n".join(line for line, _ in lines), facts


# ---- writing -----------------------------------------------------------------------------------------------


def write_shard(shard, records):
    path = SAMPLES / shard
    path.parent.mkdir(parents=True, exist_ok=True)
    if shard.endswith(".parquet"):
        return write_parquet(path, records)
    data = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records).encode()
    if shard.endswith(".zst"):
        data = subprocess.run(["zstd", "-19", "-c", "--single-thread", "-q"], input=data, stdout=subprocess.PIPE, check=True).stdout
    elif shard.endswith(".gz"):
        data = gzip.compress(data, 9, mtime=0)
    elif shard.endswith(".bz2"):
        data = bz2.compress(data)
    path.write_bytes(data)


def write_parquet(path, records):
    import pyarrow as pa
    import pyarrow.parquet as pq

    book = path.stem == "book"
    schema = pa.schema([
        pa.field("id", pa.string(), nullable=False),
        pa.field("text", pa.string() if book else pa.large_string()),
        pa.field("source", pa.dictionary(pa.int32(), pa.string()) if book else pa.string()),
        pa.field("url", pa.string()),
        pa.field("lang", pa.string()),
        pa.field("planted", pa.list_(pa.string())),
        pa.field("meta", pa.struct([pa.field("path", pa.string()), pa.field("score", pa.float64())])),
    ])
    table = pa.Table.from_pylist(records, schema=schema)
    pq.write_table(table, path, compression="zstd" if book else "snappy", row_group_size=16 if book else 1024)


def notes():
    """The texts of the notes, as tamis reads them: one file, one document."""
    paths = sorted(p for p in (SAMPLES / "notes").iterdir() if p.suffix in {".md", ".txt", ".rst"})
    return {str(p.relative_to(SAMPLES)): p.read_bytes().decode("utf-8") for p in paths}


def close_pairs(texts):
    """Every pair of documents whose exact 5-word shingle Jaccard is at least 0.6."""
    sets, holders, counts = {}, {}, {}
    for name, text in texts.items():
        sets[name] = shingles(text)
        for s in sets[name]:
            holders.setdefault(s, []).append(name)
    for names in holders.values():
        if len(names) < 60:
            for pair in itertools.combinations(names, 2):
                counts[pair] = counts.get(pair, 0) + 1
    out = []
    for (a, b), shared in counts.items():
        similarity = shared / (len(sets[a]) + len(sets[b]) - shared)
        if similarity >= 0.6:
            out.append({"ids": [a, b], "jaccard": round(jaccard(sets[a], sets[b]), 4)})
    return sorted(out, key=lambda p: p["ids"])


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("packages", type=pathlib.Path, help="the folder with the four .deb files")
    debs = arguments.parse_args().packages
    with tempfile.TemporaryDirectory() as unpacked:
        for name, digest in PACKAGES.items():
            data = (debs / name).read_bytes()
            if hashlib.sha256(data).hexdigest() != digest:
                raise SystemExit(f"{name}: not the package these samples were made from")
            subprocess.run(["dpkg-deb", "-x", debs / name, unpacked], check=True)
        builder = Builder(pathlib.Path(unpacked))
        handbook(builder)
        postgresql(builder)
        python(builder)
        rust(builder)
    twins, near = duplicates(builder)
    for record in mails.records():
        builder.add("mail/made-up.jsonl.bz2", record)

    texts = {r["id"]: r["text"] for records in builder.shards.values() for r in records}
    assert len(texts) == sum(map(len, builder.shards.values())), "an id occurs twice"
    texts.update(notes())
    pairs = close_pairs(texts)
    squeezed = {}
    for name, text in texts.items():
        squeezed.setdefault(" ".join(text.lower().split()), []).append(name)
    equal = sorted(names for names in squeezed.values() if len(names) > 1)
    for shard, records in sorted(builder.shards.items()):
        write_shard(shard, records)
    data, lines = broken()
    (SAMPLES / "broken").mkdir(exist_ok=True)
    (SAMPLES / "broken/broken.jsonl").write_bytes(data)

    planted = {}
    for records in builder.shards.values():
        for r in records:
            for kind in r["planted"]:
                planted.setdefault(kind, []).append(r["id"])
    exact = {tuple(p) for p in twins}
    expected = {
        "documents": {s: len(r) for s, r in sorted(builder.shards.items())}
        | {"notes": len(notes()), "broken/broken.jsonl": sum(line["outcome"] == "read" for line in lines)},
        "planted": {k: sorted(v) for k, v in sorted(planted.items())},
        "exact_twins": sorted(twins),
        "equal_but_for_white_space_and_case": equal,
        "near_duplicates": [p for p in pairs if p["jaccard"] >= 0.8 and tuple(p["ids"]) not in exact],
        "related": [p for p in pairs if p["jaccard"] < 0.8],
        "references": sorted(builder.references, key=lambda r: (r["id"], r["kind"], r["mention"])),
        **builder.facts,
        "notes": json.loads((SAMPLES / "tools/notes.json").read_text()),
        "broken": lines,
    }
    missing = set(notes()) ^ set(expected["notes"])
    assert not missing, f"notes.json and notes/ differ: {missing}"
    lines = [f"{json.dumps(k)}: " + entries(v) for k, v in expected.items()]
    (SAMPLES / "expected.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    print({s: len(r) for s, r in sorted(builder.shards.items())})
    print({k: len(v) for k, v in sorted(planted.items())})


def entries(value):
    """JSON with one entry a line."""
    if isinstance(value, dict):
        return "{\n" + ",\n".join(f" {json.dumps(k)}: {json.dumps(v, ensure_ascii=False)}" for k, v in value.items()) + "\n}"
    return "[\n" + ",\n".join(" " + json.dumps(v, ensure_ascii=False) for v in value) + "\n]"


if __name__ == "__main__":
    main()
