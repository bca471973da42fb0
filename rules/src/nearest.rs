//! What a misspelt name was meant to be.

/// ` (did you mean 'x'?)` where one of `known` is close to `name`, else nothing.
pub fn suggest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let best = known.into_iter().map(|one| (distance(name, one), one)).min();
    match best {
        Some((distance, best)) if distance <= name.chars().count().div_ceil(3) => {
            format!(" (did you mean '{best}'?)")
        }
        _ => String::new(),
    }
}

/// Levenshtein's distance, and two neighbours that changed places are one change.
fn distance(one: &str, other: &str) -> usize {
    let one: Vec<char> = one.chars().collect();
    let other: Vec<char> = other.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let mut best = (row[j] + usize::from(a != b)).min(row[j + 1] + 1).min(next[j] + 1);
            if i > 0 && j > 0 && *a == other[j - 1] && one[i - 1] == *b {
                best = best.min(before[j - 1] + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_by_hand() {
        for (one, other, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
            ("ruels", "rules", 1),
            ("email", "emial", 1),
            ("abcd", "badc", 2),
            ("é", "e", 1),
        ] {
            assert_eq!(distance(one, other), expected, "{one} {other}");
        }
    }

    #[test]
    fn only_a_close_name_is_offered() {
        assert_eq!(suggest("ruels", ["rules", "tests"]), " (did you mean 'rules'?)");
        assert_eq!(suggest("banana", ["rules", "tests"]), "");
        assert_eq!(suggest("x", []), "");
    }
}
