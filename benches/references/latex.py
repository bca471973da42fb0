"""Reads the LaTeX source of the C++ draft: tables and listings with the numbers that LaTeX gives them.

    page = Cplusplus().read(text, "cplusplus", "lex.tex")

Only what the draft uses is known; macros become their argument. Tables are numbered through the files.
"""

from __future__ import annotations

import re

from docbook import clean
from model import END, START, Block, Mention, Page

CODE = r"codeblock|codeblocktu|codeblockdigitsep|itemdecl|outputblock|bnf|ncbnf|ncsimplebnf|ncrebnf|simplebnf|bnfkeywordtab|verbatim|indented"
TABLE = r"(?:floattable|multicolfloattable|LongTable|lib2dtab2|lib2dtab2base|libreqtab\w+|libefftab\w*|liberrtab|longliberrtab|longlibefftab|libsumtab\w*|libtab2|longlibreqtab\w+|concepttable|oldconcepttable|simpletypetable|LibEffTab|longLibEffTab|LongTableBase|shortxreftable)"
GROUP = r"\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}"
SYMBOLS = {"Cpp": "C++", "CppIII": "C++03", "ldots": "...", "dotsc": "...", "le": "<=", "ge": ">=", "times": "x", "caret": "^", "tilde": "~", "cv": "cv", "ISO": "ISO", "shl": "<<", "shr": ">>"}


def plain(text: str) -> str:
    """Macros become their argument or their sign."""
    text = re.sub(r"\\(?:index\w*|label|idx\w+|newlabel|linebreak|pagebreak|vspace|hspace|iref|clearpage|definition|lstset)(?:\[[^\]]*\])?" + GROUP + r"(?:\{[^{}]*\})?", "", text)
    text = re.sub(rf"\\({'|'.join(SYMBOLS)})\{{\}}", lambda m: SYMBOLS[m[1]], text)
    text = re.sub(r"\\ref\{\\(\w+)\}", r"[\1]", text)
    text = re.sub(r"\\ref\{([^{}]*)\}", r"[\1]", text)
    for _ in range(6):
        changed = re.sub(r"\\[A-Za-z]+\*?(?:\[[^\]]*\])?\{([^{}]*)\}", r"\1", text)
        if changed == text:
            break
        text = changed
    text = re.sub(r"\\([A-Za-z]+)\b ?(?:\{\})?", lambda m: SYMBOLS.get(m[1], ""), text)
    text = text.replace("``", "“").replace("''", "”").replace("~", " ").replace("---", "—").replace("--", "–")
    return re.sub(r"\\(.)", r"\1", text).replace("{}", "").replace("$", "")


