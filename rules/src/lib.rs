//! What good text is: annotators measure one document, rules judge it by what was measured.
//!
//! Judging is a function of one document; the only I/O here is reading rule files, and the
//! tokenizer that a specification names.

mod annotate;
pub mod annotators;
pub mod boilerplate;
mod comparison;
mod compile;
mod defects;
pub mod difference;
pub mod document;
pub mod edits;
pub mod elsewhere;
mod error;
mod expectations;
pub mod explain;
pub mod extraction;
pub mod fasttext;
pub mod findings;
pub mod language;
pub mod lines;
mod mojibake;
pub mod nearest;
mod normalize;
pub mod packs;
mod pattern;
mod percentile;
mod ranges;
pub mod references;
mod resources;
mod rule_file;
mod rule_set;
pub mod schema;
mod shingles;
mod spec;
pub mod test_runner;
mod tokenizer;
pub mod urls;
pub mod yaml;

pub use annotate::{ANNOTATE, annotate, annotate_udf};
pub use comparison::Comparison;
pub use compile::{Compiled, Condition, Derived, TOKEN_COUNT};
pub use defects::DefectKind;
pub use error::{Problem, RuleError};
pub use normalize::Normalize;
pub use percentile::Percentile;
pub use resources::{ModelText, Resource};
pub use rule_file::{Expect, OnNull, OneOrMore, RuleKeys, RuleTest};
pub use rule_set::{
    Action, DerivedAnnotation, ForeignColumn, Place, PlacedTest, Rule, RuleSet, RuleSource,
};
pub use shingles::{BANDS, MinHashSpec, SHINGLES, shingles_udf};
pub use spec::{AnnotateSpec, RuleEdit, StageSpec, column_name};
pub use tokenizer::TokenizerSpec;
