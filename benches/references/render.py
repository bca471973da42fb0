"""Writes a page as text in one of several surface forms, whole or with some of its objects damaged.

    text = render(page, "markdown", {"tab-pins": "body"}, seed)

gives the page in Markdown with the body of one table gone and its caption kept. States: `body` (caption
stays), `body+caption`, `placeholder`, `flat` (cells one to a line), `rows30` (30 % of the rows stay).
The surfaces are markdown, html, plain (aligned columns, drawings in characters), tsv (plain with tabs),
rst, wiki, asciidoc and org.
"""

from __future__ import annotations

import html
import random
import textwrap

from model import Block, Page, unmark, width

SURFACES = ["markdown", "html", "plain", "tsv", "rst", "wiki", "asciidoc", "org"]
PLACEHOLDERS = {
    "table": ["[table]", "<!-- table -->", "[Table omitted]"],
    "figure": ["<!-- image -->", "[image]", "[Image]"],
    "listing": ["[code]", "<!-- code -->"],
    "equation": ["[equation]", "<!-- formula-not-decoded -->"],
}


def pad(text: str, columns: int) -> str:
    return text + " " * max(columns - width(text), 0)


def aligned(rows: list[list[str]], gap: str = "  ", rule: str = "") -> str:
    """Columns padded with blanks; the last is not padded."""
    columns = max(len(row) for row in rows)
    rows = [row + [""] * (columns - len(row)) for row in rows]
    widths = [max(width(row[i]) for row in rows) for i in range(columns)]
    lines = [gap.join(pad(cell, w) for cell, w in zip(row, widths)).rstrip() for row in rows]
    if rule:
        lines.insert(1, gap.join(rule * w for w in widths))
    return "\n".join(lines)


