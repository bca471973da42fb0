//! Where vectors are worked on: this machine's CPU, or GPUs with CUDA.

use std::fmt;
use std::str::FromStr;

use minhash_lsh::Level;

use super::cuda::{Gpus, Limits, Report};
use super::exact::{check, pairs_from};
use super::rows::{Leader, Pair, Rows, SearchError};
use super::sign::{Part, SignHash, Signatures};
use super::{Neighbour, nearest};

/// Rows below which a GPU takes longer to start than the CPU to sign them.
const FEW_ROWS: usize = 256;
/// The same for a search for pairs.
const FEW_PAIRED: usize = 4096;

/// A device that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Device {
    /// The CPU.
    Cpu,
    /// The CUDA GPU with this number.
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

/// What a user asks for: `auto`, `cpu`, `cuda` (all GPUs) or `cuda:N`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// All GPUs where there are some, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// The GPU with this number, or all.
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
pub struct DeviceList {
    /// The CPU first, then the GPUs.
    pub devices: Vec<DeviceInfo>,
    /// Why there is no GPU, in one line; none where there is one.
    pub without_cuda: Option<String>,
}

/// Looks for devices. It never fails: what is wrong with CUDA is in the answer.
pub fn devices() -> DeviceList {
    let (gpus, without_cuda) = match Gpus::find() {
        Ok((_, gpus)) => (gpus, None),
        Err(reason) => (Vec::new(), Some(reason)),
    };
    DeviceList { devices: std::iter::once(cpu()).chain(gpus).collect(), without_cuda }
}

fn cpu() -> DeviceInfo {
    let width = match Level::detect() {
        Level::Baseline if cfg!(target_arch = "aarch64") => "NEON",
        Level::Baseline => "no AVX2",
        Level::Avx2 => "AVX2",
        Level::Avx512 => "AVX-512",
    };
    let threads = std::thread::available_parallelism()
        .map_or_else(|_| String::new(), |threads| format!(" with {threads} threads"));
    DeviceInfo {
        device: Device::Cpu,
        name: format!("CPU{threads}"),
        memory: None,
        compute_capability: None,
        driver: None,
        kernels: width.to_owned(),
    }
}

/// Works on vectors, on the devices chosen; results are the same on all.
#[derive(Debug)]
pub struct Engine {
    threads: usize,
    gpus: Option<Gpus>,
}

impl Engine {
    /// An engine on the devices that `choice` names, with `threads` threads of the CPU.
    ///
    /// # Errors
    ///
    /// When GPUs are asked for by name and are not there, or this build has no CUDA.
    pub fn open(choice: Choice, threads: usize) -> Result<Self, DeviceError> {
        let missing = |number: Option<usize>, reason: String| {
            let all = || "cuda".to_owned();
            let asked = number.map_or_else(all, |number| Device::Cuda(number).to_string());
            DeviceError::Missing { asked, reason }
        };
        let gpus = match choice {
            Choice::Cpu => None,
            Choice::Auto => Gpus::find().ok().map(|(gpus, _)| gpus),
            Choice::Cuda(number) => {
                let (gpus, _) = Gpus::find().map_err(|reason| missing(number, reason))?;
                let gpus = match number {
                    None => Some(gpus),
                    Some(number) => gpus.only(number),
                };
                Some(gpus.ok_or_else(|| missing(number, "it is not there".to_owned()))?)
            }
        };
        Ok(Self { threads: threads.max(1), gpus })
    }

    /// Where it works: on GPUs, or on the CPU where there are none.
    pub fn devices(&self) -> Vec<Device> {
        self.working_gpus().map_or_else(
            || vec![Device::Cpu],
            |gpus| gpus.numbers().into_iter().map(Device::Cuda).collect(),
        )
    }

    /// Makes the kernels that a search on GPUs begins with, which takes a second or two: worth it
    /// where other work goes on meanwhile. GPUs stay open as long as the engine does.
    pub fn prepare(&self) {
        if let Some(gpus) = &self.gpus {
            gpus.prepare();
        }
    }

    /// What a user should know since the last call: a GPU that failed, a batch that was halved.
    pub fn take_notes(&self) -> Vec<String> {
        self.gpus.as_ref().map_or_else(Vec::new, Gpus::take_notes)
    }

    fn working_gpus(&self) -> Option<&Gpus> {
        self.gpus.as_ref().filter(|gpus| gpus.all_work())
    }

    /// The signatures of `rows` (row-major): see [`SignHash::signatures`].
    pub fn signatures(&self, hash: &SignHash, rows: &[f32]) -> Signatures {
        if rows.len() < FEW_ROWS * hash.projection().dimensions() {
            return hash.signatures(rows, self.threads);
        }
        self.signatures_of(hash, Part::Floats(rows))
    }

    /// The same for rows of bfloat16 numbers.
    pub fn signatures_bf16(&self, hash: &SignHash, rows: &[u16]) -> Signatures {
        self.signatures_of(hash, Part::Halves(rows))
    }

    /// The signatures of however few rows, on GPUs where they work.
    pub(super) fn signatures_of(&self, hash: &SignHash, rows: Part<'_>) -> Signatures {
        match self.working_gpus() {
            Some(gpus) => gpus.signatures(hash, rows, self.threads),
            None => hash.signatures_of(rows, self.threads),
        }
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
        let (mut done, mut report) = (0, Report::default());
        if let Some(gpus) = self.working_gpus().filter(|_| rows.count() > 0) {
            (done, report) = gpus.search(rows, threshold, self.threads, limits, &mut sink)?;
        }
        if done < rows.count() {
            pairs_from(rows, done, threshold, self.threads, &mut sink)?;
        }
        Ok(report)
    }

    /// Has `leader` decide `rows`, in order, on GPUs; gives how many were decided, which is fewer
    /// than all where there are no GPUs, too few rows for one, or where one failed.
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
        let Some(gpus) = self.working_gpus() else { return Ok((0, Report::default())) };
        gpus.lead(rows, threshold, self.threads, limits, leader)
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
    fn a_machine_without_gpus_says_so_in_one_line() {
        let found = devices();
        assert_eq!(found.devices[0].device, Device::Cpu);
        let gpus = found.devices.len() - 1;
        assert_eq!(gpus == 0, found.without_cuda.is_some());
        if let Some(line) = found.without_cuda {
            assert!(!line.contains('\n') && !line.is_empty());
            let error = Engine::open(Choice::Cuda(None), 1).unwrap_err().to_string();
            assert!(error.starts_with("cuda was asked for, but"), "{error}");
        }
        assert_eq!(Engine::open(Choice::Cpu, 1).unwrap().devices(), [Device::Cpu]);
    }

    #[cfg(not(feature = "cuda"))]
    #[test]
    fn a_build_without_cuda_names_the_feature() {
        let error = Engine::open(Choice::Cuda(Some(1)), 1).unwrap_err().to_string();
        assert_eq!(
            error,
            "cuda:1 was asked for, but this build of tamis has no CUDA: build it with `--features cuda`"
        );
        assert_eq!(Engine::open(Choice::Auto, 1).unwrap().devices(), [Device::Cpu]);
    }
}
