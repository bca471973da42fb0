//! From mentions and targets to findings.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::calibration::{Features, confidence};
use super::deictic::DeicticObjects;
use super::finding::{Finding, LookedFor, Target};
use super::index::{Index, KnownTarget, TargetKeys};
use super::key::Key;
use super::kinds::{Evidence, Form, Kind, Span, Strength, Verdict};
use super::mention::{Mention, Next};

/// Bytes before an open end in which a mention's target may have been cut off.
const TRUNCATED_BYTES: usize = 3000;

/// What one text mentions and has.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Scan {
    /// In order of their start.
    pub mentions: Vec<Mention>,
    /// In order of their start.
    pub targets: Vec<Target>,
    /// Bytes of the text.
    pub length: usize,
    /// The text ends in the middle of a sentence.
    pub open_end: bool,
}

/// Whether a finding is of a sort that misleads more often than others.
fn is_unsure(finding: &Finding) -> bool {
    let placed = finding.form == Form::Deictic && finding.kind != Kind::Attachment;
    finding.form == Form::Promise || placed
}

/// Puts the findings of `scan` into `findings`; `group` has the targets of the same work's other
/// texts. Findings below `min_confidence` are left out; its second number is for the unsure ones.
pub(super) fn resolve(
    scan: &Scan,
    group: Option<&TargetKeys>,
    min_confidence: [f32; 2],
    findings: &mut Vec<Finding>,
) {
    findings.clear();
    if scan.mentions.is_empty() {
        return;
    }
    let index = Index::new(&scan.targets, group);
    let placed_any = scan.mentions.iter().any(|mention| mention.form == Form::Deictic);
    let places =
        if placed_any { DeicticObjects::new(&scan.targets) } else { DeicticObjects::default() };
    let placed = Placed::of(scan, &places);
    let stand = |mention: &Mention| match mention.form {
        Form::Numbered => stands_for(&index, mention),
        _ => None,
    };
    let standing: Vec<Option<KnownTarget>> = scan.mentions.iter().map(stand).collect();
    let lost = lost(scan, &standing);
    let state = State { scan, index: &index, lost, cited: Cited::of(scan), placed };
    for (mention, found) in scan.mentions.iter().zip(standing) {
        let judged = match mention.form {
            Form::Residue => Some(state.residue(mention)),
            Form::Promise => state.promise(mention),
            Form::Deictic => state.deictic(mention, &places),
            Form::Numbered => state.numbered(mention, found),
        };
        if let Some(finding) = judged
            && finding.confidence >= min_confidence[usize::from(is_unsure(&finding))]
        {
            findings.push(finding);
        }
    }
}

/// Distinct keys by kind that no body stands for; `standing` has what stands for each mention.
fn lost(scan: &Scan, standing: &[Option<KnownTarget>]) -> BTreeMap<Kind, Vec<Key>> {
    let mut lost: BTreeMap<Kind, Vec<Key>> = BTreeMap::new();
    for (mention, found) in scan.mentions.iter().zip(standing) {
        let numbered = mention.form == Form::Numbered && !mention.external;
        if numbered && found.is_none_or(|found| found.evidence < Evidence::Label) {
            lost.entry(mention.kind).or_default().push(mention.key.base());
        }
    }
    for keys in lost.values_mut() {
        keys.sort_unstable();
        keys.dedup();
    }
    lost
}

/// What stands for a mention's key, also where `2-3` is a range.
fn stands_for(index: &Index, mention: &Mention) -> Option<KnownTarget> {
    let found = index.find(mention.kind, mention.key);
    if found.is_some() || !mention.or_range || mention.kind == Kind::Anchor {
        return found;
    }
    let (from, to) = mention.key.as_str().split_once('.')?;
    let from = index.find(mention.kind, Key::new(from))?;
    let to = index.find(mention.kind, Key::new(to))?;
    Some(if from.evidence < to.evidence { from } else { to })
}

/// What the numeric citations of a text say about it as a whole.
struct Cited {
    distinct: u32,
    /// They count up from one, as citations do and indices do not.
    counting: bool,
    /// Distinct author-year citations.
    authors: u32,
}

impl Cited {
    fn of(scan: &Scan) -> Self {
        let cited = scan.mentions.iter().filter(|m| m.kind == Kind::Citation);
        let mut keys: Vec<u32> = cited.filter_map(|m| m.key.as_str().parse().ok()).collect();
        keys.sort_unstable();
        keys.dedup();
        let distinct = u32::try_from(keys.len()).unwrap_or(u32::MAX);
        let highest = keys.last().copied().unwrap_or(0);
        let counting = distinct >= 4 && keys.first() == Some(&1) && highest <= distinct * 2;
        let named = scan.mentions.iter().filter(|m| m.kind == Kind::AuthorYear);
        let mut names: Vec<Key> = named.map(|m| m.key).collect();
        names.sort_unstable();
        names.dedup();
        Self { distinct, counting, authors: u32::try_from(names.len()).unwrap_or(u32::MAX) }
    }
}

