"""Reads HTML that DocBook, Sphinx or Asciidoctor made, one file one page.

    book = read_book(Path("/usr/share/doc/postgresql-doc-15/html"), "postgresql", "en")

Objects are what the stylesheets mark as such (`div.table`, `div.figure`, `div.example`), with the
number that they printed; references are links whose target is such an object or a numbered section.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import unquote

from lxml import etree, html
from lxml.html import HtmlElement

from model import Block, Mention, Page, squeeze

SKIP_TAGS = {"script", "style", "nav", "head", "form", "button", "colgroup", "col", "hr", "svg", "map"}
SKIP_CLASS = re.compile(
    r"^(navheader|navfooter|docnav|toc|list-of-\w+|indexterm|sphinxsidebar\w*|related|headerlink|footer|top|toclist|titlepage-extra|revhistory|authorgroup|legalnotice|index|linenos|copyright)$"
)
SKIP_ID = {"banner", "title", "toc", "header", "footer", "indices-and-tables"}
LABEL = re.compile(
    r"^\s*(?P<label>[^\d\n.:“\"]{0,24}?[\s\u00a0]?(?P<key>(?:[A-Z]\.)?\d+(?:[.\-]\d+)*)[^\W\d_]{0,2})(?P<sep>[.:。](?=\s|\u00a0|$)|(?=\s|\u00a0|$)|(?=[^\d\w.]))[\s\u00a0]*(?P<title>.*)$", re.DOTALL
)
SECTION = re.compile(r"^\s*(?P<word>[^\W\d]{2,12}[\s\u00a0]|第)?(?P<key>[A-Z](?:\.\d+)+|\d+(?:\.\d+)*|[A-Z](?=[.]))(?:[.:。]|[章节節장절]|(?=[\s\u00a0]))")
WRAPPERS = {"table": "table", "figure": "figure", "example": "listing", "equation": "equation"}
BOOKS = ("debian-handbook", "gimp-help", "debian-reference", "aptitude-wiki", "installer", "postgresql")  # numbered through all pages
INLINE = {"a", "span", "em", "strong", "code", "tt", "i", "b", "kbd", "samp", "var", "acronym", "abbr", "sup", "sub", "cite", "q", "small", "u", "font", "dfn", "del", "ins", "mark", "big", "wbr", "label"}


def classes(node: HtmlElement) -> list[str]:
    return (node.get("class") or "").split()


def skipped(node: HtmlElement) -> bool:
    if not isinstance(node.tag, str) or node.tag in SKIP_TAGS:
        return True
    return any(SKIP_CLASS.match(c) for c in classes(node)) or node.get("id") in SKIP_ID


def clean(text: str) -> str:
    return squeeze(text.replace("\u200b", "").replace("\u00ad", "")).strip()


class Reader:
    """One page; `marks` are references (place in `links`) that the second pass turns into mentions."""

    def __init__(self, page: Page, name: str) -> None:
        self.page, self.name = page, name
        self.links: dict[int, tuple[str, str]] = {}
        self.lists = 0
        self.here: list[str] = []
        self.buffer: list[str] = []
        self.list_id: str | None = None
        self.prefix, self.depth = "", 0
        self.serial = 0

    # running text
    def inline(self, node: HtmlElement) -> str:
        parts = [node.text or ""]
        for child in node:
            if not skipped(child):
                if child.tag == "br":
                    parts.append(" ")
                elif child.tag == "a":
                    parts.append(self.anchor(child))
                else:
                    parts.append(self.inline(child))
            parts.append(child.tail or "")
        return "".join(parts)

    def anchor(self, node: HtmlElement) -> str:
        text = self.inline(node)
        href = unquote(node.get("href") or "")
        bare = clean(text)
        if "://" in href or not href or not bare or not re.search(r"\d", bare[:60]):
            return text
        file, _, fragment = href.partition("#")
        target = f"{os.path.basename(file) or self.name}#{fragment}"
        match = LABEL.match(bare)
        if not match:
            return text
        label, rest = bare[: match.end("label")], bare[match.end("label") :]
        marked = self.page.mark(label, Mention("?", "numbered", match["key"], target))
        return marked + rest

    def flush(self) -> None:
        text = clean("".join(self.buffer))
        self.buffer = []
        if text:
            self.add(Block("para", text, prefix=self.prefix, depth=self.depth))
            self.prefix = " " * 0

    def add(self, block: Block) -> None:
        block.list_id = self.list_id
        if not block.ids:
            self.serial += 1
            block.ids = [f"-{self.serial}"]
        if block.what != "para":
            block.ids = self.here + block.ids
        self.here = []
        self.page.blocks.append(block)

    # blocks
    def walk(self, node: HtmlElement) -> None:
        if node.text:
            self.buffer.append(node.text)
        for child in node:
            self.visit(child)
            if child.tail:
                self.buffer.append(child.tail)

    def visit(self, node: HtmlElement) -> None:
        if skipped(node):
            return
        tag, names = node.tag, classes(node)
        if tag == "a" and (node.get("id") or node.get("name")) and not node.get("href"):
            self.here.append(node.get("id") or node.get("name"))
        if tag == "br":
            self.buffer.append(" ")
        elif tag == "a":
            self.buffer.append(self.anchor(node))
        elif tag == "img" or (tag == "span" and "inlinemediaobject" in names):
            self.image(node)
        elif tag in INLINE and node.find(".//pre") is None and node.find(".//table") is None:
            self.buffer.append(self.inline(node))
        elif re.fullmatch(r"h[1-6]", tag):
            self.heading(node, int(tag[1]))
        elif tag == "div" and any(n in WRAPPERS for n in names) and self.title_of(node) is not None:
            self.wrapped(node, next(WRAPPERS[n] for n in names if n in WRAPPERS))
        elif tag == "table":
            self.table(node)
        elif tag == "pre":
            self.flush()
            self.add(Block("object", kind="listing", code=node.text_content().strip("\n"), ids=self.ids(node)))
        elif tag == "div" and names and names[0].startswith("highlight") and node.find(".//pre") is not None:
            self.flush()
            self.add(Block("object", kind="listing", code=node.find(".//pre").text_content().strip("\n")))
        elif tag in ("ul", "ol", "dl"):
            self.listed(node)
        else:
            self.flush()
            if node.get("id"):
                self.here.append(node.get("id"))
            self.walk(node)
            self.flush()

    def ids(self, node: HtmlElement) -> list[str]:
        found = [node.get("id")] if node.get("id") else []
        for anchor in list(node.iter("a"))[:2]:
            name = anchor.get("id") or anchor.get("name")
            if name and not anchor.get("href"):
                found.append(name)
        return found

    def heading(self, node: HtmlElement, level: int) -> None:
        self.flush()
        text = clean(self.inline(node)).rstrip("¶").strip()
        if not text:
            return
        match = SECTION.match(text)
        self.add(Block("heading", text, self.ids(node), level, key=match["key"] if match else None))

    def title_of(self, node: HtmlElement) -> HtmlElement | None:
        for child in node:
            if isinstance(child.tag, str) and child.tag in ("p", "div") and ("title" in classes(child)):
                return child
        return None

    def wrapped(self, node: HtmlElement, kind: str) -> None:
        """An object with a caption, as DocBook writes it."""
        title = self.title_of(node)
        self.flush()
        text = clean(self.inline(title))
        match = LABEL.match(text)
        order = [child for child in node if isinstance(child.tag, str) and not (child.tag == "a" and not child.get("href"))]
        first = bool(order) and order[0] is title
        block = Block("object", ids=self.ids(node), kind=kind, caption_first=first)
        if match:
            block.key, block.label, block.caption = match["key"], match["label"].strip(), match["title"].strip()
        else:
            block.caption = text
        inner = node.find(".//table")
        pictures = [image for image in node.iter("img") if image.get("src")]
        code = node.findall(".//pre")
        rows = self.rows(inner) if inner is not None else []
        if len(rows) >= 2 and kind != "listing" and not code:
            block.rows, block.header = rows, inner.find(".//th") is not None
        elif pictures and kind == "figure":
            block.images = [(image.get("src"), clean(image.get("alt") or "")) for image in pictures]
            legends = [clean(self.inline_all(one)) for one in node.iter("div") if classes(one) == ["caption"]]
            block.legends = [legend for legend in legends if legend]
        elif code and kind in ("listing", "figure"):
            block.code = "\n\n".join(item.text_content().strip("\n") for item in code)
            if kind == "figure":
                block.kind, block.key = "listing", None  # a listing under a figure's caption: not scored
        else:  # prose, a formula as a picture and the like: keep what is inside, but it is no object
            self.add(Block("para", text))
            if inner is None:
                for child in node:
                    if child is not title and not skipped(child):
                        self.visit(child)
                self.flush()
            return
        if block.kind == "figure" and not block.images:
            block.images = []
        self.add(block)

    def rows(self, node: HtmlElement) -> list[list[str]]:
        found = []
        for row in node.iter("tr"):
            cells = [clean(self.inline_all(cell)) for cell in row if cell.tag in ("td", "th")]
            if cells:
                found.append(cells)
        return found

    def inline_all(self, node: HtmlElement) -> str:
        """A cell: blocks in it become running text."""
        parts = [node.text or ""]
        for child in node:
            if not skipped(child):
                if child.tag == "a":
                    parts.append(self.anchor(child))
                else:
                    parts.append(self.inline_all(child) + (" " if child.tag not in INLINE else ""))
            parts.append(child.tail or "")
        return "".join(parts)

    def table(self, node: HtmlElement) -> None:
        self.flush()
        names = classes(node)
        layout = "simplelist" in names or "admonitionblock" in classes(node.getparent()) or "indextable" in names
        inner = node.find(".//table")
        rows = [] if inner is not None else self.rows(node)
        full = [row for row in rows if sum(bool(cell) for cell in row) >= 2]
        if layout or len(full) < 2 or node.find(".//img") is not None or node.find(".//pre") is not None:
            for cell in node.iter("td", "th"):
                if cell.find(".//td") is None:
                    self.walk(cell)
                    self.flush()
            return
        block = Block("object", kind="table", ids=self.ids(node), rows=rows, header=node.find(".//th") is not None)
        caption = node.find("caption")
        if caption is not None:
            text = clean(self.inline(caption)).rstrip("¶")
            match = LABEL.match(text)
            block.caption = text
            if match and re.match(r"\D", match["label"]):
                block.key, block.label, block.caption = match["key"], match["label"].strip(), match["title"].strip()
        self.add(block)

    def image(self, node: HtmlElement) -> None:
        picture = node if node.tag == "img" else node.find(".//img")
        if picture is None:
            return
        width = re.match(r"\d+", picture.get("width") or "")
        shown = any("mediaobject" in classes(parent) for parent in picture.iterancestors())
        if not shown and re.fullmatch(r"\[[^\]]*\]", (picture.get("alt") or "").strip()):  # the sign of a note or a tip
            return
        small = (width and int(width[0]) < 60) or re.search(r"icon|button|stock|callout|/tools?/", picture.get("src") or "")
        paragraph = node.getparent()
        prose = clean(paragraph.text_content()) if paragraph is not None else ""
        if small or len(prose) > 3:  # an icon in a sentence
            self.buffer.append(" ")
            return
        self.flush()
        self.add(Block("object", kind="figure", images=[(picture.get("src") or "", clean(picture.get("alt") or ""))]))

    def listed(self, node: HtmlElement) -> None:
        self.flush()
        outer = self.list_id
        if outer is None:
            self.lists += 1
            self.list_id = f"list-{self.lists}"
        self.depth += 1
        number = 0
        for item in node:
            if skipped(item):
                continue
            if node.tag == "dl":
                self.prefix = "-" if item.tag == "dt" else ""
            else:
                number += 1
                self.prefix = f"{number}." if node.tag == "ol" else "-"
            if item.get("id"):
                self.here.append(item.get("id"))
            self.walk(item)
            self.flush()
        self.prefix = ""
        self.depth -= 1
        self.list_id = outer


def read_page(path: Path, project: str, language: str) -> tuple[Page, Reader] | None:
    try:
        root = html.document_fromstring(path.read_bytes())
    except (etree.ParserError, ValueError, OSError):
        return None
    page = Page(project, language, path.name, [], [])
    reader = Reader(page, path.name)
    body = root.find(".//div[@role='main']")  # Sphinx
    if body is None:
        body = root.find(".//body")
    if body is None:
        return None
    reader.walk(body)
    reader.flush()
    first = next((b for b in page.blocks if b.what == "heading" and b.key), None)
    if first and re.match(r"\d+", first.key or ""):
        page.chapter = int(re.match(r"\d+", first.key or "")[0])
    return page, reader


def read_book(folder: Path, project: str, language: str, part: str = "") -> list[Page]:
    """All pages, the references resolved over the whole book."""
    pages = []
    for path in sorted(folder.glob("*.html")):
        if not path.is_symlink() or path.resolve().parent != path.parent:
            found = read_page(path, project, language)
            if found:
                pages.append(found[0])
    resolve(pages)
    if part not in ("", "."):
        for page in pages:
            page.path = f"{part}/{page.path}"
    return pages


def resolve(pages: list[Page]) -> None:
    """Gives each reference the kind of its target, and forgets those that lead to no object."""
    targets: dict[str, tuple[Page, Block]] = {}
    for page in pages:
        for block in page.blocks:
            if block.what != "para" and block.key:
                for name in block.ids:
                    targets.setdefault(f"{page.path}#{name}", (page, block))
        top = next((b for b in page.blocks if b.what == "heading"), None)
        if top is not None and top.key:
            targets.setdefault(f"{page.path}#", (page, top))
    for page in pages:
        for mention in page.mentions:
            found = targets.get(mention.target or "")
            if not found or found[1].key != mention.key:
                mention.kind = ""
                mention.target = None
                continue
            other, block = found
            mention.kind = "section" if block.what == "heading" else block.kind
            mention.target = block.id if other is page else None
