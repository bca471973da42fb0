//! Words around a place in the text, and sets of words to look them up in.

use std::cmp::Ordering;

use super::kinds::Span;

/// Bytes a word may have; longer runs are no words.
const WORD_BYTES_MAX: usize = 48;

/// Letters that may follow a stem.
const ENDING_CHARS_MAX: usize = 5;

/// Words, stems and phrases, all in lower case.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// In the order of [`by_length`]: the sets are small, and looking one up hashes nothing.
    exact: Vec<Box<str>>,
    stems: Vec<Box<str>>,
    phrases: Vec<Box<str>>,
    /// By the first byte of a word in ASCII, small: a bit for each length that a word has.
    lengths: Firsts,
    /// By the first byte: whether a stem begins with it.
    stemmed: Firsts,
    /// By the first byte: whether a phrase begins with it.
    phrased: Firsts,
}

/// 64 bits for each first byte in ASCII, where capitals are as small letters.
#[derive(Debug)]
pub(super) struct Firsts(Box<[u64; 128]>);

impl Default for Firsts {
    fn default() -> Self {
        Self(Box::new([0; 128]))
    }
}

impl Firsts {
    /// Sets a bit of a form's first byte.
    pub(super) fn set(&mut self, form: &str, bit: usize) {
        let first = form.as_bytes().first().map(u8::to_ascii_lowercase);
        if let Some(bits) = first.and_then(|first| self.0.get_mut(usize::from(first))) {
            *bits |= 1 << (bit % 64);
        }
    }

    /// The bits of a form's first byte, all of them if it is not in ASCII.
    pub(super) fn of(&self, form: &str) -> u64 {
        let first = form.as_bytes().first().map_or(0, u8::to_ascii_lowercase);
        self.0.get(usize::from(first)).copied().unwrap_or(!0)
    }
}

impl Words {
    /// A set of the forms of a language file.
    pub(super) fn new(forms: &[String]) -> Self {
        let mut words = Self::default();
        for form in forms {
            let lower = form.to_lowercase();
            if let Some(stem) = lower.strip_suffix('~').filter(|stem| !stem.is_empty()) {
                words.stems.push(stem.into());
            } else if lower.contains([' ', '.', '/']) {
                words.phrases.push(lower.into());
            } else {
                words.exact.push(lower.into());
            }
        }
        words.exact.sort_unstable_by(|a, b| by_length(a, b));
        words.exact.dedup();
        words.exact.iter().for_each(|word| words.lengths.set(word, word.len()));
        words.stems.iter().for_each(|stem| words.stemmed.set(stem, 0));
        words.phrases.iter().for_each(|phrase| words.phrased.set(phrase, 0));
        words
    }

    /// Whether `word` is one of the words or begins with one of the stems.
    pub(super) fn has(&self, word: &str, lower: &mut String) -> bool {
        if word.is_empty() || word.len() > WORD_BYTES_MAX {
            return false;
        }
        // most words are told by their first letter and their length
        let exact = self.lengths.of(word) >> word.len() & 1 == 1;
        if !exact && self.stemmed.of(word) == 0 && word.is_ascii() {
            return false;
        }
        fold(word, lower);
        self.exact.binary_search_by(|known| by_length(known, lower)).is_ok()
            || self.stems.iter().any(|stem| inflects(lower, stem))
    }

    /// Bytes of the longest word or phrase that `text` begins with.
    pub(super) fn prefix(&self, text: &str, lower: &mut String) -> Option<usize> {
        let head = head(text, WORD_BYTES_MAX);
        let word = first_word(head);
        let mut best = self.has(word, lower).then_some(word.len());
        if !self.phrases.is_empty() && self.phrased.of(head) != 0 {
            fold(head, lower);
            // lower-casing keeps the length of all but a handful of characters
            for phrase in &self.phrases {
                let ends = lower.get(phrase.len()..).is_some_and(|rest| {
                    !rest.starts_with(char::is_alphanumeric) || !ends_in_letter(phrase)
                });
                if lower.starts_with(&**phrase) && ends && best.is_none_or(|b| b < phrase.len()) {
                    best = Some(phrase.len());
                }
            }
        }
        best
    }

    /// Whether `text` begins with one of the words, whatever follows: for unspaced scripts.
    pub(super) fn begins(&self, text: &str) -> bool {
        self.exact.iter().any(|word| text.starts_with(&**word))
    }

    /// Whether `text` ends with one of the words, whatever stands before.
    pub(super) fn ends(&self, text: &str) -> bool {
        self.exact.iter().any(|word| text.ends_with(&**word))
    }

