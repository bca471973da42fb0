"""Readers of sources that stay as they are written: RFCs, reStructuredText, AsciiDoc.

    page = read_rfc(text, "rfc-standards", "rfc9293.txt")

The blocks keep the lines of the source, and the render "verbatim" puts them together again; only
AsciiDoc's cross references become the words that a reader sees ("Table 3"), and its titles get them too.
"""

from __future__ import annotations

import re

from model import Block, Mention, Page


def paragraphs(lines: list[str]) -> list[tuple[int, int]]:
    """First line and the line after the last of each run of lines that are not blank."""
    out, start = [], None
    for at, line in enumerate([*lines, ""]):
        if line.strip() and start is None:
            start = at
        elif not line.strip() and start is not None:
            out.append((start, at))
            start = None
    return out


class Builder:
    def __init__(self, page: Page) -> None:
        self.page = page
        self.serial = 0

    def add(self, what: str, text: str = "", **more: object) -> Block:
        self.serial += 1
        block = Block(what, text, **more)  # type: ignore[arg-type]
        block.ids = [*block.ids, f"-{self.serial}"]
        self.page.blocks.append(block)
        return block


def link(page: Page, pattern: re.Pattern[str], targets: dict[str, Block], kind: str, form: str = "numbered") -> None:
    """Marks what the pattern's group 1 (the key) names, where such a target is there."""
    for block in page.blocks:
        if block.what != "para":
            continue
        for match in reversed(list(pattern.finditer(block.text))):
            target = targets.get(match["key"])
            if target is None or target is block:
                continue
            start, end = match.start("mention"), match.end("mention")
            if not re.search("[\ue000-\uf8ff]", block.text[start:end]):
                mention = Mention(kind, form, match["key"], target.id)
                block.text = block.text[:start] + page.mark(block.text[start:end], mention) + block.text[end:]


# ---------------------------------------------------------------- RFCs

PAGE_BREAK = re.compile(r"\n*[^\n]*\[Page \d+\]\s*\n\f?\n?[^\n]*\n*|\f")
RFC_HEADING = re.compile(r"^(?:(?P<key>\d+(?:\.\d+)*|[A-Z](?:\.\d+)+)\.?|Appendix (?P<appendix>[A-Z])[.:]?) {1,4}\S")
RFC_CAPTION = re.compile(r"^ +(?P<label>(?P<kind>Figure|Table) (?P<key>\d+))(?:[.:] | -+ |$)\s*\S?.{0,70}$")
RFC_ENTRY = re.compile(r"^   ?\[(?P<key>[A-Za-z][\w.\-]*|\d+)\]\s")


def prose(line: str) -> bool:
    text = line.strip()
    return bool(re.search(r"[a-z]{2,}.* .*[a-z]{2,}", text)) and not re.search(r"   |[|+]|--|==|<-|->|/\\", text) and len(line) - len(line.lstrip()) <= 8


def read_rfc(text: str, project: str, path: str) -> Page:
    page = Page(project, "en", path, [], [])
    make = Builder(page)
    text = PAGE_BREAK.sub("\n\n", text.replace("\r", ""))
    lines = [line.rstrip() for line in re.sub(r"\n{3,}", "\n\n", text).split("\n")]
    groups = paragraphs(lines)
    sections: dict[str, Block] = {}
    entries: dict[str, Block] = {}
    started, entry = False, False
    objects: dict[str, dict[str, Block]] = {"Figure": {}, "Table": {}}
    for start, end in groups:
        part = lines[start:end]
        body = "\n".join(part)
        heading = RFC_HEADING.match(part[0])
        if heading and len(part) <= 2 and "...." not in body:
            key = heading["key"] or heading["appendix"]
            block = make.add("heading", body, level=key.count(".") + 1, key=key)
            started = True
            entry = "references" in body.lower()
            sections[key] = block
            continue
        caption = RFC_CAPTION.match(part[-1])
        if caption and started and len(part[-1]) - len(part[-1].lstrip()) >= 3 and not re.search(r"(shows|illustrates|below|above|describes|\.$)", part[-1]):
            drawing = part[:-1]
            taken: list[Block] = []
            while page.blocks and page.blocks[-1].what == "para" and len(taken) < 12:
                last = page.blocks[-1].text.split("\n")
                if sum(prose(line) for line in last) * 2 >= len(last):
                    break
                taken.insert(0, page.blocks.pop())
            drawing = "\n\n".join([*(block.text for block in taken), *(["\n".join(drawing)] if drawing else [])])
            kind = "figure" if caption["kind"] == "Figure" else "table"
            if drawing.count("\n") >= 1 and caption["key"] not in objects[caption["kind"]]:
                block = make.add("object", kind=kind, key=caption["key"], label=caption["label"], caption=part[-1], code=drawing, caption_first=False)
                objects[caption["kind"]][caption["key"]] = block
            else:
                page.blocks += taken
                make.add("para", body)
            continue
        cite = RFC_ENTRY.match(body) if entry else None
        if cite:
            entries[cite["key"]] = make.add("object", kind="citation", key=cite["key"], label=f"[{cite['key']}]", code=body)
            continue
        make.add("para", body)
    contents = next((at for at, b in enumerate(page.blocks) if "Table of Contents" in b.text), None)
    first = next((at for at, b in enumerate(page.blocks) if b.what == "heading"), 0)
    if contents is not None and contents < first:
        del page.blocks[contents:first]
    for word, kind in (("Figure", "figure"), ("Table", "table")):
        link(page, re.compile(rf"(?P<mention>{word}\s+(?P<key>\d+))(?![\d.]*\d)(?!\s+(?:of|in)\s+\[)"), objects[word], kind)
    link(page, re.compile(r"(?<![\]\d],\s)(?<!\],)(?P<mention>(?:Section|Appendix)\s+(?P<key>[A-Z](?![\w])(?:\.\d+)*|\d+(?:\.\d+)*))(?!\.?\w)(?!\s+(?:of|in)\s+(?:\[|RFC|that|the\b))(?!\s*\[)(?!\s*,?\s*RFC)"), sections, "section")
    link(page, re.compile(r"(?P<mention>\[(?P<key>[A-Za-z][\w.\-]*|\d+)\])"), entries, "citation")
    return page


