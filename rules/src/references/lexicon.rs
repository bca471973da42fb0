//! All languages in one automaton: which places of a text are worth a look.

use std::collections::BTreeMap;

use aho_corasick::automaton::Automaton;
use aho_corasick::dfa::DFA;
use aho_corasick::{Anchored, Input, MatchKind, StartKind};

use super::kinds::{Direction, Kind};
use super::language::{LanguageError, ReferenceLanguage};
use super::starts::{LexiconForm, Starts};
use super::words::{Firsts, Words, by_length};

/// What a form is in one language.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sense {
    pub(super) language: u8,
    pub(super) role: Role,
    /// More letters may follow.
    pub(super) stem: bool,
    /// A dot may follow.
    pub(super) dotted: bool,
}

/// What a form does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Role {
    /// A number follows.
    One(Kind),
    /// Numbers follow.
    Many(Kind),
    /// A number stands before.
    AfterNumber(Kind),
    /// A place stands before or after.
    Deictic(Kind),
    /// A whole phrase that points at a place.
    Phrase(Kind, Direction),
    /// Announces what follows a colon.
    Promise,
    /// Speaks of an attached file.
    Attachment,
    /// A mark that belongs to no language.
    Mark(Mark),
}

/// Marks that belong to no language.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Mark {
    /// `[` and a digit.
    Bracket,
    /// `[^`.
    Footnote,
    /// `](#`.
    Fragment,
    /// `][`.
    Label,
    /// `]_`.
    RstLabel,
    /// A colon at the end of a line.
    Colon,
    /// `§`.
    SectionSign,
    /// `et al`, `, 19`, `(20`: an author and a year.
    Year,
    /// Something that is a finding by itself.
    Residue(ResidueMark),
    /// `<!-- image -->` and its like.
    Placeholder(Kind),
}

/// What a tool leaves where it could not resolve a reference.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ResidueMark {
    /// A phrase that is residue wherever it stands.
    Phrase,
    /// `??`, which needs a noun before it.
    Question,
    /// `\ref{`, with a label in braces.
    Command,
    /// `¿label?`.
    Inverted,
    /// `:ref:` and a label in backticks, outside reST.
    RstRole,
    /// `(see )`.
    Empty,
}

