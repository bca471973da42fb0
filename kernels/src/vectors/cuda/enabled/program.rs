//! Kernels as machine code: compiled for the GPU by NVRTC where that is installed, else from the
//! PTX that comes with tamis, which the driver compiles.

use std::ffi::{CStr, CString};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use cudarc::driver::CudaContext;
use cudarc::nvrtc::{Ptx, result, sys};

use super::Failure;

/// The architecture that the PTX which comes along is for: Ampere, and every later one runs it.
const BASELINE: &str = "compute_80";
/// That PTX.
const BASELINE_PTX: &str = include_str!("../../../../cuda/baseline.ptx");

const COMMON: &str = include_str!("../../../../cuda/common.cu");
const HOPPER: &str = include_str!("../../../../cuda/hopper.cu");

/// A set of kernels that is compiled together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Set {
    /// What runs on every GPU.
    Every,
    /// Products on Hopper: width, consumers, stages, blocks of a cluster, output.
    Product([u32; 5]),
    /// Products of prefixes on Hopper: stages.
    Prefix(u32),
}

impl Set {
    fn source(self) -> String {
        let rows = include_str!("../../../../cuda/rows.cu");
        let product = include_str!("../../../../cuda/product.cu");
        let hopper_product = include_str!("../../../../cuda/product_sm90.cu");
        let prefix = include_str!("../../../../cuda/prefix_sm90.cu");
        match self {
            Self::Every => [COMMON, rows, product].concat(),
            Self::Product(_) => [COMMON, HOPPER, hopper_product].concat(),
            Self::Prefix(_) => [COMMON, HOPPER, prefix].concat(),
        }
    }

    fn definitions(self) -> Vec<String> {
        let define = |(name, value): (&str, u32)| format!("-D{name}={value}");
        match self {
            Self::Every => Vec::new(),
            Self::Product(values) => {
                let names = ["WIDTH", "CONSUMERS", "STAGES", "CLUSTER", "OUTPUT"];
                names.into_iter().zip(values).map(define).collect()
            }
            Self::Prefix(stages) => vec![define(("STAGES", stages))],
        }
    }
}

/// Whether NVRTC is installed, and its version.
pub fn nvrtc_version() -> Option<(i32, i32)> {
    #[expect(unsafe_code, reason = "asks the system's loader, and the library for its version")]
    // SAFETY: the library is only opened and closed, and the version is written to two integers.
    unsafe {
        if !sys::is_culib_present() {
            return None;
        }
        let (mut major, mut minor) = (0, 0);
        let answer = sys::nvrtcVersion(&raw mut major, &raw mut minor);
        (answer == sys::nvrtcResult::NVRTC_SUCCESS).then_some((major, minor))
    }
}

/// What NVRTC makes of the kernels for every GPU: the PTX that is committed as
/// `cuda/baseline.ptx`, without its first line.
pub fn baseline_ptx() -> Result<String, Failure> {
    let bytes = compile(Set::Every, BASELINE, false)?;
    String::from_utf8(bytes)
        .map(|text| text.trim_end_matches('\0').to_owned())
        .map_err(|_| Failure::Compile("PTX that is no text".to_owned()))
}

/// The first line of `cuda/baseline.ptx`: which sources and which NVRTC it was made from.
pub fn baseline_mark(nvrtc: (i32, i32)) -> String {
    let sources = crate::hash64(Set::Every.source().as_bytes());
    format!("// {sources:016x} by NVRTC {}.{}, for {BASELINE}\n", nvrtc.0, nvrtc.1)
}

/// The PTX that comes with tamis, its first line included.
pub fn committed_ptx() -> &'static str {
    BASELINE_PTX
}

/// The kernels of `set` as what the driver loads into `context`.
pub(super) fn load(
    context: &std::sync::Arc<CudaContext>,
    set: Set,
    capability: (i32, i32),
) -> Result<std::sync::Arc<cudarc::driver::CudaModule>, Failure> {
    if nvrtc_version().is_some() && !super::gpu::plain() {
        let architecture = architecture(capability);
        let image = match image(set, &architecture) {
            Ok(image) => Some(image),
            // an NVRTC older than the GPU: the driver makes do with PTX
            Err(_) if set == Set::Every => None,
            Err(error) => return Err(error),
        };
        if let Some(image) = image {
            return Ok(context.load_module(Ptx::from_binary(image))?);
        }
    }
    if set == Set::Every {
        return Ok(context.load_module(Ptx::from_src(BASELINE_PTX))?);
    }
    Err(Failure::Compile("NVRTC is not installed".to_owned()))
}

/// Machine code that was made, or why it could not be.
type Image = Arc<OnceLock<Result<Vec<u8>, Failure>>>;

/// The machine code of `set` for `architecture`, made once in a process: it takes most of a second.
pub(super) fn image(set: Set, architecture: &str) -> Result<Vec<u8>, Failure> {
    static IMAGES: Mutex<Vec<((Set, String), Image)>> = Mutex::new(Vec::new());
    let mut images = IMAGES.lock().unwrap_or_else(PoisonError::into_inner);
    let key = (set, architecture.to_owned());
    let found = images.iter().find(|(other, _)| *other == key).map(|(_, image)| Arc::clone(image));
    let image = found.unwrap_or_else(|| {
        let image = Image::default();
        images.push((key, Arc::clone(&image)));
        image
    });
    // others are made meanwhile
    drop(images);
    image.get_or_init(|| compile(set, architecture, true)).clone()
}

/// The architecture of a GPU whose instructions kernels may use.
pub(super) fn architecture(capability: (i32, i32)) -> String {
    // the letter stands for instructions of this one architecture
    let suffix = if capability.0 == 9 { "a" } else { "" };
    format!("sm_{}{}{suffix}", capability.0, capability.1)
}

/// The machine code, or the PTX, of `set` for `architecture`.
fn compile(set: Set, architecture: &str, machine_code: bool) -> Result<Vec<u8>, Failure> {
    let source = CString::new(set.source()).map_err(|error| Failure::Compile(error.to_string()))?;
    let mut options = vec![format!("--gpu-architecture={architecture}"), "--std=c++17".to_owned()];
    options.extend(set.definitions());
    let failed = |what: &str| Failure::Compile(format!("{what}, {set:?} for {architecture}"));
    #[expect(unsafe_code, reason = "NVRTC is a C library")]
    // SAFETY: the program is made here, used by this thread only and destroyed once; buffers have
    // the sizes that NVRTC asks for.
    unsafe {
        let program = result::create_program(&source, None)
            .map_err(|error| Failure::Compile(error.to_string()))?;
        let compiled = result::compile_program(program, &options);
        let made = if compiled.is_err() {
            let log = result::get_program_log(program).unwrap_or_default();
            let log = CStr::from_ptr(log.as_ptr()).to_string_lossy().into_owned();
            Err(failed(&log))
        } else if machine_code {
            let mut size = 0;
            let asked = sys::nvrtcGetCUBINSize(program, &raw mut size);
            let mut bytes = vec![0_u8; size];
            let got = sys::nvrtcGetCUBIN(program, bytes.as_mut_ptr().cast());
            let done = asked == sys::nvrtcResult::NVRTC_SUCCESS && asked == got;
            if done { Ok(bytes) } else { Err(failed("no machine code")) }
        } else {
            let ptx = result::get_ptx(program).map_err(|error| failed(&error.to_string()));
            ptx.map(|ptx| ptx.into_iter().map(i8::cast_unsigned).collect())
        };
        // what was made is made, whatever becomes of the program
        let _ = result::destroy_program(program);
        made
    }
}
