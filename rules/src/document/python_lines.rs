//! Lines counted as Python's `str.splitlines` and datatrove see them.

use tamis_kernels::is_space;

/// Counts over all lines of one text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct PythonLines {
    /// Lines, blank ones included.
    pub(crate) all: usize,
    /// Lines that start with `•` or `-`.
    pub(crate) bullets: usize,
    /// Lines that end with `...` or `…`.
    pub(crate) ellipses: usize,
}

impl PythonLines {
    /// Counts one more line.
    pub(crate) fn add(&mut self, line: &str) {
        self.all += 1;
        self.bullets += usize::from(starts_with_bullet(line));
        let end = line.trim_end_matches(is_space);
        self.ellipses += usize::from(end.ends_with("...") || end.ends_with('…'));
    }
}

/// Whether the first character of `line` that is no white space is `•` or `-`.
pub(crate) fn starts_with_bullet(line: &str) -> bool {
    line.trim_start_matches(is_space).starts_with(['•', '-'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bullets_and_ellipses_are_counted() {
        let mut counts = PythonLines::default();
        for line in ["- a", " • b...", "---", "* c", "d… ", "", "e."] {
            counts.add(line);
        }
        assert_eq!(counts, PythonLines { all: 7, bullets: 3, ellipses: 2 });
    }
}