/// Marks and their forms; all forms are lower case.
const MARKS: &[(&str, Mark)] = &[
    ("[1", Mark::Bracket),
    ("[2", Mark::Bracket),
    ("[3", Mark::Bracket),
    ("[4", Mark::Bracket),
    ("[5", Mark::Bracket),
    ("[6", Mark::Bracket),
    ("[7", Mark::Bracket),
    ("[8", Mark::Bracket),
    ("[9", Mark::Bracket),
    ("[0", Mark::Bracket),
    ("[^", Mark::Footnote),
    ("](#", Mark::Fragment),
    ("][", Mark::Label),
    ("]_", Mark::RstLabel),
    (":\n", Mark::Colon),
    (":\r\n", Mark::Colon),
    (": \n", Mark::Colon),
    (":**\n", Mark::Colon),
    (":</p>", Mark::Colon),
    ("：\n", Mark::Colon),
    ("：</p>", Mark::Colon),
    ("[code]", Mark::Placeholder(Kind::Listing)),
    ("<!-- code -->", Mark::Placeholder(Kind::Listing)),
    ("§", Mark::SectionSign),
    (", 19", Mark::Year),
    (", 20", Mark::Year),
    (" (19", Mark::Year),
    (" (20", Mark::Year),
    ("error! reference source not found", Mark::Residue(ResidueMark::Phrase)),
    ("error! bookmark not defined", Mark::Residue(ResidueMark::Phrase)),
    ("error: reference source not found", Mark::Residue(ResidueMark::Phrase)),
    ("fehler! verweisquelle konnte nicht gefunden werden", Mark::Residue(ResidueMark::Phrase)),
    ("erreur ! source du renvoi introuvable", Mark::Residue(ResidueMark::Phrase)),
    ("no se encuentra el origen de la referencia", Mark::Residue(ResidueMark::Phrase)),
    ("fonte de referência não encontrada", Mark::Residue(ResidueMark::Phrase)),
    ("origine riferimento non è stata trovata", Mark::Residue(ResidueMark::Phrase)),
    ("错误!未找到引用源", Mark::Residue(ResidueMark::Phrase)),
    ("错误！未找到引用源", Mark::Residue(ResidueMark::Phrase)),
    ("??", Mark::Residue(ResidueMark::Question)),
    ("[?]", Mark::Residue(ResidueMark::Question)),
    ("\\ref{", Mark::Residue(ResidueMark::Command)),
    ("\\eqref{", Mark::Residue(ResidueMark::Command)),
    ("\\cref{", Mark::Residue(ResidueMark::Command)),
    ("\\autoref{", Mark::Residue(ResidueMark::Command)),
    ("¿", Mark::Residue(ResidueMark::Inverted)),
    (":numref:`", Mark::Residue(ResidueMark::RstRole)),
    ("(see )", Mark::Residue(ResidueMark::Empty)),
    ("(see ,", Mark::Residue(ResidueMark::Empty)),
    ("(cf. )", Mark::Residue(ResidueMark::Empty)),
    ("(siehe )", Mark::Residue(ResidueMark::Empty)),
    ("(voir )", Mark::Residue(ResidueMark::Empty)),
    ("<!-- image -->", Mark::Placeholder(Kind::Figure)),
    ("<!-- formula-not-decoded -->", Mark::Placeholder(Kind::Equation)),
    ("<!-- table -->", Mark::Placeholder(Kind::Table)),
    ("[table]", Mark::Placeholder(Kind::Table)),
    ("[image]", Mark::Placeholder(Kind::Figure)),
    ("[figure]", Mark::Placeholder(Kind::Figure)),
    ("[image omitted]", Mark::Placeholder(Kind::Figure)),
    ("[formula]", Mark::Placeholder(Kind::Equation)),
    ("![](<>)", Mark::Placeholder(Kind::Figure)),
    ("![]()", Mark::Placeholder(Kind::Figure)),
];

/// One language, ready for look-ups.
#[derive(Debug, Default)]
pub(super) struct CompiledLanguage {
    pub(super) source: ReferenceLanguage,
    pub(super) before_below: Words,
    pub(super) before_above: Words,
    pub(super) after: Vec<(Words, Direction)>,
    pub(super) between: Words,
    pub(super) breakers: Words,
    pub(super) cues: Words,
    pub(super) verbs: Words,
    pub(super) and: Words,
    pub(super) to: Words,
    pub(super) units: Words,
    pub(super) not_followed_by: BTreeMap<Kind, Words>,
    pub(super) not_preceded_by: BTreeMap<Kind, Words>,
    pub(super) external_of: Words,
    pub(super) external_works: Words,
    pub(super) external_own: Words,
}

/// The languages and the automaton over all their forms.
#[derive(Debug)]
pub(super) struct Lexicon {
    pub(super) languages: Vec<CompiledLanguage>,
    /// Where a form can begin.
    starts: Starts,
    /// The longest form that begins at a place.
    automaton: DFA,
    senses: Vec<Vec<Sense>>,
    /// By form: phrases that hide it where they begin inside a word.
    shadows: Vec<Vec<Shadow>>,
    /// Frequent words, by length, each with a bit for every language that has it.
    common: Vec<(Box<str>, u64)>,
    /// By their first byte: a bit for each length.
    common_lengths: Firsts,
    /// Headings of a bibliography in any language, by length.
    bibliography: Vec<Box<str>>,
    /// By their first byte: a bit for each length.
    bibliography_lengths: Firsts,
}

