//! Text as YAML that reads back as it was.

/// The scalar for `text` in a value whose key is indented by `indent` spaces: readable where that
/// is possible, escaped where it is not.
pub(super) fn scalar(text: &str, indent: usize) -> String {
    if is_plain_line(text) {
        return format!("'{}'", text.replace('\'', "''"));
    }
    if text.contains('\n') && text.chars().all(is_literal) {
        let block = literal(text, indent);
        if reads_back(&block, text, indent) {
            return block;
        }
    }
    escaped(text, indent)
}

/// Whether the single quotes of one line hold it.
fn is_plain_line(text: &str) -> bool {
    text.chars().all(|c| is_literal(c) && c != '\n')
}

/// Whether a reader of YAML gives the character back as it stands in a block.
fn is_literal(c: char) -> bool {
    matches!(c, '\n' | '\t' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}' | '\u{10000}'..)
        && !matches!(c, '\u{2028}' | '\u{2029}')
}

/// A block scalar with its indentation and its end said, so that spaces and empty lines at either
/// end stay.
fn literal(text: &str, indent: usize) -> String {
    let end = match text.trim_end_matches('\n').len() {
        kept if kept == text.len() => "-",
        kept if kept + 1 == text.len() => "",
        _ => "+",
    };
    let mut block = format!("|2{end}");
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        block.push('\n');
        if !line.is_empty() {
            block.extend(std::iter::repeat_n(' ', indent + 2));
            block.push_str(line);
        }
    }
    block
}

/// Double quotes with escapes; a line of the text is a line of the file.
fn escaped(text: &str, indent: usize) -> String {
    let mut out = String::from("\"");
    let mut at_start = false;
    for c in text.chars() {
        if at_start {
            out.push_str("\\\n");
            out.extend(std::iter::repeat_n(' ', indent + 2));
        }
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            // spaces where a line of the file begins would be taken for indentation
            ' ' if at_start => out.push_str("\\x20"),
            c if is_literal(c) => out.push(c),
            c if (c as u32) < 0x100 => out.push_str(&format!("\\x{:02x}", c as u32)),
            c if (c as u32) < 0x1_0000 => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push_str(&format!("\\U{:08x}", c as u32)),
        }
        at_start = c == '\n';
    }
    out.push('"');
    out
}

/// Whether a reader gives `text` back for a scalar at its place.
fn reads_back(scalar: &str, text: &str, indent: usize) -> bool {
    #[derive(serde::Deserialize)]
    struct One {
        text: String,
    }
    let pad = " ".repeat(indent);
    let file = format!("{pad}text: {scalar}\n{pad}end: x\n");
    serde_saphyr::from_str::<One>(&file).is_ok_and(|one| one.text == text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Test {
        text: String,
        after: String,
    }

    fn back(text: &str, indent: usize) -> String {
        let pad = " ".repeat(indent);
        let list = " ".repeat(indent - 2);
        let file = format!("{list}- text: {}\n{pad}after: 'x'\n", scalar(text, indent));
        let tests: Vec<Test> =
            serde_saphyr::from_str(&file).unwrap_or_else(|error| panic!("{error}\n{file:?}"));
        assert_eq!(tests[0].after, "x");
        tests[0].text.clone()
    }

    #[test]
    fn odd_texts_come_back() {
        let texts = [
            "",
            " ",
            "\n",
            "\n\n",
            "a\n",
            "a\n\n",
            " a\n  b",
            "\n a",
            "a\r\nb\r\n",
            "a \nb\t\n",
            "\t\na",
            "'",
            "\"\\",
            "# no comment\n- no list\nkey: x",
            "\u{0}\u{7}\u{1b}[31m",
            "\u{feff}x\n\u{85}\u{2028}y",
            "   \n   \n",
            "--- \n...\n",
            "\u{1f600}\nx",
            "x\n \n",
            " \n\nx",
            "%YAML\nx",
            "\u{7f}\u{80}\u{9f}",
            "a\u{a0}\nb",
        ];
        for text in texts {
            for indent in [2, 4, 6] {
                assert_eq!(back(text, indent), text, "{text:?} at {indent}");
            }
        }
    }

    #[test]
    fn ordinary_text_stays_readable() {
        assert_eq!(scalar("it's", 4), "'it''s'");
        assert_eq!(scalar("a\n  b\n", 4), "|2\n      a\n        b");
        assert_eq!(scalar("a\r\n b", 4), "\"a\\r\\n\\\n      \\x20b\"");
    }

    proptest! {
        #[test]
        fn any_text_comes_back(text in any::<String>(), indent in 1_usize..4) {
            prop_assert_eq!(back(&text, indent * 2), text);
        }

        #[test]
        fn any_text_of_odd_characters_comes_back(text in "[ab \\n\\r\\t'\"\\\\#:\\-|>\u{85}\u{feff}\u{2028}]{0,30}", indent in 1_usize..4) {
            prop_assert_eq!(back(&text, indent * 2), text);
        }
    }
}
