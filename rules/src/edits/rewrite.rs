//! A text that is being rewritten from its start to its end.

use super::error::EditError;
use super::trace::Cut;

/// A text that is being rewritten from its start to its end. Nothing is left out in silence: a
/// place that cannot be replaced is an error.
pub(super) struct Rewrite<'t> {
    text: &'t str,
    edited: String,
    done: usize,
    cuts: Vec<Cut>,
}

/// A text after an edit that changed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewritten {
    /// The text after the edit.
    pub text: String,
    /// The places that were replaced, in order and without overlap.
    pub(crate) cuts: Vec<Cut>,
}

impl Rewritten {
    /// The bytes of the text before the edit that were removed or replaced, in order.
    pub fn spans(&self) -> impl Iterator<Item = (usize, usize)> {
        self.cuts.iter().map(|cut| (cut.from, cut.to))
    }
}

impl<'t> Rewrite<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, edited: String::new(), done: 0, cuts: Vec::new() }
    }

    /// The byte behind the last place that was replaced.
    pub(super) fn done(&self) -> usize {
        self.done
    }

    /// Puts what `put` appends in the place of `start..end`.
    pub(super) fn replace(
        &mut self,
        start: usize,
        end: usize,
        put: impl FnOnce(&mut String),
    ) -> Result<(), EditError> {
        let before = self.text.get(self.done..start);
        let (Some(before), Some(_)) = (before, self.text.get(start..end)) else {
            let (done, length) = (self.done, self.text.len());
            return Err(EditError::Span { start, end, done, length });
        };
        if self.cuts.is_empty() {
            self.edited.reserve(self.text.len());
        }
        self.edited.push_str(before);
        let at = self.edited.len();
        put(&mut self.edited);
        self.cuts.push(Cut { from: start, to: end, at, length: self.edited.len() - at });
        self.done = end;
        Ok(())
    }

    /// The rewritten text; none where it is as it was, for what is replaced by itself changes
    /// nothing.
    pub(super) fn finish(mut self) -> Option<Rewritten> {
        if self.cuts.is_empty() {
            return None;
        }
        self.edited.push_str(&self.text[self.done..]);
        (self.edited != self.text).then_some(Rewritten { text: self.edited, cuts: self.cuts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_cannot_be_replaced_is_an_error() {
        let mut rewrite = Rewrite::new("é ab");
        for (start, end) in [(1, 2), (0, 1), (2, 9), (9, 9)] {
            let error = rewrite.replace(start, end, |_| ()).unwrap_err().to_string();
            assert!(error.contains(&format!("bytes {start} to {end}")), "{error}");
        }
        rewrite.replace(3, 4, |edited| edited.push('x')).unwrap();
        // before the place before, or turned round
        assert!(rewrite.replace(2, 3, |_| ()).is_err());
        assert_eq!(rewrite.done(), 4);
        assert_eq!(rewrite.finish().unwrap().text, "é xb");
        assert_eq!(Rewrite::new("a").finish(), None);
    }

    #[test]
    fn what_is_replaced_by_itself_changes_nothing() {
        let mut rewrite = Rewrite::new("ab");
        rewrite.replace(0, 1, |edited| edited.push('a')).unwrap();
        assert_eq!(rewrite.finish(), None);
    }
}
