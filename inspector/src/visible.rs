//! Text that a terminal shows and does not obey.

use std::borrow::Cow;

/// `text` with its control characters made visible: escape sequences and marks that turn the
/// direction of writing cannot act. Line feeds and tabs stay.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(acts) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            _ if !acts(c) => shown.push(c),
            '\0'..='\u{1f}' => {
                shown.push(char::from_u32(0x2400 + u32::from(c)).unwrap_or(c));
            }
            '\u{7f}' => shown.push('\u{2421}'),
            _ => shown.push_str(&format!("<{:04X}>", u32::from(c))),
        }
    }
    Cow::Owned(shown)
}

fn acts(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        _ => c.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escape_sequence_is_shown() {
        assert_eq!(visible("a\u{1b}[31mb\r\n\tc"), "a␛[31mb␍\n\tc");
        assert_eq!(visible("\u{9b}2J\u{7f}\u{202e}x"), "<009B>2J␡<202E>x");
    }

    #[test]
    fn plain_text_is_borrowed() {
        assert!(matches!(visible("naïve 文 \n"), Cow::Borrowed(_)));
    }
}
