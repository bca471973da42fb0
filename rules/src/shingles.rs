//! What near-duplicate search takes of a document: band hashes in the first pass, and the set of
//! shingles of candidates, both of the text as it will be written.

use std::cell::RefCell;
use std::sync::Arc;

use datafusion::arrow::array::{Array, BinaryBuilder, FixedSizeBinaryBuilder, StringArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::scalar::ScalarValue;
use serde::{Deserialize, Serialize};
use tamis_kernels::minhash::{Banding, BandingError, band_hashes, signature};
use tamis_kernels::{Level, SHINGLE_WORDS_MAX, Tamis, Word, shingle_set, shingles};

use crate::document::Document;
use crate::error::RuleError;
use crate::normalize::{Normalize, datatrove};
use crate::spec::AnnotateSpec;

/// The column with the band hashes.
pub const BANDS: &str = "minhash_bands";
/// Name of the function in plans.
pub const SHINGLES: &str = "tamis_shingles";

/// How documents are cut into shingles and hashed into bands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MinHashSpec {
    /// Bands.
    pub bands: usize,
    /// Rows of each.
    pub rows: usize,
    /// Words of a shingle.
    pub shingle_words: usize,
    /// What is made of the text first.
    #[serde(default, skip_serializing_if = "Normalize::is_none")]
    pub normalize: Normalize,
}

impl MinHashSpec {
    /// The bands and rows, checked.
    pub fn banding(&self) -> Result<Banding, BandingError> {
        Banding::new(self.bands, self.rows)
    }

    pub(crate) fn check(&self) -> Result<(), RuleError> {
        self.banding().map_err(|error| RuleError::whole("minhash", error))?;
        if !(1..=SHINGLE_WORDS_MAX).contains(&self.shingle_words) {
            let what = format!("a shingle has from 1 to {SHINGLE_WORDS_MAX} words");
            return Err(RuleError::whole("minhash", what));
        }
        Ok(())
    }

    /// Bytes of a document's band hashes.
    pub(crate) fn bytes(&self) -> i32 {
        // a banding that was checked has at most `SLOTS_MAX` bands
        i32::try_from(self.bands * 8).unwrap_or(i32::MAX)
    }
}

/// Buffers for one document after the other.
#[derive(Default)]
pub(crate) struct Bands {
    tamis: Tamis,
    normal: Vec<Word>,
    words: Vec<u64>,
    shingles: Vec<u64>,
    slots: Vec<u32>,
    hashes: Vec<u64>,
    bytes: Vec<u8>,
}

impl Bands {
    /// Appends the band hashes of a document; NULL where it has no words.
    pub(crate) fn push(
        &mut self,
        spec: &MinHashSpec,
        banding: Banding,
        document: &mut Document<'_>,
        builder: &mut FixedSizeBinaryBuilder,
    ) -> Result<()> {
        let words = match spec.normalize {
            Normalize::None => document.words(),
            Normalize::Datatrove => {
                self.tamis.scan(&datatrove(document.text()), &mut self.normal);
                &self.normal
            }
        };
        if words.is_empty() {
            builder.append_null();
            return Ok(());
        }
        self.words.clear();
        self.words.extend(words.iter().map(|word| word.hash));
        let level = Level::detect();
        shingles(level, &self.words, spec.shingle_words, &mut self.shingles);
        self.slots.resize(banding.slots(), 0);
        signature(level, &self.shingles, &mut self.slots);
        band_hashes(&self.slots, banding, &mut self.hashes);
        self.bytes.clear();
        self.bytes.extend(self.hashes.iter().flat_map(|hash| hash.to_le_bytes()));
        Ok(builder.append_value(&self.bytes)?)
    }
}

/// Buffers for the set of one document after the other.
#[derive(Default)]
struct SetBuffers {
    tamis: Tamis,
    words: Vec<Word>,
    hashes: Vec<u64>,
    set: Vec<u64>,
}

/// `tamis_shingles(text, specification)`: the set of shingles of the edited text, sorted,
/// eight bytes each, little-endian.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Shingles {
    signature: Signature,
}

/// The function.
pub fn shingles_udf() -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::from(Shingles { signature: Signature::any(2, Volatility::Immutable) }))
}

impl ScalarUDFImpl for Shingles {
    fn name(&self) -> &'static str {
        SHINGLES
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Binary)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [texts, ColumnarValue::Scalar(ScalarValue::Utf8(Some(json)))] = args.args.as_slice()
        else {
            return exec_err!("{SHINGLES} takes a text and a literal specification");
        };
        let texts = texts.to_array(args.number_rows)?;
        let Some(texts) = texts.as_any().downcast_ref::<StringArray>() else {
            return exec_err!("{SHINGLES} takes a text");
        };
        let spec = AnnotateSpec::parse(json).map_err(crate::annotate::external)?;
        let Some(minhash) = spec.minhash else {
            return exec_err!("{SHINGLES} needs a specification with shingles");
        };
        thread_local! {
            static SCRATCH: RefCell<SetBuffers> = RefCell::default();
        }
        SCRATCH.with_borrow_mut(|SetBuffers { tamis, words, hashes, set }| {
            let mut sets = BinaryBuilder::new();
            let mut bytes: Vec<u8> = Vec::new();
            for row in 0..texts.len() {
                if texts.is_null(row) {
                    sets.append_null();
                    continue;
                }
                let text = spec.edited_text(texts.value(row)).map_err(crate::annotate::external)?;
                match minhash.normalize {
                    Normalize::None => tamis.scan(&text, words),
                    Normalize::Datatrove => tamis.scan(&datatrove(&text), words),
                }
                hashes.clear();
                hashes.extend(words.iter().map(|word| word.hash));
                shingles(Level::detect(), hashes, minhash.shingle_words, set);
                shingle_set(set);
                bytes.clear();
                bytes.extend(set.iter().flat_map(|shingle| shingle.to_le_bytes()));
                sets.append_value(&bytes);
            }
            Ok(ColumnarValue::Array(Arc::new(sets.finish())))
        })
    }
}
