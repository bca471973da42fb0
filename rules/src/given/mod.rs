//! What rule files bring along, such as lists of words, and the annotators that it makes.
//!
//! A specification names a file with the hash of what it held, so that any process can read it
//! again and none reads something else.

mod word_list;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use tamis_kernels::{hash128, hex128};

use crate::annotators::{self, Annotator, Example, Value, ValueType};
use crate::document::Document;
use crate::error::{Problem, RuleError};
use word_list::WordList;

/// A list as a rule file writes it.
#[derive(Debug, Clone, Deserialize)]
#[serde(
    untagged,
    expecting = "write a file, a list of entries, or { file: words.txt, hash: 0f... }"
)]
pub(crate) enum RawWords {
    /// A file with one entry a line.
    File(String),
    /// The entries.
    Words(Vec<String>),
    /// A file that must have this hash.
    Pinned(Pinned),
}

/// A file with its hash.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pinned {
    file: String,
    hash: String,
}

/// What a rule file brings along.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Given {
    /// A list of words in a file.
    WordFile {
        /// Where the file lies.
        file: String,
        /// Hash of its bytes, 32 hexadecimal digits.
        hash: String,
    },
    /// A list of words.
    Words(Vec<String>),
}

/// What is wrong with something given.
pub(crate) enum GivenFault {
    /// At the place where the rule file names it.
    Named(String),
    /// At a place of its own.
    Within(Problem),
}

/// Whether the canonical form says where files lie.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Places {
    Named,
    Left,
}

/// What is wrong with the name of something given.
pub(crate) fn name_fault(name: &str) -> Option<String> {
    let fine = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if !fine {
        return Some(format!("'{name}' is no name: small letters, digits and _"));
    }
    let mut made = MEASURES.iter().map(|(suffix, _)| format!("{name}_{suffix}"));
    let taken = made.find(|name| annotators::find(name).is_some());
    taken.map(|taken| format!("'{name}' makes the annotation '{taken}', which tamis has already"))
}

/// Reads a list; a file lies relative to `folder`.
pub(crate) fn word_list(name: &str, raw: &RawWords, folder: &Path) -> Result<Given, GivenFault> {
    let given = match raw {
        RawWords::Words(words) => Given::Words(words.clone()),
        RawWords::File(file) => of_file(name, &folder.join(file), None)?,
        RawWords::Pinned(pinned) => of_file(name, &folder.join(&pinned.file), Some(&pinned.hash))?,
    };
    ready(&given).map(|_| given)
}

fn of_file(name: &str, path: &Path, pinned: Option<&str>) -> Result<Given, GivenFault> {
    let unreadable = |error: std::io::Error| {
        let shown = path.display();
        GivenFault::Named(format!("the list '{name}' cannot be read: {shown}: {error}"))
    };
    let bytes = std::fs::read(path).map_err(unreadable)?;
    let hash = hex128(hash128(&bytes));
    if let Some(pinned) = pinned.filter(|pinned| *pinned != hash) {
        let shown = path.display();
        let message = format!(
            "the list '{name}' is not the one meant: {shown} has hash {hash}, not {pinned}"
        );
        return Err(GivenFault::Named(message));
    }
    // another process may start in another folder
    let path = std::path::absolute(path).map_err(unreadable)?;
    Ok(Given::WordFile { file: path.display().to_string(), hash })
}

/// Lists read by this process: they are few, and every thread uses the same.
static READY: Mutex<Vec<(Given, Arc<WordList>)>> = Mutex::new(Vec::new());

fn ready(given: &Given) -> Result<Arc<WordList>, GivenFault> {
    let mut known = READY.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, list)) = known.iter().find(|(one, _)| one == given) {
        return Ok(Arc::clone(list));
    }
    let list = match given {
        Given::Words(words) => {
            let lines = (1..).zip(words.iter().map(String::as_str));
            WordList::read(lines).map_err(|(_, message)| GivenFault::Named(message))?
        }
        Given::WordFile { file, hash } => {
            let named = |message: String| GivenFault::Named(format!("{file}: {message}"));
            let bytes = std::fs::read(file).map_err(|error| named(error.to_string()))?;
            if hex128(hash128(&bytes)) != *hash {
                return Err(named("the list has changed since the rules were read".to_owned()));
            }
            let text = String::from_utf8(bytes);
            let text = text.map_err(|_| named("the list is not UTF-8".to_owned()))?;
            let text = text.trim_start_matches('\u{feff}');
            let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.starts_with('#'));
            WordList::read(lines).map_err(|(line, message)| {
                let column = u64::from(line > 0);
                GivenFault::Within(Problem { file: file.clone(), line, column, message })
            })?
        }
    };
    let list = Arc::new(list);
    known.push((given.clone(), Arc::clone(&list)));
    Ok(list)
}

/// One annotator of each list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quantity {
    Count,
    CharRatio,
}

const MEASURES: [(&str, Quantity); 2] =
    [("count", Quantity::Count), ("char_ratio", Quantity::CharRatio)];

/// An annotator that a list makes.
struct ListMeasure {
    name: &'static str,
    quantity: Quantity,
    list: Arc<WordList>,
}

