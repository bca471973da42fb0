//! Strata: their names, their counts, and documents drawn from them in turn.

use std::collections::BTreeMap;

use super::lowest::Lowest;
use super::ranks::Ranked;
use crate::error::InspectError;
use crate::model::Stratum;

/// Strata of a sample at most: more are a list of values, no strata.
const STRATA_MAX: usize = 1000;
/// Documents kept over all strata, at first and at most.
pub(crate) const KEPT: [usize; 2] = [8192, 1 << 20];

/// What one stratum holds.
#[derive(Debug)]
struct Drawn {
    lowest: Lowest<Ranked>,
    documents: u64,
    size: u64,
}

/// A sample of everything that is offered, by stratum.
#[derive(Debug)]
pub(crate) struct Strata {
    each: usize,
    drawn: BTreeMap<String, Drawn>,
    size_max: u64,
}

/// The result: documents in turn over strata, each with its stratum's number.
#[derive(Debug, Default)]
pub(crate) struct Order {
    /// Documents and the number of their stratum.
    pub(crate) documents: Vec<(Ranked, usize)>,
    /// Strata by name.
    pub(crate) strata: Vec<Stratum>,
    /// The greatest size.
    pub(crate) size_max: u64,
    /// Whether documents are missing behind those.
    pub(crate) is_cut: bool,
}

impl Strata {
    /// A sample that keeps the `each` lowest documents of every stratum.
    pub(crate) fn new(each: usize) -> Self {
        Self { each, drawn: BTreeMap::new(), size_max: 0 }
    }

    /// Offers a document of a stratum.
    pub(crate) fn offer(
        &mut self,
        stratum: &str,
        ranked: Ranked,
        size: u64,
    ) -> Result<(), InspectError> {
        let known = if let Some(known) = self.drawn.get_mut(stratum) {
            known
        } else {
            if self.drawn.len() >= STRATA_MAX {
                return Err(InspectError::Usage(format!(
                    "the strata have more than {STRATA_MAX} values; choose an expression with fewer"
                )));
            }
            let new = Drawn { lowest: Lowest::new(self.each), documents: 0, size: 0 };
            self.drawn.entry(stratum.to_owned()).or_insert(new)
        };
        known.documents += 1;
        known.size += size;
        self.size_max = self.size_max.max(size);
        known.lowest.offer(ranked);
        Ok(())
    }

    /// Documents in turn over strata in the order of their names, as far as all of them reach.
    pub(crate) fn order(self) -> Order {
        let mut order = Order { size_max: self.size_max, ..Order::default() };
        let mut lists = Vec::new();
        // behind a stratum that was cut, the turns are not known
        let mut rounds = usize::MAX;
        for (name, drawn) in self.drawn {
            let Drawn { lowest, documents, size } = drawn;
            order.strata.push(Stratum { name, documents, size });
            let cut = lowest.is_cut();
            let list = lowest.into_sorted();
            if cut {
                order.is_cut = true;
                rounds = rounds.min(list.len());
            }
            lists.push(list);
        }
        let longest = lists.iter().map(Vec::len).max().unwrap_or(0).min(rounds);
        for round in 0..longest {
            for (number, list) in lists.iter().enumerate() {
                if let Some(ranked) = list.get(round) {
                    order.documents.push((*ranked, number));
                }
            }
        }
        order
    }
}

/// The stratum of a length: its power of four, by name in the order of size.
pub(crate) fn length_name(bytes: u64) -> String {
    let power = (64 - bytes.leading_zeros()).div_ceil(2);
    let most = if power >= 32 { u64::MAX - 1 } else { (1_u64 << (2 * power)) - 1 };
    let shown = match most {
        0..=1023 => format!("{most} B"),
        1024..=1_048_575 => format!("{} KiB", (most + 1) >> 10),
        1_048_576..=1_073_741_823 => format!("{} MiB", (most + 1) >> 20),
        _ => format!("{} GiB", (most + 1) >> 30),
    };
    format!("{power:02} up to {shown}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranked(rank: u64) -> Ranked {
        Ranked { rank, id: 0, shard: 0, number: rank }
    }

    #[test]
    fn strata_are_drawn_in_turn_and_counted() {
        let mut strata = Strata::new(10);
        for rank in [5, 3, 9] {
            strata.offer("b", ranked(rank), 2).unwrap();
        }
        strata.offer("a", ranked(7), 5).unwrap();
        let order = strata.order();
        let ranks: Vec<_> = order.documents.iter().map(|(one, of)| (one.rank, *of)).collect();
        assert_eq!(ranks, [(7, 0), (3, 1), (5, 1), (9, 1)]);
        assert_eq!(order.strata[1], Stratum { name: "b".into(), documents: 3, size: 6 });
        assert_eq!((order.size_max, order.is_cut), (5, false));
    }

    #[test]
    fn a_cut_stratum_ends_the_turns() {
        let mut strata = Strata::new(2);
        for rank in 0..5 {
            strata.offer("a", ranked(rank), 1).unwrap();
        }
        strata.offer("b", ranked(9), 1).unwrap();
        let order = strata.order();
        assert!(order.is_cut);
        assert_eq!(order.documents.len(), 3);
        assert_eq!(order.strata[0].documents, 5);
    }

    #[test]
    fn lengths_are_powers_of_four() {
        let names = [0, 1, 3, 4, 15, 16, 1023, 1024, 5000, 200 << 20].map(length_name);
        assert_eq!(names[1], names[2]);
        assert_eq!(names[3], names[4]);
        assert_ne!(names[4], names[5]);
        assert_eq!(names[7], "06 up to 4 KiB");
        assert_eq!(names[8], "07 up to 16 KiB");
        assert!(names.windows(2).all(|pair| pair[0] <= pair[1]), "{names:?}");
        assert!(length_name(u64::MAX).contains("GiB"));
    }
}
