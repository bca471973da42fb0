//! Mojibake and its repair: UTF-8 that was read as Windows-1252 or Latin-1, once or several times.

/// How often the same bytes may have been read wrongly, one after the other.
const ROUNDS: usize = 3;

/// A place to repair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Repair {
    /// Its first byte.
    pub(crate) start: usize,
    /// The byte after its last one.
    pub(crate) end: usize,
    /// What stood there before the damage.
    pub(crate) text: String,
}

/// Calls `found` with each place of `text` that is certainly mojibake and what it was, in order.
///
/// Places are whole runs of characters above ASCII that those tables have. A run is taken back
/// where all of its bytes are valid UTF-8 and it cannot be what somebody wrote: it makes two
/// characters or more, holds control characters, has a mark that follows no letter, a capital that
/// follows a small letter, or a `Â` before a sign and behind no letter. Where one such run stands in a line whose runs are all valid, all
/// of them are taken back.
pub(crate) fn repairs(text: &str, mut found: impl FnMut(Repair)) {
    let bytes = text.as_bytes();
    let mut line_end = 0;
    // the characters of lead bytes, C2 to F4, all start with the byte C3
    for at in memchr::memchr_iter(0xc3, bytes) {
        if at < line_end || !bytes.get(at + 1).is_some_and(|next| (0x82..=0xb4).contains(next)) {
            continue;
        }
        let continues = text.get(at + 2..).and_then(|rest| rest.chars().next());
        if continues.and_then(byte_of).is_none_or(|byte| byte >= 0xc0) {
            continue;
        }
        let start = memchr::memrchr(b'\n', &bytes[..at]).map_or(0, |before| before + 1);
        line_end = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |end| at + end);
        for repair in line(text, start, line_end) {
            found(repair);
        }
    }
}

/// The repairs of the line from `start` to `end`.
fn line(text: &str, start: usize, end: usize) -> Vec<Repair> {
    let mut valid: Vec<(Repair, bool)> = Vec::new();
    let mut all_valid = true;
    let mut raw: Vec<u8> = Vec::new();
    let mut at = start;
    while at < end {
        let Some(c) = text.get(at..end).and_then(|rest| rest.chars().next()) else { break };
        if c.is_ascii() || byte_of(c).is_none() {
            at += c.len_utf8();
            continue;
        }
        let run_start = at;
        raw.clear();
        for c in text.get(at..end).unwrap_or_default().chars() {
            let Some(byte) = byte_of(c).filter(|_| !c.is_ascii()) else { break };
            raw.push(byte);
            at += c.len_utf8();
        }
        let Ok(decoded) = std::str::from_utf8(&raw) else {
            all_valid = false;
            continue;
        };
        let before = text.get(..run_start).and_then(|head| head.chars().next_back());
        let run = text.get(run_start..at).unwrap_or_default();
        let certain = is_certain(run, decoded, before);
        let repair = Repair { start: run_start, end: at, text: decoded.to_owned() };
        valid.push((repair, certain));
    }
    let any_certain = valid.iter().any(|(_, certain)| *certain);
    let taken = valid.into_iter().filter(|(_, certain)| *certain || (any_certain && all_valid));
    let mut repairs: Vec<Repair> = taken.map(|(repair, _)| repair).collect();
    for _ in 1..ROUNDS {
        if !deeper(text, &mut repairs) {
            break;
        }
    }
    repairs
}

/// Takes back what was damaged once more, by the same measure; gives whether something was.
fn deeper(text: &str, repairs: &mut [Repair]) -> bool {
    let mut all_valid = true;
    let mut again: Vec<(usize, String, bool)> = Vec::new();
    for (number, repair) in repairs.iter().enumerate() {
        let raw: Option<Vec<u8>> =
            repair.text.chars().map(|c| byte_of(c).filter(|_| !c.is_ascii())).collect();
        let Some(raw) = raw else { continue };
        let Ok(decoded) = String::from_utf8(raw) else {
            all_valid = false;
            continue;
        };
        let before = text.get(..repair.start).and_then(|head| head.chars().next_back());
        let certain = is_certain(&repair.text, &decoded, before);
        again.push((number, decoded, certain));
    }
    let any_certain = again.iter().any(|(.., certain)| *certain);
    for (number, decoded, certain) in again {
        if (certain || all_valid) && any_certain {
            repairs[number].text = decoded;
        }
    }
    any_certain
}

