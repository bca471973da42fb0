//! The manifest of a review: what is sampled and how. Same manifest, same order.

use std::path::Path;

use serde::{Deserialize, Serialize};
use tamis_kernels::{hash128, hex128};
use tamis_rules::DefectKind;

use super::repeats::Repeats;
use crate::error::InspectError;
use crate::model::{Frame, SampleSpec, Stratum};

/// Version of the format.
const VERSION: u32 = 1;

/// A shard of the frame.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FrameShard {
    /// Its name.
    pub name: String,
    /// Its documents, where they were counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub documents: Option<u64>,
}

/// The shards of the frame, in short.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct FrameShards {
    /// How many.
    pub count: u64,
    /// The first thousand of them.
    pub first: Vec<FrameShard>,
}

impl FrameShards {
    /// Most shards that are written out.
    const FIRST: usize = 1000;

    /// The summary of all shards.
    pub fn of(shards: impl IntoIterator<Item = FrameShard>) -> Self {
        let mut summary = Self::default();
        for shard in shards {
            summary.count += 1;
            if summary.first.len() < Self::FIRST {
                summary.first.push(shard);
            }
        }
        summary
    }
}

/// `manifest.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the format, 1.
    pub version: u32,
    /// What was opened, as a person wrote it.
    pub name: String,
    /// `run`, `parquet`, `jsonl`, `text`, `mixed`.
    pub format: String,
    /// Hash of the frame.
    pub frame_hash: String,
    /// Its shards.
    pub shards: FrameShards,
    /// Documents in the frame after population and filter.
    pub documents: Option<u64>,
    /// Their bytes of text.
    pub size: Option<u64>,
    /// Bytes of text of the largest.
    pub size_max: Option<u64>,
    /// Sizes of the strata.
    pub strata: Vec<Stratum>,
    /// Hash of the rule set of the run.
    pub rules_hash: Option<String>,
    /// Name and version of the sampler.
    pub sampler: String,
    /// Seed, population, filter, unit and what strata are made of.
    pub sample: SampleSpec,
    /// Kinds of defect.
    pub kinds: Vec<DefectKind>,
    /// Hidden repeats; none where they are off.
    pub repeats: Option<Repeats>,
    /// Whether findings are hidden until a document is judged.
    pub blind: bool,
    /// Milliseconds since 1970 at which it was written.
    pub created_ms: u64,
}

/// What a reviewer chooses beside the sample.
#[derive(Debug, Clone, PartialEq)]
pub struct Choices {
    /// Kinds of defect.
    pub kinds: Vec<DefectKind>,
    /// Hidden repeats; none where they are off.
    pub repeats: Option<Repeats>,
    /// Whether findings are hidden until a document is judged.
    pub blind: bool,
}

impl Manifest {
    /// The manifest of a review of `frame`.
    pub fn new(
        frame: &Frame,
        shards: FrameShards,
        sample: &SampleSpec,
        choices: Choices,
        created_ms: u64,
    ) -> Self {
        Self {
            version: VERSION,
            name: frame.name.clone(),
            format: frame.format.clone(),
            frame_hash: frame.hash.clone(),
            shards,
            documents: frame.documents,
            size: frame.size,
            size_max: frame.size_max,
            strata: frame.strata.clone(),
            rules_hash: frame.rules_hash.clone(),
            sampler: frame.sampler.clone(),
            sample: sample.clone(),
            kinds: choices.kinds,
            repeats: choices.repeats,
            blind: choices.blind,
            created_ms,
        }
    }

    /// The frame as it stands in the manifest, for statistics without the data.
    pub fn frame(&self) -> Frame {
        Frame {
            name: self.name.clone(),
            format: self.format.clone(),
            documents: self.documents,
            size: self.size,
            size_max: self.size_max,
            strata: self.strata.clone(),
            is_sample: true,
            progress: 1.0,
            hash: self.frame_hash.clone(),
            rules_hash: self.rules_hash.clone(),
            sampler: self.sampler.clone(),
        }
    }

    /// What decides the order and the meaning of the labels, by name.
    fn identity(&self) -> Vec<(&'static str, serde_json::Value)> {
        let value = |value: &dyn erased::Json| value.json();
        vec![
            ("seed", value(&self.sample.seed)),
            ("population", value(&self.sample.population)),
            ("filter", value(&self.sample.filter)),
            ("unit", value(&self.sample.unit)),
            ("strata", value(&self.sample.strata)),
            ("sampler", value(&self.sampler)),
            ("rule set", value(&self.rules_hash)),
            ("frame", value(&self.frame_hash)),
            ("kinds of defect", value(&self.kinds)),
            ("hidden repeats", value(&self.repeats)),
            ("blind", value(&self.blind)),
        ]
    }

    /// Hash of what decides the order and the meaning of the labels, 32 hexadecimal digits; every
    /// line of a log carries it.
    pub fn hash(&self) -> String {
        let parts: Vec<String> =
            self.identity().iter().map(|(name, value)| format!("{name}={value}")).collect();
        hex128(hash128(parts.join("\n").as_bytes()))
    }

    /// In what `asked` is another review than this one.
    pub fn difference(&self, asked: &Self) -> Option<String> {
        let differs: Vec<String> = self
            .identity()
            .into_iter()
            .zip(asked.identity())
            .filter(|(here, there)| here.1 != there.1)
            .map(|((name, here), (_, there))| format!("{name} was {here} and is {there} now"))
            .collect();
        (!differs.is_empty()).then(|| differs.join("; "))
    }