impl Lexicon {
    /// Compiles `languages` into one automaton.
    pub(super) fn new(languages: Vec<ReferenceLanguage>) -> Result<Self, LanguageError> {
        let mut forms: BTreeMap<String, Vec<Sense>> = BTreeMap::new();
        for (form, mark) in MARKS {
            let sense = Sense { language: 0, role: Role::Mark(*mark), stem: false, dotted: false };
            forms.entry((*form).to_owned()).or_default().push(sense);
        }
        for (index, language) in languages.iter().enumerate() {
            // a frequent word has a bit for each
            let number = u8::try_from(index).ok().filter(|number| *number < 64);
            let number = number.ok_or(LanguageError::TooMany(languages.len()))?;
            add_forms(number, language, &mut forms);
        }
        let mut patterns = Vec::new();
        let mut senses = Vec::new();
        for (form, found) in forms {
            for variant in variants(&form) {
                patterns.push(variant);
                senses.push(found.clone());
            }
        }
        let anywhere = |form: &str, senses: &[Sense]| {
            senses.iter().any(|sense| match sense.role {
                Role::Mark(_) => form.bytes().any(|byte| byte.is_ascii_punctuation()),
                _ => languages.get(usize::from(sense.language)).is_some_and(|l| l.unspaced),
            })
        };
        let forms: Vec<LexiconForm<'_>> = patterns
            .iter()
            .zip(&senses)
            .map(|(text, senses)| LexiconForm {
                text,
                stem: senses.iter().any(|sense| sense.stem),
                anywhere: anywhere(text, senses),
            })
            .collect();
        let starts = Starts::new(forms.iter().copied());
        let shadows = shadows(&forms);
        let automaton = DFA::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::LeftmostLongest)
            .start_kind(StartKind::Anchored)
            .prefilter(false)
            .build(&patterns)?;
        let common = common_words(&languages);
        let mut common_lengths = Firsts::default();
        for (known, _) in &common {
            common_lengths.set(known, known.len());
        }
        let headings = languages.iter().flat_map(|language| &language.bibliography);
        let mut bibliography: Vec<Box<str>> = headings.map(|h| h.to_lowercase().into()).collect();
        bibliography.sort_unstable_by(|a, b| by_length(a, b));
        let mut bibliography_lengths = Firsts::default();
        for known in &bibliography {
            bibliography_lengths.set(known, known.len());
        }
        let languages = languages.into_iter().map(compile).collect();
        Ok(Self {
            languages,
            starts,
            automaton,
            senses,
            shadows,
            common,
            common_lengths,
            bibliography,
            bibliography_lengths,
        })
    }

    /// The forms in `text`: where each starts and ends, and what it can be.
    pub(super) fn hits<'a>(
        &'a self,
        text: &'a str,
    ) -> impl Iterator<Item = (usize, usize, &'a [Sense])> {
        let mut at = 0;
        let mut scan = self.starts.scan(text);
        std::iter::from_fn(move || {
            loop {
                let start = scan.next(at)?;
                let input = Input::new(text).range(start..).anchored(Anchored::Yes);
                let Some(found) = self.automaton.try_find(&input).ok().flatten() else {
                    at = start + 1;
                    continue;
                };
                let form = found.pattern().as_usize();
                let shadows = self.shadows.get(form).map_or(&[][..], Vec::as_slice);
                if let Some(end) = hidden(shadows, text, at, start) {
                    at = end;
                    continue;
                }
                at = found.end();
                let senses = self.senses.get(form);
                return Some((start, at, senses.map_or(&[][..], Vec::as_slice)));
            }
        })
    }

    /// Whether a lower-case line is the heading of a bibliography.
    pub(super) fn is_bibliography(&self, lower: &str) -> bool {
        self.bibliography.binary_search_by(|known| by_length(known, lower)).is_ok()
    }

    /// Whether what stands between the first letter and the last of a line in ASCII may be such a
    /// heading, with marks of LaTeX or HTML before it or not.
    pub(super) fn may_be_bibliography(&self, line: &str) -> bool {
        let bytes = line.as_bytes();
        let ends = bytes
            .iter()
            .position(u8::is_ascii_alphabetic)
            .zip(bytes.iter().rposition(u8::is_ascii_alphabetic));
        let title = ends.and_then(|(first, last)| line.get(first..=last)).unwrap_or_default();
        self.bibliography_lengths.of(title) >> title.len().min(63) & 1 == 1
            || title.starts_with("section{")
            || title.starts_with("h2>")
    }

    /// The language at `index`.
    pub(super) fn language(&self, index: u8) -> Option<&CompiledLanguage> {
        self.languages.get(usize::from(index))
    }

    /// The language whose frequent words the start of `text` has most of.
    pub(super) fn guess(&self, text: &str, lower: &mut String) -> u8 {
        let mut counts = [0_u32; 64];
        let sample = super::words::head(text, GUESS_BYTES);
        let mut count = |word: &str| {
            let found = self.common.binary_search_by(|(known, _)| by_length(known, word));
            let mut mask = found.ok().and_then(|at| self.common.get(at)).map_or(0, |(_, m)| *m);
            while mask != 0 {
                if let Some(count) = counts.get_mut(mask.trailing_zeros() as usize) {
                    *count += 1;
                }
                mask &= mask - 1;
            }
        };
        for word in sample.split(|c: char| !c.is_alphanumeric()) {
            if word.len() <= 12 && word.is_ascii() && !word.is_empty() {
                // most words are told by their first letter and their length
                if self.common_lengths.of(word) >> word.len() & 1 == 1 {
                    super::words::fold(word, lower);
                    count(lower);
                }
            } else if word
                .starts_with(|c: char| c > '\u{2e7f}' && !('\u{ac00}'..='\u{d7a3}').contains(&c))
            {
                // without spaces every frequent character counts
                let mut utf8 = [0; 4];
                word.chars().for_each(|c| count(c.encode_utf8(&mut utf8)));
            } else if word.len() <= 24 {
                super::words::fold(word, lower);
                count(lower);
            }
        }
        let best = counts.iter().enumerate().rev().max_by_key(|(_, count)| **count);
        best.and_then(|(index, _)| u8::try_from(index).ok()).unwrap_or(0)
    }
}

