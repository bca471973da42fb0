//! The script of a text, which stands for its language where nobody knows better.

/// A script by its letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Script {
    /// Latin letters.
    Latin,
    /// Greek.
    Greek,
    /// Cyrillic.
    Cyrillic,
    /// Hebrew.
    Hebrew,
    /// Arabic.
    Arabic,
    /// Devanagari.
    Devanagari,
    /// Bengali.
    Bengali,
    /// Tamil.
    Tamil,
    /// Thai.
    Thai,
    /// Han without kana.
    Han,
    /// Kana, and Han beside it.
    Japanese,
    /// Hangul.
    Hangul,
    /// Any other letters.
    Other,
    /// No letters.
    None,
}

impl Script {
    /// As people write it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Latin => "Latin",
            Self::Greek => "Greek",
            Self::Cyrillic => "Cyrillic",
            Self::Hebrew => "Hebrew",
            Self::Arabic => "Arabic",
            Self::Devanagari => "Devanagari",
            Self::Bengali => "Bengali",
            Self::Tamil => "Tamil",
            Self::Thai => "Thai",
            Self::Han => "Han",
            Self::Japanese => "Japanese",
            Self::Hangul => "Hangul",
            Self::Other => "other letters",
            Self::None => "no letters",
        }
    }

    /// Whether words are written with spaces between them, so that they can be counted.
    pub(super) fn is_spaced(self) -> bool {
        !matches!(self, Self::Thai | Self::Han | Self::Japanese | Self::None)
    }

    /// The script with the most letters in the first 4 kB of `text`; the first by name among
    /// equals.
    pub(super) fn of(text: &str) -> Self {
        let mut counts = [0_u32; KINDS.len()];
        for letter in head(text).chars().filter(|letter| letter.is_alphabetic()) {
            let kind = kind(letter);
            if let Some(at) = KINDS.iter().position(|known| *known == kind) {
                counts[at] += 1;
            }
        }
        let at = |script: Self| KINDS.iter().position(|known| *known == script).unwrap_or(0);
        // a Japanese text may have more Han than kana, a Chinese one has next to none
        let (han, kana) = (at(Self::Han), at(Self::Japanese));
        if counts[kana] * 10 >= counts[han] {
            counts[kana] += counts[han];
            counts[han] = 0;
        }
        let most = counts.iter().max().copied().unwrap_or(0);
        if most == 0 {
            return Self::None;
        }
        counts.iter().position(|count| *count == most).map_or(Self::None, |at| KINDS[at])
    }
}

/// Bytes that are looked at.
const HEAD: usize = 4096;

fn head(text: &str) -> &str {
    let mut end = text.len().min(HEAD);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

const KINDS: [Script; 13] = [
    Script::Latin,
    Script::Greek,
    Script::Cyrillic,
    Script::Hebrew,
    Script::Arabic,
    Script::Devanagari,
    Script::Bengali,
    Script::Tamil,
    Script::Thai,
    Script::Han,
    Script::Japanese,
    Script::Hangul,
    Script::Other,
];

/// By the blocks of Unicode.
fn kind(letter: char) -> Script {
    match letter {
        '\0'..='\u{24f}'
        | '\u{1e00}'..='\u{1eff}'
        | '\u{2c60}'..='\u{2c7f}'
        | '\u{ff21}'..='\u{ff5a}' => Script::Latin,
        '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => Script::Greek,
        '\u{400}'..='\u{52f}' => Script::Cyrillic,
        '\u{590}'..='\u{5ff}' => Script::Hebrew,
        '\u{600}'..='\u{77f}' | '\u{8a0}'..='\u{8ff}' | '\u{fb50}'..='\u{fefc}' => Script::Arabic,
        '\u{900}'..='\u{97f}' => Script::Devanagari,
        '\u{980}'..='\u{9ff}' => Script::Bengali,
        '\u{b80}'..='\u{bff}' => Script::Tamil,
        '\u{e00}'..='\u{e7f}' => Script::Thai,
        '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}' => Script::Han,
        '\u{3040}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{ff66}'..='\u{ff9f}' => {
            Script::Japanese
        }
        '\u{1100}'..='\u{11ff}' | '\u{3130}'..='\u{318f}' | '\u{ac00}'..='\u{d7af}' => {
            Script::Hangul
        }
        _ => Script::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_with_the_most_letters_counts() {
        assert_eq!(Script::of("Größe und Maß"), Script::Latin);
        assert_eq!(Script::of("Дом is a house: домик, домой"), Script::Cyrillic);
        assert_eq!(Script::of("東京は日本の首都です"), Script::Japanese);
        assert_eq!(Script::of("北京是中国的首都"), Script::Han);
        assert_eq!(Script::of("서울은 수도이다"), Script::Hangul);
        assert_eq!(Script::of("ภาษาไทย"), Script::Thai);
        assert_eq!(Script::of("12 + 3 = 15"), Script::None);
        assert!(!Script::Thai.is_spaced() && Script::Hangul.is_spaced());
    }

    #[test]
    fn a_long_text_is_judged_by_its_head() {
        let text = format!("{}{}", "ж".repeat(3000), "a".repeat(90_000));
        assert_eq!(Script::of(&text), Script::Cyrillic);
    }
}
