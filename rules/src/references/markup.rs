//! Objects inside a line: images and tables of HTML, Markdown, wiki, LaTeX, `AsciiDoc`.

use memchr::{memchr2_iter, memmem};

use super::lines::{Class, Line, line_of};
use super::objects::{Object, ObjectKind};
use super::words::head;

/// HTML elements that are objects, what they are, and whether they have an end tag.
const ELEMENTS: &[(&str, ObjectKind, bool)] = &[
    ("table", ObjectKind::Table, true),
    ("img", ObjectKind::Image, false),
    ("image", ObjectKind::Image, false),
    ("svg", ObjectKind::Image, true),
    ("video", ObjectKind::Image, true),
    ("iframe", ObjectKind::Image, false),
    ("object", ObjectKind::Image, false),
    ("embed", ObjectKind::Image, false),
    ("canvas", ObjectKind::Image, false),
    ("picture", ObjectKind::Image, true),
    ("graphic", ObjectKind::Image, false),
    ("pre", ObjectKind::Pre, true),
    ("listing", ObjectKind::Pre, true),
    ("math", ObjectKind::Math, true),
    ("ol", ObjectKind::List, true),
    ("ul", ObjectKind::List, true),
    ("blockquote", ObjectKind::Quote, true),
];

/// Whether `text` begins with `start`, which is lower case, in any case.
pub(super) fn starts_with_ignore_case(text: &str, start: &str) -> bool {
    text.as_bytes()
        .get(..start.len())
        .is_some_and(|head| head.eq_ignore_ascii_case(start.as_bytes()))
}

/// Adds the objects inside lines; text inside a table or preformatted element is classed so.
pub(super) fn inline_objects(text: &str, lines: &mut [Line], objects: &mut Vec<Object>) {
    let bytes = text.as_bytes();
    // an end tag that is nowhere further on is looked for once
    let mut no_end = [false; ELEMENTS.len()];
    let mut skip = 0;
    for at in memchr2_iter(b'<', b'!', bytes) {
        if at < skip {
            continue;
        }
        if bytes.get(at) == Some(&b'!') {
            if bytes.get(at + 1) == Some(&b'[') && has_target(text, at) {
                push_inline(lines, objects, ObjectKind::Image, at, at + 2);
            }
            continue;
        }
        let rest = head(text.get(at + 1..).unwrap_or_default(), 12);
        let found = ELEMENTS.iter().position(|(name, _, _)| {
            starts_with_ignore_case(rest, name)
                && rest
                    .as_bytes()
                    .get(name.len())
                    .is_none_or(|b| !b.is_ascii_alphanumeric() && *b != b'-')
        });
        let Some(index) = found else { continue };
        let Some(&(name, kind, closed)) = ELEMENTS.get(index) else { continue };
        let mut end = at + 1;
        if closed {
            if no_end.get(index).copied().unwrap_or(true) {
                continue;
            }
            if let Some(found) = end_tag(bytes, at, name) {
                end = found;
            } else {
                if let Some(slot) = no_end.get_mut(index) {
                    *slot = true;
                }
                continue;
            }
        }
        let line = line_of(lines, at);
        if lines.get(line).is_some_and(|line| line.class == Class::Pre) {
            continue;
        }
        push_inline(lines, objects, kind, at, end);
        if matches!(kind, ObjectKind::Table | ObjectKind::Pre | ObjectKind::Math) {
            skip = end;
            let class = match kind {
                ObjectKind::Pre => Class::Pre,
                ObjectKind::Math => Class::Math,
                _ => Class::Table,
            };
            let last = line_of(lines, end);
            if last > line {
                for line in lines.get_mut(line..=last).unwrap_or_default() {
                    if line.class != Class::Blank {
                        line.class = class;
                    }
                }
            }
        }
    }
    finders(text, lines, objects);
}

/// `</name>` after `at`, in small letters or capitals.
fn end_tag(bytes: &[u8], at: usize, name: &str) -> Option<usize> {
    let rest = bytes.get(at..)?;
    let small = format!("</{name}");
    let found = memmem::find(rest, small.as_bytes());
    let found = found.or_else(|| memmem::find(rest, small.to_ascii_uppercase().as_bytes()))?;
    Some(at + found + small.len() + 1)
}

/// Marks that are found by searching the whole text for each.
fn finders(text: &str, lines: &[Line], objects: &mut Vec<Object>) {
    let marks = [
        ("\\includegraphics", ObjectKind::Image),
        ("\\begin{tabular", ObjectKind::Table),
        ("\\begin{tikzpicture", ObjectKind::Image),
        ("\\importgraphic", ObjectKind::Image),
        ("[[File:", ObjectKind::Image),
        ("[[Image:", ObjectKind::Image),
        ("[[Datei:", ObjectKind::Image),
        ("[[Fichier:", ObjectKind::Image),
        ("[[Archivo:", ObjectKind::Image),
        ("[[Файл:", ObjectKind::Image),
        ("[[file:", ObjectKind::Image),
        ("image::", ObjectKind::Image),
        ("video::", ObjectKind::Image),
        (".. figure::", ObjectKind::Image),
        ("data:image/", ObjectKind::Image),
        (":::image", ObjectKind::Image),
        (":::row", ObjectKind::Table),
        (".. list-table::", ObjectKind::Table),
        (".. csv-table::", ObjectKind::Table),
        (".. code-block::", ObjectKind::Pre),
        (".. literalinclude::", ObjectKind::Pre),
        ("[!code-", ObjectKind::Pre),
        ("[!INCLUDE", ObjectKind::Pre),
        ("{{#include", ObjectKind::Pre),
        ("{{#rustdoc_include", ObjectKind::Pre),
        ("include::", ObjectKind::Pre),
        ("\\lstinputlisting", ObjectKind::Pre),
        ("[!VIDEO", ObjectKind::Image),
        ("$$", ObjectKind::Math),
        ("\\begin{equation", ObjectKind::Math),
        ("\\begin{align", ObjectKind::Math),
    ];
    // most texts have none of the bytes that groups of marks share
    let gates = ["\\", "[[", "[!", "::", "{{#"];
    let open = gates.map(|gate| memmem::find(text.as_bytes(), gate.as_bytes()).is_some());
    let shut = |mark: &str| {
        let mut gates = gates.iter().zip(open);
        gates.any(|(gate, open)| !open && mark.contains(gate))
    };
    for (mark, kind) in marks {
        if shut(mark) {
            continue;
        }
        for at in memmem::find_iter(text.as_bytes(), mark.as_bytes()) {
            let line = lines.get(line_of(lines, at));
            if line.is_some_and(|l| l.class != Class::Pre || mark.starts_with(['{', '.', '[', 'i']))
            {
                push_inline(lines, objects, kind, at, at + mark.len());
            }
        }
    }
}