/// How many mentions by place and promises find nothing, and how many something.
#[derive(Default)]
struct Placed {
    lost: [u32; Kind::ALL.len()],
    met: [u32; Kind::ALL.len()],
    promises_lost: u32,
    promises_met: u32,
}

impl Placed {
    fn of(scan: &Scan, places: &DeicticObjects) -> Self {
        let mut placed = Self::default();
        for mention in &scan.mentions {
            let slot = mention.kind as usize;
            match mention.form {
                Form::Promise if mention.next == Next::Object => placed.promises_met += 1,
                Form::Promise => placed.promises_lost += 1,
                Form::Deictic => {
                    let lost = places.judge(mention).is_some();
                    let list = if lost { &mut placed.lost } else { &mut placed.met };
                    if let Some(count) = list.get_mut(slot) {
                        *count += 1;
                    }
                }
                _ => {}
            }
        }
        placed
    }

    /// Lost and met, of the mentions like `mention`.
    fn like(&self, mention: &Mention) -> (u32, u32) {
        if mention.form == Form::Promise {
            return (self.promises_lost, self.promises_met);
        }
        let at = |list: &[u32]| list.get(mention.kind as usize).copied().unwrap_or(0);
        (at(&self.lost), at(&self.met))
    }
}

struct State<'a> {
    scan: &'a Scan,
    index: &'a Index,
    lost: BTreeMap<Kind, Vec<Key>>,
    cited: Cited,
    placed: Placed,
}

