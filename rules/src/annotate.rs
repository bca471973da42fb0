//! `tamis_annotate(text, specification[, elsewhere[, boilerplate]])`: the one function that measures documents.
//!
//! It is stateless: the specification is a constant argument, and the type of the struct it
//! returns follows from it.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, BinaryArray, BooleanBuilder, FixedSizeBinaryBuilder, Float64Builder,
    Int64Builder, ListArray, StringArray, StringBuilder, StructArray, UInt32Builder, UInt64Builder,
};
use datafusion::arrow::buffer::{NullBuffer, OffsetBuffer};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{DataFusionError, Result, exec_datafusion_err, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility,
};
use datafusion::scalar::ScalarValue;
use tamis_kernels::content_hash;

use crate::annotators::{AnnotationValue, Value, ValueType, dangling};
use crate::document::{Document, Scratch};
use crate::edits::{EditStages, EditedSpan, EditedText};
use crate::error::RuleError;
use crate::findings::FindingsBuilder;
use crate::references::{Detector, Finding, Span};
use crate::shingles::Bands;
use crate::spec::{AnnotateSpec, SpecColumn, edit_fields, edit_item};

/// Name of the function in plans.
pub const ANNOTATE: &str = "tamis_annotate";

#[derive(Debug, PartialEq, Eq, Hash)]
struct Annotate {
    signature: Signature,
}

/// The function.
pub fn annotate_udf() -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::from(Annotate {
        signature: Signature::variadic_any(Volatility::Immutable),
    }))
}

pub(crate) fn external(error: RuleError) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

impl ScalarUDFImpl for Annotate {
    fn name(&self) -> &'static str {
        ANNOTATE
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        exec_err!("the type of {ANNOTATE} follows from its specification")
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let [_, Some(ScalarValue::Utf8(Some(json))), ..] = args.scalar_arguments else {
            return exec_err!("{ANNOTATE} takes a text and a literal specification");
        };
        let spec = AnnotateSpec::parse(json).map_err(external)?;
        let data_type = spec.return_type().map_err(external)?;
        Ok(Arc::new(Field::new(ANNOTATE, data_type, true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [texts, ColumnarValue::Scalar(ScalarValue::Utf8(Some(json))), others @ ..] =
            args.args.as_slice()
        else {
            return exec_err!("{ANNOTATE} takes a text and a literal specification");
        };
        let names = |at: usize| -> Result<Option<BinaryArray>> {
            let Some(names) = others.get(at) else { return Ok(None) };
            let names = names.to_array(args.number_rows)?;
            if *names.data_type() == DataType::Null {
                return Ok(None);
            }
            let bytes = names.as_any().downcast_ref::<BinaryArray>().cloned();
            let what =
                || exec_datafusion_err!("{ANNOTATE} takes names of targets and lines as bytes");
            bytes.map(Some).ok_or_else(what)
        };
        let known = Known { elsewhere: names(0)?, boilerplate: names(1)? };
        let texts = cast(&texts.to_array(args.number_rows)?, &DataType::Utf8)?;
        let Some(texts) = texts.as_any().downcast_ref::<StringArray>() else {
            return exec_err!("{ANNOTATE} takes a text");
        };
        let work = Work::cached(json).map_err(external)?;
        Ok(ColumnarValue::Array(Arc::new(work.run(texts, &known)?)))
    }
}

/// Annotates `texts`; a NULL text gives a NULL struct.
pub fn annotate(spec: &AnnotateSpec, texts: &StringArray) -> Result<StructArray> {
    Work::cached(&spec.to_json()).map_err(external)?.run(texts, &Known::default())
}

/// What is known of each document from others.
#[derive(Default)]
struct Known {
    /// Names of targets that other pages of its work have.
    elsewhere: Option<BinaryArray>,
    /// Names of its lines that many documents of its source have.
    boilerplate: Option<BinaryArray>,
}

/// The names of one row, eight bytes each.
fn of_row<'a>(
    names: Option<&BinaryArray>,
    row: usize,
    read: &'a mut Vec<u64>,
) -> Result<Option<&'a [u64]>> {
    let Some(names) = names else { return Ok(None) };
    let (bytes, rest) = names.value(row).as_chunks::<8>();
    if !rest.is_empty() {
        return exec_err!(
            "{ANNOTATE} takes names of eight bytes each, and {} are left",
            rest.len()
        );
    }
    read.clear();
    read.extend(bytes.iter().map(|name| u64::from_le_bytes(*name)));
    Ok(Some(read))
}

