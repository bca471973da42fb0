//! The functions of plans that hold a document against evaluation sets.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{
    Array, ArrayRef, BinaryArray, BooleanArray, BooleanBuilder, Float64Array, ListArray,
    StringArray, StructArray, UInt32Array, UInt64Array,
};
use arrow::buffer::OffsetBuffer;
use datafusion::arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::cast::as_string_array;
use datafusion::common::{DataFusionError, Result, exec_datafusion_err, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::scalar::ScalarValue;
use tamis_kernels::{OverlapScratch, Passage};
use tamis_rules::{AnnotateSpec, RuleError};

use crate::contamination::items::{Group, Index};
use crate::contamination::{Act, CONTAMINATED, CONTAMINATION, Looking, cut};

/// Passages of one item that one document tells.
const TOLD_MAX: usize = 64;

/// A passage of an item in a document.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// The set.
    pub set: String,
    /// The item's id.
    pub item: String,
    /// The number of the item among all.
    pub number: u32,
    /// Equal words of the passage.
    pub words: u32,
    /// Share of the item's words that the document holds.
    pub overlap_ratio: f64,
    /// The passage in the text as it was read.
    pub span: [u64; 2],
    /// The passage in the text after the edits of rules.
    pub edited: [u64; 2],
    /// Its first word among those of the item, and how many it reaches over.
    pub of_item: [u32; 2],
    /// Whether the document holds enough of the item.
    pub decides: bool,
}

fn fields() -> Fields {
    Fields::from(vec![
        Field::new("set", DataType::Utf8, false),
        Field::new("item", DataType::Utf8, false),
        Field::new("words", DataType::UInt32, false),
        Field::new("overlap_ratio", DataType::Float64, false),
        Field::new("start", DataType::UInt64, false),
        Field::new("end", DataType::UInt64, false),
        Field::new("edited_start", DataType::UInt64, false),
        Field::new("edited_end", DataType::UInt64, false),
        Field::new("item_number", DataType::UInt32, false),
        Field::new("item_start", DataType::UInt32, false),
        Field::new("item_words", DataType::UInt32, false),
        Field::new("decides", DataType::Boolean, false),
    ])
}

fn list_item() -> Arc<Field> {
    Arc::new(Field::new_list_field(DataType::Struct(fields()), false))
}

fn outcome() -> Fields {
    Fields::from(vec![
        Field::new(CONTAMINATION, DataType::List(list_item()), true),
        Field::new(CONTAMINATED, DataType::Boolean, true),
    ])
}

