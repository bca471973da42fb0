//! Taking back mojibake.

use super::error::EditError;
use super::rewrite::{Rewrite, Rewritten};
use crate::mojibake;

/// Takes back what is certainly mojibake.
pub(super) fn repair(text: &str) -> Result<Option<Rewritten>, EditError> {
    let mut rewrite = Rewrite::new(text);
    let mut outcome = Ok(());
    mojibake::repairs(text, |repair| {
        if outcome.is_ok() {
            outcome =
                rewrite.replace(repair.start, repair.end, |edited| edited.push_str(&repair.text));
        }
    });
    outcome?;
    Ok(rewrite.finish())
}
