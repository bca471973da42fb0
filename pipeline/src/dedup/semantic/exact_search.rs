//! The exact search for semantic duplicates: in survivor order, every document is compared with
//! every one that stays.
//!
//! Documents come in blocks. A block is compared with the survivors before it, which lie in a
//! file, and then with its own. So no list of pairs is ever held, however many documents say the
//! same; memory is that of a block and one bit a document. Where there are cards, they do it: see
//! [`lead_cards`](crate::dedup::semantic::exact_search_gpu); the decisions are the same.

use crate::table::node::{Inputs, Node};
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::SyncSender;

use arrow::array::{BinaryArray, RecordBatch};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::{DataFusionError, Result, exec_datafusion_err, exec_err};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};
use tamis_kernels::vectors::{Device, Engine, Rows};

use crate::dedup::links::Reference;
use crate::dedup::row_set::RankSet;
use crate::dedup::semantic::exact_search_gpu::{Asked, Deciding, Gathered, InOrder};
use crate::dedup::semantic::resolve::{Center, Decisions, settled};
use crate::embed::compare::{Comparer, append, external, least_cosine};
use crate::embed::parts::one_width;
use crate::progress;
use crate::table::batch::columns;
use crate::table::batch::typed;
use crate::table::names::VECTOR;
use crate::table::names::{RANK, SOURCE_HASH};
use crate::table::row_id::ROW_ID;

/// Documents that are decided one after the other before the next are compared with them.
const STRIP: usize = 512;

/// Turns `rank, place, from_source, vector`, by rank, into `place, survivor, similarity, measure`
/// of the documents that go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ExactSearch {
    /// The least cosine.
    pub threshold: f64,
    /// Verified pairs of near duplicates, by rank and then by the better one's.
    pub words: Option<PathBuf>,
    /// Documents of the run.
    pub documents: u64,
    /// The reference set.
    pub reference: Reference,
    /// Only pairs of different sources.
    pub apart: bool,
    /// Bytes of the vectors of a block.
    pub block_bytes: usize,
    /// Where survivors' vectors lie meanwhile.
    pub spill: PathBuf,
    /// What compares.
    pub comparer: Comparer,
    /// The files that the documents come from, where they lie in survivor order already.
    pub in_order: Option<InOrder>,
    /// What the audit asks for on the way, where cards do the work.
    pub asked: Option<Asked>,
}

/// A document, but for its vector.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Member {
    pub(crate) rank: u64,
    pub(crate) place: u64,
    pub(crate) source: u64,
}

/// Documents with their vectors, in survivor order.
#[derive(Debug, Default)]
struct Block {
    members: Vec<Member>,
    vectors: Vec<f32>,
}

impl Block {
    fn push(&mut self, member: Member, vector: &[f32]) {
        self.members.push(member);
        self.vectors.extend_from_slice(vector);
    }

    fn clear(&mut self) {
        self.members.clear();
        self.vectors.clear();
    }
}

/// The survivors of earlier blocks in a file: three numbers and a vector each.
struct Spill {
    path: PathBuf,
    writer: BufWriter<File>,
    rows: u64,
}