/// A specification made ready for this thread.
struct Work {
    spec: AnnotateSpec,
    columns: Vec<SpecColumn>,
    edits: Rc<EditStages>,
    scratch: RefCell<Scratch>,
    bands: RefCell<Bands>,
}

/// Specifications kept ready for each thread: a run has one, tests of rule files a few.
const CACHE_SIZE: usize = 8;

thread_local! {
    static READY: RefCell<Vec<(String, Rc<Work>)>> = const { RefCell::new(Vec::new()) };
}

enum Builder {
    Int(Int64Builder),
    Float(Float64Builder),
    Bool(BooleanBuilder),
    Text(StringBuilder),
    Findings(Box<FindingsBuilder>),
}

impl Builder {
    fn push(&mut self, value: AnnotationValue<'_>) -> Result<()> {
        match (self, value) {
            (Self::Int(builder), AnnotationValue::Int(value)) => builder.append_value(value),
            (Self::Float(builder), AnnotationValue::Float(value)) => builder.append_value(value),
            (Self::Bool(builder), AnnotationValue::Bool(value)) => builder.append_value(value),
            (Self::Text(builder), AnnotationValue::Text(value)) => builder.append_value(value),
            (Self::Int(builder), AnnotationValue::Null) => builder.append_null(),
            (Self::Float(builder), AnnotationValue::Null) => builder.append_null(),
            (Self::Bool(builder), AnnotationValue::Null) => builder.append_null(),
            (Self::Text(builder), AnnotationValue::Null) => builder.append_null(),
            (Self::Findings(builder), AnnotationValue::Null) => builder.push(None),
            (_, other) => return exec_err!("{other:?} is no value of its annotation's type"),
        }
        Ok(())
    }

    fn finish(self) -> Result<ArrayRef> {
        Ok(match self {
            Self::Int(mut builder) => Arc::new(builder.finish()),
            Self::Float(mut builder) => Arc::new(builder.finish()),
            Self::Bool(mut builder) => Arc::new(builder.finish()),
            Self::Text(mut builder) => Arc::new(builder.finish()),
            Self::Findings(builder) => builder.finish()?,
        })
    }
}

impl Work {
    fn cached(json: &str) -> Result<Rc<Self>, RuleError> {
        let known = READY.with_borrow(|ready| {
            ready.iter().find(|(known, _)| known == json).map(|(_, work)| Rc::clone(work))
        });
        if let Some(work) = known {
            return Ok(work);
        }
        let spec = AnnotateSpec::parse(json)?;
        let columns = spec.columns()?;
        let edits = spec.edit_stages()?;
        // what is compiled in is proved usable before a document relies on it
        if columns.iter().any(|column| dangling::is_of_references(column.annotator.name())) {
            Detector::embedded().map_err(|error| RuleError::whole("references", error))?;
        }
        let mut scratch = Scratch::default();
        scratch.tokenize_by(spec.tokenizer.as_ref())?;
        let work = Rc::new(Self {
            spec,
            columns,
            edits,
            scratch: RefCell::new(scratch),
            bands: RefCell::new(Bands::default()),
        });
        READY.with_borrow_mut(|ready| {
            if ready.len() >= CACHE_SIZE {
                ready.remove(0);
            }
            ready.push((json.to_owned(), Rc::clone(&work)));
        });
        Ok(work)
    }

