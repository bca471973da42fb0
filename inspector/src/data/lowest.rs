//! The items of lowest key among many, in bounded memory.

/// Keeps the `size` lowest items.
#[derive(Debug, Clone)]
pub(crate) struct Lowest<T> {
    size: usize,
    items: Vec<T>,
    /// Items above it cannot be among the lowest any more.
    limit: Option<T>,
    offered: u64,
}

impl<T: Ord + Copy> Lowest<T> {
    /// A collector of `size` items.
    pub(crate) fn new(size: usize) -> Self {
        Self { size: size.max(1), items: Vec::new(), limit: None, offered: 0 }
    }

    /// Offers an item.
    pub(crate) fn offer(&mut self, item: T) {
        self.offered += 1;
        if self.limit.is_some_and(|limit| item > limit) {
            return;
        }
        self.items.push(item);
        if self.items.len() >= self.size * 2 {
            self.cut();
        }
    }

    fn cut(&mut self) {
        if self.items.len() <= self.size {
            return;
        }
        let (_, last, _) = self.items.select_nth_unstable(self.size - 1);
        self.limit = Some(*last);
        self.items.truncate(self.size);
    }

    /// Whether items were left out.
    pub(crate) fn is_cut(&self) -> bool {
        self.offered > self.size as u64
    }

    /// The lowest items in order.
    pub(crate) fn into_sorted(mut self) -> Vec<T> {
        self.cut();
        self.items.sort_unstable();
        self.items
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_the_prefix_of_the_sorted_items(items: Vec<u16>, size in 1_usize..20) {
            let mut lowest = Lowest::new(size);
            for item in &items {
                lowest.offer(*item);
            }
            prop_assert_eq!(lowest.is_cut(), items.len() > size);
            let mut sorted = items.clone();
            sorted.sort_unstable();
            sorted.truncate(size);
            prop_assert_eq!(lowest.into_sorted(), sorted);
        }
    }
}