# ---------------------------------------------------------------- reStructuredText

UNDERLINE = re.compile(r"^([=\-~^\"'#*+.`:])\1{2,}$")


def indent_of(line: str) -> int:
    return len(line) - len(line.lstrip())


def read_rst(text: str, project: str, path: str) -> Page:
    page = Page(project, "en", path, [], [])
    make = Builder(page)
    lines = [line.rstrip().expandtabs(8) for line in text.split("\n")]
    notes: dict[str, Block] = {}
    signs: list[str] = []
    at = 0
    literal = False
    lists, list_id = 0, None
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
        end = at
        while end < len(lines) and lines[end].strip():
            end += 1
        part = lines[at:end]
        margin = indent_of(part[0])
        if literal and margin > 0:  # all that is indented, with its blank lines
            while end < len(lines) and (not lines[end].strip() or indent_of(lines[end]) >= margin):
                end += 1
            body = "\n".join(lines[at:end]).rstrip()
            make.add("object", kind="listing", code=body, list_id=list_id)
            at, literal = end, False
            continue
        literal = False
        if len(part) >= 2 and UNDERLINE.match(part[1]) and margin == 0 and len(part[1]) >= len(part[0]) - 1:
            if part[1][0] not in signs:
                signs.append(part[1][0])
            make.add("heading", "\n".join(part[:2]), level=signs.index(part[1][0]) + 1)
            list_id = None
            at += 2
            continue
        if len(part) >= 3 and UNDERLINE.match(part[0]) and UNDERLINE.match(part[2]) and " " not in part[0]:
            make.add("heading", "\n".join(part[:3]), level=1)
            at += 3
            continue
        directive = re.match(r"\s*\.\. (?P<name>[\w-]+)::", part[0])
        if directive:
            while end < len(lines) and (not lines[end].strip() or indent_of(lines[end]) > margin):
                end += 1
            body = "\n".join(lines[at:end]).rstrip()
            name = directive["name"]
            kind = {"code-block": "listing", "sourcecode": "listing", "code": "listing", "image": "figure", "figure": "figure", "table": "table", "csv-table": "table", "list-table": "table", "math": "equation"}.get(name)
            if kind:
                make.add("object", kind=kind, code=body, list_id=list_id)
            else:
                make.add("para", body)
            at = end
            continue
        note = re.match(r"\.\. \[(?P<key>\d+)\]\s", part[0])
        if note:
            for piece in re.split(r"\n(?=\.\. \[)", "\n".join(part)):
                while end < len(lines) and (not lines[end].strip() or indent_of(lines[end]) > 0):
                    end += 1
                number = re.match(r"\.\. \[(\d+)\]", piece)
                if number:
                    notes[number[1]] = make.add("object", kind="footnote", key=number[1], label=f"[{number[1]}]", code=piece)
                else:
                    make.add("para", piece)
            rest = "\n".join(lines[at + len(part) : end]).strip("\n")
            if rest.strip():
                page.blocks[-1].code += "\n\n" + rest
            at = end
            continue
        if part[0].lstrip().startswith(".. "):  # a comment or a target
            while end < len(lines) and (not lines[end].strip() or indent_of(lines[end]) > margin):
                end += 1
            make.add("para", "\n".join(lines[at:end]).rstrip())
            at = end
            continue
        if re.match(r"\s*\+[-=+]{4,}\+$", part[0]) and len(part) >= 3 or (re.match(r"\s*={2,}( +={2,})+$", part[0]) and len(part) >= 3):
            if part[0].lstrip()[0] == "=":
                while end < len(lines) and not re.match(r"\s*={2,}( +={2,})+$", lines[end - 1]):
                    end += 1
            make.add("object", kind="table", code="\n".join(lines[at:end]), list_id=list_id)
            at = end
            continue
        body = "\n".join(part)
        item = re.match(r"\s*([*+\-•]|\d+[.)]|#\.|[a-z][.)]|\(\w\))\s", part[0])
        if item and list_id is None:
            lists += 1
            list_id = f"list-{lists}"
        elif not item and margin == 0:
            list_id = None
        make.add("para", body, list_id=list_id)
        literal = part[-1].endswith("::")
        at = end
    link(page, re.compile(r"(?P<mention>\[(?P<key>\d+)\]_)"), notes, "footnote")
    return page


