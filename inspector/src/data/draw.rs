//! From ranks to entries: a walk that looks up only what it meets, or one scan of everything; both
//! give the same order.

use super::Progress;
use super::cancelled;
use super::ranks::{RankWalk, Ranked, ShardRows};
use super::strata::{KEPT, Order};
use crate::error::InspectError;
use crate::model::{Entry, Frame, SampleSpec, Stratum, Unit};

/// Documents looked up at once, at most.
const BATCH_MAX: usize = 256;
/// Documents after which a walk that finds next to nothing gives way to a scan.
const WALKED_MAX: u64 = 4096;
/// Documents walked for each that is in the frame from which on a scan is the cheaper way.
const RARE: u64 = 100;

/// What the documents come from.
pub(crate) trait Backend {
    /// Refuses a specification that cannot be drawn; reads next to nothing.
    fn check(&self, spec: &SampleSpec) -> Result<(), InspectError>;
    /// Makes ready for drawing: counts what has no counts yet.
    fn prepare(&self, spec: &SampleSpec, progress: &dyn Progress) -> Result<(), InspectError>;
    /// The shards with their counts.
    fn shards(&self) -> Vec<ShardRows>;
    /// The row of a document by its number in a shard.
    fn rows(&self) -> Box<dyn Fn(usize, u64) -> u64 + Sync + '_>;
    /// The entries of documents, none for those that are not in the frame of `spec`.
    fn look_up(
        &self,
        spec: &SampleSpec,
        documents: &[Ranked],
        progress: &dyn Progress,
    ) -> Result<Vec<Option<Entry>>, InspectError>;
    /// Scans everything and keeps the `each` first documents of every stratum.
    fn scan(
        &self,
        spec: &SampleSpec,
        each: usize,
        progress: &dyn Progress,
    ) -> Result<Order, InspectError>;
    /// Whether a scan costs little enough to be preferred to a long walk.
    fn scans_are_cheap(&self) -> bool;
    /// Fills in what is known of the frame without drawing.
    fn describe(&self, spec: &SampleSpec, frame: &mut Frame);
}

/// One sample being drawn.
pub(crate) struct Drawing {
    pub(crate) spec: SampleSpec,
    walk: RankWalk,
    walked: u64,
    /// Documents that the walk gave and that were not looked up yet.
    pending: Vec<Ranked>,
    /// What was drawn, in order.
    drawn: Vec<Entry>,
    ended: bool,
    scan: Option<Scan>,
}

struct Scan {
    order: Order,
    each: usize,
    /// Documents of the order that became entries or were passed over.
    at: usize,
}

impl Drawing {
    pub(crate) fn new(spec: SampleSpec) -> Self {
        let walk = RankWalk::new(spec.seed);
        Self {
            spec,
            walk,
            walked: 0,
            pending: Vec::new(),
            drawn: Vec::new(),
            ended: false,
            scan: None,
        }
    }

    /// Adds what a scan found out.
    pub(crate) fn describe(&self, frame: &mut Frame) {
        let Some(scan) = &self.scan else { return };
        let sum = |of: fn(&Stratum) -> u64| scan.order.strata.iter().map(of).sum();
        frame.documents = Some(sum(|stratum| stratum.documents));
        frame.size = Some(sum(|stratum| stratum.size));
        frame.size_max = Some(scan.order.size_max);
        if self.spec.strata.is_some() {
            frame.strata.clone_from(&scan.order.strata);
        }
    }

