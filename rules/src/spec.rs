//! What the one annotating function is told: stages of edits and measures, as canonical JSON.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use datafusion::arrow::datatypes::{DataType, Field, Fields};
use serde::{Deserialize, Serialize};

use crate::annotators::{self, Annotator, SharedAnnotator, ValueType};
use crate::edits::{EditStages, EditStep, EditedText};
use crate::error::RuleError;
use crate::resources::{self, Resource};
use crate::rule_file::RuleKeys;
use crate::rule_set::Action;
use crate::shingles::{BANDS, MinHashSpec};
use crate::tokenizer::TokenizerSpec;

/// The canonical annotation specification.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnnotateSpec {
    /// Annotations of the text as it was read.
    pub original: Vec<String>,
    /// The stages, in order.
    pub stages: Vec<StageSpec>,
    /// Band hashes for near duplicates, where they are looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minhash: Option<MinHashSpec>,
    /// Leave `content_hash` NULL: nobody looks for exact duplicates.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_content_hash: bool,
    /// The resources of rule files that annotations are made of, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub resources: BTreeMap<String, Resource>,
    /// What counts tokens, where somebody does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokenizer: Option<TokenizerSpec>,
}

/// One stage: edits, then measures of the edited text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageSpec {
    /// Edits, in file order.
    pub edits: Vec<RuleEdit>,
    /// Annotations, sorted.
    pub annotations: Vec<String>,
}

/// The edit of one rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleEdit {
    /// Number of the rule in its set.
    pub number: u32,
    /// Its id and the keys of its edit, as a rule file has them.
    pub rule: RuleKeys,
}

/// One column that the function makes.
#[derive(Clone)]
pub(crate) struct SpecColumn {
    pub(crate) annotator: SharedAnnotator,
    /// Stage from 1, 0 for the text as it was read.
    pub(crate) stage: usize,
}

/// The flat name of an annotation in a stage (0 is the input).
pub fn column_name(stage: usize, annotation: &str) -> String {
    match stage {
        0 => format!("original.{annotation}"),
        1 => annotation.to_owned(),
        _ => format!("stage{stage}.{annotation}"),
    }
}

/// The Arrow type of an annotator's values.
pub(crate) fn arrow_type(annotator: &dyn Annotator) -> DataType {
    match annotator.value_type() {
        ValueType::Int => DataType::Int64,
        ValueType::Float => DataType::Float64,
        ValueType::Bool => DataType::Boolean,
        ValueType::Text => DataType::Utf8,
        ValueType::Findings => crate::findings::data_type(),
    }
}

impl AnnotateSpec {
    /// Reads a specification; unknown annotators and broken patterns are errors.
    pub fn parse(json: &str) -> Result<Self, RuleError> {
        let spec: Self = serde_json::from_str(json)
            .map_err(|error| RuleError::whole("annotation specification", error))?;
        spec.columns()?;
        spec.edit_stages()?;
        spec.minhash.as_ref().map_or(Ok(()), MinHashSpec::check)?;
        Ok(spec)
    }

    /// The specification as canonical JSON: equal specifications are equal strings.
    pub fn to_json(&self) -> String {
        // lists, numbers and texts always have a JSON form; an empty text would be refused
        serde_json::to_string(self).unwrap_or_default()
    }

    pub(crate) fn columns(&self) -> Result<Vec<SpecColumn>, RuleError> {
        let stages = self.stages.iter().enumerate().map(|(at, stage)| (at + 1, &stage.annotations));
        let mut columns = Vec::new();
        for (stage, names) in std::iter::once((0, &self.original)).chain(stages) {
            for name in names {
                let known = match annotators::find(name) {
                    None => resources::find(&self.resources, name)?,
                    Some(known) => Some(SharedAnnotator::BuiltIn(known)),
                };
                let annotator = known.ok_or_else(|| {
                    RuleError::whole("annotation specification", format!("no annotator '{name}'"))
                })?;
                if annotator.needs_tokenizer() && self.tokenizer.is_none() {
                    let what = format!("'{name}' needs a tokenizer and none is given");
                    return Err(RuleError::whole("annotation specification", what));
                }
                columns.push(SpecColumn { annotator, stage });
            }
        }
        Ok(columns)
    }

