//! Where vectors are worked on: this machine's CPU, or graphics cards with CUDA.

use std::fmt;
use std::str::FromStr;

use super::rows::{Pair, Rows, SearchError};
use super::sign::{SignHash, Signatures};
use super::{Neighbour, exact_pairs, nearest};
use crate::simd::Level;

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
    Found { devices: vec![cpu], without_cuda: Some("this build has no CUDA".to_owned()) }
}

/// Works on vectors, on the devices chosen; results are the same on all.
#[derive(Debug)]
pub struct Engine {
    threads: usize,
    devices: Vec<Device>,
}

impl Engine {
    /// An engine on the devices that `choice` names, with `threads` threads of the CPU.
    pub fn open(choice: Choice, threads: usize) -> Result<Self, DeviceError> {
        let found = devices();
        let asked = match choice {
            Choice::Auto | Choice::Cpu => {
                return Ok(Self { threads, devices: vec![Device::Cpu] });
            }
            Choice::Cuda(None) => "cuda".to_owned(),
            Choice::Cuda(Some(number)) => Device::Cuda(number).to_string(),
        };
        let reason = found.without_cuda.unwrap_or_else(|| "it is not there".to_owned());
        Err(DeviceError::Missing { asked, reason })
    }

    /// Where it works.
    pub fn devices(&self) -> &[Device] {
        &self.devices
    }

    /// What a user should know since the last call: a card that failed, a batch that was halved.
    pub fn take_notes(&self) -> Vec<String> {
        Vec::new()
    }

    /// The signatures of `rows` (row-major): see [`SignHash::signatures`].
    pub fn signatures(&self, hash: &SignHash, rows: &[f32]) -> Signatures {
        hash.signatures(rows, self.threads)
    }

    /// All pairs of `rows` with a cosine of at least `threshold`: see [`exact_pairs`].
    pub fn exact_pairs(
        &self,
        rows: &dyn Rows,
        threshold: f32,
        sink: impl FnMut(Pair),
    ) -> Result<(), SearchError> {
        exact_pairs(rows, threshold, self.threads, sink)
    }

    /// The nearest of `rows` for each query: see [`nearest`].
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
