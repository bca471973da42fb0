//! Lists of words and phrases, found among the words of a text by their hashes.

use ahash::AHashMap;
use aho_corasick::{AhoCorasick, MatchKind};
use tamis_kernels::{Tamis, Word};

use crate::document::Document;
use crate::language::has_no_spaces;

/// A list ready to be searched for.
#[derive(Debug)]
pub(super) struct WordList {
    /// The entries by the hash of their first word: the hashes of the others, the longest first.
    starts: AHashMap<u64, Vec<Box<[u64]>>>,
    /// Entries of scripts without spaces, which are parts of words by our definition.
    anywhere: Option<AhoCorasick>,
}

impl WordList {
    /// Makes entries ready, each with its line; a line without a word is an error with its number,
    /// a blank one is passed over. The error of a list without entries has line 0.
    pub(super) fn read<'l>(
        lines: impl Iterator<Item = (u64, &'l str)>,
    ) -> Result<Self, (u64, String)> {
        let mut scan = Tamis::default();
        let mut words: Vec<Word> = Vec::new();
        let mut starts: AHashMap<u64, Vec<Box<[u64]>>> = AHashMap::new();
        let mut anywhere: Vec<&str> = Vec::new();
        for (number, line) in lines {
            let entry = line.trim();
            if entry.is_empty() {
                continue;
            }
            if entry.contains(has_no_spaces) {
                anywhere.push(entry);
                continue;
            }
            scan.scan(entry, &mut words);
            let Some((first, rest)) = words.split_first() else {
                return Err((number, format!("'{entry}' holds no word: letters, digits or _")));
            };
            let rest: Box<[u64]> = rest.iter().map(|word| word.hash).collect();
            starts.entry(first.hash).or_default().push(rest);
        }
        if starts.is_empty() && anywhere.is_empty() {
            return Err((0, "the list of words has no entries".to_owned()));
        }
        // by length, then by content, so that equal lists are equal
        #[expect(clippy::iter_over_hash_type, reason = "each entry is sorted by itself")]
        for tails in starts.values_mut() {
            tails.sort_unstable_by(|one, other| (other.len(), other).cmp(&(one.len(), one)));
            tails.dedup();
        }
        let searched = (!anywhere.is_empty()).then(|| {
            AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&anywhere)
        });
        let anywhere = searched.transpose().map_err(|error| (0, error.to_string()))?;
        Ok(Self { starts, anywhere })
    }

    /// Calls `found` with the bounds of each match: those of words, then those of scripts without
    /// spaces.
    pub(super) fn each(&self, document: &mut Document<'_>, mut found: impl FnMut(usize, usize)) {
        let text = document.text();
        if !self.starts.is_empty() {
            let words = document.words();
            let mut at = 0;
            while let Some(first) = words.get(at) {
                let following = words.get(at + 1..).unwrap_or_default();
                #[expect(clippy::borrowed_box, reason = "an item of a filtered iterator")]
                let is_here = |tail: &&Box<[u64]>| {
                    let there = following.get(..tail.len());
                    there.is_some_and(|there| {
                        there.iter().map(|word| word.hash).eq(tail.iter().copied())
                    })
                };
                let tails = self.starts.get(&first.hash);
                let longest = tails.and_then(|tails| tails.iter().find(is_here));
                if let Some(tail) = longest {
                    at += tail.len();
                    found(first.start, words.get(at).map_or(first.end, |last| last.end));
                }
                at += 1;
            }
        }
        if let Some(anywhere) = self.anywhere.as_ref().filter(|_| !text.is_ascii()) {
            for one in anywhere.find_iter(text) {
                found(one.start(), one.end());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Scratch;

    fn list(entries: &[&str]) -> Result<WordList, (u64, String)> {
        WordList::read((1..).zip(entries.iter().copied()))
    }

    fn found(entries: &[&str], text: &str) -> Vec<String> {
        let mut scratch = Scratch::default();
        let mut found = Vec::new();
        list(entries).unwrap().each(&mut Document::new(text, &mut scratch), |start, end| {
            found.push(text[start..end].to_owned());
        });
        found
    }

    #[test]
    fn words_match_whole_in_any_case() {
        let text = "Cat, CAT's concat cat_ \u{e9}TE \u{c9}t\u{e9} cat";
        assert_eq!(found(&["cat"], text), ["Cat", "CAT", "cat"]);
        assert_eq!(found(&["\u{c9}T\u{c9}"], text), ["\u{c9}t\u{e9}"]);
    }

    #[test]
    fn the_longest_phrase_counts_and_matches_do_not_overlap() {
        let entries = ["free", "free money", "free money now", "money now"];
        assert_eq!(
            found(&entries, "Free money, free Money NOW money now free"),
            ["Free money", "free Money NOW", "money now", "free"]
        );
        // a phrase that goes on otherwise leaves its words to others
        assert_eq!(found(&["a b c", "b d"], "a b d"), ["b d"]);
    }

    #[test]
    fn scripts_without_spaces_match_anywhere() {
        let text = "\u{6211}\u{5011}\u{8ced}\u{535a}\u{7db2}\u{7ad9} and casino";
        let entries = ["\u{8ced}\u{535a}", "\u{8ced}\u{535a}\u{7db2}", "casino"];
        assert_eq!(found(&entries, text), ["casino", "\u{8ced}\u{535a}\u{7db2}"]);
    }

    #[test]
    fn lists_without_words_are_errors() {
        assert_eq!(list(&["fine", "", "?!"]).unwrap_err().0, 3);
        assert_eq!(list(&["", " "]).unwrap_err(), (0, "the list of words has no entries".into()));
    }

    #[test]
    fn a_hundred_thousand_entries_are_one_look_up_a_word() {
        let entries: Vec<String> = (0..100_000).map(|n| format!("entry{n} of list")).collect();
        let entries: Vec<&str> = entries.iter().map(String::as_str).collect();
        let text = "entry99999 of list, entry5 of lists, entry7 of list";
        assert_eq!(found(&entries, text), ["entry99999 of list", "entry7 of list"]);
    }
}