def grid(rows: list[list[str]], header: bool) -> str:
    """A reStructuredText grid table, its cells wrapped."""
    columns = max(len(row) for row in rows)
    rows = [row + [""] * (columns - len(row)) for row in rows]
    room = max(90 // columns, 8)
    cells = [[textwrap.wrap(cell, room, break_long_words=False) or [""] for cell in row] for row in rows]
    widths = [max(width(line) for row in cells for line in row[i]) for i in range(columns)]
    rule = "+" + "+".join("-" * (w + 2) for w in widths) + "+"
    lines = [rule]
    for at, row in enumerate(cells):
        for line in range(max(len(cell) for cell in row)):
            parts = [pad(cell[line] if line < len(cell) else "", w) for cell, w in zip(row, widths)]
            lines.append("| " + " | ".join(parts) + " |")
        lines.append(rule.replace("-", "=") if at == 0 and header else rule)
    return "\n".join(lines)


def one_line(cell: str) -> str:
    return " ".join(cell.split())


def table(rows: list[list[str]], header: bool, surface: str, caption: str) -> str:
    rows = [[one_line(cell) for cell in row] for row in rows]
    columns = max(len(row) for row in rows)
    if surface == "markdown":
        rows = [[cell.replace("|", "\\|") for cell in row] + [""] * (columns - len(row)) for row in rows]
        head, rest = (rows[0], rows[1:]) if header else ([""] * columns, rows)
        lines = [head, ["---"] * columns, *rest]
        return "\n".join("| " + " | ".join(row) + " |" for row in lines)
    if surface == "html":
        lines = ["<table>"] + ([f"<caption>{caption}</caption>"] if caption else [])
        for at, row in enumerate(rows):
            tag = "th" if header and at == 0 else "td"
            lines.append("<tr>" + "".join(f"<{tag}>{html.escape(c, quote=False)}</{tag}>" for c in row) + "</tr>")
        return "\n".join([*lines, "</table>"])
    if surface == "tsv":
        return "\n".join("\t".join(row) for row in rows)
    if surface == "rst":
        return grid(rows, header)
    if surface == "wiki":
        lines = ['{| class="wikitable"'] + ([f"|+ {caption}"] if caption else [])
        for at, row in enumerate(rows):
            sign = "!" if header and at == 0 else "|"
            lines += ["|-", f"{sign} " + f" {sign * 2} ".join(row)]
        return "\n".join([*lines, "|}"])
    if surface == "asciidoc":
        lines = ["|===", *("|" + " |".join(cell.replace("|", "\\|") for cell in row) for row in rows), "|==="]
        if header:
            lines.insert(2, "")
        return "\n".join(lines)
    if surface == "org":
        lines = ["| " + " | ".join(row) + " |" for row in rows]
        if header:
            lines.insert(1, "|" + "+".join(["---"] * columns) + "|")
        return "\n".join(lines)
    return aligned(rows, "   ", "-" if header else "")


def drawing(images: list[tuple[str, str]]) -> str:
    """A figure in characters, as plain text has it."""
    words = [unmark(one_line(alt))[:28] or "input" for _, alt in images][:3]
    words = words + ["output"] if len(words) == 1 else words
    tops, middles = [], []
    for word in words:
        tops.append("+" + "-" * (width(word) + 2) + "+")
        middles.append("| " + word + " |")
    return "\n".join("    " + line for line in ["     ".join(tops), " --> ".join(middles), "     ".join(tops)])


def figure(block: Block, surface: str) -> str:
    lines = []
    for source, alt in block.images:
        alt = one_line(unmark(alt)) or "screen"
        if surface == "markdown":
            lines.append(f"![{alt.replace(']', '')}]({source})")
        elif surface == "html":
            lines.append(f'<img src="{source}" alt="{html.escape(alt)}">')
        elif surface == "rst":
            lines.append(f".. image:: {source}\n   :alt: {alt}")
        elif surface == "wiki":
            lines.append(f"[[File:{source.rsplit('/', 1)[-1]}|thumb|{alt}]]")
        elif surface == "asciidoc":
            lines.append(f"image::{source}[{alt.replace(']', '')}]")
        elif surface == "org":
            lines.append(f"[[file:{source}]]")
        else:
            return drawing(block.images)
    return "\n\n".join(lines)


def listing(code: str, surface: str) -> str:
    code = code.strip("\n")
    if surface == "markdown":
        fence = "~~~" if "```" in code else "```"
        return f"{fence}\n{code}\n{fence}"
    if surface == "html":
        return f"<pre>{html.escape(code, quote=False)}</pre>"
    if surface == "rst":
        return ".. code-block:: none\n\n" + textwrap.indent(code, "   ")
    if surface == "wiki":
        return f"<pre>\n{code}\n</pre>"
    if surface == "asciidoc":
        return f"----\n{code}\n----"
    if surface == "org":
        return f"#+BEGIN_EXAMPLE\n{code}\n#+END_EXAMPLE"
    return textwrap.indent(code, "    ")


def equation(block: Block, surface: str) -> str:
    number = f"({block.key})" if block.key else ""
    tag = f" \\tag{{{block.key}}}" if block.key else ""
    if surface == "markdown":
        return f"$$\n{block.code}{tag}\n$$"
    if surface == "rst":
        return ".. math::\n\n" + textwrap.indent(block.code, "   ") + (f"    {number}" if number else "")
    if surface == "wiki":
        return f":<math>{block.code}</math> {number}".rstrip()
    if surface == "asciidoc":
        return f"[stem]\n++++\n{block.code}{tag}\n++++"
    if surface in ("html", "org"):
        return f"\\[\n{block.code}{tag}\n\\]"
    return f"        {block.code}" + (f"        {number}" if number else "")


def caption_line(block: Block, surface: str, style: int, with_body: bool) -> str:
    text = "" if block.kind in ("footnote", "citation") else block.caption_line()
    if not text:
        return ""
    if surface == "markdown":
        return [text, f"**{text}**", f"*{text}*", f"**{block.label}.** {block.caption}" if block.label else text][style % 4]
    if surface == "html":
        return f"<p>{text}</p>" if style % 2 else f'<p class="caption">{text}</p>'
    if surface == "asciidoc":
        return f".{text}" if with_body else text
    if surface == "org":
        return f"#+CAPTION: {text}" if with_body else text
    return text


def thin(rows: list[list[str]], header: bool) -> list[list[str]]:
    head, rest = (rows[:1], rows[1:]) if header else ([], rows)
    return head + rest[: max(round(len(rest) * 0.3), 1)]


def body(block: Block, surface: str, caption: str) -> str:
    if block.images:
        return "\n\n".join([figure(block, surface), *block.legends])
    if block.kind in ("footnote", "citation"):
        return f"{block.label} {block.code}"
    if block.kind == "other":
        return block.code
    if block.rows:
        return table(block.rows, block.header, surface, caption)
    if block.kind == "equation":
        return equation(block, surface)
    return listing(block.code, surface)


def heading(text: str, level: int, surface: str, style: int) -> str:
    level = max(1, min(level, 5))
    if surface == "markdown":
        return "#" * level + " " + text
    if surface == "html":
        return f"<h{level}>{text}</h{level}>"
    if surface == "rst":
        return text + "\n" + "=-~^\""[level - 1] * max(width(text), 3)
    if surface == "wiki":
        sign = "=" * min(level + 1, 5)
        return f"{sign} {text} {sign}"
    if surface == "asciidoc":
        return "=" * (level + 1) + " " + text
    if surface == "org":
        return "*" * level + " " + text
    return text + ("\n" + "-" * max(width(text), 3) if style % 2 else "")


def paragraph(block: Block, surface: str, wrap: int) -> str:
    text = block.text.strip()
    if block.prefix:
        number = block.prefix[:1].isdigit()
        if surface == "html":
            return f"<li>{text}</li>"
        if surface in ("wiki", "asciidoc"):
            return ("#" if number and surface == "wiki" else "." if number else "*") * (block.depth or 1) + " " + text
        lead = "  " * max(block.depth - 1, 0) + block.prefix + " "
        if wrap:
            return textwrap.fill(text, wrap, initial_indent=lead, subsequent_indent=" " * len(lead), break_long_words=False, break_on_hyphens=False)
        return lead + text
    if surface == "html":
        return f"<p>{text}</p>"
    if wrap:
        return textwrap.fill(text, wrap, break_long_words=False, break_on_hyphens=False)
    return text


def verbatim(block: Block, state: str | None, seed: str) -> str:
    """The lines of the source; of an object `code` is the body and `caption` the caption, as they are."""
    if block.what != "object":
        return block.text
    if state == "body+caption":
        return ""
    content = block.code
    if state == "body":
        content = ""
    elif state == "placeholder":
        content = random.Random(seed + block.id).choice(PLACEHOLDERS.get(block.kind, ["[...]"]))
    parts = [block.caption, content] if block.caption_first else [content, block.caption]
    return "\n".join(part for part in parts if part)


def render(page: Page, surface: str, states: dict[str, str], seed: str, gone_lists: frozenset[str] = frozenset(), headings: bool = True) -> tuple[str, list[tuple[str, int]]]:
    """The text with its marks, and for each damaged object where in it (in characters) it was."""
    rng = random.Random(seed)
    style = rng.randrange(1000)
    spaceless = page.language in ("zh-Hans", "zh-Hant", "ja")
    wrap = 0 if spaceless or surface in ("markdown", "html", "wiki", "org") and style % 3 else [0, 72, 79][style % 3]
    keep_nbsp = style % 2 == 0
    out: list[str] = []
    cuts: list[tuple[str, int]] = []
    length, tight = 0, False
    for block in page.blocks:
        state = states.get(block.id) if block.what == "object" else None
        if block.list_id in gone_lists:
            if not cuts or cuts[-1] != (block.list_id, length):
                cuts.append((block.list_id or "", length))
            continue
        item = bool(block.prefix)
        if surface == "verbatim":
            text, item = verbatim(block, state, seed) if headings or block.what != "heading" else "", False
            if state:
                cuts.append((block.id, length))
        elif block.what == "heading":
            text = heading(block.text, block.level, surface, style) if headings else ""
        elif block.what == "para":
            text = paragraph(block, surface, wrap)
        elif state == "body+caption":
            cuts.append((block.id, length))
            text = ""
        elif state == "body":
            cuts.append((block.id, length))
            text = caption_line(block, surface, style, False)
        else:
            inside = surface in ("html", "wiki") and bool(block.rows) and state is None
            caption = "" if inside else caption_line(block, surface, style, state is None)
            if state == "placeholder":
                content = random.Random(seed + block.id).choice(PLACEHOLDERS.get(block.kind, ["[...]"]))
            elif state == "flat":
                content = "\n".join(one_line(cell) for row in block.rows for cell in row if cell.strip())
            elif state == "rows30":
                content = table(thin(block.rows, block.header), block.header, surface, "")
            else:
                content = body(block, surface, block.caption_line() if inside else "")
            if state:
                cuts.append((block.id, length))
            first = block.caption_first or surface in ("asciidoc", "org")
            joint = "\n" if surface in ("asciidoc", "org") else "\n\n"
            text = joint.join(part for part in ([caption, content] if first else [content, caption]) if part)
        if not text:
            continue
        if not keep_nbsp:
            text = text.replace("\u00a0", " ")
        if out:
            joint = "\n" if tight and item else "\n\n"
            out.append(joint)
            length += len(joint)
        out.append(text)
        length += len(text)
        tight = item
    return "".join(out) + "\n", cuts