    /// The annotator of that name, of tamis or made of a resource of rule files.
    pub fn annotator(&self, name: &str) -> Option<SharedAnnotator> {
        // a resource that cannot be read has made the parsing of the specification fail
        annotators::find(name)
            .map(SharedAnnotator::BuiltIn)
            .or_else(|| resources::find(&self.resources, name).ok().flatten())
    }

    /// The flat annotation columns, in the order of the function's struct.
    pub fn annotation_fields(&self) -> Result<Vec<Field>, RuleError> {
        let field = |column: &SpecColumn| {
            let name = column_name(column.stage, column.annotator.name());
            Field::new(name, arrow_type(&*column.annotator), true)
        };
        Ok(self.columns()?.iter().map(field).collect())
    }

    /// The struct that the function returns.
    pub fn return_type(&self) -> Result<DataType, RuleError> {
        let mut fields = self.annotation_fields()?;
        fields.push(Field::new("edited", DataType::Boolean, true));
        fields.push(Field::new("edits", DataType::List(edit_item()), true));
        fields.push(Field::new("content_hash", DataType::FixedSizeBinary(16), true));
        if let Some(minhash) = &self.minhash {
            let kind = DataType::FixedSizeBinary(minhash.bytes());
            fields.push(Field::new(BANDS, kind, true));
        }
        Ok(DataType::Struct(Fields::from(fields)))
    }

    /// A text with everything that the edits of all stages make of it; an edit that does not
    /// compile or cannot be applied is an error that names its rule.
    pub fn edit<'t>(&self, text: &'t str) -> Result<EditedText<'t>, RuleError> {
        self.edit_stages()?.edit(text)
    }

    /// The text after all edits.
    pub fn edited_text<'t>(&self, text: &'t str) -> Result<Cow<'t, str>, RuleError> {
        if !self.has_edits() {
            return Ok(Cow::Borrowed(text));
        }
        Ok(self.edit(text)?.into_text())
    }

    fn has_edits(&self) -> bool {
        self.stages.iter().any(|stage| !stage.edits.is_empty())
    }

    /// The edits, compiled once for each thread: threads that share a pattern wait for each other.
    pub(crate) fn edit_stages(&self) -> Result<Rc<EditStages>, RuleError> {
        let known = COMPILED.with_borrow(|compiled| {
            let known = compiled.iter().find(|(stages, _)| *stages == self.stages);
            known.map(|(_, edits)| Rc::clone(edits))
        });
        if let Some(known) = known {
            return Ok(known);
        }
        let stage = |stage: &StageSpec| stage.edits.iter().map(RuleEdit::compile).collect();
        let edits = self.stages.iter().map(stage).collect::<Result<Vec<Vec<EditStep>>, _>>()?;
        let edits = Rc::new(EditStages(edits));
        COMPILED.with_borrow_mut(|compiled| {
            if compiled.len() >= CACHE_SIZE {
                compiled.remove(0);
            }
            compiled.push((self.stages.clone(), Rc::clone(&edits)));
        });
        Ok(edits)
    }
}

/// Specifications kept ready for each thread: a run has one, tests of rule files a few.
const CACHE_SIZE: usize = 8;

/// Stages, and their edits compiled.
type CompiledStages = Vec<(Vec<StageSpec>, Rc<EditStages>)>;

thread_local! {
    static COMPILED: RefCell<CompiledStages> = const { RefCell::new(Vec::new()) };
}

impl RuleEdit {
    fn compile(&self) -> Result<EditStep, RuleError> {
        let id = &self.rule.id;
        let fault = |message: &str| RuleError::whole(&format!("rule '{id}'"), message);
        match Action::of(&self.rule) {
            Ok(Action::Edit(edit)) => EditStep::new(self.number, id, &edit),
            Ok(action) => Err(fault(&format!("{} edits no text", action.key()))),
            Err(wrong) => Err(fault(&wrong.message)),
        }
    }
}

pub(crate) fn edit_fields() -> Fields {
    Fields::from(vec![
        Field::new("rule", DataType::UInt32, false),
        Field::new("start", DataType::UInt64, false),
        Field::new("end", DataType::UInt64, false),
    ])
}

pub(crate) fn edit_item() -> std::sync::Arc<Field> {
    std::sync::Arc::new(Field::new_list_field(DataType::Struct(edit_fields()), false))
}
