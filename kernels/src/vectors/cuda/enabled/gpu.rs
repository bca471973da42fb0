//! The GPUs of this machine.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use cudarc::driver::{CudaContext, CudaFunction, CudaStream, sys};

use super::Failure;
use super::launch::first_sets;
use super::program::{self, Set};
use crate::vectors::device::{Device, DeviceInfo};

/// A GPU, with the kernels that were compiled for it.
pub(super) struct Gpu {
    pub(super) context: Arc<CudaContext>,
    capability: (i32, i32),
    functions: Mutex<HashMap<(Set, &'static str), CudaFunction>>,
    /// Buffers for signatures that are not in use.
    pub(super) idle: Mutex<Vec<super::signs::SignBuffers>>,
}

impl std::fmt::Debug for Gpu {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "GPU({})", self.context.ordinal())
    }
}

/// All GPUs that can be used, and what a person should know of each; or why there is none.
pub(super) fn gpus() -> Result<Vec<(Arc<Gpu>, DeviceInfo)>, String> {
    #[expect(unsafe_code, reason = "asks the system's loader")]
    // SAFETY: the library is only opened and closed.
    let present = unsafe { sys::is_culib_present() };
    if !present {
        return Err("no CUDA driver is installed".to_owned());
    }
    // a driver that lacks a function makes the binding panic at its first use
    let found = catch_unwind(AssertUnwindSafe(|| -> Result<_, Failure> {
        (0..CudaContext::device_count()?).map(open).collect::<Result<Vec<_>, Failure>>()
    }));
    let found = found.map_err(|_| "the CUDA driver is too old".to_owned())?;
    let found = found.map_err(|error| first_line(&format!("CUDA does not start: {error}")))?;
    let able: Vec<_> = found.into_iter().filter(|(gpu, _)| gpu.capability >= (8, 0)).collect();
    if able.is_empty() {
        return Err("there is no GPU of compute capability 8.0 or later".to_owned());
    }
    Ok(able)
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

fn open(ordinal: i32) -> Result<(Arc<Gpu>, DeviceInfo), Failure> {
    let device = cudarc::driver::result::device::get(ordinal)?;
    let number = usize::try_from(ordinal)
        .map_err(|_| Failure::Rows(format!("{ordinal} is no number of a GPU")))?;
    #[expect(unsafe_code, reason = "a call into the driver")]
    // SAFETY: the device exists. A context that is already in use keeps its ways, which is as well.
    unsafe {
        // threads that wait for a GPU sleep, so that others can prepare what it gets next
        sys::cuDevicePrimaryCtxSetFlags_v2(
            device,
            sys::CUctx_flags_enum::CU_CTX_SCHED_BLOCKING_SYNC as u32,
        );
    }
    let context = CudaContext::new(number)?;
    #[expect(unsafe_code, reason = "each buffer belongs to one stream")]
    // SAFETY: what is shared between streams is uploaded and waited for before it is shared.
    unsafe {
        context.disable_event_tracking();
    }
    let capability = context.compute_capability()?;
    let nvrtc = program::nvrtc_version();
    let kernels = match nvrtc {
        Some((major, minor)) if capability.0 == 9 => format!("NVRTC {major}.{minor}, wgmma"),
        Some((major, minor)) => format!("NVRTC {major}.{minor}, mma"),
        None => "no NVRTC, the PTX of this build, mma".to_owned(),
    };
    let driver = driver_version();
    let info = DeviceInfo {
        device: Device::Cuda(number),
        name: context.name()?,
        memory: Some(context.total_mem()? as u64),
        compute_capability: Some((capability.0.unsigned_abs(), capability.1.unsigned_abs())),
        driver: Some(format!("CUDA {}.{}", driver / 1000, driver % 1000 / 10)),
        kernels,
    };
    let (functions, idle) = (Mutex::default(), Mutex::default());
    Ok((Arc::new(Gpu { context, capability, functions, idle }), info))
}

/// The newest CUDA that the driver serves, as 1000 times the major and 10 times the minor version.
fn driver_version() -> i32 {
    let mut version = 0;
    #[expect(unsafe_code, reason = "a call into the driver")]
    // SAFETY: the driver writes one integer.
    let answer = unsafe { sys::cuDriverGetVersion(&raw mut version) };
    if answer == sys::cudaError_enum::CUDA_SUCCESS { version } else { 0 }
}

impl Gpu {
    /// Whether Hopper's matrix instructions can be used.
    pub(super) fn is_hopper(&self) -> bool {
        self.capability.0 == 9 && program::nvrtc_version().is_some() && !plain()
    }

    /// Its number.
    pub(super) fn number(&self) -> usize {
        self.context.ordinal()
    }

    /// Its multiprocessors.
    pub(super) fn processors(&self) -> Result<u32, Failure> {
        let attribute = sys::CUdevice_attribute::CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT;
        Ok(self.context.attribute(attribute)?.unsigned_abs())
    }

    /// A new stream.
    pub(super) fn stream(&self) -> Result<Arc<CudaStream>, Failure> {
        Ok(self.context.new_stream()?)
    }

    /// Makes the kernels that a search begins with.
    pub(super) fn prepare(&self) {
        if program::nvrtc_version().is_none() || plain() {
            return;
        }
        let architecture = program::architecture(self.capability);
        std::thread::scope(|scope| {
            for set in first_sets(self) {
                // what fails here fails again where it is needed, and is told there
                let architecture = &architecture;
                scope.spawn(move || program::image(set, architecture).is_ok());
            }
        });
    }

    /// The kernel `name` of `set`, compiled at its first use, with `shared` bytes of dynamic shared
    /// memory.
    pub(super) fn function(
        &self,
        set: Set,
        name: &'static str,
        shared: u32,
    ) -> Result<CudaFunction, Failure> {
        let mut functions = self.functions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(function) = functions.get(&(set, name)) {
            return Ok(function.clone());
        }
        let module = program::load(&self.context, set, self.capability)?;
        let function = module.load_function(name)?;
        if shared > 0 {
            let attribute =
                sys::CUfunction_attribute::CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
            function.set_attribute(attribute, shared.cast_signed())?;
        }
        functions.insert((set, name), function.clone());
        Ok(function)
    }
}

/// Whether the PTX that comes along is asked for, so that it can be tested where there is more.
pub(super) fn plain() -> bool {
    std::env::var_os("TAMIS_CUDA_PLAIN").is_some()
}

/// Takes all memory of all GPUs but about `left` bytes each, for a test.
#[expect(unsafe_code, reason = "memory that nobody reads")]
pub(super) fn take_memory(left: usize) -> Result<Vec<cudarc::driver::CudaSlice<u8>>, Failure> {
    let mut taken = Vec::new();
    for (gpu, _) in gpus().map_err(Failure::Rows)? {
        let stream = gpu.stream()?;
        let mut size = 1 << 34;
        while size >= 1 << 20 {
            let (free, _) = gpu.context.mem_get_info()?;
            // SAFETY: nobody reads it.
            let got = if free >= left + size { unsafe { stream.alloc(size) }.ok() } else { None };
            match got {
                Some(memory) => taken.push(memory),
                None => size /= 2,
            }
            stream.synchronize()?;
        }
    }
    Ok(taken)
}