impl Spill {
    fn create(path: &Path) -> Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(DataFusionError::IoError)?;
        }
        let writer = BufWriter::with_capacity(1 << 20, File::create(path)?);
        Ok(Self { path: path.to_owned(), writer, rows: 0 })
    }

    fn append(&mut self, block: &Block, dimensions: usize) -> Result<()> {
        for (member, vector) in block.members.iter().zip(block.vectors.chunks_exact(dimensions)) {
            for number in [member.rank, member.place, member.source] {
                self.writer.write_all(&number.to_le_bytes())?;
            }
            for number in vector {
                self.writer.write_all(&number.to_le_bytes())?;
            }
        }
        self.rows += block.members.len() as u64;
        Ok(())
    }

    /// Calls `with` for all rows, at most `rows` at a time.
    fn each(
        &mut self,
        dimensions: usize,
        rows: usize,
        mut with: impl FnMut(&Block) -> Result<()>,
    ) -> Result<()> {
        self.writer.flush()?;
        let mut file = File::open(&self.path)?;
        let width = 24 + dimensions * 4;
        let (mut left, mut block, mut bytes) = (self.rows, Block::default(), Vec::new());
        while left > 0 {
            let now = usize::try_from(left).unwrap_or(rows).min(rows);
            left -= now as u64;
            bytes.resize(now * width, 0);
            file.read_exact(&mut bytes)?;
            block.clear();
            for row in bytes.chunks_exact(width) {
                let (head, vector) = row.split_at(24);
                let number = |at: usize| {
                    head.as_chunks::<8>().0.get(at).map_or(0, |n| u64::from_le_bytes(*n))
                };
                block.members.push(Member { rank: number(0), place: number(1), source: number(2) });
                append(vector, &mut block.vectors);
            }
            with(&block)?;
        }
        Ok(())
    }
}

impl Drop for Spill {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

struct State {
    lead: ExactSearch,
    dimensions: usize,
    block: Block,
    decisions: Decisions,
    spill: Option<Spill>,
    /// Documents that wait for cards, where there are some.
    gathered: Option<Gathered>,
    engine: Option<Engine>,
}

impl Node for ExactSearch {
    const NAME: &'static str = "ExactSearchExec";

    fn schema(&self, _inputs: &[SchemaRef]) -> Result<SchemaRef> {
        Ok(settled())
    }

    fn rows(&self, inputs: &Inputs<'_>, schema: SchemaRef) -> Result<SendableRecordBatchStream> {
        Ok(self.execute(inputs.stream()?, schema))
    }
}

impl ExactSearch {
    pub(crate) fn execute(
        &self,
        input: SendableRecordBatchStream,
        schema: SchemaRef,
    ) -> SendableRecordBatchStream {
        let mut state = State::new(self);
        if let Err(error) = state.choose() {
            let failed = futures::stream::once(async { Err(error) });
            return Box::pin(RecordBatchStreamAdapter::new(schema, failed));
        }
        let lead = self.clone();
        let decided = futures::stream::once(async move {
            // cards take them faster than one stream gives them
            let gathered = match (&state.engine, &lead.in_order) {
                (Some(_), Some(order)) => Gathered::of_files(&lead, order)?,
                _ => None,
            };
            let Some(gathered) = gathered else { return Ok(Self::as_they_come(state, input)) };
            state.dimensions = gathered.dimensions();
            state.gathered = Some(gathered);
            Ok::<_, DataFusionError>(futures::stream::iter(state.rest()).boxed())
        });
        Box::pin(RecordBatchStreamAdapter::new(schema, decided.try_flatten()))
    }

    /// Decides documents as `input` brings them.
    fn as_they_come(
        state: State,
        input: SendableRecordBatchStream,
    ) -> BoxStream<'static, Result<RecordBatch>> {
        let mut state = Some(state);
        let ended = input.map(Some).chain(futures::stream::once(async { None }));
        let decided = ended.flat_map(move |batch| {
            let batches: Batches = match (batch, &mut state) {
                (Some(Err(error)), _) => one(Err(error)),
                (Some(Ok(batch)), Some(state)) => one(state.more(&batch)),
                (None, state) => state.take().map_or_else(none, State::rest),
                (Some(Ok(_)), None) => none(),
            };
            futures::stream::iter(batches)
        });
        decided.boxed()
    }

    /// Whether any document may go for any better one.
    pub(crate) fn all_may(&self) -> bool {
        !self.apart && self.reference == Reference::default()
    }

    /// Whether `member` may go for `center`.
    pub(crate) fn allows(&self, member: Member, center: Member) -> bool {
        let apart = !self.apart || member.source != center.source;
        apart && self.reference.allows(member.place, center.place)
    }
}