impl State<'_> {
    fn lost(&self, kind: Kind) -> u32 {
        self.lost.get(&kind).map_or(0, |keys| u32::try_from(keys.len()).unwrap_or(u32::MAX))
    }

    fn numbered(&self, mention: &Mention, found: Option<KnownTarget>) -> Option<Finding> {
        if mention.external {
            let shown = !matches!(mention.kind, Kind::Citation | Kind::AuthorYear | Kind::Anchor);
            let here = found.is_some_and(|found| found.evidence >= Evidence::Label);
            return (shown && !here).then(|| self.finding(mention, Verdict::External, None, false));
        }
        let verdict = match found.map(|found| found.evidence) {
            Some(Evidence::Body | Evidence::Label) => return None,
            Some(Evidence::Partial) => Verdict::Partial,
            Some(Evidence::Caption | Evidence::Placeholder) => Verdict::Hollow,
            None => Verdict::Missing,
        };
        if !self.is_plausible(mention, verdict) {
            return None;
        }
        let verdict = if verdict == Verdict::Missing { self.absent(mention) } else { verdict };
        Some(self.finding(mention, verdict, found.and_then(|found| found.span), false))
    }

    /// Whether the text as a whole allows the loss.
    fn is_plausible(&self, mention: &Mention, verdict: Verdict) -> bool {
        let counts = self.index.counts(mention.kind);
        match mention.kind {
            // ballot measures and laws are numbered too
            // a table with a number in prose is a piece of furniture as well
            Kind::Table
                if !mention.capital
                    && mention.strength == Strength::M2
                    && counts.labelled == 0
                    && counts.hollow == 0
                    && !mention.key.as_str().contains('.') =>
            {
                false
            }
            Kind::Algorithm if counts.labelled == 0 && !mention.key.as_str().contains('.') => false,
            Kind::Table | Kind::Figure | Kind::Equation | Kind::Listing | Kind::Algorithm => {
                // objects without labels stand for as many numbers; a text that labels some of
                // its objects labels those that it numbers
                let spare = if counts.labelled > 0 { 0 } else { counts.unlabelled };
                // an example may be anything
                let spare = if mention.kind == Kind::Listing && counts.labelled == 0 {
                    let of = |kind| self.index.counts(kind).unlabelled;
                    spare + of(Kind::Figure) + of(Kind::Table)
                } else {
                    spare
                };
                if mention.kind == Kind::Listing && !mention.capital && counts.labelled == 0 {
                    return false;
                }
                let rank = mention.key.ordinal().unwrap_or(1);
                let needed = self.lost(mention.kind).max(counts.hollow);
                !(spare > 0 && (spare >= needed || (verdict == Verdict::Missing && rank <= spare)))
            }
            Kind::Section => {
                let dotted = mention.key.as_str().contains('.');
                // a text with its own sections that names more of others speaks of another text
                let lost = self.lost(Kind::Section);
                if counts.labelled >= 2 && lost > counts.labelled.max(5) {
                    return false;
                }
                dotted && (counts.labelled >= 2 || mention.strength == Strength::M3)
            }
            Kind::Citation if mention.strength != Strength::M3 || self.cited.distinct > 0 => {
                let named = mention.key.as_str().parse::<u32>().is_err();
                let entries = counts.bodies + counts.hollow;
                named && counts.bodies > 0
                    || self.cited.counting
                    || (entries >= 3 && self.cited.distinct >= 3 && mention.capital)
            }
            Kind::AuthorYear => {
                let lost = self.lost(Kind::AuthorYear);
                let resolved = self.cited.authors.saturating_sub(lost);
                // without a bibliography only "et al." is surely a citation
                if resolved >= 3 {
                    resolved >= lost
                } else {
                    mention.strength == Strength::M3 && lost >= 2
                }
            }
            Kind::Footnote => {
                // "footnote 4" of a text without notes is another text's
                let by_name = mention.strength == Strength::M1;
                let digits = mention.key.as_str().bytes().all(|b| b.is_ascii_digit());
                digits && !by_name || counts.bodies > 0
            }
            Kind::Anchor => counts.bodies > 0,
            _ => true,
        }
    }

    /// The verdict on a target of which there is no trace.
    fn absent(&self, mention: &Mention) -> Verdict {
        let numbered = matches!(
            mention.kind,
            Kind::Table | Kind::Figure | Kind::Listing | Kind::Equation | Kind::Algorithm
        );
        if numbered && self.index.is_other_series(mention.kind, mention.key) {
            return Verdict::External;
        }
        if mention.kind == Kind::Section && self.follows_external(mention) {
            return Verdict::External;
        }
        if self.is_cut_off(mention) { Verdict::Truncated } else { Verdict::Missing }
    }

    /// Whether the mention right before is of another document, and its number beside this one.
    fn follows_external(&self, mention: &Mention) -> bool {
        let mentions = &self.scan.mentions;
        let at = mentions.partition_point(|other| other.span.start < mention.span.start);
        let before = at.checked_sub(1).and_then(|before| mentions.get(before));
        before.is_some_and(|before| {
            before.external
                && before.kind == mention.kind
                && before.key.series() == mention.key.series()
                && mention.span.start - before.span.end.min(mention.span.start) < 120
        })
    }

    /// Whether the target may have stood after the end of the text.
    fn is_cut_off(&self, mention: &Mention) -> bool {
        let left = self.scan.length.saturating_sub(mention.span.end);
        let place = !matches!(mention.kind, Kind::Footnote | Kind::Anchor | Kind::Residue);
        place && self.scan.open_end && left <= TRUNCATED_BYTES
    }

    fn deictic(&self, mention: &Mention, places: &DeicticObjects) -> Option<Finding> {
        if mention.kind == Kind::Attachment {
            let any = self.index.counts(Kind::Attachment).bodies > 0;
            return (!any).then(|| self.finding(mention, Verdict::Missing, None, false));
        }
        let (verdict, evidence) = places.judge(mention)?;
        let cut_off = verdict == Verdict::Missing && self.is_cut_off(mention);
        let verdict = if cut_off { Verdict::Truncated } else { verdict };
        let gap = match mention.next {
            Next::Heading | Next::End => true,
            Next::Prose => mention.colon,
            Next::Object => false,
        };
        Some(self.finding(mention, verdict, evidence, gap))
    }

    fn promise(&self, mention: &Mention) -> Option<Finding> {
        if mention.next == Next::Object {
            return None;
        }
        let gap = matches!(mention.next, Next::Heading | Next::End);
        Some(self.finding(mention, Verdict::Missing, None, gap))
    }

    fn residue(&self, mention: &Mention) -> Finding {
        let placeholder = mention.kind != Kind::Residue;
        let verdict = if placeholder { Verdict::Hollow } else { Verdict::Missing };
        self.finding(mention, verdict, placeholder.then_some(mention.span), false)
    }

    fn finding(
        &self,
        mention: &Mention,
        verdict: Verdict,
        evidence: Option<Span>,
        gap: bool,
    ) -> Finding {
        let counts = self.index.counts(mention.kind);
        let (lost, met) = if mention.form == Form::Numbered {
            (self.lost(mention.kind), counts.labelled)
        } else {
            self.placed.like(mention)
        };
        let features = Features {
            kind: mention.kind,
            form: mention.form,
            verdict,
            strength: mention.strength,
            capital: mention.capital,
            lost,
            bodies: counts.bodies,
            neighbour: mention.form == Form::Numbered
                && self.index.has_neighbour(mention.kind, mention.key),
            met,
            gap,
        };
        let labels = counts.labelled + counts.hollow;
        Finding {
            span: mention.span,
            kind: mention.kind,
            form: mention.form,
            key: mention.key,
            verdict,
            confidence: confidence(&features),
            looked_for: LookedFor::new(mention, verdict, [counts.bodies, labels, lost]),
            evidence,
        }
    }
}