    /// The words that have no stem mark and no space.
    pub(super) fn exact(&self) -> impl Iterator<Item = &str> {
        self.exact.iter().map(|word| &**word)
    }
}

/// Shorter words first: most comparisons of a look-up end at the length.
pub(super) fn by_length(one: &str, other: &str) -> Ordering {
    one.len().cmp(&other.len()).then_with(|| one.cmp(other))
}

fn ends_in_letter(phrase: &str) -> bool {
    phrase.ends_with(char::is_alphanumeric)
}

fn inflects(word: &str, stem: &str) -> bool {
    word.strip_prefix(stem).is_some_and(|rest| rest.chars().count() <= ENDING_CHARS_MAX)
}

/// Puts `text` into `lower` in lower case.
pub(super) fn fold(text: &str, lower: &mut String) {
    lower.clear();
    if text.is_ascii() {
        lower.push_str(text);
        lower.make_ascii_lowercase();
    } else {
        lower.extend(text.chars().flat_map(char::to_lowercase));
    }
}

/// At most `bytes` bytes from the start of `text`, ending between two characters.
pub(super) fn head(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}

/// At most `bytes` bytes from the end of `text`, beginning between two characters.
pub(super) fn tail(text: &str, bytes: usize) -> &str {
    text.get(text.ceil_char_boundary(text.len().saturating_sub(bytes))..).unwrap_or(text)
}

fn is_word_char(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '\'' | '’')
}

/// The letters, digits and hyphens that `text` begins with.
pub(super) fn first_word(text: &str) -> &str {
    let end = text.find(|c| !is_word_char(c)).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

/// Marks that may stand between words without parting them.
fn is_markup(c: char) -> bool {
    matches!(c, '*' | '_' | '"' | '“' | '”' | '„' | '«' | '»' | '`' | '\u{a0}')
}

/// The word that ends before `at`, over spaces, one line break and emphasis marks.
pub(super) fn word_before(text: &str, at: usize) -> Option<Span> {
    let before = tail(text.get(..at)?, 2 * WORD_BYTES_MAX);
    let base = at - before.len();
    let mut breaks = 0;
    let trimmed = before.trim_end_matches(|c: char| {
        breaks += usize::from(c == '\n');
        (c == '\n' && breaks < 2) || (c != '\n' && c.is_whitespace()) || is_markup(c)
    });
    let start = trimmed.rfind(|c| !is_word_char(c)).map_or(0, |last| {
        last + trimmed.get(last..).and_then(|t| t.chars().next()).map_or(1, char::len_utf8)
    });
    (start < trimmed.len()).then(|| Span::new(base + start, base + trimmed.len()))
}

/// The word that begins after `at`, over spaces, one line break and emphasis marks.
pub(super) fn word_after(text: &str, at: usize) -> Option<Span> {
    let start = skip_blank(text, at);
    let word = first_word(head(text.get(start..)?, 2 * WORD_BYTES_MAX));
    (!word.is_empty()).then(|| Span::new(start, start + word.len()))
}

/// The place of the next character that is no space, no emphasis and not a second line break.
pub(super) fn skip_blank(text: &str, at: usize) -> usize {
    let mut breaks = 0;
    for (offset, c) in text.get(at..).unwrap_or_default().char_indices().take(64) {
        breaks += usize::from(c == '\n');
        if breaks > 1 || !(c.is_whitespace() || is_markup(c)) {
            return at + offset;
        }
    }
    at
}

/// The character before `at`.
pub(super) fn char_before(text: &str, at: usize) -> Option<char> {
    text.get(..at).and_then(|before| before.chars().next_back())
}

/// The character at `at`.
pub(super) fn char_at(text: &str, at: usize) -> Option<char> {
    text.get(at..).and_then(|after| after.chars().next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours() {
        let text = "as shown in **Table** 3\nbelow";
        let at = text.find("Table").unwrap();
        assert_eq!(word_before(text, at).unwrap().of(text), "in");
        assert_eq!(word_after(text, at + 9).unwrap().of(text), "below");
        assert!(word_before("end.\n\nTable", 6).is_none_or(|w| w.of("end.\n\nTable").is_empty()));
    }

    #[test]
    fn sets_know_stems_and_phrases() {
        let set = Words::new(&["folgend~".to_owned(), "et al".to_owned(), "see".to_owned()]);
        let mut lower = String::new();
        assert!(set.has("Folgenden", &mut lower));
        assert!(!set.has("folg", &mut lower));
        assert_eq!(set.prefix("Et al. said", &mut lower), Some(5));
        assert_eq!(set.prefix("et alii", &mut lower), None);
        assert_eq!(set.prefix("seeing", &mut lower), None);
    }
}