fn external(error: impl std::error::Error + Send + Sync + 'static) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

/// The hits of some documents as a column; NULL for documents without text.
fn column(rows: &[Option<Vec<Hit>>]) -> Result<ArrayRef> {
    let all = || rows.iter().flatten().flatten();
    let long = |of: fn(&Hit) -> u64| -> ArrayRef {
        Arc::new(all().map(|hit| Some(of(hit))).collect::<UInt64Array>())
    };
    let short = |of: fn(&Hit) -> u32| -> ArrayRef {
        Arc::new(all().map(|hit| Some(of(hit))).collect::<UInt32Array>())
    };
    let columns: Vec<ArrayRef> = vec![
        Arc::new(all().map(|hit| Some(&hit.set)).collect::<StringArray>()),
        Arc::new(all().map(|hit| Some(&hit.item)).collect::<StringArray>()),
        short(|hit| hit.words),
        Arc::new(all().map(|hit| Some(hit.overlap_ratio)).collect::<Float64Array>()),
        long(|hit| hit.span[0]),
        long(|hit| hit.span[1]),
        long(|hit| hit.edited[0]),
        long(|hit| hit.edited[1]),
        short(|hit| hit.number),
        short(|hit| hit.of_item[0]),
        short(|hit| hit.of_item[1]),
        Arc::new(BooleanArray::from(all().map(|hit| hit.decides).collect::<Vec<_>>())),
    ];
    let values = StructArray::try_new(fields(), columns, None)?;
    let lengths = rows.iter().map(|row| row.as_ref().map_or(0, Vec::len));
    let nulls = rows.iter().map(Option::is_some).collect::<Vec<_>>().into();
    let offsets = OffsetBuffer::from_lengths(lengths);
    Ok(Arc::new(ListArray::try_new(list_item(), offsets, Arc::new(values), Some(nulls))?))
}

/// A column of a struct.
fn field_of<'a, T: 'static>(rows: &'a StructArray, name: &str) -> Option<&'a T> {
    rows.column_by_name(name)?.as_any().downcast_ref()
}

/// The hits of one document of such a column.
pub(crate) fn hits(lists: &ArrayRef, row: usize) -> Result<Vec<Hit>> {
    let broken = || exec_datafusion_err!("{CONTAMINATION} is no list of passages");
    let lists = lists.as_any().downcast_ref::<ListArray>().ok_or_else(broken)?;
    if lists.is_null(row) {
        return Ok(Vec::new());
    }
    let one = lists.value(row);
    let rows = one.as_any().downcast_ref::<StructArray>().ok_or_else(broken)?;
    let word = |name| field_of::<StringArray>(rows, name).ok_or_else(broken);
    let short = |name| field_of::<UInt32Array>(rows, name).ok_or_else(broken);
    let long = |name| field_of::<UInt64Array>(rows, name).ok_or_else(broken);
    let (sets, items, words) = (word("set")?, word("item")?, short("words")?);
    let ratios = field_of::<Float64Array>(rows, "overlap_ratio").ok_or_else(broken)?;
    let (starts, ends) = (long("start")?, long("end")?);
    let (edited_starts, edited_ends) = (long("edited_start")?, long("edited_end")?);
    let numbers = short("item_number")?;
    let (item_starts, item_words) = (short("item_start")?, short("item_words")?);
    let decides = field_of::<BooleanArray>(rows, "decides").ok_or_else(broken)?;
    Ok((0..rows.len())
        .map(|at| Hit {
            set: sets.value(at).to_owned(),
            item: items.value(at).to_owned(),
            number: numbers.value(at),
            words: words.value(at),
            overlap_ratio: ratios.value(at),
            span: [starts.value(at), ends.value(at)],
            edited: [edited_starts.value(at), edited_ends.value(at)],
            of_item: [item_starts.value(at), item_words.value(at)],
            decides: decides.value(at),
        })
        .collect())
}

/// Sets that were read, by what was asked for.
static LOADED: Mutex<BTreeMap<String, Arc<(Looking, Index)>>> = Mutex::new(BTreeMap::new());

fn loaded(json: &str) -> Result<Arc<(Looking, Index)>> {
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = loaded.get(json) {
        return Ok(Arc::clone(known));
    }
    let looking: Looking = serde_json::from_str(json).map_err(external)?;
    let index = Index::load(&looking).map_err(external)?;
    let both = Arc::new((looking, index));
    loaded.insert(json.to_owned(), Arc::clone(&both));
    Ok(both)
}

thread_local! {
    static SCRATCH: RefCell<OverlapScratch> = RefCell::default();
}

/// The texts, the specification of edits and the sets of a call.
fn arguments(args: &ScalarFunctionArgs, name: &str) -> Result<(ArrayRef, String, String)> {
    let [texts, ColumnarValue::Scalar(spec), ColumnarValue::Scalar(looking)] = args.args.as_slice()
    else {
        return exec_err!("{name} takes a text and two literals");
    };
    let (ScalarValue::Utf8(Some(spec)), ScalarValue::Utf8(Some(looking))) = (spec, looking) else {
        return exec_err!("{name} takes its specifications as text");
    };
    Ok((texts.to_array(args.number_rows)?, spec.clone(), looking.clone()))
}

/// `tamis_contaminated(text, specification, sets)`: the passages of the edited text that stand in
/// evaluation sets, and whether the document goes for them.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Contaminated {
    signature: Signature,
}

/// The function `tamis_contaminated`.
pub(crate) fn contaminated_udf() -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::from(Contaminated { signature: Signature::any(3, Volatility::Immutable) }))
}

