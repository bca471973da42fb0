//! Resources of rule files, lists of words and fastText models, and the annotators they make.
//!
//! A specification names a file with the hash of what it held, so that any process can read it
//! again and none reads something else.

mod word_list;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use tamis_kernels::{hash128, hex128};

use crate::annotators::{
    self, AnnotationValue, Annotator, Example, SharedAnnotator, Value, ValueType,
};
use crate::document::Document;
use crate::error::{Problem, RuleError};
use crate::fasttext::Model;
use word_list::WordList;

/// A list as a rule file writes it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
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
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pinned {
    file: String,
    hash: String,
}

/// A model as a rule file writes it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "write a file, or { file: model.ftz, hash: 0f..., text: sample|whole }"
)]
pub(crate) enum RawModel {
    /// A file, asked of a sample.
    File(String),
    /// A file with options.
    Told(ToldModel),
}

/// A model with options.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ToldModel {
    file: String,
    hash: Option<String>,
    text: Option<ModelText>,
}

/// What of a text a model sees.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ModelText {
    /// The sample that languages are read from.
    #[default]
    Sample,
    /// All of it.
    Whole,
}

/// A resource of a rule file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    /// A list of words in a file.
    WordFile {
        /// Where the file lies.
        file: String,
        /// Hash of its bytes, 32 hexadecimal digits.
        hash: String,
    },
    /// A list of words.
    Words(Vec<String>),
    /// A supervised fastText model.
    Model {
        /// Where the file lies.
        file: String,
        /// Hash of its bytes, 32 hexadecimal digits.
        hash: String,
        /// What it sees of a text.
        text: ModelText,
    },
}

/// What is wrong with a resource.
pub(crate) enum ResourceFault {
    /// At the place where the rule file names it.
    Named(String),
    /// At a place of its own.
    Within(Problem),
}

/// Whether the canonical form says where files lie.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paths {
    Shown,
    Hidden,
}

/// What is wrong with the name of a resource.
pub(crate) fn name_fault(name: &str, resource: &Resource) -> Option<String> {
    let fine = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if !fine {
        return Some(format!("'{name}' is no name: small letters, digits and _"));
    }
    let mut made = resource.names(name).into_iter().map(|(name, _)| name);
    let taken = made.find(|name| annotators::find(name).is_some());
    taken.map(|taken| format!("'{name}' makes the annotation '{taken}', which tamis has already"))
}

/// Reads a list; a file lies relative to `folder`.
pub(crate) fn word_list(
    name: &str,
    raw: &RawWords,
    folder: &Path,
) -> Result<Resource, ResourceFault> {
    let resource = match raw {
        RawWords::Words(words) => Resource::Words(words.clone()),
        RawWords::File(file) => {
            let (file, hash) = of_file(name, &folder.join(file), None)?;
            Resource::WordFile { file, hash }
        }
        RawWords::Pinned(pinned) => {
            let (file, hash) = of_file(name, &folder.join(&pinned.file), Some(&pinned.hash))?;
            Resource::WordFile { file, hash }
        }
    };
    load(&resource).map(|_| resource)
}

/// Reads a model; its file lies relative to `folder`.
pub(crate) fn model(name: &str, raw: &RawModel, folder: &Path) -> Result<Resource, ResourceFault> {
    let (file, pinned, text) = match raw {
        RawModel::File(file) => (file, None, ModelText::default()),
        RawModel::Told(told) => (&told.file, told.hash.as_deref(), told.text.unwrap_or_default()),
    };
    let (file, hash) = of_file(name, &folder.join(file), pinned)?;
    let resource = Resource::Model { file, hash, text };
    load(&resource).map(|_| resource)
}

/// Where a file lies and what it hashes to.
fn of_file(
    name: &str,
    path: &Path,
    pinned: Option<&str>,
) -> Result<(String, String), ResourceFault> {
    let unreadable = |error: std::io::Error| {
        let shown = path.display();
        ResourceFault::Named(format!("'{name}' cannot be read: {shown}: {error}"))
    };
    let bytes = std::fs::read(path).map_err(unreadable)?;
    let hash = hex128(hash128(&bytes));
    if let Some(pinned) = pinned.filter(|pinned| *pinned != hash) {
        let shown = path.display();
        let message =
            format!("'{name}' is not the file meant: {shown} has hash {hash}, not {pinned}");
        return Err(ResourceFault::Named(message));
    }
    // another process may start in another folder
    let path = std::path::absolute(path).map_err(unreadable)?;
    Ok((path.display().to_string(), hash))
}