impl Annotator for ListMeasure {
    fn name(&self) -> &'static str {
        self.name
    }

    fn value_type(&self) -> ValueType {
        match self.quantity {
            Quantity::Count => ValueType::Int,
            Quantity::CharRatio => ValueType::Float,
        }
    }

    fn unit(&self) -> &'static str {
        match self.quantity {
            Quantity::Count => "matches",
            Quantity::CharRatio => "share of characters",
        }
    }

    fn range(&self) -> (f64, f64) {
        match self.quantity {
            Quantity::Count => (0.0, f64::INFINITY),
            Quantity::CharRatio => (0.0, 1.0),
        }
    }

    fn definition(&self) -> &'static str {
        match self.quantity {
            Quantity::Count => {
                "Matches of the entries of a list of words that a rule file gives: whole words in \
                 any case, one after the other for an entry of several; an entry with characters \
                 of a script without spaces matches anywhere. The longest entry at a place counts, \
                 and matches do not overlap."
            }
            Quantity::CharRatio => {
                "Characters within matches of a list of words that a rule file gives, see the \
                 annotation that counts them. NULL where the text is empty."
            }
        }
    }

    fn source(&self) -> &'static str {
        "a rule file"
    }

    fn examples(&self) -> &'static [Example] {
        &[]
    }

    fn measure(&self, document: &mut Document<'_>) -> Value {
        let (mut count, mut chars) = (0, 0);
        let text = document.text();
        self.list.each(document, |start, end| {
            count += 1;
            if self.quantity == Quantity::CharRatio {
                chars += text.get(start..end).map_or(0, |found| found.chars().count());
            }
        });
        match self.quantity {
            Quantity::Count => Value::count(count),
            Quantity::CharRatio => Value::ratio(chars, document.chars()),
        }
    }

    fn evidence(&self, document: &mut Document<'_>) -> Vec<(usize, usize)> {
        let mut spans = Vec::new();
        self.list.each(document, |start, end| {
            if spans.len() < 16 {
                spans.push((start, end));
            }
        });
        spans
    }
}

/// Annotators made so far, each for the life of the process: rule files give few.
static MADE: Mutex<Vec<(String, Given, &'static ListMeasure)>> = Mutex::new(Vec::new());

/// The annotator called `name` that something given makes, if there is one.
pub(crate) fn find(
    given: &BTreeMap<String, Given>,
    name: &str,
) -> Result<Option<&'static dyn Annotator>, RuleError> {
    let Some((one, quantity)) = source_of(given, name) else { return Ok(None) };
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    let known = made.iter().find(|(known, of, _)| known == name && of == one);
    if let Some((.., measure)) = known {
        return Ok(Some(*measure));
    }
    let list = ready(one).map_err(|fault| match fault {
        GivenFault::Named(message) => RuleError::whole("word list", message),
        GivenFault::Within(problem) => RuleError { problems: vec![problem] },
    })?;
    let kept: &'static str = Box::leak(name.to_owned().into_boxed_str());
    let measure: &'static ListMeasure =
        Box::leak(Box::new(ListMeasure { name: kept, quantity, list }));
    made.push((name.to_owned(), one.clone(), measure));
    Ok(Some(measure))
}

/// What makes the annotation `name`.
fn source_of<'g>(given: &'g BTreeMap<String, Given>, name: &str) -> Option<(&'g Given, Quantity)> {
    MEASURES.iter().find_map(|(suffix, quantity)| {
        let of = name.strip_suffix(suffix)?.strip_suffix('_')?;
        Some((given.get(of)?, *quantity))
    })
}

/// The names of all annotations that are made.
pub(crate) fn names(given: &BTreeMap<String, Given>) -> Vec<String> {
    let of = |name: &String| MEASURES.map(|(suffix, _)| format!("{name}_{suffix}"));
    given.keys().flat_map(of).collect()
}

/// What of it makes annotations of these names.
pub(crate) fn used<'n>(
    given: &BTreeMap<String, Given>,
    names: impl Iterator<Item = &'n str>,
) -> BTreeMap<String, Given> {
    let mut found = BTreeMap::new();
    for name in names {
        if let Some((one, _)) = source_of(given, name)
            && let Some((key, _)) = given.iter().find(|(_, given)| std::ptr::eq(*given, one))
        {
            found.insert(key.clone(), one.clone());
        }
    }
    found
}

/// Everything given, in one form.
pub(crate) fn canonical(given: &BTreeMap<String, Given>, places: Places) -> Json {
    let of = |given: &Given| match given {
        Given::Words(words) => json!(words),
        Given::WordFile { hash, .. } if places == Places::Left => json!({"hash": hash}),
        Given::WordFile { file, hash } => json!({"file": file, "hash": hash}),
    };
    let lists: serde_json::Map<String, Json> =
        given.iter().map(|(name, given)| (name.clone(), of(given))).collect();
    json!({"word_lists": lists})
}

/// What [`crate::RuleSet::canonical_json`] has under `given` as a rule file.
pub fn as_rule_file(canonical: &Json) -> Json {
    let mut file = json!({"version": 1});
    if let (Some(all), Some(given)) = (file.as_object_mut(), canonical.as_object()) {
        all.extend(given.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
    file
}
