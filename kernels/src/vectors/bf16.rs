//! bfloat16: the upper half of an `f32`, what tensor cores multiply.

/// `value` rounded to the nearest bfloat16, ties to even; what is not finite, or would not be, is 0.
#[expect(clippy::inline_always, reason = "each vector width needs its own copy")]
#[inline(always)]
pub(crate) fn round(value: f32) -> u16 {
    let bits = value.to_bits();
    let rounded = bits.wrapping_add(0x7fff + ((bits >> 16) & 1)) >> 16;
    let finite = (bits & 0x7f80_0000) != 0x7f80_0000 && (rounded & 0x7f80) != 0x7f80;
    if finite { rounded as u16 } else { 0 }
}

/// The number that `bits` stand for.
pub(crate) fn widen(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits) << 16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ties_go_to_even_and_what_is_not_finite_to_zero() {
        assert_eq!(round(1.0), 0x3f80);
        assert_eq!(round(f32::from_bits(0x3f80_8000)), 0x3f80);
        assert_eq!(round(f32::from_bits(0x3f81_8000)), 0x3f82);
        assert_eq!(round(-2.5), 0xc020);
        for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX] {
            assert_eq!(round(value), 0);
        }
    }

    proptest! {
        #[test]
        fn within_half_a_step(value in -1e30_f32..1e30) {
            let back = widen(round(value));
            prop_assert!((back - value).abs() <= value.abs() / 256.0 + f32::MIN_POSITIVE);
            prop_assert_eq!(round(back), round(value));
        }
    }
}
