//! The twin of `enabled` in a build without CUDA: no value of [`Gpus`] can exist.

use crate::vectors::device::DeviceInfo;
use crate::vectors::rows::{Leader, Pair, Rows, SearchError};
use crate::vectors::sign::{Part, SignHash, Signatures};

/// Why there are no GPUs.
const WITHOUT: &str = "this build of tamis has no CUDA: build it with `--features cuda`";

/// The GPUs of a machine, of which this build knows none.
#[derive(Debug)]
pub(in crate::vectors) enum Gpus {}

/// What GPUs do at a time.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::vectors) struct Limits {}

/// Where the time of GPUs went.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::vectors) struct Report {}

impl Gpus {
    pub(in crate::vectors) fn find() -> Result<(Self, Vec<DeviceInfo>), String> {
        Err(WITHOUT.to_owned())
    }

    pub(in crate::vectors) fn only(self, _number: usize) -> Option<Self> {
        match self {}
    }

    pub(in crate::vectors) fn numbers(&self) -> Vec<usize> {
        match *self {}
    }

    pub(in crate::vectors) fn all_work(&self) -> bool {
        match *self {}
    }

    pub(in crate::vectors) fn prepare(&self) {
        match *self {}
    }

    pub(in crate::vectors) fn take_notes(&self) -> Vec<String> {
        match *self {}
    }

    pub(in crate::vectors) fn signatures(
        &self,
        _hash: &SignHash,
        _rows: Part<'_>,
        _threads: usize,
    ) -> Signatures {
        match *self {}
    }

    pub(in crate::vectors) fn search(
        &self,
        _rows: &dyn Rows,
        _threshold: f32,
        _threads: usize,
        _limits: Limits,
        _sink: &mut dyn FnMut(Pair),
    ) -> Result<(usize, Report), SearchError> {
        match *self {}
    }

    pub(in crate::vectors) fn lead(
        &self,
        _rows: &dyn Rows,
        _threshold: f32,
        _threads: usize,
        _limits: Limits,
        _leader: &mut dyn Leader,
    ) -> Result<(usize, Report), SearchError> {
        match *self {}
    }
}
