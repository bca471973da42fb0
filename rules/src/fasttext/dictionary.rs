//! The words and labels of a model, and which rows stand for a text.

use ahash::AHashMap;

use super::reader::Reader;

/// What stands at the end of a line.
const END: &[u8] = b"</s>";
/// What precedes labels.
const LABEL: &str = "__label__";
const BASIS: u32 = 2_166_136_261;
const PRIME: u32 = 16_777_619;

#[derive(Debug)]
pub(super) struct Dictionary {
    /// The row of each word.
    words: AHashMap<Box<[u8]>, u32>,
    pub(super) labels: Vec<String>,
    /// How often each label was seen in training.
    pub(super) counts: Vec<i64>,
    buckets: u32,
    /// Characters of the shortest and the longest part of a word that counts.
    parts: [usize; 2],
    word_grams: usize,
    /// Which buckets are left and where, in models whose rows were pruned.
    pruned: Option<AHashMap<u32, u32>>,
}

/// The hash of fastText, which takes bytes as signed.
fn hash(bytes: &[u8]) -> u32 {
    bytes.iter().fold(BASIS, |hash, byte| step(hash, *byte))
}

fn step(hash: u32, byte: u8) -> u32 {
    (hash ^ i32::from(byte.cast_signed()).cast_unsigned()).wrapping_mul(PRIME)
}

impl Dictionary {
    pub(super) fn read(
        reader: &mut Reader<'_>,
        buckets: usize,
        parts: [usize; 2],
        word_grams: usize,
    ) -> Result<Self, String> {
        let most = usize::try_from(i32::MAX).unwrap_or(usize::MAX);
        let size = reader.size(most, "size of a dictionary")?;
        let word_count = reader.size(size, "number of words")?;
        let label_count = reader.size(size, "number of labels")?;
        reader.i64()?;
        let pruned_count = reader.i64()?;
        if word_count + label_count != size {
            return Err("the words and labels are not all of the dictionary".to_owned());
        }
        let (mut words, mut labels, mut counts) = (AHashMap::new(), Vec::new(), Vec::new());
        for number in 0..size {
            let word = reader.word()?;
            let count = reader.i64()?;
            // words come first, and their numbers are their rows
            match (reader.byte()?, number < word_count) {
                (0, true) => {
                    let row = u32::try_from(number).map_err(|error| error.to_string())?;
                    words.insert(Box::from(word), row);
                }
                (1, false) => {
                    let label = String::from_utf8_lossy(word);
                    labels.push(label.strip_prefix(LABEL).unwrap_or(&label).to_owned());
                    counts.push(count);
                }
                _ => return Err("words and labels of the dictionary are mixed".to_owned()),
            }
        }
        if words.len() != word_count {
            return Err("a word stands in the dictionary twice".to_owned());
        }
        let pruned = if pruned_count >= 0 {
            let mut left = AHashMap::new();
            for _ in 0..pruned_count {
                let pair = [reader.i32()?, reader.i32()?].map(u32::try_from);
                let [Ok(bucket), Ok(place)] = pair else {
                    return Err("a row of the model has no place".to_owned());
                };
                left.insert(bucket, place);
            }
            Some(left)
        } else {
            None
        };
        let buckets = u32::try_from(buckets).map_err(|error| error.to_string())?;
        if buckets == 0 && (parts[1] > 0 || word_grams > 1) && pruned.is_none() {
            return Err("the model has parts of words and no buckets for them".to_owned());
        }
        Ok(Self { words, labels, counts, buckets, parts, word_grams, pruned })
    }

    /// Rows of the input that a text may name.
    pub(super) fn rows_needed(&self) -> Result<usize, String> {
        let hashed = match &self.pruned {
            Some(left) => left.values().max().map_or(0, |most| *most as usize + 1),
            None if self.parts[1] > 0 || self.word_grams > 1 => self.buckets as usize,
            None => 0,
        };
        self.words.len().checked_add(hashed).ok_or_else(|| "the model is too large".to_owned())
    }

    /// The rows that stand for a text: its words, their parts, and n-grams of words.
    pub(super) fn rows(&self, text: &str, rows: &mut Vec<u32>, hashes: &mut Vec<i32>) {
        rows.clear();
        hashes.clear();
        let space = |byte: &u8| matches!(byte, b' ' | b'\n' | b'\r' | b'\t' | 0x0b | 0x0c | 0);
        let tokens = text.as_bytes().split(space).filter(|token| !token.is_empty());
        for token in tokens.chain(std::iter::once(END)) {
            let row = self.words.get(token).copied();
            if row.is_none() && token.starts_with(LABEL.as_bytes()) {
                continue;
            }
            rows.extend(row);
            if token != END {
                self.parts_of(token, rows);
            }
            hashes.push(hash(token).cast_signed());
        }
        if self.word_grams > 1 {
            for start in 0..hashes.len() {
                // signed hashes fill the upper half with their sign
                let widened = |hash: &i32| i64::from(*hash).cast_unsigned();
                let mut gram = widened(&hashes[start]);
                for next in hashes.iter().skip(start + 1).take(self.word_grams - 1) {
                    gram = gram.wrapping_mul(116_049_371).wrapping_add(widened(next));
                    if let Some(bucket) = gram.checked_rem(u64::from(self.buckets)) {
                        self.push(bucket, rows);
                    }
                }
            }
        }
    }

    /// Adds the rows of the parts of `<word>`.
    fn parts_of(&self, word: &[u8], rows: &mut Vec<u32>) {
        let [shortest, longest] = self.parts;
        if longest == 0 || self.buckets == 0 {
            return;
        }
        let length = word.len() + 2;
        let at = |place: usize| match place {
            0 => b'<',
            place if place + 1 == length => b'>',
            place => word.get(place - 1).copied().unwrap_or_default(),
        };
        let continues = |place: usize| place < length && at(place) & 0xc0 == 0x80;
        for start in (0..length).filter(|start| !continues(*start)) {
            let mut hash = BASIS;
            let mut end = start;
            for chars in 1..=longest {
                if end >= length {
                    break;
                }
                hash = step(hash, at(end));
                end += 1;
                while continues(end) {
                    hash = step(hash, at(end));
                    end += 1;
                }
                let mark_alone = chars == 1 && (start == 0 || end == length);
                if chars >= shortest && !mark_alone {
                    self.push(u64::from(hash % self.buckets), rows);
                }
            }
        }
    }

    fn push(&self, bucket: u64, rows: &mut Vec<u32>) {
        let Ok(bucket) = u32::try_from(bucket) else { return };
        let place = match &self.pruned {
            None => Some(bucket),
            Some(left) => left.get(&bucket).copied(),
        };
        let words = u32::try_from(self.words.len()).unwrap_or(u32::MAX);
        rows.extend(place.and_then(|place| place.checked_add(words)));
    }
}
