//! Supervised fastText models, plain (`.bin`) and quantised (`.ftz`), read and asked in Rust.
//!
//! The format is version 12 of fastText 0.9.2, and 11 before it. Bytes are foreign: every size is
//! checked, and what does not fit is an error.

mod dictionary;
mod matrix;
mod reader;

use dictionary::Dictionary;
use matrix::Matrix;
use reader::Reader;

const MAGIC: i32 = 793_712_314;
/// The largest width of a row, number of labels and of entries.
const DIMENSION_MAX: usize = 1 << 16;
const LABELS_MAX: usize = 1 << 20;

/// How scores become a probability.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Loss {
    /// A tree of binary decisions.
    Hierarchical,
    /// Every label by itself.
    Separate,
    Softmax,
}

/// What a model says of a text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prediction {
    /// Number of the label.
    pub label: usize,
    /// Its probability, from 0 to 1.
    pub probability: f32,
}

/// Buffers for one text after the other.
#[derive(Debug, Default)]
pub struct Buffers {
    rows: Vec<u32>,
    hashes: Vec<i32>,
    hidden: Vec<f32>,
    scores: Vec<f32>,
    stack: Vec<(usize, f32)>,
}

/// A model ready to be asked.
#[derive(Debug)]
pub struct Model {
    dictionary: Dictionary,
    loss: Loss,
    input: Matrix,
    output: Matrix,
    /// The children of each inner node, from the first one; empty but for a hierarchy.
    tree: Vec<[usize; 2]>,
}

