//! References that point at nothing: a text says "Table 3" and there is no table.
//!
//! [`Detector::scan`] finds mentions and targets of one text, [`Detector::resolve`] compares them,
//! [`Detector::find`] does both. A caption is no target by itself: a caption without its object
//! gives the verdict [`Verdict::Hollow`]. Surface forms are data, one file for each language.

use std::sync::OnceLock;

mod blocks;
mod calibration;
mod captions;
mod context;
mod deictic;
mod entries;
mod external;
mod fences;
mod finding;
mod idle;
mod index;
mod key;
mod kinds;
mod language;
mod lexicon;
mod lines;
mod marks;
mod markup;
mod mention;
mod numbers;
mod numerals;
mod objects;
mod places;
mod resolve;
mod sentence;
mod starts;
mod targets;
mod words;

#[cfg(test)]
mod tests;

pub use finding::{Finding, LookedFor, Target};
pub use index::TargetKeys;
pub use key::Key;
pub use kinds::{Direction, Evidence, Form, Kind, Span, Strength, Verdict};
pub use language::{LanguageError, ReferenceLanguage};
pub use mention::{MENTIONS_MAX, Mention, Next};
pub use resolve::Scan;

/// Findings less sure than this are left out, unless a detector is told otherwise.
pub const MIN_CONFIDENCE: f32 = 0.65;

/// The same for what misleads most often: promises by a colon, and what is named by its place.
pub const MIN_CONFIDENCE_UNSURE: f32 = 0.88;

/// Bytes before a sentence by which its language is known.
const SENTENCE_LANGUAGE_BYTES: usize = 1000;

/// Finds mentions, targets and findings; built once, used from any thread.
#[derive(Debug)]
pub struct Detector {
    lexicon: lexicon::Lexicon,
    min_confidence: [f32; 2],
}

/// Buffers that are used again for one text after the other.
#[derive(Debug, Default)]
pub struct DetectorBuffers {
    buffers: mention::MentionBuffers,
    structure: blocks::Structure,
}

/// What one text mentions, has and lacks.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Found {
    /// Mentions and targets.
    pub scan: Scan,
    /// Mentions whose target is not there as it should be, in order of their start.
    pub findings: Vec<Finding>,
}

impl Detector {
    /// A detector for the languages with these codes, `en`.
    pub fn new(codes: &[&str]) -> Result<Self, LanguageError> {
        let languages: Result<Vec<_>, _> =
            codes.iter().map(|code| ReferenceLanguage::named(code)).collect();
        Self::with_languages(languages?)
    }

    /// A detector for `languages`.
    pub fn with_languages(languages: Vec<ReferenceLanguage>) -> Result<Self, LanguageError> {
        let lexicon = lexicon::Lexicon::new(languages)?;
        Ok(Self { lexicon, min_confidence: [MIN_CONFIDENCE, MIN_CONFIDENCE_UNSURE] })
    }