# ---------------------------------------------------------------- AsciiDoc

DELIMITER = re.compile(r"^(\|={3,}|!={3,}|-{4,}|\.{4,}|={4,}|\+{4,}|_{4,}|\*{4,}|--|```.*)$")
FENCED = {"|": "table", "!": "table", "-": "listing", ".": "listing", "+": "equation", "`": "listing"}


def read_asciidoc(text: str, project: str, path: str) -> Page:
    page = Page(project, "en", path, [], [])
    make = Builder(page)
    lines = [line.rstrip() for line in text.split("\n") if not re.match(r"//(?!/)|:\w[\w-]*:", line)]
    counts = {"table": 0, "figure": 0}
    names: dict[str, Block] = {}
    at, lists, list_id = 0, 0, None
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
        ids, title, style, head = [], "", "", []
        while at < len(lines) and re.match(r"\[.*\]$|\.[^\s.].*$", lines[at]):
            line = lines[at]
            if found := re.match(r"\[\[([^\],]+)|\[#([^\],.%]+)", line):
                ids.append((found[1] or found[2]).strip())
            elif line.startswith("."):
                title = line[1:]
            else:
                style += line
                if found := re.search(r"id=\"?([\w.:-]+)|,\s*#([\w.:-]+)", line):
                    ids.append(found[1] or found[2])
            head.append(line)
            at += 1
        if at >= len(lines) or not lines[at].strip():
            if head and title:
                make.add("para", "\n".join(head))
            continue
        fence = DELIMITER.match(lines[at])
        image = re.match(r"image::(\S*?)\[", lines[at])
        if fence and fence[1][0] in FENCED and fence[1] != "--" and not lines[at].startswith("===="):
            close = "```" if fence[1].startswith("```") else fence[1]
            end = next((n for n in range(at + 1, len(lines)) if lines[n] == close), len(lines) - 1) + 1
            kind = FENCED[fence[1][0]]
            if re.search(r"wavedrom|bytefield|ditaa|graphviz|plantuml|mermaid|svgbob", style):
                kind = "figure"
            body = "\n".join([line for line in head if not line.startswith(".") and not line.startswith("[[")] + lines[at:end])
            at = end
        elif image:
            kind, body = "figure", lines[at]
            at += 1
        else:
            end = at
            while end < len(lines) and lines[end].strip() and not (end > at and DELIMITER.match(lines[end])):
                end += 1
            end = max(end, at + 1)
            part = lines[at:end]
            heading = re.match(r"(={1,6}) \S", part[0])
            if heading:
                block = make.add("heading", part[0], level=len(heading[1]), ids=ids)
                for name in ids:
                    names[name] = block
                if len(part) > 1:
                    make.add("para", "\n".join(part[1:]))
                list_id = None
            else:
                item = re.match(r"([*.\-]+|\d+\.) \S|[^\n]{1,60}::", part[0])
                if item and list_id is None:
                    lists += 1
                    list_id = f"list-{lists}"
                elif not item and part[0] != "+":
                    list_id = None
                make.add("para", "\n".join(([f".{title}"] if title else []) + part), list_id=list_id, ids=ids)
            at = end
            continue
        block = make.add("object", kind=kind, ids=ids, code=body, list_id=list_id)
        if title and kind in counts:
            counts[kind] += 1
            block.key = str(counts[kind])
            block.label = f"{kind.capitalize()} {block.key}"
            block.caption = f".{block.label}. {title}"
        elif title:
            block.caption = f".{title}"
        for name in ids:
            names[name] = block

    def change(match: re.Match[str]) -> str:
        name, words = match[1] or match[3], (match[2] or match[4] or "").strip(" ,")
        target = names.get(name.lstrip("#"))
        if target is not None and target.what == "object" and target.key:
            return page.mark(target.label, Mention(target.kind, "numbered", target.key, target.id))
        if words:
            return words
        return re.sub(r"^=+ ", "", target.text) if target is not None and target.what == "heading" else name.lstrip("#").replace("_", " ")

    for block in page.blocks:
        pattern = r"<<#?([\w.:-]+)(,[^>]*)?>>|xref:#?([\w.:-]+)\[([^\]]*)\]"
        if block.what == "para":
            block.text = re.sub(pattern, change, block.text)
        elif block.kind == "table":
            block.code = re.sub(pattern, change, block.code)
    return page
