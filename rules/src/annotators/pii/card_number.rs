//! `card_number_count`: numbers of payment cards.

use super::{DigitRun, byte, count, evidence, word_at, word_before};
use crate::annotators::{Example, Measure, ValueType};

/// The annotator `card_number_count`.
pub(in crate::annotators) const CARD_NUMBER_COUNT: Measure = Measure {
    name: "card_number_count",
    value_type: ValueType::Int,
    unit: "card numbers",
    range: (0.0, f64::INFINITY),
    definition: "Numbers of payment cards: 14 to 16 digits with the first digits and the length of an \
        issuer (Visa, Mastercard, American Express, Discover, Diners Club, JCB, UnionPay) whose last \
        digit is right by Luhn's formula, written together or in the groups printed on the card, \
        with one space or hyphen between. Older and longer forms of 13 and 19 digits are left out: \
        goods and records are numbered like that.",
    source: "ISO/IEC 7812 (check digit), the issuers' published ranges",
    examples: &[
        Example::int("4111 1111 1111 1111, 5555555555554444 or 3782-822463-10005", 3),
        Example::int("4111 1111 1111 1112, 1234567812345670, 0.4111111111111111", 0),
    ],
    measure: |document| count(document, true, find),
    evidence: |document| evidence(document, true, find),
};

/// Issuers' first digits, as many as the bounds have, and the digits of a number.
const ISSUERS: &[(u32, u32, usize)] = &[
    (4, 4, 16),
    (51, 55, 16),
    (2221, 2720, 16),
    (34, 34, 15),
    (37, 37, 15),
    (6011, 6011, 16),
    (644, 649, 16),
    (65, 65, 16),
    (300, 305, 14),
    (36, 36, 14),
    (38, 39, 14),
    (3528, 3589, 16),
    (62, 62, 16),
];
/// The groups that are printed on cards.
const GROUPS: &[&[usize]] = &[&[4, 4, 4, 4], &[4, 6, 5], &[4, 6, 4]];

/// Digits that make up a number, unless they are part of a row of others.
struct Card {
    start: usize,
    end: usize,
    /// How many runs it has.
    groups: usize,
    /// Whether digits stand before it, with the gap of its groups between.
    before: bool,
    /// Whether digits follow so.
    after: bool,
    valid: bool,
}

/// Calls `found` with the bounds of each number.
pub(super) fn find(text: &str, runs: &[DigitRun], found: &mut dyn FnMut(usize, usize)) {
    let mut cards: Vec<Card> = Vec::new();
    let mut at = 0;
    while at < runs.len() {
        let card = card(text, &runs[at..]);
        at += card.as_ref().map_or(1, |card| card.groups);
        cards.extend(card);
    }
    // a row of a table goes on in other digits, a list in other numbers
    let mut last: Option<&Card> = None;
    for card in &mut cards {
        card.valid =
            !card.before || last.is_some_and(|last| last.valid && last.end + 1 == card.start);
        last = Some(card);
    }
    let mut next: Option<&Card> = None;
    for card in cards.iter_mut().rev() {
        let follows = next.is_some_and(|next| next.valid && card.end + 1 == next.start);
        card.valid = card.valid && (!card.after || follows);
        next = Some(card);
    }
    cards.iter().filter(|card| card.valid).for_each(|card| found(card.start, card.end));
}

/// The number that starts with the first of `runs`.
fn card(text: &str, runs: &[DigitRun]) -> Option<Card> {
    let first = runs.first()?;
    let groups = match first.len() {
        14..=16 => 1,
        4 => grouped(text, runs)?,
        _ => return None,
    };
    let runs = runs.get(..groups)?;
    let (start, end) = (first.start, runs.last()?.end);
    let digits: String = runs.iter().map(|run| run.digits(text)).collect();
    if !(is_issued(&digits) && is_right(&digits) && is_alone(text, start, end)) {
        return None;
    }
    let bytes = text.as_bytes();
    let gap = byte(bytes, first.end);
    let (before, after) = if groups == 1 {
        (false, false)
    } else {
        let before = start >= 2 && byte(bytes, start - 1) == gap;
        (
            before && byte(bytes, start - 2).is_ascii_digit(),
            byte(bytes, end) == gap && byte(bytes, end + 1).is_ascii_digit(),
        )
    };
    Some(Card { start, end, groups, before, after, valid: true })
}