impl ScalarUDFImpl for Contaminated {
    fn name(&self) -> &'static str {
        "tamis_contaminated"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Struct(outcome()))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let (texts, spec, sets) = arguments(&args, self.name())?;
        let spec = AnnotateSpec::parse(&spec).map_err(external)?;
        let both = loaded(&sets)?;
        let (looking, index) = both.as_ref();
        let mut rows = Vec::with_capacity(texts.len());
        let mut goes = BooleanBuilder::with_capacity(texts.len());
        for text in as_string_array(&texts)? {
            let Some(text) = text else {
                rows.push(None);
                goes.append_null();
                continue;
            };
            let (found, removed) = look(looking, index, &spec, text).map_err(external)?;
            rows.push(Some(found));
            goes.append_value(removed);
        }
        let columns: Vec<ArrayRef> = vec![column(&rows)?, Arc::new(goes.finish())];
        let both = StructArray::try_new(outcome(), columns, None)?;
        Ok(ColumnarValue::Array(Arc::new(both)))
    }
}

/// The passages of a document, and whether it goes for them.
fn look(
    looking: &Looking,
    index: &Index,
    spec: &AnnotateSpec,
    text: &str,
) -> std::result::Result<(Vec<Hit>, bool), RuleError> {
    let edited = spec.edit(text)?;
    let mut hits = Vec::new();
    SCRATCH.with_borrow_mut(|scratch| {
        let mut passages = Vec::new();
        for group in &index.groups {
            group.overlaps.find(edited.text(), scratch, &mut passages);
            if !passages.is_empty() {
                of_items(looking, index, group, &passages, &mut hits);
            }
        }
    });
    if hits.is_empty() {
        return Ok((hits, false));
    }
    hits.sort_by_key(|a| (a.edited, a.number));
    for hit in &mut hits {
        let [start, end] = hit.edited.map(|at| usize::try_from(at).unwrap_or(usize::MAX));
        let (start, end) = edited.original_span(spec.stages.len(), start, end);
        hit.span = [start as u64, end as u64];
    }
    let decides = hits.iter().any(|hit| hit.decides);
    let removed = match looking.action {
        Act::Remove => decides,
        Act::Flag => false,
        Act::Cut => decides && cut::windows(edited.text(), &deciding(&hits)).is_none(),
    };
    Ok((hits, removed))
}

/// The passages that decide, in the text after the edits of rules.
pub(crate) fn deciding(hits: &[Hit]) -> Vec<(usize, usize)> {
    let at = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
    let deciding = hits.iter().filter(|hit| hit.decides);
    deciding.map(|hit| (at(hit.edited[0]), at(hit.edited[1]))).collect()
}

/// Adds the passages of one group of sets, by item.
fn of_items(
    looking: &Looking,
    index: &Index,
    group: &Group,
    passages: &[Passage],
    hits: &mut Vec<Hit>,
) {
    let mut by_item: BTreeMap<u32, Vec<(u32, &Passage)>> = BTreeMap::new();
    for passage in passages {
        let Some((item, first)) = group.parts.get(passage.part as usize) else { continue };
        by_item.entry(*item).or_default().push((first + passage.from, passage));
    }
    for (number, passages) in by_item {
        let Some(item) = index.items.get(number as usize) else { continue };
        let whole = index.words[number as usize];
        let mut ranges: Vec<(u32, u32)> =
            passages.iter().map(|(from, passage)| (*from, from + passage.words)).collect();
        let covered = covered(&mut ranges);
        let overlap_ratio =
            if whole == 0 { 0.0 } else { (f64::from(covered) / f64::from(whole)).min(1.0) };
        let decides = overlap_ratio >= looking.share;
        let set = looking.sets.get(item.set).map_or("", |(name, _)| name.as_str());
        for (from, passage) in passages.into_iter().take(TOLD_MAX) {
            let edited = [passage.start as u64, passage.end as u64];
            hits.push(Hit {
                set: set.to_owned(),
                item: item.id.clone(),
                number,
                words: passage.equal,
                overlap_ratio,
                span: edited,
                edited,
                of_item: [from, passage.words],
                decides,
            });
        }
    }
}

