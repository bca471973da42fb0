"""Scores findings against gold units, and prints Markdown tables.

    python3 score.py units/held-out.jsonl --tamis ../../target/release/tamis
    python3 score.py units/held-out.jsonl findings.jsonl --split held-out --language de --json scores.json
    python3 score.py units/held-out.jsonl --baseline naive

`--tamis` runs that binary over the units. Findings of another program are JSONL, one line to a unit; a
unit without a line has no finding:

    {"unit": "…", "findings": [{"kind": "table", "form": "numbered", "key": "9.1", "verdict": "missing",
                                "confidence": 0.97, "start": 120, "end": 129}]}

A numbered finding is right when the document's gold has its kind and key; a deictic one, a promise or
any finding without a key when it overlaps a gold mention of its kind (or is within 40 bytes of it).
Several findings of one kind and key in one document count once. Verdicts `external`, `truncated` and
`unlabelled` are no defects and count as no finding.

What a finding is not judged by: mentions of objects on another page (`elsewhere`), a second defect
that a cut caused without gold (a finding without a key within 2,000 bytes of a cut), both counted
apart. `partial` gold may also be called hollow or missing, and the other way round: the tables per
verdict say how often the verdict itself was right.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

NO_DEFECT = {"external", "truncated", "unlabelled", "present"}
SAME_KIND = {
    "image": "figure", "video": "figure", "example": "listing", "code": "listing", "snippet": "listing",
    "command": "listing", "formula": "equation", "chapter": "section", "part": "section", "page": "section",
    "appendix": "section", "annex": "section", "note": "footnote", "endnote": "footnote",
    "reference": "citation", "steps": "list", "items": "list", "colon": "list", "promise": "list",
}  # fmt: skip
KEYLESS = ("deictic", "promise")
NEAR, CUT_REACH = 40, 2000
RATES = (0.005, 0.02, 0.10)
Row = dict[str, Any]


def kind_of(row: Row) -> str:
    kind = (row.get("kind") or "").lower().replace("_", "-")
    return SAME_KIND.get(kind, kind)


def key_of(row: Row) -> str | None:
    key = row.get("key")
    return str(key).strip().replace("-", ".").lower() if key not in (None, "") else None


def tokens(text: str, language: str) -> float:
    """Words by white space; ideographs and kana at one and a half to a word."""
    if language in ("zh-Hans", "zh-Hant", "ja"):
        wide = len(re.findall(r"[\u3040-\u30ff\u3400-\u9fff\uff66-\uff9f]", text))
        rest = re.sub(r"[\u3040-\u30ff\u3400-\u9fff\uff66-\uff9f]", " ", text)
        return wide / 1.5 + len(rest.split())
    return len(text.split())


def overlap(a: Row, b: Row, slack: int = 0) -> bool:
    return a["start"] <= b["end"] + slack and b["start"] <= a["end"] + slack


class Judged:
    """One unit with its findings sorted into right, wrong and not judged."""

    def __init__(self, unit: Row, findings: list[Row]) -> None:
        self.unit = unit
        self.found: dict[int, Row] = {}  # place in gold -> finding
        self.wrong: list[Row] = []
        self.other_page: list[Row] = []
        self.near_cut: list[Row] = []
        gold = unit["gold"]
        done: set[tuple[str, str | None, int]] = set()
        for finding in sorted(findings, key=lambda f: -float(f.get("confidence") or 0)):
            if finding.get("verdict") in NO_DEFECT:
                continue
            kind, key = kind_of(finding), key_of(finding)
            matches = self.match(finding, kind, key, gold)
            if matches:
                free = [at for at in matches if at not in self.found]
                same = [at for at in free if gold[at]["form"] == finding.get("form")]
                if free:
                    self.found[(same or free)[0]] = finding
                continue
            name = (kind, key, 0 if key else finding["start"])
            if name in done:
                continue
            done.add(name)
            if any(self.same(finding, kind, key, row) for row in unit["elsewhere"]):
                self.other_page.append(finding)
            elif key is None and any(abs(cut - finding["start"]) < CUT_REACH for cut in unit.get("cuts", ())):
                self.near_cut.append(finding)
            else:
                self.wrong.append(finding)
        self.merge()

    def merge(self) -> None:
        """"The following example shows it:" is deictic and a promise; who finds one of the two has found it."""
        rows = self.unit["gold"]
        raw = self.unit["text"].encode()
        drop = set()
        for at, row in enumerate(rows):
            if row["form"] in KEYLESS and at not in self.found:
                for other in self.found:
                    first, last = sorted((row, rows[other]), key=lambda r: r["start"])
                    between = raw[first["end"] : max(last["start"], first["end"])]
                    if rows[other]["form"] in KEYLESS and rows[other]["form"] != row["form"] and len(between) < 250 and b"\n\n" not in between:
                        drop.add(at)
        if drop:
            keep = [at for at in range(len(rows)) if at not in drop]
            self.found = {keep.index(at): finding for at, finding in self.found.items()}
            self.unit = self.unit | {"gold": [rows[at] for at in keep]}

    @staticmethod
    def same(finding: Row, kind: str, key: str | None, row: Row) -> bool:
        if overlap(finding, row) and (not kind or row["kind"] is None or kind_of(row) == kind or key == key_of(row)):
            return True
        return key is not None and row["kind"] is not None and kind_of(row) == kind and key == key_of(row)

    @staticmethod
    def match(finding: Row, kind: str, key: str | None, gold: list[Row]) -> list[int]:
        out = []
        for at, row in enumerate(gold):
            if row["form"] in KEYLESS or key_of(row) is None:
                loose = row["form"] == "promise" or finding.get("form") == "promise" or kind in ("", "list")
                if key is None and overlap(finding, row, NEAR) and (loose or kind_of(row) == kind):
                    out.append(at)
            elif key_of(row) == key and (kind_of(row) == kind or {kind_of(row), kind} == {"footnote", "citation"}):
                out.append(at)  # "[1]" may be a footnote or a citation
        return out


def read(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)


def detect(tamis: Path, units: Path, keep: Path | None) -> dict[str, list[Row]]:
    """What `tamis refs` finds; its rows are the lines of the file of units."""
    run = subprocess.run([tamis, "refs", units, "-n", "0", "--json"], check=True, stdout=subprocess.PIPE)
    if keep:
        keep.write_bytes(run.stdout)
    names = [unit["unit"] for unit in read(units)]
    found = map(json.loads, run.stdout.splitlines())
    return {names[page["row"]]: page["findings"] for page in found}


# ---------------------------------------------------------------- the baseline


NAMES = {
    "table": r"(?<!\w)(?:tables?|tab\.|tabellen?|tableaux?|tabl(?:a|as)|cuadro|tabel(?:a|as|i|ę|ą)?|quadro|tabell[ae]|табл(?:иц\w*|\.))|表格?|표",
    "figure": r"(?<!\w)(?:fig(?:ure|ures|\.)|abbildung(?:en)?|abb\.|figur[ae]s?|figuur|afbeelding|rysun\w+|rys\.|рис(?:ун\w+|\.))|图|圖形?|図|그림",
    "listing": r"(?<!\w)(?:examples?|listing|beispiel|exemples?|ejemplos?|exemplos?|esempio|voorbeeld|przykład\w*|пример\w*)|示例|例|範例|예",
    "equation": r"(?<!\w)(?:eq(?:uation|\.)|gleichung|équation|ecuación|equação|equazione)|式",
    "section": r"(?<!\w)(?:section|abschnitt|sección|seção|sezione|paragraaf|sekcj\w+|раздел\w*)|§",
}  # fmt: skip
NAIVE = {kind: re.compile(rf"(?:{names})[\s\u00a0]*((?:[A-Z]\.)?\d+(?:[.\-]\d+)*)", re.IGNORECASE) for kind, names in NAMES.items()}
LEAD = re.compile(r"(?:[\s#*>.|+=_\-<\[]|</?\w+[^>]*>|#\+caption:)*", re.IGNORECASE)


def naive(unit: Row) -> list[Row]:
    """A number after a word for the kind; defined when a line begins so (a caption or a heading)."""
    text, out = unit["text"], []
    for kind, pattern in NAIVE.items():
        defined, mentioned = set(), {}
        for match in pattern.finditer(text):
            line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
            if LEAD.fullmatch(line):
                defined.add(match[1])
            else:
                mentioned.setdefault(match[1], match)
        if kind == "section":
            defined |= {m[1] for m in re.finditer(r"^[#*=\s]*(?:<h\d>)?(\d+(?:\.\d+)*)\.?\s", text, re.MULTILINE)}
        for key, match in mentioned.items():
            if key not in defined:
                start = len(text[: match.start()].encode())
                out.append({"kind": kind, "form": "numbered", "key": key, "verdict": "missing", "confidence": 0.5, "start": start, "end": start + len(match[0].encode())})
    return out


# ---------------------------------------------------------------- figures


def share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def show(value: float | None, digits: int = 3) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def counts(judged: list[Judged], keep: Callable[[Row], bool]) -> tuple[int, int, int, int]:
    """Right, wrong, missed, right with the right verdict: over the gold rows and findings that `keep` takes."""
    right = wrong = missed = exact = 0
    for item in judged:
        for at, row in enumerate(item.unit["gold"]):
            if keep(row):
                finding = item.found.get(at)
                right += finding is not None
                missed += finding is None
                exact += finding is not None and finding.get("verdict") == row["verdict"]
        wrong += sum(keep(finding) for finding in item.wrong)
    return right, wrong, missed, exact


def scores(right: int, wrong: int, missed: int, exact: int) -> Row:
    precision, recall = share(right, right + wrong), share(right, right + missed)
    f1 = 2 * precision * recall / (precision + recall) if precision and recall else None
    return {"gold": right + missed, "findings": right + wrong, "precision": precision, "recall": recall, "f1": f1, "verdict right": share(exact, right)}


def interval(judged: list[Judged], keep: Callable[[Row], bool], what: str, draws: int) -> tuple[float, float] | None:
    """A 95 % bootstrap interval; whole projects are drawn."""
    parts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for item in judged:
        for at, value in enumerate(counts([item], keep)):
            parts[item.unit["project"]][at] += value
    names = [name for name, part in parts.items() if any(part)]
    if len(names) < 2:
        return None
    rng, values = random.Random(7), []
    for _ in range(draws):
        drawn = [parts[rng.choice(names)] for _ in names]
        value = scores(*(sum(column) for column in zip(*drawn)))[what]
        if value is not None:
            values.append(value)
    values.sort()
    return (values[int(0.025 * len(values))], values[int(0.975 * (len(values) - 1))]) if values else None


def per(judged: list[Judged], label: str, names: list[str], pick: Callable[[Judged], str] | None, keep: Callable[[Row, str], bool]) -> tuple[str, Row]:
    rows, data = [], {}
    for name in names:
        chosen = [item for item in judged if pick is None or pick(item) == name]
        result = scores(*counts(chosen, lambda row, name=name: keep(row, name)))
        if not result["gold"] and not result["findings"]:
            continue
        data[name] = result
        rows.append([name, str(result["gold"]), str(result["findings"])] + [show(result[k]) for k in ("precision", "recall", "f1", "verdict right")])
    return table([label, "gold", "findings", "precision", "recall", "F1", "verdict right"], rows), data


def calibration(judged: list[Judged]) -> tuple[str, float | None, Row]:
    """Equal-mass bins over all findings that are judged."""
    pairs = [(float(f.get("confidence") or 0), True) for item in judged for f in item.found.values()]
    pairs += [(float(f.get("confidence") or 0), False) for item in judged for f in item.wrong]
    pairs.sort()
    if not pairs:
        return "no findings", None, {}
    rows, error, bins = [], 0.0, min(10, len(pairs))
    for at in range(bins):
        part = pairs[at * len(pairs) // bins : (at + 1) * len(pairs) // bins]
        said, was = sum(p for p, _ in part) / len(part), sum(r for _, r in part) / len(part)
        error += abs(said - was) * len(part) / len(pairs)
        rows.append([str(at + 1), str(len(part)), f"{part[0][0]:.3f}–{part[-1][0]:.3f}", show(said), show(was)])
    return table(["bin", "findings", "confidence", "mean", "right"], rows), error, {"ece": error, "findings": len(pairs)}


def numbered_tf(row: Row) -> bool:
    return kind_of(row) in ("table", "figure") and key_of(row) is not None


def whole(row: Row) -> bool:
    """All but gold that lost only a part; findings have no `origin`."""
    return row.get("verdict") != "partial" or "origin" not in row


def report(judged: list[Judged], draws: int) -> tuple[str, Row]:
    out: list[str] = []
    data: Row = {}
    intact = [item for item in judged if item.unit["variant"] == "intact"]
    damaged = [item for item in judged if item.unit["variant"] != "intact"]
    kinds = sorted({kind_of(row) for item in judged for row in item.unit["gold"]} | {kind_of(f) for item in judged for f in item.wrong})
    languages = sorted({item.unit["language"] for item in judged})
    size = sum(tokens(item.unit["text"], item.unit["language"]) for item in intact)
    out.append(f"{len(judged)} units of {len({i.unit['project'] for i in judged})} projects: {len(intact)} intact ({size / 1e6:.2f} million tokens), {len(damaged)} damaged, {sum(len(i.unit['gold']) for i in judged)} gold mentions.")

    def gone(item: Judged) -> bool:
        return item.unit["variant"] in ("body+caption", "all-of-kind", "intact")

    goals = [
        ("numbered tables and figures, body and caption gone", [i for i in judged if gone(i)], numbered_tf, None),
        ("numbered tables and figures, hollow", judged, numbered_tf, "hollow"),
        ("deictic, all kinds", judged, lambda row: row.get("form") == "deictic", None),
        ("numbered, all kinds", judged, lambda row: row.get("form") == "numbered", None),
        ("promise", judged, lambda row: row.get("form") == "promise", None),
    ]
    rows = []
    for name, items, keep, verdict in goals:

        def chosen(row: Row, keep: Callable[[Row], bool] = keep, verdict: str | None = verdict) -> bool:
            return keep(row) and (verdict is None or row.get("verdict") == verdict)

        result = scores(*counts(items, chosen))
        for what in ("precision", "recall"):
            low_high = interval(items, chosen, what, draws)
            result[f"{what} 95 %"] = low_high
        rows.append([name, str(result["gold"]), str(result["findings"])] + [
            show(result[what]) + (f" ({result[what + ' 95 %'][0]:.3f}–{result[what + ' 95 %'][1]:.3f})" if result[what + " 95 %"] else "") for what in ("precision", "recall")
        ] + [show(result["f1"])])  # fmt: skip
        data.setdefault("goals", {})[name] = result
    out += ["## In short", table(["what", "gold", "findings", "precision", "recall", "F1"], rows)]

    wrong = [f for item in intact for f in item.wrong]
    per_kind = Counter((kind_of(f), f.get("form") or "?") for f in wrong)
    rows = [[f"{k} {form}", str(n), show(n / size * 1e6 if size else None, 1)] for (k, form), n in per_kind.most_common()]
    rows.append(["all", str(len(wrong)), show(len(wrong) / size * 1e6 if size else None, 1)])
    rows.append(["all but promises", str(n := sum(f.get("form") != "promise" for f in wrong)), show(n / size * 1e6 if size else None, 1)])
    data["intact"] = {"tokens": size, "false positives": len(wrong), "per million": share(len(wrong) * 1e6, size)}
    out += ["## False positives on intact text", table(["kind", "findings", "per million tokens"], rows)]
    aside = Counter("on another page" for i in judged for _ in i.other_page) + Counter("near a cut, without gold" for i in judged for _ in i.near_cut)
    out.append("Not judged: " + (", ".join(f"{n} {name}" for name, n in aside.items()) or "none") + ".")

    forms = sorted({row["form"] for item in judged for row in item.unit["gold"]})
    named = [f"{k} {f}" for k in kinds for f in forms]
    text, data["kind"] = per(judged, "kind, form", named, None, lambda row, name: f"{kind_of(row)} {row.get('form')}" == name)
    out += ["## Per kind", text]
    text, data["language"] = per(judged, "language", languages, lambda i: i.unit["language"], lambda row, _: numbered_tf(row) and whole(row))
    out += ["## Numbered tables and figures per language, missing or hollow", text]
    text, data["language deictic"] = per(judged, "language", languages, lambda i: i.unit["language"], lambda row, _: kind_of(row) in ("table", "figure") and row.get("form") == "deictic" and whole(row))
    out += ["## Deictic tables and figures per language, missing or hollow", text]
    text, data["language all"] = per(judged, "language", languages, lambda i: i.unit["language"], lambda row, _: row.get("form") != "promise")
    out += ["## All kinds but promises per language", text]
    text, data["kind by language"] = cross(judged, kinds, languages)
    out += ["## Kind by language", text]
    variants = sorted({item.unit["variant"] for item in judged})
    for verdict in ("missing", "hollow", "partial"):
        text, data[f"variant {verdict}"] = per(judged, "variant", variants, lambda i: i.unit["variant"], lambda row, _, v=verdict: numbered_tf(row) and row.get("verdict") == v)
        out += [f"## Numbered tables and figures, {verdict}, per variant", text]
    text, data["surface"] = per(judged, "surface", sorted({i.unit.get("surface", "") for i in judged}), lambda i: i.unit.get("surface", ""), lambda row, _: numbered_tf(row))
    out += ["## Numbered tables and figures per surface", text]
    text, data["origin"] = origin(damaged)
    out += ["## Recall by origin of the mention", text]
    text, data["project"] = per(judged, "project", sorted({i.unit["project"] for i in judged}), lambda i: i.unit["project"], lambda row, _: row.get("form") != "promise")
    out += ["## All kinds but promises per project", text]

    text, data["pairs"] = pairs(judged)
    out += ["## Found after, not before", text]
    text, error, data["calibration"] = calibration(judged)
    out += ["## Calibration", f"Expected calibration error: {show(error)}", text]
    text, data["ppv"] = base_rates(judged)
    out += ["## Precision at a base rate", text]
    return "\n\n".join(out), data


def cross(judged: list[Judged], kinds: list[str], languages: list[str]) -> tuple[str, Row]:
    rows, data = [], {}
    for kind in kinds:
        for language in languages:
            result = scores(*counts([i for i in judged if i.unit["language"] == language], lambda row, kind=kind: kind_of(row) == kind))
            if result["gold"]:
                data[f"{kind}, {language}"] = result
                rows.append([kind, language, str(result["gold"]), str(result["findings"])] + [show(result[k]) for k in ("precision", "recall", "f1")])
    return table(["kind", "language", "gold", "findings", "precision", "recall", "F1"], rows), data


def origin(damaged: list[Judged]) -> tuple[str, Row]:
    """Whether the author wrote the mention or make.py put it in."""
    count: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for item in damaged:
        for at, row in enumerate(item.unit["gold"]):
            cell = count[row["form"], row.get("origin", "text")]
            cell[0] += 1
            cell[1] += at in item.found
    rows = [[form, name, str(n), show(share(hit, n))] for (form, name), (n, hit) in sorted(count.items())]
    return table(["form", "origin", "gold", "recall"], rows), {f"{f} {o}": share(h, n) for (f, o), (n, h) in count.items()}


def pairs(judged: list[Judged]) -> tuple[str, Row]:
    """A gold defect counts when it is found in the damaged document and nothing of it in the whole one."""
    whole = {item.unit["unit"]: item for item in judged if item.unit["variant"] == "intact"}
    count: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for item in judged:
        before = whole.get(item.unit.get("pair", ""))
        if before is None or before is item:
            continue
        old = {(kind_of(f), key_of(f)) for f in before.wrong}
        for at, row in enumerate(item.unit["gold"]):
            cell = count[f"{row['form']} {row['verdict']}"]
            cell[0] += 1
            if at in item.found:
                already = row["form"] == "numbered" and (kind_of(row), key_of(row)) in old
                cell[1] += not already
                cell[2] += already
    rows = [[name, str(n), show(share(new, n)), show(share(old, n))] for name, (n, new, old) in sorted(count.items())]
    return table(["gold", "pairs", "only after", "before too"], rows), {k: v for k, v in count.items()}


def base_rates(judged: list[Judged]) -> tuple[str, Row]:
    """Per document: of those with a finding, how many are damaged, if so many documents are."""
    rows, data = [], {}
    for name, keep in (("numbered table or figure", numbered_tf), ("deictic", lambda row: row.get("form") == "deictic"), ("all but promises", lambda row: row.get("form") != "promise")):
        whole = [item for item in judged if item.unit["variant"] == "intact"]
        hurt = [item for item in judged if any(keep(row) and row["verdict"] != "partial" for row in item.unit["gold"])]
        false = share(sum(any(keep(f) for f in item.wrong) for item in whole), len(whole))
        true = share(sum(any(keep(item.unit["gold"][at]) for at in item.found) for item in hurt), len(hurt))
        if false is None or true is None:
            continue
        values = [true * rate / (true * rate + false * (1 - rate)) if true or false else None for rate in RATES]
        data[name] = dict(zip(map(str, RATES), values)) | {"found": true, "false": false}
        rows.append([name, show(true), show(false, 4)] + [show(value) for value in values])
    return table(["what", "damaged documents found", "whole documents flagged"] + [f"{rate:.1%} damaged" for rate in RATES], rows), data


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("units", type=Path)
    parser.add_argument("findings", type=Path, nargs="?")
    parser.add_argument("--tamis", type=Path, help="the binary to score")
    parser.add_argument("--keep", type=Path, help="write what the binary found there")
    parser.add_argument("--baseline", choices=["naive"])
    parser.add_argument("--split", choices=["tuning", "held-out"])
    parser.add_argument("--language")
    parser.add_argument("--project", help="projects whose name starts so")
    parser.add_argument("--variant")
    parser.add_argument("--threshold", type=float, default=0.0, help="leave out findings of less confidence")
    parser.add_argument("--draws", type=int, default=500, help="of the bootstrap")
    parser.add_argument("--json", type=Path, help="write the numbers there too")
    parser.add_argument("--errors", type=Path, help="write every wrong and missed one there, with its context")
    args = parser.parse_args()
    if sum(map(bool, (args.findings, args.tamis, args.baseline))) != 1:
        parser.error("one of findings, --tamis and --baseline is needed")
    if args.tamis:
        findings = detect(args.tamis, args.units, args.keep)
    else:
        findings = {row["unit"]: row["findings"] for row in read(args.findings)} if args.findings else {}
    judged = []
    for unit in read(args.units):
        if args.split and unit["split"] != args.split or args.language and unit["language"] != args.language:
            continue
        if args.project and not unit["project"].startswith(args.project) or args.variant and unit["variant"] != args.variant:
            continue
        own = naive(unit) if args.baseline else findings.get(unit["unit"], [])
        judged.append(Judged(unit, [f for f in own if float(f.get("confidence") or 1) >= args.threshold]))
    if not judged:
        sys.exit("no unit left")
    text, data = report(judged, args.draws)
    print(text)
    if args.json:
        args.json.write_text(json.dumps(data, indent=1))
    if args.errors:
        with args.errors.open("w", encoding="utf-8") as out:
            for item in judged:
                raw = item.unit["text"].encode()
                lost = [("missed", row) for at, row in enumerate(item.unit["gold"]) if at not in item.found]
                for what, row in lost + [("wrong", f) for f in item.wrong]:
                    near = raw[max(row["start"] - 150, 0) : row["end"] + 150].decode(errors="ignore")
                    out.write(json.dumps({"what": what, "unit": item.unit["unit"], "surface": item.unit.get("surface"), "row": row, "context": near}, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