/// A phrase around a form: "as below" around "below".
#[derive(Debug)]
struct Shadow {
    /// What stands before the form.
    before: Box<[u8]>,
    /// What stands from its start on.
    from: Box<[u8]>,
}

/// For each form the phrases in which it can begin. What begins inside a word points at nothing,
/// and neither does what is a part of it: "was below" holds "as below".
fn shadows(forms: &[LexiconForm<'_>]) -> Vec<Vec<Shadow>> {
    let mut shadows: Vec<Vec<Shadow>> = forms.iter().map(|_| Vec::new()).collect();
    let worded = |form: &&LexiconForm<'_>| {
        !form.anywhere && form.text.starts_with(|c: char| c.is_ascii_alphabetic())
    };
    for phrase in forms.iter().filter(worded).map(|form| form.text.as_bytes()) {
        for (last, byte) in phrase.iter().enumerate() {
            let (before, from) = phrase.split_at(last + 1);
            if byte.is_ascii_alphanumeric() || from.is_empty() {
                continue;
            }
            for (form, hidden) in forms.iter().zip(&mut shadows) {
                let form = form.text.as_bytes();
                let both = form.len().min(from.len());
                if form.first() == from.first() && form.get(..both) == from.get(..both) {
                    hidden.push(Shadow { before: before.into(), from: from.into() });
                }
            }
        }
    }
    shadows
}

/// The end of the phrase that begins inside a word, not before `at`, and hides the form at `start`.
fn hidden(shadows: &[Shadow], text: &str, at: usize, start: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let phrase = |shadow: &Shadow| {
        let first = start.checked_sub(shadow.before.len()).filter(|first| *first >= at)?;
        let inside = bytes.get(first.checked_sub(1)?)?.is_ascii_alphanumeric();
        let end = start + shadow.from.len();
        let same = bytes.get(first..start)?.eq_ignore_ascii_case(&shadow.before)
            && bytes.get(start..end)?.eq_ignore_ascii_case(&shadow.from);
        (inside && same).then_some((std::cmp::Reverse(first), end))
    };
    shadows.iter().filter_map(phrase).max().map(|(_, end)| end)
}

