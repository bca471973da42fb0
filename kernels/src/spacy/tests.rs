//! Sentences cut by hand as spaCy's English tokenizer cuts them.

use super::*;
use proptest::prelude::*;

fn cut(text: &str) -> String {
    let mut words = Vec::new();
    SpacyEnglish::default().scan(text, &mut words);
    let words: Vec<&str> = words.iter().map(|word| &text[word.start..word.end]).collect();
    words.join(" ")
}

#[test]
fn contractions_are_cut() {
    assert_eq!(
        cut("Don't say I'll or we’ve; they cannot."),
        "Do n't say I 'll or we ’ve ; they can not ."
    );
    assert_eq!(cut("shouldn't've gonna"), "should n't 've gon na");
    assert_eq!(cut("the dogs' bowl is the dog's"), "the dogs ' bowl is the dog 's");
}

#[test]
fn abbreviations_stay_whole() {
    assert_eq!(
        cut("Mr. Smith, e.g., of the U.S. (i.e. there)."),
        "Mr. Smith , e.g. , of the U.S. ( i.e. there ) ."
    );
    assert_eq!(cut("At 10am or 11 a.m."), "At 10 am or 11 a.m.");
}

#[test]
fn marks_are_peeled_one_by_one() {
    assert_eq!(cut("\"quoted.\" **bold** ``` ..."), "\" quoted . \" * * bold * * ` ` ` ...");
    assert_eq!(cut("f(x) foo() [1][2] |---|"), "f(x ) foo ( ) [ 1][2 ] |---|");
    assert_eq!(cut("==== ---- --foo"), "= = = = ---- --foo");
}

#[test]
fn units_and_money_are_cut_from_numbers() {
    assert_eq!(cut("10km 5% $5 US$7 3/4 1-2 1+1"), "10 km 5 % $ 5 US$ 7 3/4 1 - 2 1 + 1");
}

#[test]
fn the_inside_is_cut_at_infixes() {
    assert_eq!(
        cut("co-operate a--b x=y end.Next a,b and/or/not"),
        "co - operate a -- b x = y end . Next a , b and/or / not"
    );
    assert_eq!(cut("wait...what x—y 1990–1995"), "wait ... what x — y 1990–1995");
}

#[test]
fn addresses_stay_whole() {
    assert_eq!(
        cut("see http://a.com/b?c=d, me@x.org. foo.bar foo.c:12"),
        "see http://a.com/b?c=d , me@x.org . foo.bar foo.c:12"
    );
    assert_eq!(cut("root-a@8.8.8.8 root-a@127.0.0.1"), "root-a@8.8.8.8 root - a@127.0.0.1");
}

#[test]
fn faces_are_put_together_again() {
    assert_eq!(cut("text:) (and/or) 10-8) a : ) b"), "text :) ( and/or ) 10 - 8) a : ) b");
}

#[test]
fn flags_tell_symbols_from_words() {
    let mut words = Vec::new();
    SpacyEnglish::default().scan("a1 5 , — © é", &mut words);
    let flags: Vec<u8> = words.iter().map(|word| word.flags).collect();
    assert_eq!(flags, [ALPHABETIC, 0, SYMBOL, SYMBOL, 0, ALPHABETIC]);
}

proptest! {
    #[test]
    fn words_tile_the_text_without_its_white_space(text in "([\\PC]{0,4}|[a-zA-Z'’.,:;()_ -]{0,12}|[\n\t\u{a0}…–°])*") {
        let mut words = Vec::new();
        SpacyEnglish::default().scan(&text, &mut words);
        let joined: String = words.iter().map(|word| &text[word.start..word.end]).collect();
        let bare: String = text.chars().filter(|c| !is_space(*c)).collect();
        prop_assert_eq!(joined, bare);
        prop_assert!(words.windows(2).all(|pair| pair[0].end <= pair[1].start));
        prop_assert!(words.iter().all(|word| word.start < word.end));
    }
}