    /// The detector for all languages that are compiled in.
    pub fn embedded() -> Result<&'static Self, LanguageError> {
        static DETECTOR: OnceLock<Detector> = OnceLock::new();
        if let Some(detector) = DETECTOR.get() {
            return Ok(detector);
        }
        let detector = Self::with_languages(ReferenceLanguage::embedded()?)?;
        Ok(DETECTOR.get_or_init(|| detector))
    }

    /// The same detector with another threshold, from 0 to 1; findings below are left out.
    #[must_use]
    pub fn with_min_confidence(mut self, min_confidence: f32) -> Self {
        self.min_confidence = [min_confidence; 2];
        self
    }

    /// The code of the language that [`Mention::language`] gives by index.
    pub fn language_code(&self, index: u8) -> &str {
        self.lexicon.language(index).map_or("", |language| language.source.language.as_str())
    }

    /// Finds mentions, targets and findings of `text` and puts them into `found`.
    pub fn find(&self, text: &str, scratch: &mut DetectorBuffers, found: &mut Found) {
        self.scan(text, scratch, &mut found.scan);
        self.resolve(&found.scan, None, &mut found.findings);
    }

    /// Finds mentions and targets of `text` and puts them into `scan`.
    pub fn scan(&self, text: &str, scratch: &mut DetectorBuffers, scan: &mut Scan) {
        scan.targets.clear();
        scan.length = text.len();
        scan.open_end = false;
        let DetectorBuffers { buffers, structure } = scratch;
        mention::look_out(&self.lexicon, text, buffers, &mut scan.mentions);
        if scan.mentions.is_empty() || idle::is_idle(text, &mut scan.mentions) {
            return;
        }
        blocks::read(text, structure);
        scan.mentions.sort_by_key(|mention| mention.span.start);
        targets::collect(&self.lexicon, text, structure, &mut scan.mentions, &mut scan.targets);
        drop_doubles(&mut scan.mentions);
        context::look_after(text, structure, &mut scan.mentions);
        scan.open_end = ends_open(text, structure);
    }

    /// Finds the targets of `text` and puts them into `scan`, whether it mentions any or not: other
    /// pages of the same work may.
    pub fn targets(&self, text: &str, scratch: &mut DetectorBuffers, scan: &mut Scan) {
        let DetectorBuffers { buffers, structure } = scratch;
        mention::look_out(&self.lexicon, text, buffers, &mut scan.mentions);
        blocks::read(text, structure);
        scan.mentions.sort_by_key(|mention| mention.span.start);
        targets::collect(&self.lexicon, text, structure, &mut scan.mentions, &mut scan.targets);
        let is_section = |mention: &Mention| matches!(mention.kind, Kind::Section | Kind::Appendix);
        if !scan.mentions.iter().any(is_section) {
            entries::sections(text, &structure.lines, &mut scan.targets);
        }
    }

    /// Compares mentions with targets and puts what is wrong into `findings`; `group` has the
    /// targets of the other pages or chunks of the same work.
    pub fn resolve(&self, scan: &Scan, group: Option<&TargetKeys>, findings: &mut Vec<Finding>) {
        resolve::resolve(scan, group, self.min_confidence, findings);
    }

    /// The sentence around `span` with the white space behind it, in bytes of `text`; a dot after
    /// an abbreviation of the language around it ends no sentence.
    pub fn sentence_span(&self, text: &str, span: Span) -> Span {
        let from = text.floor_char_boundary(span.start.saturating_sub(SENTENCE_LANGUAGE_BYTES));
        let around = text.get(from..).unwrap_or_default();
        let own = self.lexicon.guess(around, &mut String::new());
        let language = self.lexicon.language(own);
        let known = |word: &str| {
            let list = language.map_or(&[][..], |own| own.source.abbreviations.as_slice());
            !word.is_empty() && list.iter().any(|known| known == word)
        };
        sentence::sentence_span(text, span, &known)
    }
}

/// One sentence announces one thing: a deictic mention inside a promise takes its place, unless it
/// is of a list too; a phrase that promises makes the colon surer.
fn drop_doubles(mentions: &mut Vec<Mention>) {
    if !mentions.iter().any(|mention| mention.form == Form::Promise) {
        return;
    }
    let mut dropped = vec![false; mentions.len()];
    for index in 0..mentions.len() {
        let Some(promise) = mentions.get(index).copied() else { break };
        if promise.form != Form::Promise || dropped.get(index).copied().unwrap_or(true) {
            continue;
        }
        let mut later = index + 1;
        let mut strength = promise.strength;
        let mut taken = false;
        while let Some(inner) = mentions.get(later).filter(|m| m.span.start < promise.span.end) {
            let below = inner.form == Form::Deictic && inner.direction == Direction::Below;
            taken |= below && inner.kind != Kind::List;
            if inner.form == Form::Promise || (below && inner.kind == Kind::List) {
                strength = Strength::M1;
                if let Some(slot) = dropped.get_mut(later) {
                    *slot = true;
                }
            }
            later += 1;
        }
        if let Some(slot) = dropped.get_mut(index) {
            *slot = taken;
        }
        if let Some(promise) = mentions.get_mut(index) {
            promise.strength = strength;
        }
    }
    let mut at = 0;
    mentions.retain(|_| {
        at += 1;
        !dropped.get(at - 1).copied().unwrap_or(false)
    });
}

/// Whether the text ends in the middle of a sentence.
fn ends_open(text: &str, structure: &blocks::Structure) -> bool {
    let last = structure.lines.iter().rev().find(|line| line.class != lines::Class::Blank);
    let Some(last) = last.filter(|line| line.class == lines::Class::Text) else { return false };
    let line = last.of(text);
    let end = line.chars().next_back();
    let open = end.is_some_and(|c| c.is_alphanumeric() || matches!(c, ',' | '-' | '–' | '(' | ';'));
    // a short last line is a name or a title
    open && last.width() > 60
}
