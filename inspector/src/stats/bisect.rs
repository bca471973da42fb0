//! Where what holds on one side stops to hold.

/// Steps at most; ends are right to 1e-8 mostly after ten.
const STEPS: u32 = 40;

/// The border between `inside`, where the smooth rising function `excess` is negative, and
/// `outside`, given on the outer side so that an interval made of it is never too narrow.
pub(crate) fn crossing(inside: f64, outside: f64, excess: impl Fn(f64) -> f64) -> f64 {
    let (mut inner, mut outer) = ((inside, excess(inside)), (outside, excess(outside)));
    if outer.1 < 0.0 || inner.1 >= 0.0 {
        return if outer.1 < 0.0 { outside } else { inside };
    }
    let mut last_moved_inner = None;
    for _ in 0..STEPS {
        if (outer.0 - inner.0).abs() < 1e-8 {
            break;
        }
        let middle = between(inner, outer);
        let value = excess(middle);
        let moves_inner = value < 0.0;
        // an end that stays twice is weighed half, else the other end would creep
        let stays_again = last_moved_inner == Some(moves_inner);
        if moves_inner {
            inner = (middle, value);
            outer.1 /= if stays_again { 2.0 } else { 1.0 };
        } else {
            outer = (middle, value);
            inner.1 /= if stays_again { 2.0 } else { 1.0 };
        }
        last_moved_inner = Some(moves_inner);
    }
    outer.0
}

/// Where the line through both points is zero, kept off the ends; their middle where one is steep.
fn between(inner: (f64, f64), outer: (f64, f64)) -> f64 {
    let part = inner.1 / (inner.1 - outer.1);
    let part = if outer.1 > 50.0 || !part.is_finite() { 0.5 } else { part.clamp(1e-3, 1.0 - 1e-3) };
    inner.0 + part * (outer.0 - inner.0)
}

/// The least whole number in `low..=high` from which on `holds` holds; none where it never does.
pub(crate) fn first(mut low: u64, mut high: u64, holds: impl Fn(u64) -> bool) -> Option<u64> {
    if low > high || !holds(high) {
        return None;
    }
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Some(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crossing_is_found_within_few_values() {
        let values = std::cell::Cell::new(0);
        let excess = |x: f64| {
            values.set(values.get() + 1);
            (1.0 / (1.0 - x)).ln() * 80.0 - 3.0
        };
        let truth = 1.0 - (-3.0_f64 / 80.0).exp();
        let found = crossing(0.0, 1.0, excess);
        assert!(found >= truth && found - truth < 1e-6, "{found} {truth}");
        assert!(values.get() < 25, "{}", values.get());
        assert!((crossing(0.5, 0.0, |x| 0.2 - x) - 0.2).abs() < 1e-6);
        assert!(crossing(0.5, 0.0, |_| -1.0).abs() < 1e-12);
        assert!((crossing(0.5, 0.0, |_| 1.0) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn the_first_number_is_found_where_there_is_one() {
        assert_eq!(first(0, 100, |x| x * x >= 50), Some(8));
        assert_eq!(first(0, 7, |x| x * x >= 50), None);
        assert_eq!(first(3, 3, |_| true), Some(3));
        assert_eq!(first(4, 3, |_| true), None);
    }
}
