//! Blocks with marks at both ends, and directives with their indented content.

use super::blocks::indented_end;
use super::lines::{Class, Line};
use super::markup::starts_with_ignore_case;
use super::objects::ObjectKind;

/// Lines in which the end of a block with a weak mark is looked for.
const CLOSE_LINES_MAX: usize = 100;

/// A block with marks at both ends, or a directive with its indented content.
pub(super) fn delimited(
    text: &str,
    lines: &[Line],
    at: usize,
    trimmed: &str,
    blank_before: bool,
) -> Option<(Option<ObjectKind>, Class, usize)> {
    let first = trimmed.as_bytes().first()?;
    let rest = |n: usize| lines.get(at + n..).unwrap_or_default();
    let close = |limit: usize, is_end: &dyn Fn(&str) -> bool| {
        let mut later = rest(1).iter().take(limit);
        later.position(|line| is_end(line.of(text).trim())).map(|offset| at + offset + 2)
    };
    match first {
        b'`' | b'~' => {
            let marks = trimmed.bytes().take_while(|b| b == first).count();
            let info = trimmed.get(marks..)?;
            if marks < 3 || (*first == b'`' && info.contains('`')) {
                return None;
            }
            let end = close(usize::MAX, &|line| {
                let same = line.bytes().take_while(|b| b == first).count();
                same >= marks && same == line.len()
            });
            let image = ["mermaid", "plantuml", "dot", "graphviz", "tikz", "ditaa", "ascii-art"];
            let name = info.trim().trim_start_matches(['{', '.']);
            let is_math = name == "math";
            let kind = if image.iter().any(|known| name.starts_with(known)) {
                ObjectKind::Image
            } else if is_math {
                ObjectKind::Math
            } else {
                ObjectKind::Pre
            };
            Some((Some(kind), Class::Pre, end.unwrap_or(lines.len())))
        }
        b'$' if trimmed.starts_with("$$") => {
            if trimmed.len() > 4 && trimmed.ends_with("$$") {
                return Some((Some(ObjectKind::Math), Class::Math, at + 1));
            }
            let end = close(CLOSE_LINES_MAX, &|line| line.contains("$$"))?;
            Some((Some(ObjectKind::Math), Class::Math, end))
        }
        b'\\' => latex(trimmed, &close, at),
        b'{' if trimmed.starts_with("{|") => {
            let end = close(usize::MAX, &|line| line.starts_with("|}")).unwrap_or(lines.len());
            Some((Some(ObjectKind::Table), Class::Table, end))
        }
        b'|' if trimmed.starts_with("|===") => {
            let end = close(usize::MAX, &|line| line.starts_with("|==="))?;
            Some((Some(ObjectKind::Table), Class::Table, end))
        }
        b'.' if trimmed.starts_with(".. ") => directive(text, lines, at, trimmed),
        b'>' if trimmed.starts_with("> ```") => {
            let end = close(usize::MAX, &|line| line == "> ```").unwrap_or(at + 1);
            Some((Some(ObjectKind::Pre), Class::Pre, end))
        }
        b'>' if trimmed.starts_with(">>> ") => {
            let more = rest(0).iter().take_while(|line| line.class != Class::Blank).count();
            Some((Some(ObjectKind::Pre), Class::Pre, at + more))
        }
        b'-' | b'.' | b'+' | b'=' | b'/' if trimmed.len() >= 4 => {
            let same = trimmed.bytes().all(|b| b == *first);
            if !same || !(blank_before || rest(0).len() > 1 && is_adoc_title(text, lines, at)) {
                return None;
            }
            let end = close(CLOSE_LINES_MAX, &|line| line == trimmed)?;
            let filled = end > at + 2;
            match first {
                b'/' if filled => Some((None, Class::Markup, end)),
                // a rule above and below a title is no block
                b'-' | b'.' | b'+'
                    if end > at + 3 || *first == b'.' || announced(text, lines, at) =>
                {
                    let is_text = rest(1).first().is_some_and(|line| line.class == Class::Blank);
                    (filled && !is_text).then_some((Some(ObjectKind::Pre), Class::Pre, end))
                }
                _ => None,
            }
        }
        b'#' if starts_with_ignore_case(trimmed, "#+begin_") => {
            let end = close(usize::MAX, &|line| starts_with_ignore_case(line, "#+end_"))?;
            let kind = if starts_with_ignore_case(trimmed, "#+begin_quote") {
                return None;
            } else {
                ObjectKind::Pre
            };
            Some((Some(kind), Class::Pre, end))
        }
        _ => None,
    }
}