    /// Reads the manifest of a review folder; none where there is none.
    pub fn read(folder: &Path) -> Result<Option<Self>, InspectError> {
        let path = folder.join(FILE);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(InspectError::file(&path, error)),
        };
        let manifest: Self = serde_json::from_slice(&text)
            .map_err(|error| InspectError::file(&path, format!("is no manifest: {error}")))?;
        if manifest.version != VERSION {
            let what = format!("version {} is not known to this tamis", manifest.version);
            return Err(InspectError::file(&path, what));
        }
        Ok(Some(manifest))
    }

    /// Writes the manifest of a new review, or verifies that the one there is of the same; gives
    /// the one in force.
    pub fn settle(self, folder: &Path) -> Result<Self, InspectError> {
        if let Some(there) = Self::read(folder)? {
            there.refuse(&self, folder)?;
            return Ok(there);
        }
        super::log::make_folder(folder)?;
        self.write(folder)?;
        Ok(self)
    }

    /// Refuses another review than this one, which lies in `folder`.
    pub(super) fn refuse(&self, asked: &Self, folder: &Path) -> Result<(), InspectError> {
        match self.difference(asked) {
            None => Ok(()),
            Some(difference) => Err(InspectError::file(
                &folder.join(FILE),
                format!(
                    "is of another review: {difference}; open it as it was, or begin another \
                     one with --session NAME"
                ),
            )),
        }
    }

    /// Adds what became known of the sizes of the frame; what decides the order stays.
    pub(super) fn learn(&mut self, folder: &Path, frame: &Frame) -> Result<(), InspectError> {
        let known = (self.documents, self.size, self.size_max, self.strata.len());
        let told = (frame.documents, frame.size, frame.size_max, frame.strata.len());
        if known == told {
            return Ok(());
        }
        (self.documents, self.size, self.size_max) = (told.0, told.1, told.2);
        self.strata.clone_from(&frame.strata);
        self.write(folder)
    }

    fn write(&self, folder: &Path) -> Result<(), InspectError> {
        let path = folder.join(FILE);
        let text =
            serde_json::to_string_pretty(self).map_err(|error| InspectError::file(&path, error))?;
        super::write_whole(&path, (text + "\n").as_bytes())
    }
}

/// Name of the file in a review folder.
pub const FILE: &str = "manifest.json";

/// Values of different types in one list.
mod erased {
    use serde::Serialize;
    use serde_json::Value;

    pub(super) trait Json {
        fn json(&self) -> Value;
    }

    impl<T: Serialize> Json for T {
        fn json(&self) -> Value {
            serde_json::to_value(self).unwrap_or(Value::Null)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Population, Strata, Unit};

    fn manifest(sample: &SampleSpec) -> Manifest {
        let frame = Frame {
            documents: Some(10),
            hash: "f".to_owned(),
            sampler: "s/1".to_owned(),
            ..Frame::default()
        };
        let choices = Choices {
            kinds: vec![DefectKind::named("a")],
            repeats: Some(Repeats::default()),
            blind: false,
        };
        Manifest::new(&frame, FrameShards::default(), sample, choices, 5)
    }

    #[test]
    fn it_is_written_once_and_the_same_review_opens_again() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("review");
        let first = manifest(&SampleSpec::default()).settle(&root).unwrap();
        let later = Manifest { created_ms: 9, ..manifest(&SampleSpec::default()) };
        assert_eq!(later.settle(&root).unwrap(), first);
        assert_eq!(Manifest::read(&root).unwrap(), Some(first.clone()));
        assert_eq!(std::fs::read_dir(&root).unwrap().count(), 1);
        assert_eq!(first.frame().documents, Some(10));
    }

    #[test]
    fn another_review_is_refused_with_the_difference_named() {
        let folder = tempfile::tempdir().unwrap();
        let first = manifest(&SampleSpec::default()).settle(folder.path()).unwrap();
        let specs = [
            ("seed was 0 and is 1", SampleSpec { seed: 1, ..SampleSpec::default() }),
            ("population", SampleSpec { population: Population::All, ..SampleSpec::default() }),
            ("filter", SampleSpec { filter: Some("x > 1".to_owned()), ..SampleSpec::default() }),
            ("unit", SampleSpec { unit: Unit::Token, ..SampleSpec::default() }),
            ("strata", SampleSpec { strata: Some(Strata::Source), ..SampleSpec::default() }),
        ];
        for (named, spec) in specs {
            let asked = manifest(&spec);
            assert_ne!(asked.hash(), first.hash());
            let error = asked.settle(folder.path()).unwrap_err().to_string();
            assert!(error.contains(named) && error.contains("--session"), "{error}");
        }
        let asked = Manifest { repeats: None, ..manifest(&SampleSpec::default()) };
        assert!(asked.settle(folder.path()).unwrap_err().to_string().contains("hidden repeats"));
    }

    #[test]
    fn of_many_shards_the_first_are_named_and_all_are_counted() {
        let shard = |number| FrameShard { name: format!("s{number}"), documents: Some(number) };
        let summary = FrameShards::of((0..1500).map(shard));
        assert_eq!((summary.count, summary.first.len()), (1500, 1000));
    }
}
