"""HTML manuals to Markdown-like text, with the standard library only."""

import re
from html.parser import HTMLParser

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
BLOCK = {
    "address", "article", "aside", "blockquote", "body", "dd", "details", "div", "dl", "dt", "figure", "footer",
    "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html", "li", "main", "nav", "ol", "p", "pre", "section",
    "summary", "table", "ul",
}
SKIP_TAGS = {"script", "style", "head", "nav", "button", "form", "colgroup"}
SKIP_CLASSES = {"headerlink", "navheader", "navfooter", "docnav", "boring", "indexterm", "related", "sphinxsidebar"}
SKIP_IDS = {"banner", "title"}
SPACES = re.compile(r"[ \t\r\n]+")


class Node:
    """An element: its tag, attributes, children (elements and strings) and parent."""

    def __init__(self, tag, attrs=(), parent=None):
        self.tag, self.attrs, self.parent, self.children = tag, dict(attrs), parent, []

    @property
    def classes(self):
        return set((self.attrs.get("class") or "").split())

    def walk(self):
        """Every element below and including this one, in document order."""
        yield self
        for child in self.children:
            if isinstance(child, Node):
                yield from child.walk()

    def find(self, tag=None, cls=None):
        return [n for n in self.walk() if (tag is None or n.tag == tag) and (cls is None or cls in n.classes)]

    def remove(self):
        self.parent.children.remove(self)

    def replace(self, nodes):
        at = self.parent.children.index(self)
        self.parent.children[at : at + 1] = nodes
        for node in nodes:
            if isinstance(node, Node):
                node.parent = self.parent


class _Builder(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.root = self.top = Node("#root")

    def handle_starttag(self, tag, attrs):
        node = Node(tag, attrs, self.top)
        self.top.children.append(node)
        if tag not in VOID:
            self.top = node

    def handle_startendtag(self, tag, attrs):
        self.top.children.append(Node(tag, attrs, self.top))

    def handle_endtag(self, tag):
        node = self.top
        while node is not self.root and node.tag != tag:
            node = node.parent
        if node is not self.root:
            self.top = node.parent

    def handle_data(self, data):
        self.top.children.append(data)


def parse(html):
    builder = _Builder()
    builder.feed(html)
    builder.close()
    return builder.root


def _skipped(node):
    return node.tag in SKIP_TAGS or bool(node.classes & SKIP_CLASSES) or node.attrs.get("id") in SKIP_IDS


def raw(node):
    """The characters of a node, layout kept: for code."""
    if isinstance(node, str):
        return node
    if _skipped(node):
        return ""
    return "\n" if node.tag == "br" else "".join(raw(c) for c in node.children)


def _inline(node):
    if isinstance(node, str):
        return node
    if _skipped(node):
        return ""
    if node.tag == "br":
        return "\n"
    if node.tag == "img":
        return f"![{node.attrs.get('alt') or ''}]({(node.attrs.get('src') or '').rsplit('/', 1)[-1]})"
    inner = "".join(_inline(c) for c in node.children)
    if node.tag in BLOCK or node.tag in {"td", "th", "tr"}:
        return f" {inner} "
    if node.tag in {"code", "kbd", "samp", "tt"} and inner.strip() and "`" not in inner:
        return f"`{SPACES.sub(' ', inner).strip()}`"
    return inner


def inline(node):
    """The characters of a node on one line."""
    return SPACES.sub(" ", _inline(node)).strip(" \n")


def _is_block(node):
    if isinstance(node, str) or (node.tag == "div" and "url" in node.classes):
        return False
    return node.tag in BLOCK


def rows(table):
    """The rows of a table as lists of cells, and whether the first is a header."""
    out, header = [], False
    for tr in table.find("tr"):
        up = tr.parent
        while up.tag != "table":
            up = up.parent
        if up is not table:
            continue
        cells = [c for c in tr.children if isinstance(c, Node) and c.tag in {"td", "th"}]
        if not out:
            header = tr.parent.tag == "thead" or all(c.tag == "th" for c in cells)
        out.append([inline(c).replace("|", "\\|") for c in cells])
    return [r for r in out if any(r)], header


def _table(node):
    body, header = rows(node)
    if not body:
        return []
    width = max(map(len, body))
    if width == 1 and not header:
        return ["\n".join(f"- {r[0]}" for r in body)]
    lines = ["| " + " | ".join(r + [""] * (width - len(r))) + " |" for r in body]
    if not header:
        lines.insert(0, "|" + "   |" * width)
    lines.insert(1, "|" + " --- |" * width)
    captions = [inline(c) for c in node.find("caption")]
    return [c for c in captions if c] + ["\n".join(lines)]


def _indent(text, first, rest):
    lines = text.split("\n")
    return "\n".join([first + lines[0]] + [rest + line if line else "" for line in lines[1:]])


def _list(node):
    items, number = [], 0
    for child in node.children:
        if isinstance(child, Node) and child.tag == "li":
            number += 1
            marker = f"{number}. " if node.tag == "ol" else "- "
            parts = blocks(child)
            if parts:
                items.append(_indent("\n\n".join(parts), marker, " " * len(marker)))
    return ["\n".join(items)] if items else []


def _definitions(node):
    out, term = [], None
    for child in node.children:
        if not isinstance(child, Node) or _skipped(child):
            continue
        if child.tag == "dt":
            if term:
                out.append(term)
            term = inline(child)
        elif child.tag == "dd":
            parts = blocks(child)
            if term is not None and parts and not parts[0].startswith(("```", "|", "#")):
                parts[0] = f"{term}\n: {parts[0]}"
            elif term:
                parts.insert(0, term)
            out, term = out + parts, None
    return out + ([term] if term else [])


def blocks(node):
    """The blocks of a node, each a string; joined by blank lines they are the text."""
    out, run = [], []

    def flush():
        text = SPACES.sub(" ", "".join(run)).strip(" \n")
        run.clear()
        if text:
            out.append(text)

    for child in node.children:
        if isinstance(child, str) or not (_is_block(child) or any(_is_block(n) for n in child.walk())):
            run.append(_inline(child))
            continue
        flush()
        if _skipped(child):
            continue
        tag = child.tag
        if tag in {"h1", "h2", "h3", "h4", "h5", "h6"}:
            title = inline(child)
            if title:
                out.append("#" * int(tag[1]) + " " + title)
        elif tag == "pre":
            code = raw(child).strip("\n")
            if code.strip():
                out.append(f"```\n{code}\n```")
        elif tag == "table":
            out.extend(_table(child))
        elif tag in {"ul", "ol"}:
            out.extend(_list(child))
        elif tag == "dl":
            out.extend(_definitions(child))
        elif tag == "blockquote":
            out.extend(_indent(b, "> ", "> ") for b in blocks(child))
        elif tag != "hr":
            out.extend(blocks(child))
    flush()
    return out


def text(node):
    """The whole text of a node."""
    lines = "\n\n".join(blocks(node)).split("\n")
    return "\n".join(line.rstrip(" \t") for line in lines) + "\n"