/// Words that ranges cover.
fn covered(ranges: &mut [(u32, u32)]) -> u32 {
    ranges.sort_unstable();
    let (mut words, mut to) = (0, 0);
    for (start, end) in ranges.iter() {
        words += end.saturating_sub((*start).max(to));
        to = to.max(*end);
    }
    words
}

/// `tamis_set_numbers(text, specification, sets)`: the n-grams of sets in the edited text, as pairs
/// of the group and its number there, four bytes each.
#[derive(Debug, PartialEq, Eq, Hash)]
struct SetNumbers {
    signature: Signature,
}

/// The function `tamis_set_numbers`.
pub(crate) fn set_numbers_udf() -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::from(SetNumbers { signature: Signature::any(3, Volatility::Immutable) }))
}

impl ScalarUDFImpl for SetNumbers {
    fn name(&self) -> &'static str {
        "tamis_set_numbers"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Binary)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let (texts, spec, sets) = arguments(&args, self.name())?;
        let spec = AnnotateSpec::parse(&spec).map_err(external)?;
        let both = loaded(&sets)?;
        let numbers = |text: &str| -> Result<Vec<u8>> {
            let edited = spec.edited_text(text).map_err(external)?;
            let mut bytes = Vec::new();
            SCRATCH.with_borrow_mut(|scratch| {
                for (number, group) in (0_u32..).zip(&both.1.groups) {
                    for gram in group.overlaps.numbers(&edited, scratch) {
                        bytes.extend(number.to_le_bytes());
                        bytes.extend(gram.to_le_bytes());
                    }
                }
            });
            Ok(bytes)
        };
        let rows: BinaryArray = as_string_array(&texts)?
            .iter()
            .map(|text| numbers(text.unwrap_or_default()).map(Some))
            .collect::<Result<_>>()?;
        Ok(ColumnarValue::Array(Arc::new(rows)))
    }
}

/// `tamis_of_set(passages, set)`: whether one of them decides for this set.
#[derive(Debug, PartialEq, Eq, Hash)]
struct OfSet {
    signature: Signature,
}

/// The function `tamis_of_set`.
pub(crate) fn of_set_udf() -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::from(OfSet { signature: Signature::any(2, Volatility::Immutable) }))
}

impl ScalarUDFImpl for OfSet {
    fn name(&self) -> &'static str {
        "tamis_of_set"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [lists, ColumnarValue::Scalar(ScalarValue::Utf8(Some(set)))] = args.args.as_slice()
        else {
            return exec_err!("tamis_of_set takes passages and the name of a set");
        };
        let lists = lists.to_array(args.number_rows)?;
        let mut found = BooleanBuilder::with_capacity(lists.len());
        for row in 0..lists.len() {
            if lists.is_null(row) {
                found.append_null();
            } else {
                let hits = hits(&lists, row)?;
                found.append_value(hits.iter().any(|hit| hit.decides && hit.set == *set));
            }
        }
        Ok(ColumnarValue::Array(Arc::new(found.finish())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_two_passages_share_count_once() {
        assert_eq!(covered(&mut [(0, 13), (5, 20), (30, 33)]), 23);
        assert_eq!(covered(&mut [(5, 6), (0, 10)]), 10);
        assert_eq!(covered(&mut []), 0);
    }

    #[test]
    fn passages_survive_their_column() {
        let hit = Hit {
            set: "gsm".into(),
            item: "q-7".into(),
            number: 3,
            words: 14,
            overlap_ratio: 0.5,
            span: [10, 90],
            edited: [8, 88],
            of_item: [2, 15],
            decides: true,
        };
        let rows =
            [Some(vec![hit.clone(), Hit { decides: false, ..hit.clone() }]), None, Some(vec![])];
        let lists = column(&rows).unwrap();
        assert_eq!(hits(&lists, 0).unwrap(), rows[0].clone().unwrap());
        assert!(hits(&lists, 1).unwrap().is_empty() && hits(&lists, 2).unwrap().is_empty());
        assert_eq!(deciding(&hits(&lists, 0).unwrap()), [(8, 88)]);
    }
}
