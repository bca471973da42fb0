//! Replacing personal data.

use std::collections::BTreeMap;

use super::error::EditError;
use super::rewrite::{Rewrite, Rewritten};
use crate::annotators::pii::{PiiKind, digit_runs};

/// One finding: its bytes and the number of its kind.
struct Datum {
    start: usize,
    end: usize,
    kind: usize,
}

/// Replaces the findings of `kinds`; each different one gets the next of `with`, which holds at
/// least one text.
pub(super) fn replace(
    kinds: &[&'static PiiKind],
    with: &[String],
    text: &str,
) -> Result<Option<Rewritten>, EditError> {
    let mut runs = Vec::new();
    if kinds.iter().any(|kind| kind.by_digits) {
        digit_runs(text, &mut runs);
    }
    let mut data: Vec<Datum> = Vec::new();
    for (kind, one) in kinds.iter().enumerate() {
        (one.find)(text, &runs, &mut |start, end| data.push(Datum { start, end, kind }));
    }
    data.sort_unstable_by_key(|one| (one.start, usize::MAX - one.end, one.kind));
    // which of several replacements each finding has, so that one person stays one person
    let mut chosen: BTreeMap<(usize, &str), usize> = BTreeMap::new();
    let mut used = vec![0; kinds.len()];
    let mut rewrite = Rewrite::new(text);
    for Datum { start, end, kind } in data {
        let done = rewrite.done();
        if start < done {
            // it overlaps the one before
            continue;
        }
        let found = text.get(start..end);
        let found = found.ok_or(EditError::Span { start, end, done, length: text.len() })?;
        let turn = *chosen.entry((kind, found)).or_insert_with(|| {
            used[kind] += 1;
            used[kind] - 1
        });
        let mark = with[turn % with.len()].replace("{kind}", kinds[kind].name);
        rewrite.replace(start, end, |edited| edited.push_str(&mark))?;
    }
    Ok(rewrite.finish())
}