/// Batches that come one after the other.
type Batches = Box<dyn Iterator<Item = Result<RecordBatch>> + Send>;

fn one(batch: Result<RecordBatch>) -> Batches {
    Box::new(std::iter::once(batch))
}

fn none() -> Batches {
    Box::new(std::iter::empty())
}

/// Keeps the better of two centers of a document.
fn better(best: &mut Option<Center>, center: Member, similarity: f32) {
    if best.is_none_or(|best| center.rank < best.rank) {
        let similarity = f64::from(similarity);
        *best = Some(Center { rank: center.rank, place: center.place, similarity });
    }
}

impl State {
    fn new(lead: &ExactSearch) -> Self {
        Self {
            lead: lead.clone(),
            dimensions: 0,
            block: Block::default(),
            decisions: Decisions::new(lead.words.as_deref(), lead.documents),
            spill: None,
            gathered: None,
            engine: None,
        }
    }

    /// Finds out whether cards do the work.
    fn choose(&mut self) -> Result<()> {
        let engine = self.lead.comparer.engine()?;
        if engine.devices().iter().any(|device| *device != Device::Cpu) {
            self.engine = Some(engine);
        }
        Ok(())
    }

    /// Takes documents; gives what was decided meanwhile.
    fn more(&mut self, batch: &RecordBatch) -> Result<RecordBatch> {
        self.take(batch)?;
        self.decisions.batch()
    }

    /// Decides what is left.
    fn rest(mut self) -> Batches {
        if self.gathered.is_none() {
            let end = self.decide_block().and_then(|()| self.decisions.before(u64::MAX));
            return one(end.and_then(|()| self.decisions.batch()));
        }
        // cards call when they have found something: another thread, so that batches flow
        let (send, receive) = std::sync::mpsc::sync_channel(2);
        let working = std::thread::spawn(move || {
            let last = self.on_cards(&send).and_then(|()| self.decisions.batch());
            let _ = send.send(last);
        });
        let mut working = Some(working);
        let end = std::iter::from_fn(move || {
            let panicked = working.take().is_some_and(|working| working.join().is_err());
            panicked.then(|| exec_err!("a worker died, this is a bug in tamis"))
        });
        Box::new(receive.into_iter().chain(end))
    }

    fn on_cards(&mut self, send: &SyncSender<Result<RecordBatch>>) -> Result<()> {
        let (Some(mut gathered), Some(engine)) = (self.gathered.take(), self.engine.take()) else {
            return Ok(());
        };
        gathered.finish()?;
        let least = least_cosine(self.lead.threshold);
        let mut deciding = Deciding::new(&self.lead, &gathered, &mut self.decisions, send.clone());
        deciding.ask()?;
        let decided = engine.lead(&gathered, least, &mut deciding).map_err(external)?;
        if decided == gathered.count() {
            deciding.answer()?;
        }
        engine.take_notes().into_iter().for_each(progress::note);
        if decided == gathered.count() {
            return self.decisions.before(u64::MAX);
        }
        // what cards left: the survivors so far, and then the rest, as without cards
        let mut vector = vec![0.0; self.dimensions];
        for number in 0..gathered.count() {
            let member = gathered.member(number)?;
            if number < decided && self.decisions.went(member.rank) {
                continue;
            }
            gathered.read(number, &mut vector)?;
            if number < decided {
                let mut stays = Block::default();
                stays.push(member, &vector);
                self.keep(&stays)?;
            } else {
                self.block.push(member, &vector);
                if self.block.vectors.len() * 4 >= self.lead.block_bytes {
                    self.decide_block()?;
                    let _ = send.send(self.decisions.batch());
                }
            }
        }
        self.decide_block()?;
        self.decisions.before(u64::MAX)
    }