/// Bytes at the start of a text by which its language is known.
const GUESS_BYTES: usize = 2000;

/// The frequent words of all languages, by length; 64 languages have a bit.
fn common_words(languages: &[ReferenceLanguage]) -> Vec<(Box<str>, u64)> {
    let mut words: BTreeMap<&str, u64> = BTreeMap::new();
    for (index, language) in languages.iter().enumerate().take(64) {
        for word in &language.common {
            *words.entry(word).or_default() |= 1 << index;
        }
    }
    let mut words: Vec<(Box<str>, u64)> =
        words.into_iter().map(|(word, mask)| (word.into(), mask)).collect();
    words.sort_unstable_by(|(a, _), (b, _)| by_length(a, b));
    words
}

/// A form as it is written small, with a capital and in capitals, where case is not ASCII's.
fn variants(form: &str) -> Vec<String> {
    if form.is_ascii() {
        return vec![form.to_owned()];
    }
    let mut chars = form.chars();
    let capital: String =
        chars.next().into_iter().flat_map(char::to_uppercase).chain(chars.clone()).collect();
    let mut variants = vec![form.to_owned(), capital, form.to_uppercase()];
    variants.sort_unstable();
    variants.dedup();
    variants
}

fn add_forms(index: u8, language: &ReferenceLanguage, forms: &mut BTreeMap<String, Vec<Sense>>) {
    let mut add = |form: &str, role: Role| {
        let lower = form.to_lowercase();
        let stem = lower.ends_with('~');
        let dotted = lower.ends_with('.');
        let bare = lower.trim_end_matches(['~', '.']).to_owned();
        let senses = forms.entry(bare).or_default();
        if !senses.iter().any(|known| known.language == index && known.role == role) {
            senses.push(Sense { language: index, role, stem, dotted });
        }
    };
    for (&kind, numbered) in &language.numbered {
        numbered.one.iter().for_each(|form| add(form, Role::One(kind)));
        numbered.many.iter().for_each(|form| add(form, Role::Many(kind)));
        numbered.after_number.iter().for_each(|form| add(form, Role::AfterNumber(kind)));
    }
    for (&kind, nouns) in &language.deictic {
        for noun in nouns {
            add(noun, Role::Deictic(kind));
        }
    }
    for (&kind, places) in &language.phrases {
        places.iter().for_each(|(form, place)| add(form, Role::Phrase(kind, place)));
    }
    language.promise.iter().for_each(|form| add(form, Role::Promise));
    language.attachment.iter().for_each(|form| add(form, Role::Attachment));
}

fn compile(language: ReferenceLanguage) -> CompiledLanguage {
    let by_kind = |words: &BTreeMap<Kind, Vec<String>>| {
        words.iter().map(|(&kind, words)| (kind, Words::new(words))).collect()
    };
    let after = &language.after;
    CompiledLanguage {
        before_below: Words::new(&language.before.below),
        before_above: Words::new(&language.before.above),
        after: vec![
            (Words::new(&after.below), Direction::Below),
            (Words::new(&after.above), Direction::Above),
            (Words::new(&after.anywhere), Direction::Anywhere),
        ],
        between: Words::new(&language.between),
        breakers: Words::new(&language.breakers),
        cues: Words::new(&language.cues),
        verbs: Words::new(&language.verbs),
        and: Words::new(&language.and),
        to: Words::new(&language.to),
        units: Words::new(&language.units),
        not_followed_by: by_kind(&language.not_followed_by),
        not_preceded_by: by_kind(&language.not_preceded_by),
        external_of: Words::new(&language.external.of),
        external_works: Words::new(&language.external.works),
        external_own: Words::new(&language.external.own),
        source: language,
    }
}
