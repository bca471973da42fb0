//! Which of a few languages do the small words of a text settle?

use std::sync::LazyLock;

use ahash::AHashMap;

use super::has_no_spaces;

/// A language, the share in percent of a text's words that must be of the list to settle it, and the list: its
/// most frequent words, no single letters of ASCII, which code is full of. Those with no such share
/// are near relatives: where their words are about as frequent, nothing is settled. Much of English
/// text is names and code, and its small words are few other languages'.
const WORDS: &[(&str, u64, &str)] = &[
    (
        "en",
        7,
        "the of and to in is that for it was with as be by on not are from this have or an at which you but his they were can will has if their been one would when there who more what about into than other these its",
    ),
    (
        "de",
        12,
        "der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an werden aus er hat dass sie nach wird bei einer um am sind noch wie einem über einen so zum war haben nur oder aber vor zur bis mehr durch man kann diese dieser wenn können",
    ),
    (
        "fr",
        12,
        "de la le et les des en un du une que est pour qui dans par plus pas au sur ne se il ce sont avec ou être cette mais comme son aux nous vous ont leur sa été ces ils elle fait si deux peut même sans entre tous",
    ),
    (
        "es",
        12,
        "de la que el en los se del las un por con no una para su al es lo como más pero sus le ha me si sin sobre este ya entre cuando todo esta ser son dos también fue había era muy años hasta desde está puede donde",
    ),
    (
        "pt",
        12,
        "de que do da em um para com não uma os no se na por mais as dos como mas ao ele das à seu sua ou quando muito já também só pelo pela até isso ela entre depois sem mesmo aos seus quem nas me esse você foi são está ser",
    ),
    (
        "it",
        12,
        "di che la il un per in una è sono non del si da le con della dei nel come più alla gli anche se al ma delle lo ha dal questo questa nella ai essere dalla ad su ed alle cui suo sua ci tra può degli loro",
    ),
    (
        "nl",
        12,
        "de van het een en in is dat op te zijn voor met die niet aan er om ook als dan maar bij of uit nog naar heeft worden door over ze hij wordt deze ik kan wel geen meer tot zich je hun werd was hebben onder dit moet",
    ),
    (
        "ru",
        12,
        "и в не на что с по это как к из у за от для но а то же вы или его все они если бы только так может мы при был до является также было быть можно этого которые более их когда этот после чтобы",
    ),
    (
        "pl",
        12,
        "na do się nie to jest że jak po przez od za są dla oraz tym ale czy tak przy co był lub już być może które jego tylko ze który przed aby jeśli nad jej wszystkie także było można ich",
    ),
    (
        "ca",
        u64::MAX,
        "de la el que en les els un per del una amb és no al es ha dels són com més seva seu aquest aquesta va pel però també ser què hi si dos entre molt sense",
    ),
    (
        "ro",
        u64::MAX,
        "și de în la cu pe nu un că din pentru este care mai sau prin se al sunt ca fost fi după dar lui le ei",
    ),
    (
        "af",
        u64::MAX,
        "die van en in is het wat vir op te met hy nie om aan by dat as ook sy word was hulle deur kan uit ons moet oor ek geen",
    ),
    (
        "da",
        u64::MAX,
        "og at det er en til af den på for med de der ikke som et har fra var han om vi kan sig eller men også efter blev skal",
    ),
    (
        "nb",
        u64::MAX,
        "og det er på til som en å for av at de med den ikke har om et fra var ble seg kan eller men også etter skal hun han",
    ),
    (
        "sv",
        u64::MAX,
        "och att det som en på är av för med den till inte de om ett har var jag från kan eller men så också efter vid ska",
    ),
    (
        "uk",
        u64::MAX,
        "і в не на що з у та до за як це від по для але а й або його про які все він їх було при бути може так якщо має",
    ),
    (
        "bg",
        u64::MAX,
        "на и да в за се от е с не са по че като до при или които това ще може има към след но беше тази този",
    ),
    (
        "be",
        u64::MAX,
        "і ў на не што з у да як гэта па за для але а ад або яго пра якія ён быў каб калі так",
    ),
    (
        "mk",
        u64::MAX,
        "на и во да се од е со за не го што по ќе како ја до или но ги тоа која кои има",
    ),
    (
        "sr",
        u64::MAX,
        "и у је да на се за од са не су као који што ће то из о а није или je da na se za od sa ne su kao koji što će to iz nije ili",
    ),
    (
        "cs",
        u64::MAX,
        "se na je že do to pro jako by ve po si ale jsou za od které který podle byl jeho nebo jen jsem však aby být",
    ),
    (
        "sk",
        u64::MAX,
        "sa na je že do to aj pre ako by vo po si ale sú za od ktoré ktorý podľa bol jeho alebo len však aby byť",
    ),
    (
        "eo",
        u64::MAX,
        "la de kaj en al estas por ne ke kun li mi kiu pri ĝi sed oni el aŭ kiel estis ĉi tiu ili",
    ),
];

