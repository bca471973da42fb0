//! Sizes of the frame, counted on a thread of its own so that no decision waits for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use crate::InspectError;
use crate::data::{OpenOptions, Progress, Source};
use crate::model::{Frame, SampleSpec};

/// A scan that runs beside the review; it stops when this is dropped.
pub(super) struct Measuring {
    stop: Arc<AtomicBool>,
    result: Receiver<Result<Frame, InspectError>>,
}

/// What asks the thread to stop.
struct Flag(Arc<AtomicBool>);

impl Progress for Flag {
    fn progress(&self, _share: f64) {}

    fn cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Measuring {
    /// Starts counting the frame of `spec`.
    pub(super) fn start(inputs: Vec<String>, options: OpenOptions, spec: SampleSpec) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let flag = Flag(Arc::clone(&stop));
        let (sender, result) = sync_channel(1);
        std::thread::spawn(move || {
            // who no longer listens has left
            let _ = sender.send(measure(&inputs, &options, &spec, &flag));
        });
        Self { stop, result }
    }

    /// Waits a little for the result; none while it is not there.
    pub(super) fn wait(&self, at_most: Duration) -> Option<Result<Frame, InspectError>> {
        match self.result.recv_timeout(at_most) {
            Ok(result) => Some(result),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => {
                Some(Err(InspectError::Usage("the sizes of the frame could not be counted".into())))
            }
        }
    }
}

impl Drop for Measuring {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn measure(
    inputs: &[String],
    options: &OpenOptions,
    spec: &SampleSpec,
    flag: &Flag,
) -> Result<Frame, InspectError> {
    let source = Source::open(inputs, options)?;
    source.measure(spec, flag)?;
    Ok(source.frame())
}