impl Model {
    /// Reads a model; the error says what is wrong with it.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let mut reader = Reader::new(bytes);
        if reader.i32()? != MAGIC {
            return Err("this is no fastText model".to_owned());
        }
        let version = reader.i32()?;
        if !(11..=12).contains(&version) {
            return Err(format!("version {version} of the format is not known, 11 and 12 are"));
        }
        let dimension = reader.size(DIMENSION_MAX, "dimension")?;
        for _ in ["window", "epochs", "least count", "negatives"] {
            reader.i32()?;
        }
        let word_grams = reader.size(64, "length of word n-grams")?;
        let loss = match reader.i32()? {
            1 => Loss::Hierarchical,
            2 | 4 => Loss::Separate,
            3 => Loss::Softmax,
            other => return Err(format!("loss {other} is not known")),
        };
        if reader.i32()? != 3 {
            return Err("this model gives word vectors and no labels".to_owned());
        }
        let buckets = reader.size(usize::try_from(i32::MAX).unwrap_or(usize::MAX), "buckets")?;
        let shortest = reader.size(64, "shortest part of a word")?;
        let mut longest = reader.size(64, "longest part of a word")?;
        if version == 11 {
            // older supervised models did not use parts of words
            longest = 0;
        }
        reader.i32()?;
        reader.f64()?;
        let dictionary = Dictionary::read(&mut reader, buckets, [shortest, longest], word_grams)?;
        let quantised = reader.byte()? != 0;
        let input = Matrix::read(&mut reader, quantised)?;
        let output_quantised = reader.byte()? != 0;
        let output = Matrix::read(&mut reader, quantised && output_quantised)?;
        let labels = dictionary.labels.len();
        if labels == 0 || labels > LABELS_MAX {
            return Err(format!("the model has {labels} labels"));
        }
        if input.columns() != dimension || output.columns() != dimension {
            return Err("the rows of the model are not of its dimension".to_owned());
        }
        if input.rows() < dictionary.rows_needed()? {
            return Err("the model has fewer rows than words".to_owned());
        }
        let needed = if loss == Loss::Hierarchical { labels - 1 } else { labels };
        if output.rows() < needed {
            return Err("the model has fewer rows than labels".to_owned());
        }
        let tree = if loss == Loss::Hierarchical { tree(&dictionary.counts)? } else { Vec::new() };
        Ok(Self { dictionary, loss, input, output, tree })
    }

    /// The labels, without what precedes them in the file (`__label__`).
    pub fn labels(&self) -> &[String] {
        &self.dictionary.labels
    }

    /// The most probable label of a text, whose line ends count as spaces; none where the model
    /// knows nothing of it or has broken numbers.
    pub fn predict(&self, text: &str, buffers: &mut Buffers) -> Option<Prediction> {
        let Buffers { rows, hashes, hidden, scores, stack } = buffers;
        self.dictionary.rows(text, rows, hashes);
        if rows.is_empty() {
            return None;
        }
        hidden.clear();
        hidden.resize(self.input.columns(), 0.0);
        for row in &*rows {
            self.input.add(*row as usize, hidden);
        }
        let share = 1.0 / rows.len() as f32;
        for value in hidden.iter_mut() {
            *value *= share;
        }
        let best = match self.loss {
            Loss::Hierarchical => self.descend(hidden, stack),
            Loss::Separate | Loss::Softmax => self.best(hidden, scores),
        }?;
        best.probability.is_finite().then_some(best)
    }

    fn best(&self, hidden: &[f32], scores: &mut Vec<f32>) -> Option<Prediction> {
        scores.clear();
        scores.extend((0..self.dictionary.labels.len()).map(|row| self.output.dot(row, hidden)));
        let (label, most) = scores
            .iter()
            .copied()
            .enumerate()
            .reduce(|best, next| if next.1 > best.1 { next } else { best })?;
        let probability = if self.loss == Loss::Softmax {
            1.0 / scores.iter().map(|score| (score - most).exp()).sum::<f32>()
        } else {
            stepped(most)
        };
        Some(Prediction { label, probability })
    }

    /// The best leaf of the tree: branches worse than the best so far are left out.
    fn descend(&self, hidden: &[f32], stack: &mut Vec<(usize, f32)>) -> Option<Prediction> {
        let leaves = self.dictionary.labels.len();
        let mut best: Option<Prediction> = None;
        stack.clear();
        stack.push((2 * leaves - 2, 1.0));
        while let Some((node, probability)) = stack.pop() {
            if best.is_some_and(|best| probability <= best.probability) {
                continue;
            }
            let Some(children) = node.checked_sub(leaves).and_then(|inner| self.tree.get(inner))
            else {
                best = Some(Prediction { label: node, probability });
                continue;
            };
            let right = 1.0 / (1.0 + (-self.output.dot(node - leaves, hidden)).exp());
            let both = [(children[0], 1.0 - right), (children[1], right)];
            // the likelier one is looked at first
            let order = if right > 0.5 { [0, 1] } else { [1, 0] };
            stack.extend(order.map(|at| (both[at].0, probability * both[at].1)));
        }
        best
    }
}

/// The logistic function as fastText has it for separate labels: a table of 512 steps from -8 to 8.
fn stepped(score: f32) -> f32 {
    match score {
        ..-8.0 => 0.0,
        -8.0..=8.0 => {
            let place = ((score + 8.0) * 32.0).floor() / 32.0 - 8.0;
            1.0 / (1.0 + (-place).exp())
        }
        _ => 1.0,
    }
}

/// The inner nodes of the tree that fastText builds over its labels, the most frequent first.
fn tree(counts: &[i64]) -> Result<Vec<[usize; 2]>, String> {
    let leaves = counts.len();
    let mut weights = counts.to_vec();
    weights.resize(2 * leaves - 1, 1_000_000_000_000_000);
    let mut inner = Vec::with_capacity(leaves - 1);
    let mut leaf = leaves;
    let mut node = leaves;
    for made in leaves..2 * leaves - 1 {
        let pair = [0, 1].map(|_| {
            // the next leaf, where it is lighter than the next inner node that is there
            let light = leaf > 0 && (node >= made || weights[leaf - 1] < weights[node]);
            if light {
                leaf -= 1;
                leaf
            } else {
                node += 1;
                node - 1
            }
        });
        let weight = weights[pair[0]].checked_add(weights[pair[1]]);
        weights[made] = weight.ok_or("the labels of the model have counts beyond 64 bits")?;
        inner.push(pair);
    }
    Ok(inner)
}

#[cfg(test)]
mod tests;