    fn run(&self, texts: &StringArray, known: &Known) -> Result<StructArray> {
        let (mut names, mut shared): (Vec<u64>, Vec<u64>) = Default::default();
        let rows = texts.len();
        let mut builders: Vec<Builder> = self
            .columns
            .iter()
            .map(|column| match column.annotator.value_type() {
                ValueType::Int => Builder::Int(Int64Builder::with_capacity(rows)),
                ValueType::Float => Builder::Float(Float64Builder::with_capacity(rows)),
                ValueType::Bool => Builder::Bool(BooleanBuilder::with_capacity(rows)),
                ValueType::Text => Builder::Text(StringBuilder::new()),
                ValueType::Findings => Builder::Findings(Box::default()),
            })
            .collect();
        let mut edited = BooleanBuilder::with_capacity(rows);
        let mut hashes = FixedSizeBinaryBuilder::with_capacity(rows, 16);
        let mut edits = EditList::default();
        let mut scratch = self.scratch.borrow_mut();
        let mut bands = self.bands.borrow_mut();
        let minhash = match &self.spec.minhash {
            Some(spec) => Some((
                spec,
                spec.banding().map_err(|error| external(RuleError::whole("minhash", error)))?,
            )),
            None => None,
        };
        let mut band_hashes = FixedSizeBinaryBuilder::with_capacity(
            if minhash.is_some() { rows } else { 0 },
            minhash.map_or(0, |(spec, _)| spec.bytes()),
        );
        for row in 0..rows {
            if texts.is_null(row) {
                for builder in &mut builders {
                    builder.push(Value::Null)?;
                }
                edited.append_null();
                hashes.append_null();
                if minhash.is_some() {
                    band_hashes.append_null();
                }
                edits.push(std::iter::empty());
                continue;
            }
            let text = texts.value(row);
            let versions = self.edits.edit(text).map_err(external)?;
            edits.push(versions.spans());
            let elsewhere = of_row(known.elsewhere.as_ref(), row, &mut names)?;
            let boilerplate = of_row(known.boilerplate.as_ref(), row, &mut shared)?;
            for number in 0..versions.version_count() {
                let mut document = Document::new(versions.version(number), &mut scratch);
                if let Some(names) = elsewhere {
                    document = document.with_elsewhere(names);
                }
                if let Some(names) = boilerplate {
                    document = document.with_boilerplate(names);
                }
                for (column, builder) in self.columns.iter().zip(&mut builders) {
                    if versions.version_of(column.stage) != number {
                        continue;
                    }
                    if let Builder::Findings(builder) = builder {
                        let findings = &document.references().findings;
                        if number == 0 {
                            builder.push(Some(findings));
                        } else {
                            builder.push(Some(&original(&versions, column.stage, findings)));
                        }
                    } else {
                        builder.push(column.annotator.measure(&mut document))?;
                    }
                }
                if let Some((spec, banding)) = minhash
                    && number + 1 == versions.version_count()
                {
                    bands.push(spec, banding, &mut document, &mut band_hashes)?;
                }
            }
            edited.append_value(versions.is_edited());
            if self.spec.no_content_hash {
                hashes.append_null();
            } else {
                hashes.append_value(content_hash(versions.text()).to_be_bytes())?;
            }
        }
        let DataType::Struct(fields) = self.spec.return_type().map_err(external)? else {
            return exec_err!("{ANNOTATE} returns a struct");
        };
        let columns: Result<Vec<ArrayRef>> = builders.into_iter().map(Builder::finish).collect();
        let mut columns = columns?;
        columns.push(Arc::new(edited.finish()));
        columns.push(edits.finish(texts.nulls().cloned())?);
        columns.push(Arc::new(hashes.finish()));
        if minhash.is_some() {
            columns.push(Arc::new(band_hashes.finish()));
        }
        Ok(StructArray::try_new(fields, columns, texts.nulls().cloned())?)
    }
}

/// The findings with the bytes of the text as it was read.
fn original(versions: &EditedText<'_>, stage: usize, findings: &[Finding]) -> Vec<Finding> {
    let back = |finding: &Finding| {
        let (start, end) = versions.original_span(stage, finding.span.start, finding.span.end);
        Finding { span: Span::new(start, end), ..*finding }
    };
    findings.iter().map(back).collect()
}

/// The column `edits` in the making.
#[derive(Default)]
struct EditList {
    rules: UInt32Builder,
    starts: UInt64Builder,
    ends: UInt64Builder,
    lengths: Vec<usize>,
}

impl EditList {
    /// Appends the edits of one row.
    fn push(&mut self, spans: impl Iterator<Item = EditedSpan>) {
        let mut count = 0;
        for span in spans {
            count += 1;
            self.rules.append_value(span.rule);
            self.starts.append_value(span.start as u64);
            self.ends.append_value(span.end as u64);
        }
        self.lengths.push(count);
    }

    fn finish(mut self, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.rules.finish()),
            Arc::new(self.starts.finish()),
            Arc::new(self.ends.finish()),
        ];
        let spans = StructArray::try_new(edit_fields(), columns, None)?;
        let offsets = OffsetBuffer::from_lengths(self.lengths);
        Ok(Arc::new(ListArray::try_new(edit_item(), offsets, Arc::new(spans), nulls)?))
    }
}