/// Whether nobody wrote `run`, whose bytes are the text `decoded`, behind the character `before`.
fn is_certain(run: &str, decoded: &str, before: Option<char>) -> bool {
    let mut characters = decoded.chars();
    let first = characters.next();
    if characters.next().is_some() {
        return true;
    }
    let Some(one) = first.filter(|c| !c.is_control()) else { return false };
    if run.chars().any(|c| ('\u{80}'..='\u{9f}').contains(&c)) {
        return true;
    }
    // text in other encodings makes single characters that nobody uses
    let sign = run.chars().any(follows_no_letter)
        || (run.starts_with('Â')
            && ('\u{a0}'..='\u{bf}').contains(&one)
            && !before.is_some_and(char::is_alphabetic));
    let capital = before.is_some_and(char::is_lowercase)
        && run.chars().next().is_some_and(char::is_uppercase);
    is_usual(one) && (sign || capital)
}

/// Whether a text may hold `c` alone: letters of Latin, Greek and Cyrillic, signs and faces.
fn is_usual(c: char) -> bool {
    matches!(
        c,
        '\u{a0}'..='\u{17f}' | '\u{370}'..='\u{4ff}' | '\u{1e00}'..='\u{1eff}'
            | '\u{2000}'..='\u{214f}' | '\u{2190}'..='\u{27bf}' | '\u{feff}' | '\u{fffd}'
            | '\u{1f000}'..='\u{1faff}'
    )
}

/// Whether no text has `c` right behind a letter: what closes a quotation, footnote marks, units,
/// dashes, no-break spaces and letters may stand there.
fn follows_no_letter(c: char) -> bool {
    matches!(
        c,
        '¡' | '¢'
            | '£'
            | '¤'
            | '¥'
            | '¦'
            | '§'
            | '¨'
            | '©'
            | '¬'
            | '¯'
            | '±'
            | '´'
            | '¶'
            | '¸'
            | '¼'
            | '½'
            | '¾'
            | '¿'
            | '€'
            | '˜'
            | 'ˆ'
            | '‰'
    )
}

