//! One body of code, compiled for every vector width, chosen when the program runs.
//!
//! The body is plain integer code, so that all versions give the same bits; what differs is what
//! the compiler makes of it. On ARM the baseline has NEON and needs no choice.

/// A vector width that a CPU may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// What every CPU of the architecture has.
    Baseline,
    /// AVX2.
    Avx2,
    /// AVX-512 F, BW, DQ and VL.
    Avx512,
}

impl Level {
    /// The widest one of this machine.
    #[cfg(target_arch = "x86_64")]
    #[inline]
    pub fn detect() -> Self {
        use std::sync::OnceLock;
        static FOUND: OnceLock<Level> = OnceLock::new();
        *FOUND.get_or_init(|| {
            if is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl")
            {
                Self::Avx512
            } else if is_x86_feature_detected!("avx2") {
                Self::Avx2
            } else {
                Self::Baseline
            }
        })
    }

    /// The widest one of this machine.
    #[cfg(not(target_arch = "x86_64"))]
    #[inline]
    pub fn detect() -> Self {
        Self::Baseline
    }

    /// All that this machine has, the narrowest first.
    pub fn available() -> Vec<Self> {
        match Self::detect() {
            Self::Baseline => vec![Self::Baseline],
            Self::Avx2 => vec![Self::Baseline, Self::Avx2],
            Self::Avx512 => vec![Self::Baseline, Self::Avx2, Self::Avx512],
        }
    }
}

/// Defines `$name(level, ...)` that runs `$body(...)` as compiled for `level`.
///
/// The body must be `#[inline(always)]`, or it is compiled for the baseline only. A level that the
/// machine lacks falls back to the widest it has.
///
/// ```
/// use minhash_lsh::{Level, for_every_level};
///
/// for_every_level! {
///     /// Adds up `numbers`.
///     fn sum = sum_body(numbers: &[u32], sum: &mut u32)
/// }
///
/// #[inline(always)]
/// fn sum_body(numbers: &[u32], sum: &mut u32) {
///     for number in numbers {
///         *sum = sum.wrapping_add(*number);
///     }
/// }
///
/// let mut total = 0;
/// sum(Level::detect(), &[1, 2, 3], &mut total);
/// assert_eq!(total, 6);
/// ```
#[macro_export]
macro_rules! for_every_level {
    ($(#[$meta:meta])* $visibility:vis fn $name:ident = $body:ident($($argument:ident: $type:ty),*)) => {
        $(#[$meta])*
        $visibility fn $name(level: $crate::Level, $($argument: $type),*) {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
                fn avx512($($argument: $type),*) {
                    $body($($argument),*);
                }
                #[target_feature(enable = "avx2")]
                fn avx2($($argument: $type),*) {
                    $body($($argument),*);
                }
                use $crate::Level;
                let had = Level::detect();
                if level == Level::Avx512 && had == Level::Avx512 {
                    #[expect(unsafe_code, reason = "the CPU has what this was compiled for")]
                    // SAFETY: `detect` asked the CPU for each of these features.
                    return unsafe { avx512($($argument),*) };
                }
                if level != Level::Baseline && had != Level::Baseline {
                    #[expect(unsafe_code, reason = "the CPU has what this was compiled for")]
                    // SAFETY: `detect` asked the CPU for AVX2, or for AVX-512, which includes it.
                    return unsafe { avx2($($argument),*) };
                }
            }
            let _ = level;
            $body($($argument),*);
        }
    };
}
