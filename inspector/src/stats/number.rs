//! Whole numbers from measured ones.

/// The whole part of a number; negative ones are zero.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast clips at both ends, which is what is wanted"
)]
pub(crate) fn whole(value: f64) -> u64 {
    value as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_are_clipped() {
        assert_eq!((whole(2.9), whole(-3.0), whole(f64::INFINITY)), (2, 0, u64::MAX));
    }
}
