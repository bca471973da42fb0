//! Where in a rule file an item can be added, so that everything else stays as it is.

/// Where the items of a key stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Section {
    /// The file has no such key.
    Absent,
    /// A list with an item a line.
    List {
        /// Spaces before the dash of its items.
        indent: usize,
        /// Bytes at which an item can be added, the best first.
        ends: Vec<usize>,
    },
    /// Written in another way, such as `rules: [...]`.
    Other,
}

/// Finds the list of a key at the top of a file. Only looks at lines; whoever inserts must read
/// the file again and see that nothing else has changed.
pub(crate) fn section(text: &str, key: &str) -> Section {
    let mut lines = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        lines.push((start, line));
        start += line.len();
    }
    let Some(at) = lines.iter().position(|(_, line)| key_of(line).is_some_and(|(k, _)| k == key))
    else {
        return Section::Absent;
    };
    let rest = lines.get(at).and_then(|(_, line)| key_of(line)).map_or("", |(_, rest)| rest);
    if !(rest.is_empty() || rest.starts_with('#')) {
        return Section::Other;
    }
    let body = &lines[at + 1..];
    let body = &body[..body.iter().position(|(_, line)| is_top(line)).unwrap_or(body.len())];
    let content = |line: &str| !line.trim().is_empty() && !line.starts_with('#');
    let first = body.iter().find(|(_, line)| content(line) && !line.trim_start().starts_with('#'));
    let Some((_, first)) = first else { return Section::Other };
    let item = first.trim_start_matches(' ');
    if !(item.starts_with("- ") || item.trim_end() == "-") {
        return Section::Other;
    }
    let indent = first.len() - item.len();
    let end = |(start, line): &(usize, &str)| start + line.len();
    let last = body.iter().rposition(|(_, line)| content(line)).unwrap_or(0);
    let mut ends: Vec<usize> = body.get(last).map(end).into_iter().collect();
    // a block at the end may keep its empty lines, then they are text
    let blank = body[last + 1..].iter().take_while(|(_, line)| line.trim().is_empty()).count();
    if blank > 0 {
        ends.extend(body.get(last + blank).map(end));
    }
    Section::List { indent, ends }
}

/// The key of a line at the top, and what stands behind its colon.
fn key_of(line: &str) -> Option<(&str, &str)> {
    if !is_top(line) {
        return None;
    }
    let (key, rest) = line.split_once(':')?;
    let key = key.trim_end();
    let bare = ['"', '\''].iter().find_map(|q| key.strip_prefix(*q)?.strip_suffix(*q));
    Some((bare.unwrap_or(key), rest.trim()))
}

/// Whether a line ends the value of the key above it.
fn is_top(line: &str) -> bool {
    match line.trim_start_matches('\u{feff}').chars().next() {
        None | Some(' ' | '\t' | '\r' | '\n' | '#') => false,
        Some('-') => line.starts_with("---"),
        Some(_) => true,
    }
}

/// `text` with `item` (lines that end in a newline) added at byte `at`, in the file's own line ends.
pub(crate) fn insert(text: &str, at: usize, item: &str) -> String {
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let item = item.replace('\n', end);
    let (before, after) = text.split_at(at);
    let joint = if before.is_empty() || before.ends_with('\n') { "" } else { end };
    format!("{before}{joint}{item}{after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# mine\nversion: 1\nrules:   # the rules\n  # first\n  - id: a/b\n    drop_if: x\n  # odd\n\n# the tests\ntests:\n- text: |+\n    one\n\n\n# end\n";

    fn after(text: &str, key: &str) -> Vec<String> {
        match section(text, key) {
            Section::List { ends, .. } => ends.iter().map(|end| text[..*end].to_owned()).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn items_go_to_the_end_of_their_list() {
        let ends = after(FILE, "rules");
        assert!(ends[0].ends_with("  # odd\n"), "{ends:?}");
        let ends = after(FILE, "tests");
        assert!(ends[0].ends_with("    one\n") && ends[1].ends_with("one\n\n\n"), "{ends:?}");
        assert!(matches!(section(FILE, "rules"), Section::List { indent: 2, .. }));
        assert!(matches!(section(FILE, "tests"), Section::List { indent: 0, .. }));
        assert!(matches!(section("\"rules\":\n - a: 1", "rules"), Section::List { indent: 1, .. }));
    }

    #[test]
    fn other_shapes_are_known_as_such() {
        assert_eq!(section(FILE, "patterns"), Section::Absent);
        for text in [
            "rules: [{id: a/b}]\n",
            "rules: []\n",
            "rules:\n  [\n  ]\n",
            "rules:\n",
            "rules: &a\n  - x\n",
        ] {
            assert_eq!(section(text, "rules"), Section::Other, "{text}");
        }
        assert_eq!(section("x:\n  rules:\n    - a\n", "rules"), Section::Absent);
    }

    #[test]
    fn line_ends_are_the_files_own() {
        assert_eq!(insert("a\r\nb", 4, "- c\n"), "a\r\nb\r\n- c\r\n");
        assert_eq!(insert("a\nb\n", 2, "c\n"), "a\nc\nb\n");
        assert_eq!(insert("", 0, "c\n"), "c\n");
    }
}
