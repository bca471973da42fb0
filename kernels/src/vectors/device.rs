//! Where vectors are worked on: this machine's CPU, or graphics cards with CUDA.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::cuda::{self, BATCH_ROWS, Card, Limits, Report, Slot, Stop};
use super::exact::{check, pairs_from};
use super::parallel;
use super::rows::{Leader, Pair, Rows, SearchError};
use super::sign::{Part, SignHash, Signatures};
use super::{Neighbour, nearest};
use crate::simd::Level;

/// Rows below which a card takes longer to start than the CPU to sign them.
const FEW_ROWS: usize = 256;
/// The same for a search for pairs.
const FEW_PAIRED: usize = 4096;

/// A device that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Device {
    /// The CPU.
    Cpu,
    /// The CUDA card with this number.
    Cuda(usize),
}

impl fmt::Display for Device {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => formatter.write_str("cpu"),
            Self::Cuda(number) => write!(formatter, "cuda:{number}"),
        }
    }
}

/// What a user asks for: `auto`, `cpu`, `cuda` (all cards) or `cuda:N`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// All cards where there are some, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// The card with this number, or all.
    Cuda(Option<usize>),
}

impl FromStr for Choice {
    type Err = DeviceError;

    fn from_str(text: &str) -> Result<Self, DeviceError> {
        match text {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "cuda" => Ok(Self::Cuda(None)),
            _ => (text.strip_prefix("cuda:").and_then(|number| number.parse().ok()))
                .map(|number| Self::Cuda(Some(number)))
                .ok_or_else(|| DeviceError::Unknown(text.to_owned())),
        }
    }
}

/// Why a device cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
    /// A name that is none.
    #[error("there is no device {0:?}: write auto, cpu, cuda or cuda:N")]
    Unknown(String),
    /// Asked for, but not there.
    #[error("{asked} was asked for, but {reason}")]
    Missing {
        /// What was asked for.
        asked: String,
        /// Why it is not there.
        reason: String,
    },
}

/// One device, for people to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceInfo {
    /// Which one.
    pub device: Device,
    /// Its name.
    pub name: String,
    /// Its memory in bytes, where it has its own.
    pub memory: Option<u64>,
    /// CUDA's compute capability, major and minor.
    pub compute_capability: Option<(u32, u32)>,
    /// The version of the CUDA driver.
    pub driver: Option<String>,
    /// How its kernels are made.
    pub kernels: String,
}

/// What this machine has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The CPU first, then the cards.
    pub devices: Vec<DeviceInfo>,
    /// Why there is no card, in one line; none where there is one.
    pub without_cuda: Option<String>,
}

/// Looks for devices. It never fails: what is wrong with CUDA is in the answer.
pub fn devices() -> Found {
    found().0
}

fn found() -> (Found, Vec<Arc<Card>>) {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let width = match Level::detect() {
        Level::Baseline if cfg!(target_arch = "aarch64") => "NEON",
        Level::Baseline => "no AVX2",
        Level::Avx2 => "AVX2",
        Level::Avx512 => "AVX-512",
    };
    let cpu = DeviceInfo {
        device: Device::Cpu,
        name: format!("CPU with {cores} threads"),
        memory: None,
        compute_capability: None,
        driver: None,
        kernels: width.to_owned(),
    };
    match cuda::cards() {
        Ok(cards) => {
            let (cards, infos): (Vec<_>, Vec<_>) = cards.into_iter().unzip();
            let devices = std::iter::once(cpu).chain(infos).collect();
            (Found { devices, without_cuda: None }, cards)
        }
        Err(reason) => (Found { devices: vec![cpu], without_cuda: Some(reason) }, Vec::new()),
    }
}

/// Works on vectors, on the devices chosen; results are the same on all.
#[derive(Debug)]
pub struct Engine {
    threads: usize,
    cards: Vec<Arc<Card>>,
    /// A card has failed: the CPU does the rest.
    failed: AtomicBool,
    notes: Mutex<Vec<String>>,
}

impl Engine {
    /// An engine on the devices that `choice` names, with `threads` threads of the CPU.
    pub fn open(choice: Choice, threads: usize) -> Result<Self, DeviceError> {
        let engine = |cards| Self {
            threads: threads.max(1),
            cards,
            failed: AtomicBool::new(false),
            notes: Mutex::default(),
        };
        if choice == Choice::Cpu {
            return Ok(engine(Vec::new()));
        }
        let (found, cards) = found();
        match (choice, found.without_cuda) {
            (Choice::Cuda(Some(number)), None) => {
                let cards: Vec<_> =
                    cards.into_iter().filter(|card| card.number() == number).collect();
                if cards.is_empty() {
                    let asked = Device::Cuda(number).to_string();
                    return Err(DeviceError::Missing {
                        asked,
                        reason: "it is not there".to_owned(),
                    });
                }
                Ok(engine(cards))
            }
            (Choice::Cuda(number), Some(reason)) => {
                let all = || "cuda".to_owned();
                let asked = number.map_or_else(all, |number| Device::Cuda(number).to_string());
                Err(DeviceError::Missing { asked, reason })
            }
            _ => Ok(engine(cards)),
        }
    }