/// A resource that was read.
#[derive(Debug, Clone)]
enum LoadedResource {
    Words(Arc<WordList>),
    Model(Arc<LoadedModel>),
}

/// A model, and what of a text it sees.
#[derive(Debug)]
pub(crate) struct LoadedModel {
    pub(crate) model: Model,
    pub(crate) part: ModelText,
}

/// What this process has read: it is little, and every thread uses the same.
static LOADED: Mutex<Vec<(Resource, LoadedResource)>> = Mutex::new(Vec::new());

fn load(resource: &Resource) -> Result<LoadedResource, ResourceFault> {
    let mut known = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, loaded)) = known.iter().find(|(one, _)| one == resource) {
        return Ok(loaded.clone());
    }
    let loaded = match resource {
        Resource::Words(words) => {
            let lines = (1..).zip(words.iter().map(String::as_str));
            let list =
                WordList::read(lines).map_err(|(_, message)| ResourceFault::Named(message))?;
            LoadedResource::Words(Arc::new(list))
        }
        Resource::WordFile { file, hash } => {
            let text = String::from_utf8(unchanged(file, hash)?);
            let text =
                text.map_err(|_| ResourceFault::Named(format!("{file}: it is not UTF-8")))?;
            let text = text.trim_start_matches('\u{feff}');
            let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.starts_with('#'));
            let list = WordList::read(lines).map_err(|(line, message)| {
                let column = u64::from(line > 0);
                ResourceFault::Within(Problem { file: file.clone(), line, column, message })
            })?;
            LoadedResource::Words(Arc::new(list))
        }
        Resource::Model { file, hash, text } => {
            let model = Model::read(&unchanged(file, hash)?)
                .map_err(|error| ResourceFault::Named(format!("{file}: {error}")))?;
            LoadedResource::Model(Arc::new(LoadedModel { model, part: *text }))
        }
    };
    known.push((resource.clone(), loaded.clone()));
    Ok(loaded)
}

/// The bytes of a file that must still have its hash.
fn unchanged(file: &str, hash: &str) -> Result<Vec<u8>, ResourceFault> {
    let named = |message: String| ResourceFault::Named(format!("{file}: {message}"));
    let bytes = std::fs::read(file).map_err(|error| named(error.to_string()))?;
    if hex128(hash128(&bytes)) != hash {
        return Err(named("the file has changed since the rules were read".to_owned()));
    }
    Ok(bytes)
}

/// What an annotator tells of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quantity {
    Count,
    CharRatio,
    Label,
    Score,
}

impl Resource {
    /// The annotations that it makes under the name `name`.
    fn names(&self, name: &str) -> [(String, Quantity); 2] {
        match self {
            Self::Words(_) | Self::WordFile { .. } => [
                (format!("{name}_count"), Quantity::Count),
                (format!("{name}_char_ratio"), Quantity::CharRatio),
            ],
            Self::Model { .. } => {
                [(name.to_owned(), Quantity::Label), (format!("{name}_score"), Quantity::Score)]
            }
        }
    }
}

/// An annotator of a resource.
struct ResourceMeasure {
    name: String,
    quantity: Quantity,
    loaded: LoadedResource,
}

impl ResourceMeasure {
    fn words(&self, document: &mut Document<'_>, found: impl FnMut(usize, usize)) {
        if let LoadedResource::Words(list) = &self.loaded {
            list.each(document, found);
        }
    }
}

impl Annotator for ResourceMeasure {
    fn name(&self) -> &str {
        &self.name
    }

    fn value_type(&self) -> ValueType {
        match self.quantity {
            Quantity::Count => ValueType::Int,
            Quantity::CharRatio | Quantity::Score => ValueType::Float,
            Quantity::Label => ValueType::Text,
        }
    }