class Cplusplus:
    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def count(self, text: str) -> None:
        """Numbers the tables of a file; all files come before the first is read."""
        for match in re.finditer(rf"\\begin\{{({TABLE})\}}((?:\s*{GROUP}){{2,3}})", re.sub(r"(?<!\\)%.*", "", text)):
            self.numbers.setdefault(self.label(match[1], re.findall(GROUP, match[2])), len(self.numbers) + 1)

    @staticmethod
    def label(name: str, arguments: list[str]) -> str:
        place = 2 if name == "oldconcepttable" else 1
        return arguments[place].removeprefix("tab:") if len(arguments) > place else ""

    def read(self, text: str, project: str, path: str) -> Page:
        page = Page(project, "en", path, [], [])
        text = re.sub(r"(?<!\\)%.*", "", text)
        pending: list[tuple[str, int]] = []

        def reference(match: re.Match[str]) -> str:
            mention = Mention("?", "numbered", None, "tab:" + match[1])
            pending.append((match[1], len(page.mentions)))
            return page.mark("\u2045", mention)

        text = re.sub(r"\\tref\{([^{}]*)\}", reference, text)
        token = re.compile(rf"\\rSec(?P<level>\d)\[(?P<sec>[^\]]*)\]{GROUP}|\\begin\{{(?P<code>{CODE})\}}(?:\[[^\]]*\])?(?:\{{[^{{}}]*\}})?(?P<lines>.*?)\\end\{{(?P=code)\}}|\\begin\{{(?P<table>{TABLE})\}}(?P<content>.*?)\\end\{{(?P=table)\}}|\\begin\{{(?P<list>itemize|enumerate)\}}|(?P<end>\\end\{{(?:itemize|enumerate)\}})|(?P<item>\\item\b)|(?P<break>\n\s*\n|\\pnum\b)", re.DOTALL)
        at, lists, depth, prefix = 0, 0, 0, ""
        serial = 0

        def add(block: Block) -> None:
            nonlocal serial
            serial += 1
            block.ids = [*block.ids, f"-{serial}"]
            block.list_id = f"list-{lists}" if depth else None
            page.blocks.append(block)

        def flush(piece: str) -> None:
            nonlocal prefix
            words = clean(plain(re.sub(r"\\(?:begin|end)\{\w+\*?\}", "", piece)))
            if words:
                add(Block("para", words, prefix=prefix, depth=depth))
                prefix = ""

        for match in token.finditer(text):
            flush(text[at : match.start()])
            at = match.end()
            if match["level"]:
                title = clean(plain(match[3]))
                add(Block("heading", f"{title} [{match['sec']}]", [match["sec"]], int(match["level"]) + 1))
            elif match["code"]:
                code = re.sub(r"@([^@\n]*)@", lambda m: plain(m[1]), match["lines"]) if "bnf" not in match["code"] else plain(match["lines"].replace("\\br", ""))
                code = re.sub("[\ue000-\uf8ff]", "", code).strip("\n")
                if code.strip():
                    add(Block("object", kind="listing", code=code))
            elif match["table"]:
                self.table(match["table"], match["content"], add)
            elif match["list"]:
                lists += depth == 0
                depth += 1
            elif match["end"]:
                depth = max(depth - 1, 0)
            elif match["item"]:
                prefix = "-"
        flush(text[at:])
        targets = {name: b for b in page.blocks for name in b.ids if b.key}
        for name, number in pending:
            target = targets.get("tab:" + name)
            mention = page.mentions[number]
            old = chr(START + number) + "\u2045" + END
            if target is None:
                mention.kind, mention.key, mention.target = "table", str(self.numbers.get(name, 999)), None
                new = chr(START + number) + f"Table {mention.key}" + END
            else:
                mention.kind, mention.key, mention.target = "table", target.key, target.id
                new = chr(START + number) + target.label + END
            for block in page.blocks:
                block.text = block.text.replace(old, new)
                block.rows = [[cell.replace(old, new) for cell in row] for row in block.rows]
        return page

    def table(self, name: str, content: str, add: object) -> None:
        arguments, rest = [], content
        while (match := re.match(r"\s*" + GROUP, rest)) and len(arguments) < 6:
            arguments.append(match[1])
            rest = rest[match.end() :]
        label = self.label(name, arguments)
        if label not in self.numbers:
            return
        caption = clean(plain(arguments[0] + (" requirements" if "oncepttable" in name else "")))
        rows = []
        for line in re.split(r"\\\\|\\rowsep|\\hline|\\capsep|\\topline|\\bottomline|\\endfirsthead|\\endhead|\\continuedcaption", rest):
            line = re.sub(r"\\(?:lhdr|chdr|rhdr|hdstyle|columnheader|ohdrx?)", "\\\\text", line)
            cells = [clean(plain(cell)) for cell in re.split(r"(?<!\\)&", line)]
            if sum(bool(cell) for cell in cells) >= 2:
                rows.append(cells)
        if len(rows) < 2:
            return
        key = str(self.numbers[label])
        add(Block("object", kind="table", key=key, label=f"Table {key}", caption=caption, rows=rows, ids=["tab:" + label]))  # type: ignore[operator]
