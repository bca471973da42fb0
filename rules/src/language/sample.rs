//! The part of a text that its language is read from.

/// Bytes of the text that are looked at, at most.
pub const SAMPLE_BYTES: usize = 4096;
/// Windows of one size at fixed relative places, the first at the start, the last at the end.
const WINDOWS: usize = 16;
/// Bytes of a window, one of which is the space behind it.
const WINDOW: usize = SAMPLE_BYTES / WINDOWS - 1;
/// How far a window may shrink at each end so that no word is cut.
const WORD: usize = 32;

/// The whole text where it is short, else its windows, with `buffer` as their place. Windows are
/// cut between characters, and at white space where some is near.
pub fn sample<'a>(text: &'a str, buffer: &'a mut String) -> &'a str {
    if text.len() <= SAMPLE_BYTES {
        return text;
    }
    buffer.clear();
    for number in 0..WINDOWS {
        let from = (text.len() - WINDOW) / (WINDOWS - 1) * number;
        let from = if number + 1 == WINDOWS { text.len() - WINDOW } else { from };
        buffer.push_str(window(text, from, from + WINDOW));
        buffer.push(' ');
    }
    buffer
}

fn window(text: &str, from: usize, to: usize) -> &str {
    let mut start = text.ceil_char_boundary(from);
    let mut end = text.floor_char_boundary(to);
    let space = |c: char| c.is_whitespace();
    if from > 0 {
        let near = text.floor_char_boundary(start + WORD);
        let found = text.get(start..near).and_then(|head| head.find(space));
        start += found.unwrap_or_default();
    }
    if to < text.len() {
        let near = text.ceil_char_boundary(end - WORD);
        let found = text.get(near..end).and_then(|tail| tail.rfind(space));
        end = found.map_or(end, |found| near + found);
    }
    text.get(start..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn short_texts_are_taken_whole() {
        let mut buffer = String::new();
        let whole = "é".repeat(SAMPLE_BYTES / 2);
        assert_eq!(sample(&whole, &mut buffer), whole);
        let longer = whole + "a";
        assert!(sample(&longer, &mut buffer).len() <= SAMPLE_BYTES);
    }

    #[test]
    fn windows_stand_at_fixed_places_and_cut_no_word() {
        let words: Vec<String> = (0..5000).map(|n| format!("word{n}")).collect();
        let text = words.join(" ");
        let mut buffer = String::new();
        let seen = sample(&text, &mut buffer);
        assert!(seen.len() <= SAMPLE_BYTES && seen.len() > 3500, "{}", seen.len());
        assert!(seen.starts_with("word0 ") && seen.trim_end().ends_with("word4999"));
        // half of the windows lie in the second half
        let number = |word: &str| word.trim_start_matches("word").parse::<usize>().unwrap();
        let numbers: Vec<usize> = seen.split_whitespace().map(number).collect();
        let first_half = numbers.iter().filter(|number| **number < 2500).count();
        assert!(first_half.abs_diff(numbers.len() / 2) < 40, "{first_half} of {}", numbers.len());
        for word in seen.split_whitespace() {
            assert!(words.iter().any(|known| known == word), "{word}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_cut_within_a_character(text in "(?s).{0,40}", times in 1_usize..600) {
            let text = text.repeat(times);
            let mut buffer = String::new();
            let seen = sample(&text, &mut buffer);
            prop_assert!(seen.len() <= SAMPLE_BYTES);
            prop_assert!(!seen.trim().is_empty() || text.trim().is_empty() || text.len() > SAMPLE_BYTES);
        }
    }
}
