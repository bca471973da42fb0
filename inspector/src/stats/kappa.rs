//! Agreement beyond chance.

/// Cohen's kappa of two reviewers over documents that both judged, `true` for a defect.
///
/// None without documents. Where both gave one and the same verdict to everything, chance explains
/// all and the ratio is 0/0: they agree, so it is 1.
pub fn cohen(pairs: &[(bool, bool)]) -> Option<f64> {
    if pairs.is_empty() {
        return None;
    }
    let n = pairs.len() as f64;
    let share = |of: &dyn Fn(&(bool, bool)) -> bool| {
        pairs.iter().filter(|pair| of(pair)).count() as f64 / n
    };
    let agreed = share(&|(a, b)| a == b);
    let (first, second) = (share(&|(a, _)| *a), share(&|(_, b)| *b));
    Some(beyond_chance(agreed, first * second + (1.0 - first) * (1.0 - second)))
}

/// Fleiss' kappa over documents, each with its number of verdicts in every category; every document
/// has the same number of verdicts, at least two.
///
/// None where that is not so, or without documents. Where all verdicts are of one category it is 1.
pub fn fleiss(documents: &[Vec<u64>]) -> Option<f64> {
    let first = documents.first()?;
    let (categories, raters) = (first.len(), first.iter().sum::<u64>());
    let even = |row: &Vec<u64>| row.len() == categories && row.iter().sum::<u64>() == raters;
    if raters < 2 || !documents.iter().all(even) {
        return None;
    }
    let (n, r) = (documents.len() as f64, raters as f64);
    let agreed = documents
        .iter()
        .map(|row| row.iter().map(|c| (c * c.saturating_sub(1)) as f64).sum::<f64>())
        .sum::<f64>()
        / (n * r * (r - 1.0));
    let chance = (0..categories)
        .map(|category| {
            let verdicts: u64 = documents.iter().map(|row| row[category]).sum();
            (verdicts as f64 / (n * r)).powi(2)
        })
        .sum();
    Some(beyond_chance(agreed, chance))
}

fn beyond_chance(agreed: f64, chance: f64) -> f64 {
    // one category only: chance explains everything, and they agree
    if 1.0 - chance < 1e-12 { 1.0 } else { (agreed - chance) / (1.0 - chance) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cohen_of_a_known_table() {
        // 20 both yes, 5 and 10 apart, 15 both no: (0.7 - 0.5) / 0.5
        let mut pairs = vec![(true, true); 20];
        pairs.extend([(true, false); 5]);
        pairs.extend([(false, true); 10]);
        pairs.extend([(false, false); 15]);
        assert!((cohen(&pairs).unwrap() - 0.4).abs() < 1e-12);
    }

    #[test]
    fn cohen_at_its_edges() {
        assert_eq!(cohen(&[]), None);
        assert_eq!(cohen(&[(false, false); 3]), Some(1.0));
        assert_eq!(cohen(&[(true, false), (false, true)]), Some(-1.0));
        // one of them says always the same: no better than chance
        assert_eq!(cohen(&[(true, false), (false, false)]), Some(0.0));
    }

    #[test]
    fn fleiss_of_a_known_table() {
        // the worked example of ten subjects, fourteen raters and five categories
        let table = [
            [0, 0, 0, 0, 14],
            [0, 2, 6, 4, 2],
            [0, 0, 3, 5, 6],
            [0, 3, 9, 2, 0],
            [2, 2, 8, 1, 1],
            [7, 7, 0, 0, 0],
            [3, 2, 6, 3, 0],
            [2, 5, 3, 2, 2],
            [6, 5, 2, 1, 0],
            [0, 2, 2, 3, 7],
        ];
        let documents: Vec<Vec<u64>> = table.iter().map(|row| row.to_vec()).collect();
        assert_eq!(format!("{:.3}", fleiss(&documents).unwrap()), "0.210");
    }

    #[test]
    fn fleiss_at_its_edges() {
        assert_eq!(fleiss(&[]), None);
        assert_eq!(fleiss(&[vec![1, 0]]), None);
        assert_eq!(fleiss(&[vec![2, 0], vec![1, 0]]), None);
        assert_eq!(fleiss(&[vec![3, 0], vec![3, 0]]), Some(1.0));
        assert_eq!(fleiss(&[vec![3, 0], vec![0, 3]]), Some(1.0));
    }
}
