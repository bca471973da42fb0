//! Labels of scripts and other tools, through the same log as those of a person.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{Manifest, Review, Reviews, Said, Seen, resume};
use crate::data::{Quiet, Source};
use crate::error::InspectError;
use crate::model::{Entry, Frame, SampleSpec, Verdict};

/// One line of an import.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    document_id: Option<String>,
    id: Option<String>,
    verdict: Verdict,
    #[serde(default)]
    kinds: Vec<String>,
    note: Option<String>,
    #[serde(default)]
    spent_ms: u64,
}

impl Given {
    fn names(&self) -> impl Iterator<Item = &str> {
        [&self.document_id, &self.id].into_iter().flatten().map(String::as_str)
    }
}

/// The labels of a file.
#[derive(Debug)]
pub struct Import {
    path: PathBuf,
    given: Vec<Given>,
}

impl Import {
    /// Reads the lines of a file, strictly.
    pub fn read(path: &Path) -> Result<Self, InspectError> {
        Ok(Self { path: path.to_owned(), given: read(path)? })
    }

    /// Writes the labels as `reviewer` into the review in `folder`, whose manifest `asked` makes
    /// or holds against the frame; gives what is worth saying. Labels of other documents than the
    /// first of the sample are refused before anything is written.
    pub fn into_review(
        self,
        source: &Source,
        spec: &SampleSpec,
        folder: &Path,
        reviewer: &str,
        asked: impl FnOnce(Frame) -> Result<Manifest, InspectError>,
    ) -> Result<Vec<String>, InspectError> {
        let before = if folder.is_dir() { labelled(folder, reviewer)? } else { 0 };
        let wanted = 2 * (self.given.len() + before) + 100;
        let order = source.draw(spec, 0, wanted, &Quiet)?;
        let places = places(&self.given, &order, &self.path, spec)?;
        if source.frame().documents.is_none() {
            source.measure(spec, &Quiet)?;
        }
        let manifest = asked(source.frame())?;
        check_kinds(&self.given, &manifest, &self.path)?;
        let mut review = Review::open(folder, manifest, reviewer)?;
        say(&mut review, source, &order, &self.given, &places)
    }
}

/// The lines of an import, read strictly.
fn read(path: &Path) -> Result<Vec<Given>, InspectError> {
    let text = std::fs::read_to_string(path).map_err(|error| InspectError::file(path, error))?;
    let mut given = Vec::new();
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        let wrong = |what: &dyn std::fmt::Display| {
            InspectError::file(path, format!("line {number}: {what}"))
        };
        let one: Given = serde_json::from_str(line).map_err(|error| wrong(&error))?;
        if one.names().next().is_none() {
            return Err(wrong(&"it names no document: document_id or id"));
        }
        if one.verdict != Verdict::Defect && !one.kinds.is_empty() {
            return Err(wrong(&"kinds of defect belong to the verdict defect"));
        }
        given.push(one);
    }
    Ok(given)
}

/// Documents that the reviewer has judged already.
fn labelled(folder: &Path, reviewer: &str) -> Result<usize, InspectError> {
    let reviews = Reviews::read(folder)?;
    let mine = reviews.reviewers.iter().find(|(name, _)| name == reviewer);
    Ok(mine.map_or(0, |(_, labels)| labels.len()))
}

/// For each label the place of its document in the sample.
fn places(
    given: &[Given],
    order: &[Entry],
    path: &Path,
    spec: &SampleSpec,
) -> Result<Vec<usize>, InspectError> {
    let mut by_name: BTreeMap<&str, usize> = BTreeMap::new();
    for (place, entry) in order.iter().enumerate().rev() {
        by_name.insert(&entry.document_id, place);
        if let Some(id) = &entry.id {
            by_name.insert(id, place);
        }
    }
    let mut places = Vec::new();
    let mut unknown = Vec::new();
    for one in given {
        match one.names().find_map(|name| by_name.get(name)) {
            Some(place) => places.push(*place),
            None => unknown.extend(one.names().next()),
        }
    }
    if unknown.is_empty() {
        return Ok(places);
    }
    let shown: Vec<&str> = unknown.iter().take(5).copied().collect();
    Err(InspectError::file(
        path,
        format!(
            "{} documents are not among the first {} of the sample with seed {}: {}{}; nothing was \
             imported; tamis sample --json prints them in order",
            unknown.len(),
            order.len(),
            spec.seed,
            shown.join(", "),
            if unknown.len() > shown.len() { ", .." } else { "" }
        ),
    ))
}

/// A kind that nobody has declared is a slip of the pen.
fn check_kinds(given: &[Given], manifest: &Manifest, path: &Path) -> Result<(), InspectError> {
    let known: Vec<&str> = manifest.kinds.iter().map(|kind| kind.name.as_str()).collect();
    let unknown =
        given.iter().flat_map(|one| &one.kinds).find(|kind| !known.contains(&kind.as_str()));
    match unknown {
        None => Ok(()),
        Some(kind) => Err(InspectError::file(
            path,
            format!("'{kind}' is no kind of defect of this review: {}", known.join(", ")),
        )),
    }
}

/// Writes the labels in the order of the sample; those that are in force already are left out.
fn say(
    review: &mut Review,
    source: &Source,
    order: &[Entry],
    given: &[Given],
    places: &[usize],
) -> Result<Vec<String>, InspectError> {
    let by_place: BTreeMap<usize, &Given> = places.iter().copied().zip(given).collect();
    let labels = review.state().labels();
    let mut at = resume::resume(order, &labels).at;
    let has = |place: usize| {
        order
            .get(place)
            .is_some_and(|entry| labels.iter().any(|l| l.document_id == entry.document_id))
    };
    while by_place.contains_key(&at) || has(at) {
        at += 1;
    }
    let (mut written, mut beyond) = (0, 0);
    for (place, one) in by_place {
        let Some(entry) = order.get(place) else { continue };
        let document = source.fetch(entry)?;
        let sampled = place < at;
        beyond += u64::from(!sampled);
        let seen = Seen::of(&document, one.spent_ms, sampled, false);
        let same = labels.iter().find(|l| l.document_id == entry.document_id).is_some_and(|l| {
            l.verdict == one.verdict
                && l.kinds == one.kinds
                && (one.note.is_none() || l.note == one.note)
                && l.content_hash == seen.content_hash
                && l.sampled == sampled
        });
        if !same {
            let (kinds, note) = (one.kinds.clone(), one.note.clone());
            review.say(seen, Said::Label { verdict: one.verdict, kinds, note })?;
            written += 1;
        }
    }
    let mut notes = vec![format!("{written} labels written as {}", review.reviewer())];
    if beyond > 0 {
        notes.push(format!(
            "{beyond} of them stand behind a document without a label (number {} of the sample) and \
             count for no rate; 'skip' is a label too",
            at + 1
        ));
    }
    Ok(notes)
}