/// Words that a text must have before anything is settled.
const LEAST_WORDS: u32 = 25;
/// The second language must have at most this share of the first one's.
const SECOND_AT_MOST: f64 = 0.6;
/// Longest word looked at, in bytes: those of a key.
const LONGEST: u32 = 16;

/// Words by their bytes, each with one bit for each language that has it.
static TABLE: LazyLock<AHashMap<u128, u32>> = LazyLock::new(|| {
    let mut masks = AHashMap::new();
    for (number, (_, _, words)) in WORDS.iter().enumerate() {
        each_word(words, |word| *masks.entry(word).or_insert(0) |= 1_u32 << number);
    }
    masks
});

/// The language that the small words of a text settle, if they do, and its letters.
pub(super) fn settled(text: &str) -> (Option<&'static str>, Letters) {
    let table = &*TABLE;
    let mut counts = [0_u32; 32];
    let mut words = 0_u32;
    let letters = each_word(text, |word| {
        words += 1;
        let mut mask = table.get(&word).copied().unwrap_or_default();
        while mask != 0 {
            counts[mask.trailing_zeros() as usize] += 1;
            mask &= mask - 1;
        }
    });
    (clearest(&counts, words, &letters), letters)
}

/// The language with the most of `words`, where it is clear.
fn clearest(counts: &[u32; 32], words: u32, letters: &Letters) -> Option<&'static str> {
    if words < LEAST_WORDS {
        return None;
    }
    let (first, most) = counts.iter().enumerate().max_by_key(|(_, count)| **count)?;
    let others = counts.iter().enumerate().filter(|(at, _)| *at != first);
    let second = others.map(|(_, count)| *count).max().unwrap_or_default();
    let (language, share, _) = WORDS.get(first)?;
    let clear = letters.are_of(language)
        && u64::from(*most) * 100 >= share.saturating_mul(u64::from(words))
        && f64::from(second) <= SECOND_AT_MOST * f64::from(*most);
    clear.then_some(*language)
}

/// Letters of a text by script.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Letters {
    latin: u32,
    cyrillic: u32,
    others: u32,
    /// Those of the others whose script has no spaces.
    spaceless: u32,
}

impl Letters {
    /// Whether most of the text is of scripts without spaces, whose letters say about as much as
    /// three others.
    pub(super) fn mostly_spaceless(&self) -> bool {
        self.spaceless * 3 > self.latin + self.cyrillic + self.others - self.spaceless
    }

    /// Whether next to all letters are of the script, or of Latin.
    fn are_of(&self, language: &str) -> bool {
        if language == "ru" {
            self.others <= self.cyrillic / 10
        } else {
            self.others + self.cyrillic <= self.latin / 10
        }
    }
}

