//! The n-gram walks against the definitions written down with lists of words.

use super::*;
use crate::spacy::SpacyEnglish;
use crate::words::Tamis;
use proptest::prelude::*;
use std::collections::{HashMap, HashSet};

fn scan(text: &str) -> (Vec<Word>, Grams) {
    let mut words = Vec::new();
    Tamis::default().scan(text, &mut words);
    let mut grams = Grams::default();
    grams.fill(&words);
    (words, grams)
}

fn plain_top(texts: &[String], n: usize) -> Option<TopGram> {
    let mut counts: HashMap<&[String], TopGram> = HashMap::new();
    for (first, gram) in texts.windows(n).enumerate() {
        counts.entry(gram).or_insert(TopGram { first, count: 0 }).count += 1;
    }
    counts.into_values().min_by_key(|top| (u32::MAX - top.count, top.first))
}

fn plain_duplicates(texts: &[String], n: usize) -> Vec<usize> {
    let mut seen = HashSet::new();
    let mut covered = vec![false; texts.len()];
    for (position, gram) in texts.windows(n).enumerate() {
        if gram.iter().any(|word| word.chars().any(char::is_alphabetic)) && !seen.insert(gram) {
            covered[position..position + n].fill(true);
        }
    }
    (0..texts.len()).filter(|word| covered[*word]).collect()
}

fn plain_greedy(texts: &[String], n: usize) -> u64 {
    let mut seen = HashSet::new();
    let (mut chars, mut at) = (0, 0);
    while at + n <= texts.len() {
        let gram = texts[at..at + n].concat();
        if seen.contains(&gram) {
            chars += gram.chars().count() as u64;
            at += n;
        } else {
            seen.insert(gram);
            at += 1;
        }
    }
    chars
}

#[test]
fn the_inverse_undoes_the_base() {
    assert_eq!(BASE.wrapping_mul(INVERSE), 1);
    assert_eq!(power(BASE, 37).wrapping_mul(power(INVERSE, 37)), 1);
    assert_eq!(power(BASE, 9), POWERS[9]);
}

#[test]
fn the_first_of_equals_is_the_top() {
    let (_, mut grams) = scan("b a x a b x b a y a b");
    assert_eq!(grams.top(2, &mut Table::default()), Some(TopGram { first: 0, count: 2 }));
}

#[test]
fn too_few_words_have_no_top() {
    let (_, mut grams) = scan("one");
    assert_eq!(grams.top(2, &mut Table::default()), None);
    assert_eq!(scan("").1.top(2, &mut Table::default()), None);
}

#[test]
fn overlapping_occurrences_are_one_range() {
    let (_, mut grams) = scan("ha ha ha ha no ha ha");
    let mut ranges = Vec::new();
    grams.occurrences(0, 2, &mut Table::default(), |start, end| ranges.push((start, end)));
    assert_eq!(ranges, [(0, 4), (5, 7)]);
}

#[test]
fn numbers_alone_do_not_repeat() {
    let (_, mut grams) = scan("0 0 0 0 0 0 0 0");
    let mut ranges = Vec::new();
    grams.duplicates(5, &mut Table::default(), |start, end| ranges.push((start, end)));
    assert!(ranges.is_empty());
    assert_eq!(grams.top_with_letters(2, &mut Table::default()), None);
}

