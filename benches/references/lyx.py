"""Reads the manuals of LyX, LaTeX books in LyX's own line format, with numbers as LaTeX gives them.

    book = read_book(Path("/usr/share/lyx/doc/de"), "lyx/de", "de", words["de"])

Labels and references are insets of their own, so that what a reference points to is known; the noun in
front of it ("Tabelle") is the translator's. A reference with no such noun near is marked as bare.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from docbook import clean
from model import END, START, Block, Mention, Page

NAMES = {
    "en": ("Table", "Figure", "Algorithm", "Listing"),
    "de": ("Tabelle", "Abbildung", "Algorithmus", "Listing"),
    "fr": ("Tableau", "Figure", "Algorithme", "Listing"),
    "es": ("Cuadro", "Figura", "Algoritmo", "Listado"),
    "ja": ("表", "図", "アルゴリズム", "リスト"),
}
LEVELS = {"Part": 0, "Chapter": 1, "Section": 2, "Subsection": 3, "Subsubsection": 4, "Paragraph": 5, "Title": 1}
SKIP = ("Index", "Note Note", "Note Comment", "Argument", "VSpace", "ERT", "Phantom", "Branch", "CommandInset toc", "CommandInset include", "CommandInset nomencl", "CommandInset index_print", "IPA", "Preview", "External", "Nomenclature", "CommandInset line", "Flex Index")
SIGN = re.compile(r"\\SpecialChar (\\?[\w@.]+(?:\{\})?)")
SIGNS = {"ldots": "…", "menuseparator": " → ", "LyX": "LyX", "LaTeX": "LaTeX", "TeX": "TeX", "LaTeX2e": "LaTeX2e", "endofsentence": ".", "breakableslash": "/", "nobreakdash": "-"}
BOOKS = ("UserGuide", "EmbeddedObjects", "Math", "Additional", "Customization")


@dataclass
class Node:
    name: str
    parts: list[Node | str] = field(default_factory=list)  # children, text lines and, in insets, parameters


def parse(text: str) -> Node:
    """The body of a file as a tree of layouts and insets."""
    root = Node("body")
    stack = [root]
    lines = text[text.index("\\begin_body") :].splitlines()[1:]
    for raw in lines:
        line = SIGN.sub(lambda match: SIGNS.get(match[1], ""), raw)
        if not line and raw:
            continue
        if stack[-1].name.startswith("Formula") and not line.startswith("\\end_inset"):
            stack[-1].parts.append(line)
        elif line.startswith(("\\begin_layout", "\\begin_inset")):
            node = Node(("=" if "layout" in line[:14] else "") + line.partition(" ")[2].strip())
            stack[-1].parts.append(node)
            stack.append(node)
        elif line.startswith(("\\end_layout", "\\end_inset")):
            if len(stack) > 1:
                stack.pop()
        elif line.startswith("\\end_body"):
            break
        elif line == "\\backslash":
            stack[-1].parts.append("\\")
        elif line.startswith("\\"):
            if line.startswith(("\\start_of_appendix", "\\begin_deeper", "\\end_deeper")):
                stack[-1].parts.append(Node(line[1:]))
        else:
            stack[-1].parts.append(line)
    return root


class Reader:
    def __init__(self, page: Page, words: dict[str, Any]) -> None:
        self.page, self.words = page, words
        self.names = NAMES[page.language]
        self.numbers = [0] * 6
        self.appendix = False
        self.count: dict[str, int] = {}
        self.lists = 0
        self.list_kind = ""
        self.item = 0
        self.notes: list[Block] = []
        self.note = 0
        self.pending: list[Block] = []  # blocks that stand inside a paragraph, to follow it
        self.labels: list[str] = []
        self.serial = 0
        self.code: Block | None = None
        self.others: dict[str, tuple[str, str]] = {}  # floats with something else in them

    def chapter(self) -> str:
        return self.heading_key(1) if self.numbers[1] else ""

    def heading_key(self, level: int) -> str:
        first = next((n for n in range(1, 6) if self.numbers[n]), level)
        parts = [str(n) for n in self.numbers[first : level + 1]]
        if self.appendix and parts:
            parts[0] = chr(64 + int(parts[0]))
        return ".".join(parts)

    def number(self, kind: str) -> str:
        self.count[kind] = self.count.get(kind, 0) + 1
        chapter = self.chapter()
        return f"{chapter}.{self.count[kind]}" if chapter else str(self.count[kind])

    def add(self, block: Block) -> Block:
        self.serial += 1
        block.ids = [*block.ids, f"-{self.serial}"]
        self.page.blocks.append(block)
        return block

    # inside paragraphs
    def inline(self, node: Node) -> str:
        out = []
        for part in node.parts:
            if isinstance(part, str):
                out.append(part)
            elif not part.name.startswith("="):
                out.append(self.inset(part))
            else:
                out.append(self.inline(part) + " ")
        return "".join(out)

    @staticmethod
    def parameters(node: Node) -> dict[str, str]:
        found = {}
        for part in node.parts:
            if isinstance(part, str) and " " in part:
                name, _, value = part.partition(" ")
                found[name] = value.strip().strip('"')
        return found

    def content(self, node: Node) -> Node:
        """The layouts of an inset, without its parameters."""
        return Node(node.name, [p for p in node.parts if isinstance(p, Node)])

    def inset(self, node: Node) -> str:
        name = node.name
        if name.startswith(SKIP):
            return ""
        if name.startswith("space"):
            return "\u00a0" if "~" in name or "space{}" in name else " "
        if name.startswith(("Newline", "Newpage")):
            return " "
        if name.startswith("Quotes"):
            return ("“" if name[-2] == "l" else "”") if name[-1] == "d" else ("‘" if name[-2] == "l" else "’")
        if name.startswith("CommandInset label"):
            self.labels.append(self.parameters(node).get("name", ""))
            return ""
        if name.startswith("CommandInset ref"):
            return self.reference(node)
        if name.startswith("CommandInset href"):
            return self.parameters(node).get("name", "") or self.parameters(node).get("target", "")
        if name.startswith("CommandInset citation"):
            return ""
        if name.startswith("CommandInset bibitem"):
            return ""
        if name.startswith("CommandInset"):
            return ""
        if name.startswith("Info"):
            return self.parameters(node).get("arg", "") if "icon" not in self.parameters(node).get("type", "") else ""
        if name == "Foot":
            self.note += 1
            number = str(self.note)
            text = clean(self.inline(self.content(node)))
            block = Block("object", kind="footnote", key=number, label=f"[^{number}]:", code=text, ids=[f"footnote-{number}"])
            self.notes.append(block)
            return self.page.mark(f"[^{number}]", Mention("footnote", "numbered", number, f"footnote-{number}"))
        if name.startswith("Formula"):
            return self.formula(node)
        if name.startswith(("Float", "Wrap")):
            self.float(node, name.split()[1] if " " in name else "")
            return ""
        if name.startswith("Tabular"):
            rows = self.rows(node)
            if len(rows) > 1 and max(map(len, rows)) > 1:
                self.pending.append(Block("object", kind="table", rows=rows))
            return ""
        if name.startswith("Graphics"):
            file = self.parameters(Node("", [p.strip() for p in node.parts if isinstance(p, str)])).get("filename", "picture.png")
            self.pending.append(Block("object", kind="figure", images=[(file.replace("../", ""), "")]))
            return ""
        if name.startswith("listings"):
            self.listing(node)
            return ""
        if name.startswith("Caption"):
            return ""
        return self.inline(self.content(node))

    def reference(self, node: Node) -> str:
        values = self.parameters(node)
        command, target = values.get("LatexCommand", ""), values.get("reference", "")
        if command in ("nameref", "labelonly"):
            return ""
        if command == "pageref":
            return self.page.mark("12", Mention("", "numbered", "12", None))
        mention = Mention("?", "numbered", None, target)
        number = self.page.mark("\u2045", mention)  # the number comes when all labels are known
        return f"({number})" if command == "eqref" else number

    def formula(self, node: Node) -> str:
        text = (node.name.removeprefix("Formula").strip() + "\n" + "\n".join(p for p in node.parts if isinstance(p, str))).strip()
        if not text.startswith(("\\[", "\\begin")):
            return text.strip()
        labels = re.findall(r"\\label\{([^}]*)\}", text)
        body = re.sub(r"\\label\{[^}]*\}", "", text)
        plain = re.sub(r"^\\\[|\\\]$|\\(?:begin|end)\{(?:equation|align|eqnarray|gather|multline|flalign|alignat)\*?\}(?:\{\d\})?", "", body).strip()
        numbered = re.match(r"\\begin\{equation\}", text) is not None
        block = Block("object", kind="equation", code=" ".join(plain.split()))
        if numbered:
            block.key, block.ids = self.number("equation"), labels
        elif labels:
            block.key = None
        self.pending.append(block)
        return ""

    def caption(self, node: Node) -> tuple[str, list[str]]:
        """Caption text and labels of a float, wherever in it they are."""
        text, outer = "", self.labels
        self.labels = []

        def look(one: Node) -> None:
            nonlocal text
            for part in one.parts:
                if isinstance(part, Node):
                    if part.name.startswith("Caption"):
                        text = text or clean(self.inline(self.content(part)))
                    elif part.name.startswith("CommandInset label"):
                        self.labels.append(self.parameters(part).get("name", ""))
                    elif not part.name.startswith(("Float", "Tabular")):
                        look(part)

        look(node)
        found, self.labels = self.labels, outer
        return text, found

    def find(self, node: Node, name: str) -> list[Node]:
        out = []
        for part in node.parts:
            if isinstance(part, Node):
                if part.name.startswith(name):
                    out.append(part)
                else:
                    out += self.find(part, name)
        return out

    def float(self, node: Node, kind: str) -> None:
        kind = kind.rstrip("*")
        if kind not in ("table", "figure", "algorithm"):
            return
        key = self.number(kind)
        caption, labels = self.caption(node)
        name = self.names[("table", "figure", "algorithm").index(kind)]
        label = f"{name}{'' if self.page.language == 'ja' else ' '}{key}"
        block = Block("object", kind=kind, key=key, label=label, caption=caption, ids=labels, caption_first=kind != "figure")
        tables, pictures = self.find(node, "Tabular"), self.find(node, "Graphics")
        inner = self.find(node, "Float")
        rows = self.rows(tables[0]) if tables and not inner else []
        if kind == "table" and len(rows) > 1 and max(map(len, rows)) > 1:
            block.rows = rows
        elif kind == "figure" and pictures and not inner:
            values = [self.parameters(Node("", [p.strip() for p in one.parts if isinstance(p, str)])) for one in pictures]
            block.images = [(v.get("filename", "picture.png").replace("../", ""), caption) for v in values][:4]
        else:  # something else in it: no gold
            self.others |= dict.fromkeys(labels, (kind, key))
            block.kind, block.key = "other", None
            block.code = clean(self.inline(self.content(node))) or caption
        self.pending.append(block)

    def rows(self, node: Node) -> list[list[str]]:
        rows: list[list[str]] = []
        pending, self.pending = self.pending, []
        for part in node.parts:
            if isinstance(part, str):
                if part.startswith("<row"):
                    rows.append([])
            elif part.name == "Text" and rows:
                rows[-1].append(clean(self.inline(self.content(part))))
        self.pending = pending
        return [row for row in rows if sum(bool(cell) for cell in row) > 0]

    def listing(self, node: Node) -> None:
        caption, labels = self.caption(node)
        lines = [re.sub(r"[\ue000-\uf8ff]", "", self.inline(part)) for part in node.parts if isinstance(part, Node) and part.name.startswith("=") and not self.find(part, "Caption")]
        block = Block("object", kind="listing", code="\n".join(lines).strip("\n"), ids=labels)
        if caption and not node.name.endswith("inline"):
            block.key = self.number("listing")
            block.label, block.caption = f"{self.names[3]}{'' if self.page.language == 'ja' else ' '}{block.key}", caption
        if "\n" in block.code or caption:
            self.pending.append(block)

    # the document
    def walk(self, node: Node, depth: int = 1) -> None:
        for part in node.parts:
            if not isinstance(part, Node):
                continue
            if part.name.startswith("start_of_appendix"):
                self.appendix = True
                self.numbers = [0] * 6
            elif part.name.startswith("begin_deeper"):
                self.depth = depth = depth + 1
            elif part.name.startswith("end_deeper"):
                depth = max(depth - 1, 1)
            elif part.name.startswith("="):
                self.layout(part, part.name[1:], depth)

    def layout(self, node: Node, name: str, depth: int) -> None:
        if self.find(node, "start_of_appendix"):
            self.appendix = True
            self.numbers = [0] * 6
        self.labels = []
        text = clean(self.inline(node))
        pending, self.pending = self.pending, []
        labels = self.labels
        base = name.rstrip("*")
        if base in LEVELS:
            self.end_notes(base)
            level = LEVELS[base]
            block = Block("heading", text, labels, level)
            if not name.endswith("*") and level and base != "Title":
                self.numbers[level] += 1
                self.numbers[level + 1 :] = [0] * (5 - level)
                block.key = self.heading_key(level)
                block.text = f"{block.key} {text}"
                if level == 1:
                    self.count = {}
            self.list_kind = ""
            self.code = None
            self.add(block)
        elif base == "LyX-Code":
            plain = re.sub(r"[\ue000-\uf8ff]", "", text)
            if self.code is not None and self.page.blocks[-1] is self.code:
                self.code.code += "\n" + plain
            elif plain:
                self.code = self.add(Block("object", kind="listing", code=plain))
        elif base == "Bibliography":
            pass
        elif text:
            item = base in ("Itemize", "Enumerate", "Description", "Labeling")
            block = Block("para", text)
            if item:
                if self.list_kind != base and depth == 1 or not self.list_kind:
                    self.lists, self.item = self.lists + 1, 0
                self.list_kind = base
                self.item += 1
                block.prefix = f"{self.item}." if base == "Enumerate" else "-"
                block.depth = depth
                block.list_id = f"list-{self.lists}"
            elif depth == 1:
                self.list_kind = ""
            else:
                block.list_id = f"list-{self.lists}" if self.list_kind else None
            self.add(block)
        for block in pending:
            self.add(block)

    def end_notes(self, name: str) -> None:
        """Notes stand at the end of their section, so that cutting keeps them with their mentions."""
        if name in ("Chapter", "Section", ""):
            for block in self.notes:
                self.add(block)
            self.notes = []

    def finish(self) -> None:
        """Numbers into the references, and the noun in front of them into their span."""
        self.end_notes("")
        targets = {name: b for b in self.page.blocks for name in b.ids if b.what != "para" and b.key}
        for number, mention in enumerate(self.page.mentions):
            sign = chr(START + number) + "\u2045" + END
            if mention.kind != "?":
                continue
            block = targets.get(mention.target or "")
            if block is None:
                mention.kind, mention.key = self.others.get(mention.target or "", ("", "7"))
                mention.target = None
                self.replace(sign, chr(START + number) + mention.key + END)
                continue
            mention.kind = "section" if block.what == "heading" else block.kind
            mention.key, mention.target = block.key, block.id
            self.replace(sign, chr(START + number) + str(block.key) + END)
        for block in self.page.blocks:
            for place in ("text", "caption", "code"):
                value = getattr(block, place)
                if value:
                    setattr(block, place, self.widen(value))
            block.rows = [[self.widen(cell) for cell in row] for row in block.rows]

    def replace(self, old: str, new: str) -> None:
        for block in self.page.blocks:
            block.text = block.text.replace(old, new)
            block.caption = block.caption.replace(old, new)
            block.code = block.code.replace(old, new)
            block.rows = [[cell.replace(old, new) for cell in row] for row in block.rows]

    def widen(self, text: str) -> str:
        at = 0
        while match := re.compile("[\ue100-\uf8ff]").search(text, at):
            mention = self.page.mentions[ord(match[0]) - START]
            at = match.end()
            if mention.form != "numbered" or mention.kind not in self.words["noun"]:
                mention.bare = mention.kind not in ("footnote", "")
                continue
            noun = re.search(rf"(?:(?<!\w)(?:{self.words['noun'][mention.kind]})|(?:[表図式節章]))[\s\u00a0]*\(?$", text[: match.start()], re.IGNORECASE)
            after = re.match(rf"[^{END}]*{END}[\s\u00a0]*[節章]", text[match.end() :])
            if noun and not re.search("[\ue000-\uf8ff]", noun[0]):
                lead = noun[0]
                text = text[: noun.start()] + match[0] + lead + text[match.end() :]
                at = noun.start() + 1 + len(lead)
            elif not after and not (mention.kind == "equation" and text[: match.start()].endswith("(")):
                mention.bare = True
        return text


def read_book(folder: Path, project: str, language: str, words: dict[str, Any]) -> list[Page]:
    pages = []
    for name in BOOKS:
        path = folder / f"{name}.lyx"
        if path.exists():
            page = Page(project, language, path.name, [], [])
            reader = Reader(page, words)
            reader.walk(parse(path.read_text(encoding="utf-8")))
            reader.finish()
            pages.append(page)
    return pages
