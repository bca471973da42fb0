//! Documents fetched ahead, least recently used out first.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::model::Document;

/// Bytes of documents that are kept.
const BYTES: usize = 64 << 20;
/// Documents that are fetched ahead of the one on the screen.
pub const AHEAD: usize = 5;

/// A cache of documents by document id, bounded by bytes.
#[derive(Debug, Default)]
pub struct Prefetch {
    documents: VecDeque<(Arc<Document>, usize)>,
    bytes: usize,
}

/// What a document takes in memory, roughly.
fn size(document: &Document) -> usize {
    let original = document.original.as_ref().map_or(0, |text| text.text.len());
    let marks = document.text.marks.len() * size_of::<crate::model::Mark>();
    document.text.text.len() + original + marks + 4096
}

impl Prefetch {
    /// The document, where it was fetched before.
    pub fn get(&mut self, document_id: &str) -> Option<Arc<Document>> {
        let at = self.documents.iter().position(|(one, _)| one.entry.document_id == document_id)?;
        let found = self.documents.remove(at)?;
        let document = Arc::clone(&found.0);
        self.documents.push_back(found);
        Some(document)
    }

    /// Whether the document is there.
    pub fn holds(&self, document_id: &str) -> bool {
        self.documents.iter().any(|(one, _)| one.entry.document_id == document_id)
    }

    /// Keeps a document, and lets go of those not used for longest; one that is larger than the
    /// whole budget stays until the next one comes.
    pub fn put(&mut self, document: Document) -> Arc<Document> {
        self.remove(&document.entry.document_id);
        let bytes = size(&document);
        let document = Arc::new(document);
        self.documents.push_back((Arc::clone(&document), bytes));
        self.bytes += bytes;
        while self.bytes > BYTES && self.documents.len() > 1 {
            if let Some((_, bytes)) = self.documents.pop_front() {
                self.bytes -= bytes;
            }
        }
        document
    }

    /// Forgets a document.
    pub fn remove(&mut self, document_id: &str) {
        let of = |(one, _): &(Arc<Document>, usize)| one.entry.document_id == document_id;
        if let Some((_, bytes)) =
            self.documents.iter().position(of).and_then(|at| self.documents.remove(at))
        {
            self.bytes -= bytes;
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::fixtures::document;

    #[test]
    fn the_budget_holds_and_what_was_used_last_stays() {
        let mut cache = Prefetch::default();
        for name in ["a", "b", "c"] {
            cache.put(document(name, 20 << 20));
        }
        assert!(cache.get("a").is_some());
        cache.put(document("d", 20 << 20));
        assert!(cache.holds("a") && cache.holds("d") && !cache.holds("b"));
        cache.put(document("large", 200 << 20));
        assert!(cache.holds("large") && !cache.holds("a"));
        cache.put(document("small", 10));
        assert!(!cache.holds("large"));
        cache.clear();
        assert!(cache.get("small").is_none());
    }
}
