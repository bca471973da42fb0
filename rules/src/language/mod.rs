//! Which language is a text in?
//!
//! Small words settle the common case in a few microseconds; what they leave open goes to the
//! trigrams of `whatlang`, which take some hundred.

mod function_words;
mod sample;

use whatlang::Lang;

pub use sample::{SAMPLE_BYTES, sample};

/// Whether `c` is of a script that puts no spaces between words.
pub(crate) fn has_no_spaces(c: char) -> bool {
    matches!(
        c,
        '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
            | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
            | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}'
    )
}

/// A language and how sure it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Language {
    /// ISO 639-1.
    pub code: &'static str,
    /// From 0 to 1.
    pub score: f64,
}

/// The language of all of `text`, none where it has no letters; see [`sample`] for a part of it.
pub fn detect(text: &str) -> Option<Language> {
    let (settled, letters) = function_words::settled(text);
    if let Some(code) = settled {
        return Some(Language { code, score: 1.0 });
    }
    let found = if letters.mostly_spaceless() {
        // the library counts letters, and one of these weighs more than one of the code around it
        let own: String = text.chars().filter(|c| !c.is_ascii_alphabetic()).collect();
        whatlang::detect(&own)
    } else {
        whatlang::detect(text)
    }?;
    let score = found.confidence();
    Some(Language {
        code: code(found.lang()),
        score: if score.is_finite() { score.clamp(0.0, 1.0) } else { 0.0 },
    })
}

/// ISO 639-1; every language of the library has one.
fn code(language: Lang) -> &'static str {
    match language {
        Lang::Epo => "eo",
        Lang::Eng => "en",
        Lang::Rus => "ru",
        Lang::Cmn => "zh",
        Lang::Spa => "es",
        Lang::Por => "pt",
        Lang::Ita => "it",
        Lang::Ben => "bn",
        Lang::Fra => "fr",
        Lang::Deu => "de",
        Lang::Ukr => "uk",
        Lang::Kat => "ka",
        Lang::Ara => "ar",
        Lang::Hin => "hi",
        Lang::Jpn => "ja",
        Lang::Heb => "he",
        Lang::Yid => "yi",
        Lang::Pol => "pl",
        Lang::Amh => "am",
        Lang::Jav => "jv",
        Lang::Kor => "ko",
        Lang::Nob => "nb",
        Lang::Dan => "da",
        Lang::Swe => "sv",
        Lang::Fin => "fi",
        Lang::Tur => "tr",
        Lang::Nld => "nl",
        Lang::Hun => "hu",
        Lang::Ces => "cs",
        Lang::Ell => "el",
        Lang::Bul => "bg",
        Lang::Bel => "be",
        Lang::Mar => "mr",
        Lang::Kan => "kn",
        Lang::Ron => "ro",
        Lang::Slv => "sl",
        Lang::Hrv => "hr",
        Lang::Srp => "sr",
        Lang::Mkd => "mk",
        Lang::Lit => "lt",
        Lang::Lav => "lv",
        Lang::Est => "et",
        Lang::Tam => "ta",
        Lang::Vie => "vi",
        Lang::Urd => "ur",
        Lang::Tha => "th",
        Lang::Guj => "gu",
        Lang::Uzb => "uz",
        Lang::Pan => "pa",
        Lang::Aze => "az",
        Lang::Ind => "id",
        Lang::Tel => "te",
        Lang::Pes => "fa",
        Lang::Mal => "ml",
        Lang::Ori => "or",
        Lang::Mya => "my",
        Lang::Nep => "ne",
        Lang::Sin => "si",
        Lang::Khm => "km",
        Lang::Tuk => "tk",
        Lang::Aka => "ak",
        Lang::Zul => "zu",
        Lang::Sna => "sn",
        Lang::Afr => "af",
        Lang::Lat => "la",
        Lang::Slk => "sk",
        Lang::Cat => "ca",
        Lang::Tgl => "tl",
        Lang::Hye => "hy",
        Lang::Cym => "cy",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code_of(text: &str) -> &'static str {
        detect(text).map_or("none", |found| found.code)
    }

    #[test]
    fn scripts_and_trigrams_tell_what_words_leave_open() {
        assert_eq!(code_of("Vlak do Prahy dnes bohužel nejede, říká výpravčí."), "cs");
        assert_eq!(code_of("기차는 오늘 운행하지 않습니다."), "ko");
        assert_eq!(code_of("รถไฟไม่วิ่งวันนี้"), "th");
        assert_eq!(code_of("123 !?"), "none");
    }

    #[test]
    fn chinese_around_code_stays_chinese() {
        let text =
            "安装软件包请使用 apt install apache2 命令，然后重新启动服务器 systemctl restart";
        assert_eq!(code_of(text), "zh");
        // three letters of another script weigh as much as one
        let mixed = |letters: usize| format!("{} 今日は", "a".repeat(letters));
        assert_eq!(code_of(&mixed(8)), "ja");
        assert_ne!(code_of(&mixed(9)), "ja");
    }
}
