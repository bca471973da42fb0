"""What a document is between its source and its renders: blocks, objects and marked mentions.

A mention is marked inside the running text by a private-use character (START + its number) and END,
so that it survives wrapping, padding and escaping; `take_marks` removes the marks at the very end and
says at which bytes each mention stands.

    >>> page = Page("book/en", "en", "p1", [], [])
    >>> text = "see " + page.mark("Table 1", Mention("table", "numbered", "1")) + "."
    >>> take_marks(text)
    ('see Table 1.', {0: (4, 11)})
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

START, END = 0xE100, "\ue000"
LAST = 0xF8FF
MARKS = re.compile("[\ue000-\uf8ff]")


@dataclass
class Mention:
    kind: str
    form: str  # numbered | deictic | promise
    key: str | None = None
    target: str | None = None  # id of a block of this page; None: on another page
    origin: str = "text"  # text | inserted
    bare: bool = False  # a number without a word that says what it is: never counted


@dataclass
class Block:
    what: str  # para | heading | object
    text: str = ""
    ids: list[str] = field(default_factory=list)
    level: int = 0
    prefix: str = ""  # of a list item: "-", "1."
    depth: int = 0
    list_id: str | None = None  # outermost list that the block is in
    # objects
    kind: str = ""  # table | figure | listing | equation | algorithm | footnote | citation | section
    key: str | None = None
    label: str = ""  # "Table 9.1"
    caption: str = ""
    caption_first: bool = True
    rows: list[list[str]] = field(default_factory=list)
    header: bool = False
    images: list[tuple[str, str]] = field(default_factory=list)
    legends: list[str] = field(default_factory=list)  # under the single pictures of a figure
    code: str = ""

    @property
    def id(self) -> str:
        return self.ids[0] if self.ids else ""

    def caption_line(self) -> str:
        return self.label + (". " if self.label and self.caption else "") + self.caption


@dataclass
class Page:
    project: str
    language: str
    path: str
    blocks: list[Block]
    mentions: list[Mention]
    chapter: int | None = None
    others: dict[str, set[str]] = field(default_factory=dict)  # by kind, keys of objects elsewhere in the book

    def mark(self, text: str, mention: Mention) -> str:
        number = len(self.mentions)
        if START + number > LAST:
            return text
        self.mentions.append(mention)
        return chr(START + number) + text + END


def unmark(text: str) -> str:
    return MARKS.sub("", text)


def take_marks(text: str) -> tuple[str, dict[int, tuple[int, int]]]:
    """The text without marks, and the first and last byte of each mention in it."""
    out: list[str] = []
    at, spans, stack = 0, {}, []
    for piece in re.split("([\ue000-\uf8ff])", text):
        if not piece:
            continue
        if piece == END:
            if stack:
                number, start = stack.pop()
                spans.setdefault(number, (start, at))
        elif MARKS.match(piece):
            stack.append((ord(piece) - START, at))
        else:
            out.append(piece)
            at += len(piece.encode())
    return "".join(out), spans


def width(text: str) -> int:
    """Columns on a screen; ideographs take two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in unmark(text))


def squeeze(text: str) -> str:
    return re.sub(r"[ \t\r\n]+", " ", text)