    fn take(&mut self, batch: &RecordBatch) -> Result<()> {
        let [ranks, places, sources] = columns(batch, [RANK, ROW_ID, SOURCE_HASH])?;
        let vectors = typed::<BinaryArray>(batch, VECTOR)?;
        for row in 0..batch.num_rows() {
            let bytes = vectors.value(row);
            if self.dimensions == 0 {
                self.dimensions = bytes.len() / 4;
            }
            one_width(self.dimensions * 4, bytes.len())?;
            let member = Member { rank: ranks[row], place: places[row], source: sources[row] };
            if self.engine.is_some() {
                let gathered = match &mut self.gathered {
                    Some(gathered) => gathered,
                    none => none.insert(Gathered::create(&self.lead.spill, self.dimensions)?),
                };
                gathered.push(member, bytes)?;
                continue;
            }
            self.block.members.push(member);
            append(bytes, &mut self.block.vectors);
            if self.block.vectors.len() * 4 >= self.lead.block_bytes {
                self.decide_block()?;
            }
        }
        Ok(())
    }

    /// Decides the documents of the block, which is empty then.
    fn decide_block(&mut self) -> Result<()> {
        let block = std::mem::take(&mut self.block);
        if block.members.is_empty() {
            return Ok(());
        }
        let dimensions = self.dimensions;
        let mut best: Vec<Option<Center>> = vec![None; block.members.len()];
        let lead = &self.lead;
        let rows = (lead.block_bytes / (4 * dimensions)).max(1);
        if let Some(spill) = &mut self.spill {
            spill.each(dimensions, rows, |earlier| {
                let (ours, theirs) = ((&block.vectors[..], dimensions), &earlier.vectors[..]);
                lead.comparer.cross(ours, theirs, lead.threshold, &mut |one, other, similarity| {
                    let (member, center) = (block.members[one], earlier.members[other]);
                    if lead.allows(member, center) {
                        better(&mut best[one], center, similarity);
                    }
                })
            })?;
        }
        let stay = self.decide_strips(&block, best)?;
        self.keep(&stay)?;
        progress::add(block.members.len() as u64, 0);
        Ok(())
    }

    /// Keeps the survivors of a block for later ones.
    fn keep(&mut self, stay: &Block) -> Result<()> {
        let spill = match &mut self.spill {
            Some(spill) => spill,
            none => none.insert(Spill::create(&self.lead.spill)?),
        };
        spill.append(stay, self.dimensions)
    }

