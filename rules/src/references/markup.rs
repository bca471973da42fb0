//! Objects inside a line: images and tables of HTML, Markdown, wiki, LaTeX, `AsciiDoc`.

use memchr::{memchr2_iter, memchr3_iter, memmem};

use super::lines::{Class, Line, line_of};
use super::objects::{ObjectKind, TargetObject};
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
pub(super) fn inline_objects(text: &str, lines: &mut [Line], objects: &mut Vec<TargetObject>) {
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

/// Marks of objects, each with the place in it of two bytes that are rare in prose.
const MARKS: &[(&str, usize, ObjectKind)] = &[
    ("\\includegraphics", 0, ObjectKind::Image),
    ("\\begin{tabular", 0, ObjectKind::Table),
    ("\\begin{tikzpicture", 0, ObjectKind::Image),
    ("\\importgraphic", 0, ObjectKind::Image),
    ("[[File:", 0, ObjectKind::Image),
    ("[[Image:", 0, ObjectKind::Image),
    ("[[Datei:", 0, ObjectKind::Image),
    ("[[Fichier:", 0, ObjectKind::Image),
    ("[[Archivo:", 0, ObjectKind::Image),
    ("[[Файл:", 0, ObjectKind::Image),
    ("[[file:", 0, ObjectKind::Image),
    ("image::", 5, ObjectKind::Image),
    ("video::", 5, ObjectKind::Image),
    (".. figure::", 9, ObjectKind::Image),
    ("data:image/", 4, ObjectKind::Image),
    (":::image", 0, ObjectKind::Image),
    (":::row", 0, ObjectKind::Table),
    (".. list-table::", 13, ObjectKind::Table),
    (".. csv-table::", 12, ObjectKind::Table),
    (".. code-block::", 13, ObjectKind::Pre),
    (".. literalinclude::", 17, ObjectKind::Pre),
    ("[!code-", 0, ObjectKind::Pre),
    ("[!INCLUDE", 0, ObjectKind::Pre),
    ("{{#include", 0, ObjectKind::Pre),
    ("{{#rustdoc_include", 0, ObjectKind::Pre),
    ("include::", 7, ObjectKind::Pre),
    ("\\lstinputlisting", 0, ObjectKind::Pre),
    ("[!VIDEO", 0, ObjectKind::Image),
    ("$$", 0, ObjectKind::Math),
    ("\\begin{equation", 0, ObjectKind::Math),
    ("\\begin{align", 0, ObjectKind::Math),
];

/// Marks that may stand anywhere, found in two passes over the text.
fn finders(text: &str, lines: &[Line], objects: &mut Vec<TargetObject>) {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let rare = memchr3_iter(b'\\', b'[', b'$', bytes).chain(memchr2_iter(b':', b'{', bytes));
    for at in rare {
        let (Some(&byte), Some(&next)) = (bytes.get(at), bytes.get(at + 1)) else { continue };
        let known = matches!(
            (byte, next),
            (b':', b':' | b'i')
                | (b'\\', b'i' | b'b' | b'l')
                | (b'[', b'[' | b'!')
                | (b'$', b'$')
                | (b'{', b'{')
        );
        if !known {
            continue;
        }
        for (index, (mark, offset, _)) in MARKS.iter().enumerate() {
            let start =
                at.checked_sub(*offset).and_then(|start| Some((start, bytes.get(start..)?)));
            let mark = mark.as_bytes();
            if mark.get(*offset) == Some(&byte)
                && let Some((start, rest)) = start
                && rest.starts_with(mark)
            {
                found.push((index, start));
            }
        }
    }
    // by mark and place, and a mark does not overlap itself: `$$$` has one
    found.sort_unstable();
    let mut last = (usize::MAX, 0);
    for (index, at) in found {
        let Some(&(mark, _, kind)) = MARKS.get(index) else { continue };
        if last.0 == index && at < last.1 {
            continue;
        }
        last = (index, at + mark.len());
        let line = lines.get(line_of(lines, at));
        if line.is_some_and(|l| l.class != Class::Pre || mark.starts_with(['{', '.', '[', 'i'])) {
            push_inline(lines, objects, kind, at, at + mark.len());
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

fn push_inline(
    lines: &[Line],
    objects: &mut Vec<TargetObject>,
    kind: ObjectKind,
    at: usize,
    end: usize,
) {
    let cut = |line: usize| u32::try_from(line).unwrap_or(u32::MAX);
    let first = cut(line_of(lines, at));
    let last = cut(line_of(lines, end));
    objects.push(TargetObject { kind, first, last, start: at, end });
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
