//! Names of the columns of intermediate tables.

/// The source of a document.
pub const SOURCE: &str = "source";
/// Prefix of the user's own columns in the annotations.
pub const FOREIGN_PREFIX: &str = "column.";
/// What the rules decided: `kept`, `removed` or `failed`.
pub const RULE_DECISION: &str = "rule_decision";
/// What became of a document in the end: `kept`, `removed` or `failed`.
pub const DECISION: &str = "decision";
/// The rule that removed it, the first in file order; of duplicates `dedup/` and the kind.
pub const FIRST_REASON: &str = "first_reason";
/// Spans that were cut out of a document as copies.
pub const CUTS: &str = "cuts";
/// The hash of a band, which names a bucket.
pub const BUCKET: &str = "bucket";
/// A document's number in survivor order.
pub const RANK: &str = "rank";
/// The hash of a document's source.
pub const SOURCE_HASH: &str = "source_hash";
/// The 128-bit hash of a text as it will be written.
pub const CONTENT_HASH: &str = "content_hash";
/// The hash of the source of the better document of a pair.
pub const CENTER_SOURCE: &str = "center_source_hash";
/// The rank of the better document of a pair.
pub const CENTER_RANK: &str = "center_rank";
/// Its row id.
pub const CENTER: &str = "center";
/// The row id of the document that stays.
pub const SURVIVOR: &str = "survivor";
/// The similarity to it.
pub const SIMILARITY: &str = "similarity";
/// Whether a cluster's survivor is of the reference set.
pub const AGAINST: &str = "against";
/// A document's set of shingles, sorted.
pub const SHINGLES: &str = "shingles";
/// A document's embedding: f32 of unit length, little-endian.
pub const VECTOR: &str = "vector";
/// The hash of an id.
pub const KEY: &str = "key";
/// By what a document is similar to its survivor, or what a copy is a copy of.
pub const KIND: &str = "kind";
/// The number of a query of an audit.
pub const QUERY: &str = "query";
/// The hash of the work, or of the source.
pub const WORK: &str = "work";
/// The name of a target, or of a line: a hash.
pub const NAME: &str = "name";
/// Whether a page has the target (0) or lacks it (1).
pub const LACKS: &str = "lacks";
/// The names that other pages have.
pub const ELSEWHERE: &str = "elsewhere";
/// The names of lines that many documents have.
pub const BOILERPLATE: &str = "boilerplate";

/// The name under which a rule file's column stands in the annotations, for SQL.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