    pub(crate) fn draw(
        &mut self,
        backend: &dyn Backend,
        from: usize,
        count: usize,
        progress: &dyn Progress,
    ) -> Result<Vec<Entry>, InspectError> {
        let wanted = from.saturating_add(count);
        if self.drawn.len() < wanted && !self.ended {
            backend.check(&self.spec)?;
            backend.prepare(&self.spec, progress)?;
        }
        let needs_scan = self.spec.unit == Unit::Token || self.spec.strata.is_some();
        let mut batch = count.clamp(4, BATCH_MAX);
        while self.drawn.len() < wanted && !self.ended {
            if progress.cancelled() {
                return Err(cancelled());
            }
            let rare = self.walked >= WALKED_MAX
                && self.walked > RARE * (self.drawn.len() as u64 + 1)
                && backend.scans_are_cheap();
            if self.scan.is_some() || needs_scan || rare {
                self.take_scanned(backend, wanted, batch, progress)?;
            } else {
                self.take_walked(backend, batch, progress)?;
            }
            batch = (batch * 2).min(BATCH_MAX);
        }
        let end = wanted.min(self.drawn.len());
        Ok(self.drawn.get(from.min(end)..end).unwrap_or_default().to_vec())
    }

    fn take_walked(
        &mut self,
        backend: &dyn Backend,
        batch: usize,
        progress: &dyn Progress,
    ) -> Result<(), InspectError> {
        // an error leaves them pending: the next call must not skip what this one could not read
        if self.pending.is_empty() {
            self.pending = self.walk.next(&backend.shards(), &*backend.rows(), batch);
        }
        self.ended = self.pending.is_empty();
        let entries = backend.look_up(&self.spec, &self.pending, progress)?;
        self.walked += self.pending.len() as u64;
        self.pending.clear();
        self.drawn.extend(entries.into_iter().flatten());
        Ok(())
    }

    fn take_scanned(
        &mut self,
        backend: &dyn Backend,
        wanted: usize,
        batch: usize,
        progress: &dyn Progress,
    ) -> Result<(), InspectError> {
        let out = |scan: &Scan| scan.at >= scan.order.documents.len() && scan.order.is_cut;
        if self.scan.as_ref().is_none_or(out) {
            self.rescan(backend, wanted, progress)?;
        }
        let Some(scan) = &mut self.scan else { return Ok(()) };
        let to = (scan.at + batch).min(scan.order.documents.len());
        let next = scan.order.documents.get(scan.at..to).unwrap_or_default();
        self.ended = next.is_empty();
        let documents: Vec<Ranked> = next.iter().map(|(ranked, _)| *ranked).collect();
        let entries = backend.look_up(&self.spec, &documents, progress)?;
        for (entry, (_, number)) in entries.into_iter().zip(next) {
            let Some(mut entry) = entry else { continue };
            if self.spec.strata.is_some() {
                entry.stratum = scan.order.strata.get(*number).map(|stratum| stratum.name.clone());
            }
            self.drawn.push(entry);
        }
        scan.at = to;
        Ok(())
    }

    fn rescan(
        &mut self,
        backend: &dyn Backend,
        wanted: usize,
        progress: &dyn Progress,
    ) -> Result<(), InspectError> {
        let before = self.scan.as_ref().map_or(KEPT[0] / 4, |scan| scan.each);
        let each = (before * 4).max(wanted.saturating_mul(2)).min(KEPT[1]);
        if self.scan.as_ref().is_some_and(|scan| scan.each >= KEPT[1]) {
            let what = format!("more than {} documents of a stratum cannot be drawn", KEPT[1]);
            return Err(InspectError::Usage(what));
        }
        let order = backend.scan(&self.spec, each, progress)?;
        // what was drawn already is the start of the new order
        let at = self.scan.as_ref().map_or(0, |scan| scan.at);
        if self.scan.is_none() {
            self.drawn.clear();
        }
        self.scan = Some(Scan { order, each, at });
        Ok(())
    }

    /// Counts the frame by a scan.
    pub(crate) fn measure(
        &mut self,
        backend: &dyn Backend,
        progress: &dyn Progress,
    ) -> Result<(), InspectError> {
        if self.scan.is_some() {
            return Ok(());
        }
        backend.check(&self.spec)?;
        backend.prepare(&self.spec, progress)?;
        let drawn = std::mem::take(&mut self.drawn);
        self.rescan(backend, drawn.len(), progress)?;
        self.ended = false;
        Ok(())
    }
}