/// Whether the image mark at `at` has a target: `![alt](path)`, `![alt][label]`.
fn has_target(text: &str, at: usize) -> bool {
    let rest = head(text.get(at + 2..).unwrap_or_default(), 600);
    let close = rest.find("](").or_else(|| rest.find("]["));
    let after = close.and_then(|close| rest.get(close + 2..));
    after.is_some_and(|after| !after.starts_with([')', ']']) && !after.starts_with("<>"))
}

fn push_inline(lines: &[Line], objects: &mut Vec<Object>, kind: ObjectKind, at: usize, end: usize) {
    let cut = |line: usize| u32::try_from(line).unwrap_or(u32::MAX);
    let first = cut(line_of(lines, at));
    let last = cut(line_of(lines, end));
    objects.push(Object { kind, first, last, start: at, end });
}

#[cfg(test)]
mod tests {
    use super::super::blocks::{Structure, read};
    use super::*;

    fn kinds(text: &str) -> Vec<ObjectKind> {
        let mut structure = Structure::default();
        read(text, &mut structure);
        let mut kinds: Vec<_> = structure.objects.iter().map(|object| object.kind).collect();
        kinds.dedup();
        kinds
    }

    #[test]
    fn every_markup_of_tables() {
        for text in [
            "| a | b |\n|---|---|\n| 1 | 2 |",
            "a | b\n--|--\n1 | 2",
            "<table><tr><td>1</td><td>2</td></tr></table>",
            "+---+---+\n| a | b |\n+---+---+",
            "====  ====\na     b\n====  ====\n1     2\n====  ====",
            ".. list-table:: T\n\n   * - a\n     - b",
            ".. csv-table::\n\n   a,b\n   1,2",
            "|===\n|a |b\n|1 |2\n|===",
            "\\begin{tabular}{ll}\na & b \\\\\n\\end{tabular}",
            "{| class=x\n|-\n| a\n|}",
            "| a | b |\n|---+---|\n| 1 | 2 |",
            "┌───┬───┐\n│ a │ b │\n└───┴───┘",
            "name    size\nalpha   12\nbeta    7",
            "a\tb\tc\n1\t2\t3\n4\t5\t6",
            "a,b,c\n1,2,3\n4,5,6",
        ] {
            assert!(kinds(text).contains(&ObjectKind::Table), "{text}: {:?}", kinds(text));
        }
    }

    #[test]
    fn every_markup_of_other_objects() {
        for (text, kind) in [
            ("![a](b.png)", ObjectKind::Image),
            ("x <img src=a>", ObjectKind::Image),
            ("<svg>a</svg>", ObjectKind::Image),
            (".. figure:: a.png", ObjectKind::Image),
            ("image::a.png[]", ObjectKind::Image),
            ("\\includegraphics{a}", ObjectKind::Image),
            ("[[File:a.jpg|thumb]]", ObjectKind::Image),
            ("```mermaid\na-->b\n```", ObjectKind::Image),
            ("   +--+   +--+\n   |a |-->|b |\n   +--+   +--+", ObjectKind::Table),
            ("```\ncode\n```", ObjectKind::Pre),
            ("~~~ c\ncode\n~~~", ObjectKind::Pre),
            ("<pre>\ncode\n</pre>", ObjectKind::Pre),
            ("text:\n\n    code here\n", ObjectKind::Pre),
            (".. code-block:: c\n\n   int x;", ObjectKind::Pre),
            ("[source]\n----\ncode\nmore\n----", ObjectKind::Pre),
            ("#+BEGIN_SRC c\ncode\n#+END_SRC", ObjectKind::Pre),
            ("\\begin{lstlisting}\ncode\n\\end{lstlisting}", ObjectKind::Pre),
            ("$$\nx = y\n$$", ObjectKind::Math),
            ("\\[ x = y \\]", ObjectKind::Math),
            ("\\begin{equation}\nx\n\\end{equation}", ObjectKind::Math),
            ("- a\n- b", ObjectKind::List),
            ("1. a\n2. b", ObjectKind::List),
            ("> said", ObjectKind::Quote),
        ] {
            assert!(kinds(text).contains(&kind), "{text}: {:?}", kinds(text));
        }
    }

    #[test]
    fn prose_is_no_object() {
        for text in [
            "It is so.  And so.\nIt was so.  And so.\nIt will be so.  And so.",
            "A sentence that goes on\nover two lines.",
            "- not a list",
        ] {
            let found = kinds(text);
            assert!(!found.contains(&ObjectKind::Table), "{text}: {found:?}");
        }
    }
}