/// The byte that Windows-1252 writes for `c`; those that it does not use are the control
/// characters of Latin-1, as decoders of the web have it.
pub(crate) fn byte_of(c: char) -> Option<u8> {
    Some(match c {
        '\u{0}'..='\u{7f}' | '\u{80}'..='\u{ff}' => u8::try_from(u32::from(c)).ok()?,
        '€' => 0x80,
        '‚' => 0x82,
        'ƒ' => 0x83,
        '„' => 0x84,
        '…' => 0x85,
        '†' => 0x86,
        '‡' => 0x87,
        'ˆ' => 0x88,
        '‰' => 0x89,
        'Š' => 0x8a,
        '‹' => 0x8b,
        'Œ' => 0x8c,
        'Ž' => 0x8e,
        '‘' => 0x91,
        '’' => 0x92,
        '“' => 0x93,
        '”' => 0x94,
        '•' => 0x95,
        '–' => 0x96,
        '—' => 0x97,
        '˜' => 0x98,
        '™' => 0x99,
        'š' => 0x9a,
        '›' => 0x9b,
        'œ' => 0x9c,
        'ž' => 0x9e,
        'Ÿ' => 0x9f,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `text` as a reader of Windows-1252, or of Latin-1, has it.
    fn damaged(text: &str, latin1: bool) -> String {
        let table: Vec<char> = (0..=255_u8)
            .map(|byte| {
                let control = char::from(byte);
                let written = (0x80..0xa0).contains(&byte) && !latin1;
                let typographic = ('\u{152}'..='\u{2122}').filter(|c| byte_of(*c) == Some(byte));
                written.then(|| typographic.min()).flatten().unwrap_or(control)
            })
            .collect();
        text.bytes().map(|byte| table[usize::from(byte)]).collect()
    }

    fn repaired(text: &str) -> String {
        let mut whole = String::new();
        let mut from = 0;
        repairs(text, |repair| {
            whole.push_str(&text[from..repair.start]);
            whole.push_str(&repair.text);
            from = repair.end;
        });
        whole + &text[from..]
    }

    #[test]
    fn the_table_is_that_of_windows_1252() {
        assert_eq!(damaged("é ’ “ € à", false), "Ã© â€™ â€œ â‚¬ Ã\u{a0}");
        assert_eq!(damaged("’ \u{dd}", true), "â\u{80}\u{99} Ã\u{9d}");
    }

    #[test]
    fn each_place_is_on_record() {
        let text = "fine\ncafÃ© donâ€™t, Â£5\nfine é";
        let mut found = Vec::new();
        repairs(text, |repair| found.push((repair.start, repair.end, repair.text)));
        let place = |what: &str| text.find(what).unwrap();
        assert_eq!(
            found,
            [
                (place("Ã©"), place(" don"), "é".to_owned()),
                (place("â€™"), place("t, "), "’".to_owned()),
                (place("Â£"), place("5\n"), "£".to_owned()),
            ]
        );
    }

    #[test]
    fn what_was_damaged_comes_back() {
        for text in [
            "café, naïve, Ærø, Łódź, “quoted” – dash… it’s",
            "Привет, как дела? Это проверка.",
            "Καλημέρα κόσμε",
            "これは日本語です。",
            "这是中文。",
            "한국어 문장입니다.",
            "مرحبا بالعالم",
            "नमस्ते दुनिया",
            "emoji 😀 and 👍🏽",
            "Příliš žluťoučký kůň úpěl ďábelské ódy",
        ] {
            for latin1 in [false, true] {
                let once = damaged(text, latin1);
                assert_eq!(repaired(&once), text, "{once}");
                let twice = damaged(&once, latin1);
                assert_eq!(repaired(&twice), text, "{twice}");
            }
        }
    }

    #[test]
    fn what_somebody_may_have_written_stays() {
        for text in [
            "il dit « café\u{a0}» et part",
            "Der Buchstabe „Ä“ und die „Ö“",
            "«AMANHû e “AMANHÔ",
            "KŘÍŽ a Číšník, la letra “Ñ”",
            "São Paulo, âge, Ñandú, ORРand ÂGE",
            "10 m², 5 °C, 3½, © 2020 É. Ž.",
            "l’été… à l’Île – “Ça”",
            "Ä–Ö–Ü, Ä…Ö, A™ É® Ü²",
            // Korean and Chinese read as Latin-1, and a control character
            "Ú¸ ¶Ç´Â, Æ± ¤G, Â\u{91}x",
        ] {
            assert_eq!(repaired(text), text);
        }
    }

    #[test]
    fn a_line_with_a_clean_letter_gives_only_what_is_certain() {
        // the nbsp and the guillemet after é would be a Chinese character
        assert_eq!(repaired("cafÃ© et « café\u{a0}» été"), "café et « café\u{a0}» été");
        // the quotation mark of a German letter alone is not certain, in a damaged line it is
        assert_eq!(repaired("der â€žÄ“ mÃ¼de"), "der „ē müde");
    }

    fn words() -> impl Strategy<Value = String> {
        let word = prop_oneof![
            "[a-z]{1,6}[éèàùâêîôûçëïü][a-z]{0,4}",
            "[äöüß][a-z]{2,8}",
            "[ąćęłńóśźż]{2}[a-z]{1,5}",
            "[а-яё]{2,9}",
            "[α-ω]{2,9}",
            "[ぁ-ん一-龠]{2,9}",
            "[가-힣]{2,6}",
            "[א-ת]{2,8}",
            "[ء-ي]{2,8}",
            "[क-ह]{2,6}",
        ];
        proptest::collection::vec(word, 1..12).prop_map(|words| words.join(" "))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]
        #[test]
        fn damaged_words_of_any_script_come_back(text in words(), latin1: bool, rounds in 1_usize..3) {
            // a line needs one place that is certain
            let text = format!("naïve {text}");
            let mut seen = text.clone();
            for _ in 0..rounds {
                seen = damaged(&seen, latin1);
            }
            prop_assert_eq!(repaired(&seen), text);
        }

        #[test]
        fn clean_words_stay(text in words()) {
            prop_assert_eq!(repaired(&text), text);
        }

        #[test]
        fn any_text_is_taken(text in "(?s).{0,60}") {
            repaired(&text);
        }
    }
}
