//! How tokens are counted.

use std::path::Path;

use serde::Serialize;
use tamis_rules::TokenizerSpec;

use crate::error::PipelineError;

/// How tokens are counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tokens {
    /// By what.
    pub tokenizer: TokenizerSpec,
    /// Documents of the sample; all are counted where there is none.
    pub sample: Option<usize>,
}

impl Tokens {
    /// What the user asked for; none where no tokenizer is named.
    pub fn settle(
        tokenizer: Option<&Path>,
        sample: Option<usize>,
    ) -> Result<Option<Self>, PipelineError> {
        let Some(path) = tokenizer else {
            return match sample {
                None => Ok(None),
                Some(_) => Err(PipelineError::Usage(
                    "token-sample: there is no tokenizer to count by; name one with --tokenizer tokenizer.json".into(),
                )),
            };
        };
        if sample == Some(0) {
            return Err(PipelineError::Usage("token-sample: at least one document".into()));
        }
        Ok(Some(Self { tokenizer: TokenizerSpec::open(path)?, sample }))
    }
}