    /// Compares the strips of a block with what stays of the strips before, and decides; gives
    /// what stays.
    fn decide_strips(&mut self, block: &Block, mut best: Vec<Option<Center>>) -> Result<Block> {
        let (dimensions, lead) = (self.dimensions, &self.lead);
        let mut stay = Block::default();
        let strips = block.members.chunks(STRIP).zip(block.vectors.chunks(STRIP * dimensions));
        let mut first = 0;
        for (members, vectors) in strips {
            let best = best
                .get_mut(first..first + members.len())
                .ok_or_else(|| exec_datafusion_err!("a block lost its documents"))?;
            first += members.len();
            let strip = (vectors, dimensions);
            lead.comparer.cross(
                strip,
                &stay.vectors,
                lead.threshold,
                &mut |one, other, similarity| {
                    if lead.allows(members[one], stay.members[other]) {
                        better(&mut best[one], stay.members[other], similarity);
                    }
                },
            )?;
            // pairs inside a strip: the later document first
            let mut inside: Vec<(usize, usize, f32)> = Vec::new();
            Comparer::within(strip, lead.threshold, |one, other, similarity| {
                let (better, worse) = (one.min(other), one.max(other));
                if lead.allows(members[worse], members[better]) {
                    inside.push((worse, better, similarity));
                }
            })?;
            inside.sort_unstable_by_key(|pair| (pair.0, pair.1));
            let mut inside = inside.into_iter().peekable();
            for (at, member) in members.iter().enumerate() {
                let decisions = &mut self.decisions;
                let stays = decisions.decide(member.rank, member.place, |gone: &RankSet| {
                    let mut found = best[at];
                    while let Some(pair) = inside.next_if(|pair| pair.0 == at) {
                        let center = members[pair.1];
                        if !gone.has(center.rank) {
                            better(&mut found, center, pair.2);
                        }
                    }
                    Ok(found)
                })?;
                if stays {
                    stay.push(*member, &vectors[at * dimensions..(at + 1) * dimensions]);
                }
            }
        }
        Ok(stay)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::dedup::semantic::ranked::ranked;
    use crate::dedup::semantic::resolve::settled;
    use crate::table::batch::{Rows, schema_of};
    use crate::table::names::SURVIVOR;
    use crate::table::row_id::first_row_id;
    use arrow::array::BinaryBuilder;
    use datafusion::arrow::datatypes::DataType;
    use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
    use tamis_kernels::vectors::Rows as _;
    use tamis_kernels::vectors::{cosine, made::Source};

    const DIMENSIONS: usize = 16;
    const LEAST: f64 = 0.9;

    /// Vectors of which many are near one before, some of those near each other only.
    fn vectors(count: usize) -> Vec<Vec<f32>> {
        let mut source = Source::new(11);
        let mut all: Vec<Vec<f32>> = Vec::new();
        for number in 0..count {
            let vector = if number % 3 == 0 {
                source.unit(DIMENSIONS)
            } else {
                let before = usize::try_from(source.bits() % number as u64).unwrap();
                let near = all[before].clone();
                source.near(&near, 0.85 + 0.14 * source_share(number))
            };
            all.push(vector);
        }
        all
    }

    fn source_share(number: usize) -> f64 {
        (number * 7919 % 1000) as f64 / 1000.0
    }

    fn node(folder: &Path, all: &[Vec<f32>], block_rows: usize, apart: bool) -> ExactSearch {
        ExactSearch {
            threshold: LEAST,
            words: None,
            documents: all.len() as u64,
            reference: Reference::default(),
            apart,
            block_bytes: block_rows * DIMENSIONS * 4,
            spill: folder.join("a/spill"),
            comparer: Comparer::cpu(2),
            in_order: None,
            asked: None,
        }
    }

    fn batch(all: &[Vec<f32>]) -> RecordBatch {
        let mut rows = Rows::default();
        let mut bytes = BinaryBuilder::new();
        for (rank, vector) in all.iter().enumerate() {
            rows.push([rank as u64, rank as u64 + 1000, rank as u64 % 2]);
            bytes.append_value(vector.iter().flat_map(|n| n.to_le_bytes()).collect::<Vec<u8>>());
        }
        let mut columns = rows.columns();
        columns.push(Arc::new(bytes.finish()));
        RecordBatch::try_new(ranked(), columns).unwrap()
    }

    /// `(place, survivor)` of those that go.
    fn lead(all: &[Vec<f32>], block_rows: usize, apart: bool) -> Vec<(u64, u64)> {
        let folder = tempfile::tempdir().unwrap();
        let node = node(folder.path(), all, block_rows, apart);
        let batch = batch(all);
        let cut: Vec<_> = (0..all.len())
            .step_by(97)
            .map(|at| Ok(batch.slice(at, 97.min(all.len() - at))))
            .collect();
        let input = RecordBatchStreamAdapter::new(ranked(), futures::stream::iter(cut));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let batches =
            runtime.block_on(node.execute(Box::pin(input), settled()).collect::<Vec<_>>());
        let found = links(batches);
        assert!(!folder.path().join("a/spill").exists(), "the file goes when the node is done");
        found
    }

    fn links(batches: impl IntoIterator<Item = Result<RecordBatch>>) -> Vec<(u64, u64)> {
        let mut found = Vec::new();
        for batch in batches {
            let batch = batch.unwrap();
            let [places, survivors] = columns_of(&batch);
            found.extend(places.into_iter().zip(survivors));
        }
        found
    }

    #[test]
    fn what_cards_leave_is_decided_as_without_them() {
        let all = vectors(1700);
        let folder = tempfile::tempdir().unwrap();
        for apart in [false, true] {
            let node = node(folder.path(), &all, 300, apart);
            let cpu = || Engine::open(tamis_kernels::vectors::Choice::Cpu, 2).unwrap();
            let mut state = State::new(&node);
            state.engine = Some(cpu());
            let mut found = links([state.more(&batch(&all))]);
            found.extend(links(state.rest()));
            assert_eq!(found, plainly(&all, apart));
            if apart {
                continue;
            }
            // the same from files that lie in survivor order
            let files: Vec<PathBuf> = (all.chunks(600).enumerate())
                .map(|(unit, part)| {
                    let mut rows = Rows::default();
                    let mut bytes = BinaryBuilder::new();
                    for (at, vector) in part.iter().enumerate() {
                        rows.push([first_row_id(unit) + at as u64]);
                        let vector = vector.iter().flat_map(|n| n.to_le_bytes());
                        bytes.append_value(vector.collect::<Vec<u8>>());
                    }
                    let mut columns = rows.columns();
                    columns.push(Arc::new(bytes.finish()));
                    let schema =
                        schema_of(&[(ROW_ID, DataType::UInt64), (VECTOR, DataType::Binary)]);
                    let path = folder.path().join(format!("{unit}.parquet"));
                    let file = File::create(&path).unwrap();
                    let stored = parquet::file::properties::WriterProperties::builder()
                        .set_dictionary_enabled(false)
                        .build();
                    let mut writer = parquet::arrow::ArrowWriter::try_new(
                        file,
                        Arc::clone(&schema),
                        Some(stored),
                    )
                    .unwrap();
                    writer.write(&RecordBatch::try_new(schema, columns).unwrap()).unwrap();
                    writer.close().unwrap();
                    path
                })
                .collect();
            let order = InOrder { files, bases: vec![0, 600, 1200] };
            let mut state = State::new(&node);
            let gathered = Gathered::of_files(&node, &order).unwrap().unwrap();
            assert_eq!((gathered.count(), gathered.dimensions()), (1700, DIMENSIONS));
            state.dimensions = DIMENSIONS;
            (state.gathered, state.engine) = (Some(gathered), Some(cpu()));
            let place = |number: u64| number / 600 * (first_row_id(1)) + number % 600;
            let expected: Vec<_> = (plainly(&all, false).iter())
                .map(|(one, other)| (place(one - 1000), place(other - 1000)))
                .collect();
            assert_eq!(links(state.rest()), expected);
        }
    }

    fn columns_of(batch: &RecordBatch) -> [Vec<u64>; 2] {
        columns(batch, [ROW_ID, SURVIVOR]).unwrap().map(<[u64]>::to_vec)
    }

    /// The definition: one goes for the best of those that stay and are near enough.
    fn plainly(all: &[Vec<f32>], apart: bool) -> Vec<(u64, u64)> {
        let (mut stay, mut gone) = (Vec::new(), Vec::new());
        for (at, vector) in all.iter().enumerate() {
            let near = |other: &&usize| {
                cosine(vector, &all[**other]) >= crate::embed::compare::least_cosine(LEAST)
                    && !(apart && at % 2 == **other % 2)
            };
            match stay.iter().find(near) {
                Some(center) => gone.push((at as u64 + 1000, *center as u64 + 1000)),
                None => stay.push(at),
            }
        }
        gone
    }

    #[test]
    fn blocks_and_strips_decide_as_a_double_loop_does() {
        let all = vectors(1700);
        for apart in [false, true] {
            let expected = plainly(&all, apart);
            assert!(expected.len() > 300 && expected.len() < 1300, "{}", expected.len());
            for block_rows in [1, 130, 700, 5000] {
                assert_eq!(lead(&all, block_rows, apart), expected, "blocks of {block_rows}");
            }
        }
        assert!(lead(&[], 10, false).is_empty());
    }
}
