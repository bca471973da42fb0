//! What a tokenizer makes of the text on the screen.

use std::path::Path;

use tamis_kernels::TextTokenizer;

use crate::InspectError;

/// Bytes before the screen that are tokenized too, so that the first token shown is a whole one.
pub const CONTEXT: usize = 1024;

/// A token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// First byte in the text.
    pub start: usize,
    /// Byte after the last.
    pub end: usize,
    /// Its number.
    pub id: u32,
    /// Its name in the vocabulary.
    pub name: String,
}

impl Token {
    /// Whether it is one byte of a character that the vocabulary does not hold.
    pub fn is_byte(&self) -> bool {
        let name = self.name.as_bytes();
        name.len() == 6 && name.starts_with(b"<0x") && name.ends_with(b">")
    }
}

/// Reads `tokenizer.json`.
pub fn open(path: &Path) -> Result<TextTokenizer, InspectError> {
    let bytes = std::fs::read(path).map_err(|error| InspectError::file(path, error))?;
    TextTokenizer::from_json(&bytes).map_err(|error| InspectError::file(path, error))
}

/// Tokens of the bytes `start..end` of a text, both at line breaks or borders of characters.
pub fn tokens(
    tokenizer: &TextTokenizer,
    text: &str,
    start: usize,
    end: usize,
) -> Result<Vec<Token>, InspectError> {
    let start = super::layout::wrap::floor_char(text, start);
    let end = super::layout::wrap::floor_char(text, end);
    let encoding = tokenizer
        .inner()
        .encode(&text[start..end], false)
        .map_err(|error| InspectError::Usage(format!("the tokenizer failed: {error}")))?;
    let names = encoding.get_tokens();
    let tokens = encoding.get_ids().iter().zip(encoding.get_offsets()).zip(names);
    Ok(tokens
        .map(|((&id, &(from, to)), name)| Token {
            start: start + from,
            end: start + to,
            id,
            name: name.clone(),
        })
        .collect())
}
