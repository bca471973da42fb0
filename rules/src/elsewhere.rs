//! References across the pages or chunks of one work: what a text has that others may point at,
//! and what it points at and lacks.

use tamis_kernels::hash64;

use crate::document::{Document, Scratch};
use crate::references::{
    Detector, Evidence, Finding, Form, Key, Kind, LanguageError, Scan, Verdict,
};

/// The name of a target among those of its work.
fn name(kind: Kind, key: Key) -> u64 {
    hash64(format!("{kind} {key}").as_bytes())
}

/// A finding that another page may answer: a number or label without any trace of its target.
fn is_open(finding: &Finding) -> bool {
    finding.form == Form::Numbered && finding.verdict == Verdict::Missing && !finding.key.is_empty()
}

/// Whether another page of the work, with these sorted names, has what the finding misses; a
/// sub-part is answered by the whole.
pub(crate) fn answers(names: &[u64], finding: &Finding) -> bool {
    is_open(finding)
        && [finding.key, finding.key.base()]
            .iter()
            .any(|key| names.binary_search(&name(finding.kind, *key)).is_ok())
}

/// Buffers for one text after the other.
#[derive(Default)]
pub struct Pages {
    scratch: Scratch,
    references: crate::references::DetectorBuffers,
    scan: Scan,
}

impl Pages {
    /// Calls `found` with the name of each labelled target of `text`, and with true and the name of
    /// each that it points at and lacks.
    pub fn read(
        &mut self,
        text: &str,
        mut found: impl FnMut(bool, u64),
    ) -> Result<(), LanguageError> {
        let detector = Detector::embedded()?;
        detector.targets(text, &mut self.references, &mut self.scan);
        for target in &self.scan.targets {
            let there = matches!(target.evidence, Evidence::Body | Evidence::Label);
            if there && !target.key.is_empty() {
                found(false, name(target.kind, target.key));
            }
        }
        let mut document = Document::new(text, &mut self.scratch);
        for finding in document.references().findings.iter().filter(|one| is_open(one)) {
            found(true, name(finding.kind, finding.key));
            let base = finding.key.base();
            if base != finding.key {
                found(true, name(finding.kind, base));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_what_another_lacks() {
        let mut pages = Pages::default();
        let mut read = |text: &str| {
            let (mut has, mut lacks) = (Vec::new(), Vec::new());
            let found = |wanted, name| if wanted { lacks.push(name) } else { has.push(name) };
            pages.read(text, found).unwrap();
            has.sort_unstable();
            (has, lacks)
        };
        let (has, _) = read("# 24.3. Character sets\n\nThere are many of them.\n");
        let (_, lacks) =
            read("The sets are described in Section 24.3, and all others in Section 24.9.");
        assert_eq!(lacks.len(), 2);
        assert_eq!(lacks.iter().filter(|name| has.contains(name)).count(), 1);
    }
}