/// Whether the text before ends in a colon.
fn announced(text: &str, lines: &[Line], at: usize) -> bool {
    let before = lines.get(at.saturating_sub(4)..at).unwrap_or_default().iter().rev();
    let mut written = before.filter(|line| line.class != Class::Blank);
    written.next().is_some_and(|line| line.of(text).ends_with([':', '：']))
        || is_adoc_title(text, lines, at)
}

/// Whether the line before is a block title or attribute list of `AsciiDoc`.
fn is_adoc_title(text: &str, lines: &[Line], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| lines.get(before));
    before.is_some_and(|line| line.of(text).starts_with(['.', '[']))
}

/// Finds the line after the first that ends a block, within so many lines.
type Close<'a> = dyn Fn(usize, &dyn Fn(&str) -> bool) -> Option<usize> + 'a;

/// A LaTeX environment or display.
fn latex(
    trimmed: &str,
    close: &Close<'_>,
    at: usize,
) -> Option<(Option<ObjectKind>, Class, usize)> {
    if trimmed.starts_with("\\[") {
        let end = if trimmed.contains("\\]") {
            at + 1
        } else {
            close(CLOSE_LINES_MAX, &|line| line.contains("\\]"))?
        };
        return Some((Some(ObjectKind::Math), Class::Math, end));
    }
    let name = trimmed.strip_prefix("\\begin{")?.split('}').next()?;
    let bare = name.trim_end_matches('*');
    let (kind, class) = match bare {
        "tabular" | "tabularx" | "longtable" | "array" | "supertabular" | "tabbing" => {
            (ObjectKind::Table, Class::Table)
        }
        "equation" | "align" | "gather" | "eqnarray" | "multline" | "displaymath" | "math"
        | "alignat" | "flalign" | "split" => (ObjectKind::Math, Class::Math),
        "verbatim" | "lstlisting" | "minted" | "Verbatim" | "codeblock" | "codeblocktu"
        | "outputblock" | "alltt" => (ObjectKind::Pre, Class::Pre),
        "tikzpicture" | "picture" | "pspicture" => (ObjectKind::Image, Class::Pre),
        _ if bare.ends_with("table") && bare != "table" || bare.starts_with("floattable") => {
            (ObjectKind::Table, Class::Table)
        }
        _ => return None,
    };
    let ends = format!("\\end{{{name}}}");
    let end = close(4000, &|line| line.contains(&ends)).unwrap_or(at + 1);
    Some((Some(kind), class, end))
}

/// A reST directive: what it shows, and the indented lines below it.
fn directive(
    text: &str,
    lines: &[Line],
    at: usize,
    trimmed: &str,
) -> Option<(Option<ObjectKind>, Class, usize)> {
    let name = trimmed.get(3..)?.split("::").next()?.trim();
    if !trimmed.contains("::") || name.contains(' ') {
        return None;
    }
    let body = |from: usize| indented_end(lines, from, lines.get(at).map_or(0, |l| l.indent) + 1);
    let end = body(at + 1).max(at + 1);
    match name {
        "csv-table" | "list-table" | "flat-table" | "cssclass" => {
            Some((Some(ObjectKind::Table), Class::Table, end))
        }
        "code" | "code-block" | "sourcecode" | "literalinclude" | "parsed-literal"
        | "highlight" | "prompt" | "doctest" | "testcode" | "ipython" => {
            let _ = text;
            Some((Some(ObjectKind::Pre), Class::Pre, end))
        }
        "math" => Some((Some(ObjectKind::Math), Class::Math, end)),
        "graphviz" | "digraph" | "mermaid" | "plot" | "uml" | "aafig" | "ditaa" => {
            Some((Some(ObjectKind::Image), Class::Pre, end))
        }
        "image" | "figure" => Some((Some(ObjectKind::Image), Class::Markup, at + 1)),
        _ => None,
    }
}