    /// Where it works: on cards, or on the CPU where there are none.
    pub fn devices(&self) -> Vec<Device> {
        if self.cards.is_empty() || self.failed.load(Ordering::Relaxed) {
            return vec![Device::Cpu];
        }
        self.cards.iter().map(|card| Device::Cuda(card.number())).collect()
    }

    /// Makes the kernels that a search on cards begins with, which takes a second or two: worth it
    /// where other work goes on meanwhile. Cards stay open as long as the engine does.
    pub fn prepare(&self) {
        self.cards.iter().for_each(|card| card.prepare());
    }

    /// What a user should know since the last call: a card that failed, a batch that was halved.
    pub fn take_notes(&self) -> Vec<String> {
        std::mem::take(&mut self.notes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn note(&self, note: String) {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        if !notes.contains(&note) {
            notes.push(note);
        }
    }

    fn give_up(&self, card: &str, failure: &dyn fmt::Display) {
        self.failed.store(true, Ordering::Relaxed);
        self.note(format!("{card} failed ({failure}): the CPU does the rest"));
    }

    fn usable(&self) -> bool {
        !self.cards.is_empty() && !self.failed.load(Ordering::Relaxed)
    }

    /// The signatures of `rows` (row-major): see [`SignHash::signatures`].
    pub fn signatures(&self, hash: &SignHash, rows: &[f32]) -> Signatures {
        if !self.usable() || rows.len() < FEW_ROWS * hash.projection().dimensions() {
            return hash.signatures(rows, self.threads);
        }
        self.signatures_on_cards(hash, Part::Floats(rows))
    }

    /// The same for rows of bfloat16 numbers.
    pub fn signatures_bf16(&self, hash: &SignHash, rows: &[u16]) -> Signatures {
        if self.usable() {
            return self.signatures_on_cards(hash, Part::Halves(rows));
        }
        let rows: Vec<f32> = rows.iter().map(|bits| super::bf16::widen(*bits)).collect();
        hash.signatures(&rows, self.threads)
    }

    pub(super) fn signatures_on_cards(&self, hash: &SignHash, rows: Part<'_>) -> Signatures {
        let dimensions = hash.projection().dimensions();
        let count = rows.rows(dimensions);
        let batch = BATCH_ROWS.min(count.max(1));
        let units = count.div_ceil(batch);
        // streams enough to copy and compute at once; with more, what is staged leaves the cache
        let each = (self.threads / self.cards.len()).clamp(2, 16).min(units.max(1));
        let mut slots: Vec<(Arc<Card>, Option<Slot>)> = (0..each)
            .flat_map(|_| self.cards.iter().map(|card| (Arc::clone(card), None)))
            .collect();
        let work = |(card, slot): &mut (Arc<Card>, Option<Slot>), unit: usize| {
            let part = rows.slice(unit * batch * dimensions, batch * dimensions);
            if self.failed.load(Ordering::Relaxed) {
                return hash.signatures_of(part);
            }
            self.batch(card, slot, hash, part, batch).unwrap_or_else(|failure| {
                self.give_up(&Device::Cuda(card.number()).to_string(), &failure);
                *slot = None;
                hash.signatures_of(part)
            })
        };
        let mut all = Signatures::default();
        all.words.reserve(count * hash.projection().bits() / 64);
        parallel::in_order_with(&mut slots, units, work, |part| all.append(part));
        for (card, slot) in slots {
            if let Some(slot) = slot {
                card.put_back(slot);
            }
        }
        all
    }

    /// One batch, in parts where the card's memory is short.
    fn batch(
        &self,
        card: &Arc<Card>,
        held: &mut Option<Slot>,
        hash: &SignHash,
        rows: Part<'_>,
        batch: usize,
    ) -> Result<Signatures, cuda::Failure> {
        let dimensions = hash.projection().dimensions();
        let slot = match held {
            Some(slot) => slot,
            None => held.insert(card.slot(hash, batch, |note| self.note(note))?),
        };
        let mut all = Signatures::default();
        for from in (0..rows.rows(dimensions)).step_by(slot.rows()) {
            let part = rows.slice(from * dimensions, slot.rows() * dimensions);
            let signed = slot.signatures(card, hash, part)?;
            all.append(signed.unwrap_or_else(|| hash.signatures_of(part)));
        }
        Ok(all)
    }

    /// All pairs of `rows` with a cosine of at least `threshold`: see
    /// [`exact_pairs`](super::exact_pairs).
    pub fn exact_pairs(
        &self,
        rows: &dyn Rows,
        threshold: f32,
        sink: impl FnMut(Pair),
    ) -> Result<(), SearchError> {
        if rows.count() < FEW_PAIRED {
            return super::exact_pairs(rows, threshold, self.threads, sink);
        }
        self.pairs_with(rows, threshold, Limits::default(), sink).map(drop)
    }

    pub(super) fn pairs_with(
        &self,
        rows: &dyn Rows,
        threshold: f32,
        limits: Limits,
        mut sink: impl FnMut(Pair),
    ) -> Result<Report, SearchError> {
        check(rows.dimensions(), threshold)?;
        let mut done = 0;
        if self.usable() && rows.count() > 0 {
            let found = cuda::search(&self.cards, rows, threshold, self.threads, limits, &mut sink);
            match found {
                Ok(report) => return Ok(report),
                Err(Stop::Search(error)) => return Err(error),
                Err(Stop::Card { failure, done: before }) => {
                    self.give_up("a card", &failure);
                    done = before;
                }
            }
        }
        pairs_from(rows, done, threshold, self.threads, &mut sink)?;
        Ok(Report::default())
    }

    /// Has `leader` decide `rows`, in order, on cards; gives how many were decided, which is fewer
    /// than all where there are no cards, too few rows for one, or where one failed.
    ///
    /// It holds 8 bytes and a bit for each row, and the candidates of a few thousand rows.
    pub fn lead(
        &self,
        rows: &dyn Rows,
        threshold: f32,
        leader: &mut dyn Leader,
    ) -> Result<usize, SearchError> {
        if rows.count() < FEW_PAIRED {
            return Ok(0);
        }
        self.lead_with(rows, threshold, Limits::default(), leader).map(|(decided, _)| decided)
    }

    pub(super) fn lead_with(
        &self,
        rows: &dyn Rows,
        threshold: f32,
        limits: Limits,
        leader: &mut dyn Leader,
    ) -> Result<(usize, Report), SearchError> {
        check(rows.dimensions(), threshold)?;
        if !self.usable() {
            return Ok((0, Report::default()));
        }
        match cuda::lead(&self.cards, rows, threshold, self.threads, limits, leader) {
            Ok(report) => Ok((rows.count(), report)),
            Err(Stop::Search(error)) => Err(error),
            Err(Stop::Card { failure, done }) => {
                self.give_up("a card", &failure);
                Ok((done, Report::default()))
            }
        }
    }

    /// The nearest of `rows` for each query: see [`nearest`]. The CPU does it: an audit reads the
    /// rows once, and reading takes longer.
    pub fn nearest(
        &self,
        rows: &dyn Rows,
        queries: &[f32],
        count: usize,
    ) -> Result<Vec<Vec<Neighbour>>, SearchError> {
        nearest(rows, queries, count, self.threads)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_devices() {
        assert_eq!("auto".parse(), Ok(Choice::Auto));
        assert_eq!("cpu".parse(), Ok(Choice::Cpu));
        assert_eq!("cuda".parse(), Ok(Choice::Cuda(None)));
        assert_eq!("cuda:3".parse(), Ok(Choice::Cuda(Some(3))));
        for wrong in ["gpu", "cuda:", "cuda:x", "CUDA", ""] {
            assert_eq!(wrong.parse::<Choice>(), Err(DeviceError::Unknown(wrong.to_owned())));
        }
        assert_eq!(Device::Cuda(2).to_string(), "cuda:2");
    }

    #[test]
    fn a_machine_without_cards_says_so_in_one_line() {
        let found = devices();
        assert_eq!(found.devices[0].device, Device::Cpu);
        let cards = found.devices.len() - 1;
        assert_eq!(cards == 0, found.without_cuda.is_some());
        if let Some(line) = found.without_cuda {
            assert!(!line.contains('\n') && !line.is_empty());
            let error = Engine::open(Choice::Cuda(None), 1).unwrap_err().to_string();
            assert!(error.starts_with("cuda was asked for, but"), "{error}");
        }
        assert_eq!(Engine::open(Choice::Cpu, 1).unwrap().devices(), [Device::Cpu]);
    }
}
