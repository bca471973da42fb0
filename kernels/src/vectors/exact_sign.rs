//! On which side of a hyperplane a vector lies, without error.

use super::bf16;

/// Whether the exact product of `row`, rounded to bfloat16, with `direction` is at least
/// `threshold`.
pub(crate) fn exceeds(row: &[f32], direction: &[u16], threshold: f32) -> bool {
    // products of two bfloat16 numbers have 16 bits and are exact
    let products = || {
        row.iter()
            .zip(direction)
            .map(|(x, r)| f64::from(bf16::widen(bf16::round(*x))) * f64::from(bf16::widen(*r)))
    };
    let (mut sum, mut size) = (-f64::from(threshold), f64::from(threshold).abs());
    for product in products() {
        sum += product;
        size += product.abs();
    }
    // d additions err by d 2^-53 of the sum of sizes at most, doubled for the rounding of `size`
    let bound = size * (row.len() as f64 + 1.0) * 2.0_f64.powi(-52);
    if sum.abs() > bound {
        return sum > 0.0;
    }
    exact_sum_sign(products().chain([-f64::from(threshold)])) >= 0
}

/// The sign of the exact sum of `terms`: -1, 0 or 1.
///
/// The sum is kept as parts that do not overlap, the smallest first, which grow by one with each
/// term (Shewchuk 1997, grow-expansion). Terms must stay clear of overflow.
fn exact_sum_sign(terms: impl Iterator<Item = f64>) -> i32 {
    let mut parts: Vec<f64> = Vec::new();
    for term in terms {
        let mut carried = term;
        let mut kept = 0;
        for at in 0..parts.len() {
            let (sum, error) = two_sum(carried, parts[at]);
            if error != 0.0 {
                parts[kept] = error;
                kept += 1;
            }
            carried = sum;
        }
        parts.truncate(kept);
        if carried != 0.0 {
            parts.push(carried);
        }
    }
    parts.last().map_or(0, |largest| if *largest > 0.0 { 1 } else { -1 })
}

/// The rounded sum and what rounding lost.
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let b_part = sum - a;
    (sum, (a - (sum - b_part)) + (b - b_part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn cancellation_is_seen_through() {
        assert_eq!(exact_sum_sign([1e60, 1.0, -1e60].into_iter()), 1);
        assert_eq!(exact_sum_sign([1e60, -1e-60, -1e60].into_iter()), -1);
        assert_eq!(exact_sum_sign([1e60, 3.0, -1e60, -3.0].into_iter()), 0);
        assert_eq!(exact_sum_sign([].into_iter()), 0);
        // 2^120 + 2^-100 - 2^120, as products of bfloat16 numbers
        let row = [2.0_f32.powi(60), 2.0_f32.powi(-50), 2.0_f32.powi(60)];
        let direction = [2.0_f32.powi(60), 2.0_f32.powi(-50), -2.0_f32.powi(60)].map(bf16::round);
        assert!(exceeds(&row, &direction, 0.0));
        assert!(!exceeds(&row, &direction, 2.0_f32.powi(-99)));
        assert!(exceeds(&row, &direction, 2.0_f32.powi(-100)));
    }

    proptest! {
        #[test]
        fn agrees_with_whole_numbers(
            terms in prop::collection::vec((-1000_i64..1000, 0_u32..48), 0..40),
            cancel: bool,
        ) {
            let mut whole: Vec<i128> =
                terms.iter().map(|(value, shift)| i128::from(*value) << shift).collect();
            if cancel {
                let back: Vec<i128> = whole.iter().map(|value| -value).collect();
                whole.extend(back.iter().rev());
                whole.push(terms.len() as i128 % 3 - 1);
            }
            #[expect(clippy::cast_precision_loss, reason = "58 bits with 10 used are exact")]
            let floats: Vec<f64> = whole.iter().map(|value| *value as f64).collect();
            let sign = whole.iter().sum::<i128>().signum();
            prop_assert_eq!(i128::from(exact_sum_sign(floats.into_iter())), sign);
        }
    }
}