    fn unit(&self) -> &'static str {
        match self.quantity {
            Quantity::Count => "matches",
            Quantity::CharRatio => "share of characters",
            Quantity::Label => "label",
            Quantity::Score => "probability",
        }
    }

    fn range(&self) -> (f64, f64) {
        match self.quantity {
            Quantity::CharRatio | Quantity::Score => (0.0, 1.0),
            Quantity::Count => (0.0, f64::INFINITY),
            Quantity::Label => (f64::NEG_INFINITY, f64::INFINITY),
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
            Quantity::Label => {
                "The most probable label of a fastText model that a rule file gives, without \
                 `__label__`. NULL where the model knows nothing of the text."
            }
            Quantity::Score => {
                "The probability of the most probable label of a fastText model that a rule file \
                 gives. NULL where the model knows nothing of the text."
            }
        }
    }

    fn source(&self) -> &'static str {
        "a rule file"
    }

    fn examples(&self) -> &'static [Example] {
        &[]
    }

    fn measure<'m>(&'m self, document: &mut Document<'_>) -> AnnotationValue<'m> {
        if let LoadedResource::Model(loaded) = &self.loaded {
            let Some(found) = document.predict(loaded) else { return Value::Null };
            return match self.quantity {
                Quantity::Label => loaded
                    .model
                    .labels()
                    .get(found.label)
                    .filter(|label| !label.is_empty())
                    .map_or(Value::Null, |label| AnnotationValue::Text(label)),
                _ => Value::Float(f64::from(found.probability.clamp(0.0, 1.0))),
            };
        }
        let (mut count, mut chars) = (0, 0);
        let text = document.text();
        self.words(document, |start, end| {
            count += 1;
            if self.quantity == Quantity::CharRatio {
                chars += text.get(start..end).map_or(0, |found| found.chars().count());
            }
        });
        match self.quantity {
            Quantity::Count => Value::count(count),
            _ => Value::ratio(chars, document.chars()),
        }
    }

    fn evidence(&self, document: &mut Document<'_>) -> Vec<(usize, usize)> {
        let mut spans = Vec::new();
        self.words(document, |start, end| {
            if spans.len() < 16 {
                spans.push((start, end));
            }
        });
        spans
    }
}

/// The annotator called `name` that a resource makes, if there is one.
pub(crate) fn find(
    resources: &BTreeMap<String, Resource>,
    name: &str,
) -> Result<Option<SharedAnnotator>, RuleError> {
    let Some((_, one, quantity)) = source_of(resources, name) else { return Ok(None) };
    let loaded = load(one).map_err(|fault| match fault {
        ResourceFault::Named(message) => RuleError::whole("annotation specification", message),
        ResourceFault::Within(problem) => RuleError { problems: vec![problem] },
    })?;
    let measure = ResourceMeasure { name: name.to_owned(), quantity, loaded };
    Ok(Some(SharedAnnotator::OfResource(Arc::new(measure))))
}

/// What makes the annotation `name`, under which name of its own.
fn source_of<'g>(
    resources: &'g BTreeMap<String, Resource>,
    name: &str,
) -> Option<(&'g String, &'g Resource, Quantity)> {
    resources.iter().find_map(|(key, one)| {
        // most names are none of these, and need not be put together
        if !name.starts_with(key.as_str()) {
            return None;
        }
        let made = one.names(key).into_iter().find(|(made, _)| made == name);
        made.map(|(_, quantity)| (key, one, quantity))
    })
}

/// The names of all annotations that are made.
pub(crate) fn names(resources: &BTreeMap<String, Resource>) -> Vec<String> {
    resources.iter().flat_map(|(key, one)| one.names(key).map(|(name, _)| name)).collect()
}

/// What of it makes annotations of these names.
pub(crate) fn used<'n>(
    resources: &BTreeMap<String, Resource>,
    names: impl Iterator<Item = &'n str>,
) -> BTreeMap<String, Resource> {
    let found = names.filter_map(|name| source_of(resources, name));
    found.map(|(key, one, _)| (key.clone(), one.clone())).collect()
}

/// All resources, in one form.
pub(crate) fn canonical(resources: &BTreeMap<String, Resource>, paths: Paths) -> Json {
    let place = |mut told: Json, file: &str| {
        if paths == Paths::Shown {
            told["file"] = json!(file);
        }
        told
    };
    let (mut lists, mut models) = (serde_json::Map::new(), serde_json::Map::new());
    for (name, one) in resources {
        match one {
            Resource::Words(words) => lists.insert(name.clone(), json!(words)),
            Resource::WordFile { file, hash } => {
                lists.insert(name.clone(), place(json!({"hash": hash}), file))
            }
            Resource::Model { file, hash, text } => {
                models.insert(name.clone(), place(json!({"hash": hash, "text": text}), file))
            }
        };
    }
    json!({"word_lists": lists, "fasttext": models})
}
