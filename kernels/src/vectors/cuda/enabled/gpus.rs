//! The GPUs of an engine at work together. Where one fails, the CPU does the rest and a note says so.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::Failure;
use super::gpu::{Gpu, gpus};
use super::lead::lead;
use super::pairs::Limits;
use super::search::{Report, Stop, search};
use super::signs::{BATCH_ROWS, SignBuffers};
use crate::vectors::device::{Device, DeviceInfo};
use crate::vectors::parallel;
use crate::vectors::rows::{Leader, Pair, Rows, SearchError};
use crate::vectors::sign::{Part, SignHash, Signatures};

/// GPUs that share work, one at least.
#[derive(Debug)]
pub(in crate::vectors) struct Gpus {
    members: Vec<Arc<Gpu>>,
    /// One has failed: the CPU does the rest.
    failed: AtomicBool,
    notes: Mutex<Vec<String>>,
}

/// What one thread needs to make signatures on a GPU.
struct Stream {
    gpu: Arc<Gpu>,
    buffers: Option<SignBuffers>,
}

impl Gpus {
    /// All that can be used, and what a person should know of each; or why there is none.
    pub(in crate::vectors) fn find() -> Result<(Self, Vec<DeviceInfo>), String> {
        let (members, infos) = gpus()?.into_iter().unzip();
        Ok((Self { members, failed: AtomicBool::new(false), notes: Mutex::default() }, infos))
    }

    /// The one with this number alone, if it is there.
    pub(in crate::vectors) fn only(mut self, number: usize) -> Option<Self> {
        self.members.retain(|gpu| gpu.number() == number);
        (!self.members.is_empty()).then_some(self)
    }

    /// Their numbers.
    pub(in crate::vectors) fn numbers(&self) -> Vec<usize> {
        self.members.iter().map(|gpu| gpu.number()).collect()
    }

    /// Whether none has failed.
    pub(in crate::vectors) fn all_work(&self) -> bool {
        !self.failed.load(Ordering::Relaxed)
    }

    /// Makes the kernels that a search begins with.
    pub(in crate::vectors) fn prepare(&self) {
        self.members.iter().for_each(|gpu| gpu.prepare());
    }

    /// What a user should know since the last call.
    pub(in crate::vectors) fn take_notes(&self) -> Vec<String> {
        std::mem::take(&mut self.notes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn note(&self, note: String) {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        if !notes.contains(&note) {
            notes.push(note);
        }
    }

    fn give_up(&self, gpu: &str, failure: &dyn fmt::Display) {
        self.failed.store(true, Ordering::Relaxed);
        self.note(format!("{gpu} failed ({failure}): the CPU does the rest"));
    }

    /// The signatures of `rows`.
    pub(in crate::vectors) fn signatures(
        &self,
        hash: &SignHash,
        rows: Part<'_>,
        threads: usize,
    ) -> Signatures {
        let dimensions = hash.projection().dimensions();
        let count = rows.rows(dimensions);
        let batch = BATCH_ROWS.min(count.max(1));
        let units = count.div_ceil(batch);
        // streams enough to copy and compute at once; with more, what is staged leaves the cache
        let each = (threads / self.members.len()).clamp(2, 16).min(units.max(1));
        let mut streams: Vec<Stream> = (0..each)
            .flat_map(|_| &self.members)
            .map(|gpu| Stream { gpu: Arc::clone(gpu), buffers: None })
            .collect();
        let work = |stream: &mut Stream, unit: usize| {
            let part = rows.slice(unit * batch * dimensions, batch * dimensions);
            if !self.all_work() {
                return hash.signatures_of(part, 1);
            }
            self.batch(stream, hash, part, batch).unwrap_or_else(|failure| {
                self.give_up(&Device::Cuda(stream.gpu.number()).to_string(), &failure);
                stream.buffers = None;
                hash.signatures_of(part, 1)
            })
        };
        let mut all = Signatures::default();
        all.words.reserve(count * hash.projection().bits() / 64);
        parallel::in_order_with(&mut streams, units, work, |part| all.append(part));
        for Stream { gpu, buffers } in streams {
            if let Some(buffers) = buffers {
                gpu.put_back(buffers);
            }
        }
        all
    }

    /// One batch, in parts where the GPU's memory is short.
    fn batch(
        &self,
        stream: &mut Stream,
        hash: &SignHash,
        rows: Part<'_>,
        batch: usize,
    ) -> Result<Signatures, Failure> {
        let dimensions = hash.projection().dimensions();
        let Stream { gpu, buffers } = stream;
        let buffers = match buffers {
            Some(buffers) => buffers,
            None => buffers.insert(gpu.sign_buffers(hash, batch, |note| self.note(note))?),
        };
        let mut all = Signatures::default();
        for from in (0..rows.rows(dimensions)).step_by(buffers.rows()) {
            let part = rows.slice(from * dimensions, buffers.rows() * dimensions);
            let signed = buffers.signatures(gpu, hash, part)?;
            all.append(signed.unwrap_or_else(|| hash.signatures_of(part, 1)));
        }
        Ok(all)
    }

    /// Gives `sink` all pairs of `rows` with a cosine of at least `threshold` whose smaller number
    /// is below the number returned, ascending. It is the number of rows, or where a GPU fails a
    /// multiple of the CPU's block.
    pub(in crate::vectors) fn search(
        &self,
        rows: &dyn Rows,
        threshold: f32,
        threads: usize,
        limits: Limits,
        sink: &mut dyn FnMut(Pair),
    ) -> Result<(usize, Report), SearchError> {
        let searched = search(&self.members, rows, threshold, threads, limits, sink);
        self.as_far_as_it_went(searched, rows)
    }

    /// Has `leader` decide `rows` in order; gives how many were: all, but where a GPU fails.
    pub(in crate::vectors) fn lead(
        &self,
        rows: &dyn Rows,
        threshold: f32,
        threads: usize,
        limits: Limits,
        leader: &mut dyn Leader,
    ) -> Result<(usize, Report), SearchError> {
        let led = lead(&self.members, rows, threshold, threads, limits, leader);
        self.as_far_as_it_went(led, rows)
    }

    fn as_far_as_it_went(
        &self,
        searched: Result<Report, Stop>,
        rows: &dyn Rows,
    ) -> Result<(usize, Report), SearchError> {
        match searched {
            Ok(report) => Ok((rows.count(), report)),
            Err(Stop::Search(error)) => Err(error),
            Err(Stop::Gpu { failure, done }) => {
                self.give_up("a GPU", &failure);
                Ok((done, Report::default()))
            }
        }
    }
}