proptest! {
    #[test]
    fn walks_agree_with_the_definitions(text in "([abAB1]{1,2}[ .é]){0,60}", n in 1..6_usize) {
        let mut table = Table::default();
        let (words, mut grams) = scan(&text);
        let texts: Vec<String> =
            words.iter().map(|word| text[word.start..word.end].to_lowercase()).collect();
        prop_assert_eq!(grams.top(n, &mut table), plain_top(&texts, n));
        let mut covered = Vec::new();
        grams.duplicates(n, &mut table, |start, end| covered.extend(start..end));
        prop_assert_eq!(covered, plain_duplicates(&texts, n));
    }

    #[test]
    fn the_greedy_walk_agrees_too(text in "([ab1.]{1,3}[ é-]){0,60}", n in 1..6_usize) {
        let mut words = Vec::new();
        SpacyEnglish::default().scan(&text, &mut words);
        let mut grams = Grams::default();
        grams.fill_joined(&text, &mut words);
        let texts: Vec<String> =
            words.iter().map(|word| text[word.start..word.end].to_owned()).collect();
        let mut table = Table::default();
        prop_assert_eq!(grams.greedy_duplicates(n, &mut table, |_, _| ()), plain_greedy(&texts, n));
        prop_assert_eq!(
            grams.greedy_duplicates(n + 2, &mut table, |_, _| ()),
            plain_greedy(&texts, n + 2)
        );
        prop_assert_eq!(grams.top(n, &mut table), plain_top(&texts, n));
    }

    #[test]
    fn polynomials_of_parts_make_the_whole(left in "\\PC{0,40}", right in "\\PC{0,40}") {
        let whole = polynomial(format!("{left}{right}").as_bytes());
        let shifted = polynomial(right.as_bytes()).wrapping_mul(power(BASE, left.len()));
        prop_assert_eq!(whole, polynomial(left.as_bytes()).wrapping_add(shifted));
    }
}

/// Counts of all n-grams, by their words.
fn plain_counts(texts: &[String], n: usize) -> HashMap<&[String], u32> {
    let mut counts = HashMap::new();
    for gram in texts.windows(n) {
        *counts.entry(gram).or_insert(0) += 1;
    }
    counts
}

#[test]
fn every_occurrence_is_a_copy() {
    let (_, mut grams) = scan("aa b c aa b d aa b");
    let table = &mut Table::default();
    let mut ranges = Vec::new();
    assert_eq!(grams.copies(2, table, |start, end| ranges.push((start, end))), 9);
    assert_eq!(ranges, [(0, 2), (3, 5), (6, 8)]);
    // the pairs are aa b (3 times), b c, c aa, b d, d aa
    assert_eq!(grams.copied_mass(2, table), (9, 9 + 2 + 3 + 2 + 3));
    assert_eq!(scan("a b c").1.copied_mass(2, table), (0, 4));
}

#[test]
fn the_longest_of_equals_is_taken() {
    let table = &mut Table::default();
    let (_, mut grams) = scan("a b x a b y cc dd z cc dd");
    assert_eq!(grams.longest_top(2, table), Some(TopGram { first: 6, count: 2 }));
    assert_eq!(scan("a b c").1.longest_top(2, table), None);
}

proptest! {
    #[test]
    fn copies_are_what_lists_of_words_give(text in "([ab]{1,2} ){0,40}", n in 1_usize..6) {
        let (words, mut grams) = scan(&text);
        let texts: Vec<String> =
            words.iter().map(|word| text[word.start..word.end].to_owned()).collect();
        let counts = plain_counts(&texts, n);
        let chars = |gram: &[String]| gram.iter().map(|word| word.len() as u64).sum::<u64>();
        let mut covered = vec![false; texts.len()];
        let (mut copied, mut all) = (0, 0);
        for (at, gram) in texts.windows(n).enumerate() {
            all += chars(gram);
            if counts[gram] > 1 {
                copied += chars(gram);
                covered[at..at + n].fill(true);
            }
        }
        let table = &mut Table::default();
        prop_assert_eq!(grams.copied_mass(n, table), (copied, all));
        let plain: u64 =
            (0..texts.len()).filter(|at| covered[*at]).map(|at| texts[at].len() as u64).sum();
        prop_assert_eq!(grams.copies(n, table, |_, _| ()), plain);
        let top = counts.values().copied().max().filter(|count| *count > 1);
        let longest = top.and_then(|top| {
            counts.iter().filter(|(_, count)| **count == top).map(|(gram, _)| chars(gram)).max()
        });
        let found = grams.longest_top(n, table).map(|top| grams.chars(top.first, top.first + n));
        prop_assert_eq!(found, longest);
    }
}