/// Calls `found` with each run of letters in lower case: its bytes as a number, 0 where it has
/// more than that holds.
fn each_word(text: &str, mut found: impl FnMut(u128)) -> Letters {
    let (mut word, mut length) = (0_u128, 0_u32);
    let mut letters = Letters::default();
    let mut end = |word: &mut u128, length: &mut u32| {
        if *length > 0 {
            found(if *length <= LONGEST { *word } else { 0 });
            (*word, *length) = (0, 0);
        }
    };
    let push = |byte: u8, word: &mut u128, length: &mut u32| {
        *word |= u128::from(byte).unbounded_shl(8 * *length);
        *length += 1;
    };
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte.is_ascii() {
            at += 1;
            if byte.is_ascii_alphabetic() {
                letters.latin += 1;
                push(byte.to_ascii_lowercase(), &mut word, &mut length);
            } else {
                end(&mut word, &mut length);
            }
            continue;
        }
        let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) else { break };
        at += c.len_utf8();
        if c.is_alphabetic() {
            match c {
                ..'\u{370}' => letters.latin += 1,
                '\u{400}'..'\u{530}' => letters.cyrillic += 1,
                _ => {
                    letters.others += 1;
                    letters.spaceless += u32::from(has_no_spaces(c));
                }
            }
            let lower = c.to_lowercase().next().unwrap_or(c);
            for byte in lower.encode_utf8(&mut [0; 4]).bytes() {
                push(byte, &mut word, &mut length);
            }
        } else {
            end(&mut word, &mut length);
        }
    }
    end(&mut word, &mut length);
    letters
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<&'static str> {
        settled(text).0
    }

    fn words(text: &str) -> Vec<String> {
        let mut words = Vec::new();
        each_word(text, |word| {
            let bytes = word.to_le_bytes();
            let bytes = bytes.split(|byte| *byte == 0).next().unwrap();
            words.push(String::from_utf8(bytes.to_vec()).unwrap());
        });
        words
    }

    #[test]
    fn words_are_runs_of_letters_in_lower_case() {
        let found = words("The ÉTÉ, l'eau_2b 日本 x");
        assert_eq!(found, ["the", "été", "l", "eau", "b", "日本", "x"]);
        // sixteen bytes are kept, one more is a word that is none of the list
        let long = [&"ä".repeat(8), &"a".repeat(17), "é"].join(" ");
        assert_eq!(words(&long), ["ääääääää", "", "é"]);
    }

    #[test]
    fn every_word_of_the_lists_fits_and_stands_in_them_once() {
        for (language, _, list) in WORDS {
            for word in list.split(' ') {
                assert_eq!(words(word), [word], "{language}");
            }
        }
        assert!(WORDS.len() <= 32);
    }

    #[test]
    fn seven_hundredths_of_twenty_five_words_settles() {
        let text = |small: usize, other: usize| "the ".repeat(small) + &"kvorp ".repeat(other);
        assert_eq!(of(&text(7, 93)), Some("en"));
        assert_eq!(of(&text(6, 94)), None, "less than 0.07");
        assert_eq!(of(&text(25, 0)), Some("en"));
        assert_eq!(of(&text(24, 0)), None, "24 words");
    }

    #[test]
    fn a_near_relative_leaves_it_open() {
        // of 40 words of Spanish 24 are of Portuguese too, just 0.6 of them
        let text = |own: usize, shared: usize| "muy ".repeat(own) + &"que ".repeat(shared);
        assert_eq!(of(&text(16, 24)), Some("es"));
        assert_eq!(of(&text(15, 25)), None);
        // words of other scripts are long runs, so that few words do not mean little text
        let text = |chinese: usize| "the ".repeat(100) + &"中".repeat(chinese);
        assert_eq!([of(&text(30)), of(&text(31))], [Some("en"), None]);
        // Catalan itself is left to the trigrams
        assert_eq!(of(&"amb els ".repeat(40)), None);
    }
}
