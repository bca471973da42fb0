//! What was not seen so far.

/// Chance that the next kind met is a new one: the share of kinds' sightings that are the only one
/// of their kind (Good and Turing). None where nothing was seen.
pub fn unseen(sightings: &[u64]) -> Option<f64> {
    let all: u64 = sightings.iter().sum();
    let once = sightings.iter().filter(|count| **count == 1).count();
    (all > 0).then(|| once as f64 / all as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_sightings_count() {
        assert_eq!(unseen(&[5, 1, 3, 1]), Some(0.2));
        assert_eq!(unseen(&[1]), Some(1.0));
        assert_eq!(unseen(&[4, 4]), Some(0.0));
        assert_eq!(unseen(&[]), None);
        assert_eq!(unseen(&[0]), None);
    }
}