fn grouped(text: &str, runs: &[DigitRun]) -> Option<usize> {
    let bytes = text.as_bytes();
    let gap = byte(bytes, runs.first()?.end);
    if !matches!(gap, b' ' | b'-') {
        return None;
    }
    let fits = |lengths: &&&[usize]| {
        let runs = runs.get(..lengths.len()).unwrap_or_default();
        let sizes = runs.iter().zip(**lengths).all(|(run, length)| run.len() == *length);
        let gaps = runs
            .windows(2)
            .all(|pair| pair[1].start == pair[0].end + 1 && byte(bytes, pair[0].end) == gap);
        runs.len() == lengths.len() && sizes && gaps
    };
    Some(GROUPS.iter().find(fits)?.len())
}

/// Whether the digits are no part of a longer number, a name or an address.
fn is_alone(text: &str, start: usize, end: usize) -> bool {
    let bytes = text.as_bytes();
    let before = start.checked_sub(1).map_or(b' ', |at| byte(bytes, at));
    let more = matches!(byte(bytes, end), b'-' | b'.' | b'/' | b',' | b'_' | b'%')
        && (byte(bytes, end + 1).is_ascii_alphanumeric());
    !b"-./_=&%+@#,$\\".contains(&before)
        && !more
        && !word_before(text, start)
        && !word_at(text, end)
}

fn is_issued(digits: &str) -> bool {
    let several = digits.bytes().any(|digit| Some(digit) != digits.bytes().next());
    several
        && ISSUERS.iter().any(|(from, to, length)| {
            let head = from.ilog10() as usize + 1;
            let start: Option<u32> = digits.get(..head).and_then(|head| head.parse().ok());
            *length == digits.len() && start.is_some_and(|start| (*from..=*to).contains(&start))
        })
}

/// Luhn: from the right every second digit is doubled, less 9 above 9; the sum ends in 0.
fn is_right(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .zip(0..)
        .map(|(digit, place)| {
            let digit = u32::from(digit - b'0');
            match (place % 2, digit) {
                (1, 5..) => digit * 2 - 9,
                (1, _) => digit * 2,
                _ => digit,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::super::tests::found;
    use super::*;

    #[test]
    fn a_list_is_no_row_of_a_table() {
        let (groups, whole) = ("4111 1111 1111 1111", "4111111111111111");
        for list in [
            vec![whole, groups],
            vec![groups, whole],
            vec![groups, groups, groups],
            vec![groups, whole, groups],
        ] {
            assert_eq!(found(find, &list.join(" ")), list);
        }
        assert!(found(find, &format!("17 {groups} {groups}")).is_empty());
        assert!(found(find, &format!("{groups} {groups} 17")).is_empty());
    }

    #[test]
    fn test_numbers_of_the_issuers() {
        for number in [
            "4111111111111111",
            "4012-8888-8888-1881",
            "5555 5555 5555 4444",
            "2223003122003222",
            "378282246310005",
            "3714 496353 98431",
            "6011111111111117",
            "3056 930902 5904",
            "38520000023237",
            "3530111333300000",
            "6200000000000005",
        ] {
            assert_eq!(found(find, &format!("card {number}.")), [number], "{number}");
        }
    }

    #[test]
    fn the_borders_of_a_range() {
        assert!(is_issued("2221000000000009") && is_issued("2720990000000007"));
        assert!(!is_issued("2220990000000001") && !is_issued("2721000000000004"));
        assert!(!is_issued("411111111111111") && !is_issued("41111111111111111"));
        assert!(!is_issued("4444444444444444"));
        // 7992739871 needs a 3: 3+2+7+8+9+6+7+4+9+9+5 = 70 with the check digit
        assert!(is_right("79927398713") && !is_right("79927398710"));
    }

    #[test]
    fn parts_of_other_numbers_are_none() {
        for text in [
            "id=4111111111111111",
            "/4111111111111111",
            "x4111111111111111",
            "4111111111111111x",
            "4111111111111111.5",
            "1111 4111 1111 1111 1111",
            "4111 1111 1111 1111 2222",
            "4111 1111-1111 1111",
            "41111 111 1111 1111",
            "4111-1111-1111-1111-1",
        ] {
            assert!(found(find, text).is_empty(), "{text}");
        }
    }
}
