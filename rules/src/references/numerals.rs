//! Single digits and numerals of several scripts.

/// The digit that `c` is, in any of the scripts.
pub(super) fn digit(c: char) -> Option<char> {
    match c {
        '0'..='9' => Some(c),
        '０'..='９' => char::from_digit(c as u32 - '０' as u32, 10),
        '٠'..='٩' => char::from_digit(c as u32 - '٠' as u32, 10),
        _ => None,
    }
}

/// A full-width letter as its plain one.
pub(super) fn narrow(c: char) -> char {
    if c.is_ascii() { c } else { char::from_u32(c as u32 - 0xfee0).unwrap_or(c) }
}

/// The number in a circle.
pub(super) fn circled(c: char) -> Option<u32> {
    ('①'..='⑳').contains(&c).then(|| c as u32 - '①' as u32 + 1)
}

/// A Chinese number up to 99 and its bytes.
pub(super) fn ideographic(text: &str) -> Option<(u32, usize)> {
    let mut value = 0;
    let mut len = 0;
    for c in text.chars().take(4) {
        let digit = match "〇一二三四五六七八九十".chars().position(|known| known == c) {
            Some(digit) => u32::try_from(digit).ok()?,
            None => break,
        };
        value = match (digit, value) {
            (10, 0) => 10,
            (10, tens) => tens * 10,
            (digit, value) => value + digit,
        };
        len += c.len_utf8();
    }
    // 一覧, 一样, 三个: a word or a count
    let next = text.get(len..).and_then(|rest| rest.chars().next());
    let word = next.is_some_and(|c| WORDS_WITH_NUMBERS.contains(c));
    (len > 0 && value > 0 && !word).then_some((value, len))
}

/// What makes a number before it a word of its own or a count.
const WORDS_WITH_NUMBERS: &str =
    "覧览覽样樣致般些种種起定直旦切体體共律代生部次个個条條张張份项項位点點";

/// A Roman number in capitals; single letters only where they are hardly anything else.
pub(super) fn roman(word: &str) -> Option<u32> {
    if word.is_empty() || word.len() > 7 || (word.len() == 1 && !"IVX".contains(word)) {
        return None;
    }
    let value = |b: u8| match b {
        b'I' => Some(1),
        b'V' => Some(5),
        b'X' => Some(10),
        b'L' => Some(50),
        b'C' => Some(100),
        _ => None,
    };
    let values: Option<Vec<u32>> = word.bytes().map(value).collect();
    let values = values?;
    let mut total = 0_i64;
    for (index, &here) in values.iter().enumerate() {
        let next = values.get(index + 1).copied().unwrap_or(0);
        total += if here < next { -i64::from(here) } else { i64::from(here) };
    }
    let total = u32::try_from(total).ok()?;
    (to_roman(total) == word).then_some(total)
}

fn to_roman(mut number: u32) -> String {
    let steps = [(100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V")];
    let mut roman = String::new();
    for (value, letters) in steps.into_iter().chain([(4, "IV"), (1, "I")]) {
        while number >= value {
            roman.push_str(letters);
            number -= value;
        }
    }
    roman
}
