//! The surface forms of one language, read from its data file.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::kinds::{Direction, Kind};

/// The data files compiled in; a new language is one line here.
const FILES: &[(&str, &str)] = &[
    ("en", include_str!("../../references/en.yaml")),
    ("de", include_str!("../../references/de.yaml")),
    ("fr", include_str!("../../references/fr.yaml")),
    ("es", include_str!("../../references/es.yaml")),
    ("pt", include_str!("../../references/pt.yaml")),
    ("it", include_str!("../../references/it.yaml")),
    ("nl", include_str!("../../references/nl.yaml")),
    ("pl", include_str!("../../references/pl.yaml")),
    ("ru", include_str!("../../references/ru.yaml")),
    ("zh", include_str!("../../references/zh.yaml")),
    ("ja", include_str!("../../references/ja.yaml")),
    ("ko", include_str!("../../references/ko.yaml")),
];

/// A language file that could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LanguageError {
    /// The file is not what a language file must be.
    #[error("reference language {name}: {reason}")]
    Invalid {
        /// The file's name, without its ending.
        name: String,
        /// What is wrong, with line and column.
        reason: String,
    },
    /// Too many forms, or forms that no automaton can be built from.
    #[error("reference languages: {0}")]
    Automaton(#[from] aho_corasick::BuildError),
    /// More languages than a word can be told of.
    #[error("{0} reference languages are too many, there can be 64")]
    TooMany(usize),
    /// No such language.
    #[error("there is no reference language {0}; see references/*.yaml")]
    Unknown(String),
}

/// One language. A form that ends in `~` stands for itself and up to five more letters; one that
/// ends in `.` is an abbreviation, which may be written without the dot.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReferenceLanguage {
    /// The code, `en`.
    pub language: String,
    /// Whether words are written without spaces between them.
    #[serde(default)]
    pub unspaced: bool,
    /// Frequent words by which a text of this language is known.
    #[serde(default)]
    pub common: Vec<String>,
    /// Nouns that a number follows.
    pub numbered: BTreeMap<Kind, Numbered>,
    /// Nouns that stand with a place.
    #[serde(default)]
    pub deictic: BTreeMap<Kind, Vec<String>>,
    /// Words before a noun that say where its target is.
    #[serde(default)]
    pub before: Places,
    /// Words after a noun that say where its target is.
    #[serde(default)]
    pub after: Places,
    /// Words that may stand between a noun and the place after it.
    #[serde(default)]
    pub between: Vec<String>,
    /// Words that part a place from a noun, and objects of a place before it.
    #[serde(default)]
    pub breakers: Vec<String>,
    /// Whole phrases that point at a place, by kind.
    #[serde(default)]
    pub phrases: BTreeMap<Kind, Places>,
    /// Words before a mention that make it one.
    #[serde(default)]
    pub cues: Vec<String>,
    /// Words after a mention that make it one.
    #[serde(default)]
    pub verbs: Vec<String>,
    /// Words between the numbers of a list.
    #[serde(default)]
    pub and: Vec<String>,
    /// Words between the ends of a range.
    #[serde(default)]
    pub to: Vec<String>,
    /// Number words, from one on.
    #[serde(default)]
    pub number_words: Vec<String>,
    /// Words after a number that make it a quantity.
    #[serde(default)]
    pub units: Vec<String>,
    /// Words after a mention that make it something else, by kind.
    #[serde(default)]
    pub not_followed_by: BTreeMap<Kind, Vec<String>>,
    /// Words before a mention that make it something else, by kind.
    #[serde(default)]
    pub not_preceded_by: BTreeMap<Kind, Vec<String>>,
    /// Characters that make an unspaced noun part of another word.
    #[serde(default)]
    pub not_joined_to: BTreeMap<String, String>,
    /// How another document is named.
    #[serde(default)]
    pub external: External,
    /// Phrases that announce what follows a colon.
    #[serde(default)]
    pub promise: Vec<String>,
    /// Phrases that speak of an attached file.
    #[serde(default)]
    pub attachment: Vec<String>,
    /// Headings of a bibliography.
    #[serde(default)]
    pub bibliography: Vec<String>,
    /// Abbreviations whose dot ends no sentence.
    #[serde(default)]
    pub abbreviations: Vec<String>,
}

/// Nouns in the singular and in the plural.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Numbered {
    /// One number follows.
    #[serde(default)]
    pub one: Vec<String>,
    /// Several numbers follow.
    #[serde(default)]
    pub many: Vec<String>,
    /// The number stands before the noun: `第3章`.
    #[serde(default)]
    pub after_number: Vec<String>,
}

/// Words by the direction they point in.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Places {
    /// After the mention.
    #[serde(default)]
    pub below: Vec<String>,
    /// Before the mention.
    #[serde(default)]
    pub above: Vec<String>,
    /// Beside it, or not said.
    #[serde(default)]
    pub anywhere: Vec<String>,
}

impl Places {
    /// Each word with its direction.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Direction)> {
        let below = self.below.iter().map(|word| (word.as_str(), Direction::Below));
        let above = self.above.iter().map(|word| (word.as_str(), Direction::Above));
        let anywhere = self.anywhere.iter().map(|word| (word.as_str(), Direction::Anywhere));
        below.chain(above).chain(anywhere)
    }
}

/// How a language names another document.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct External {
    /// "of", "in", "from".
    #[serde(default)]
    pub of: Vec<String>,
    /// "paper", "book", "report", "act".
    #[serde(default)]
    pub works: Vec<String>,
    /// "this", "our", "present": the document at hand.
    #[serde(default)]
    pub own: Vec<String>,
    /// "et al.", "and others".
    #[serde(default)]
    pub others: Vec<String>,
}

impl ReferenceLanguage {
    /// Reads a language file; `name` is for the error.
    pub fn parse(name: &str, yaml: &str) -> Result<Self, LanguageError> {
        serde_saphyr::from_str(yaml).map_err(|error| LanguageError::Invalid {
            name: name.to_owned(),
            reason: error.to_string(),
        })
    }

    /// The languages that are compiled in.
    pub fn embedded() -> Result<Vec<Self>, LanguageError> {
        FILES.iter().map(|(name, yaml)| Self::parse(name, yaml)).collect()
    }

    /// One of the languages that are compiled in.
    pub fn named(name: &str) -> Result<Self, LanguageError> {
        let found = FILES.iter().find(|(known, _)| *known == name);
        let (name, yaml) = found.ok_or_else(|| LanguageError::Unknown(name.to_owned()))?;
        Self::parse(name, yaml)
    }

    /// The codes of the languages that are compiled in.
    pub fn codes() -> impl Iterator<Item = &'static str> {
        FILES.iter().map(|(name, _)| *name)
    }
}
