//! Which places of a text can begin one of many forms, by their first bytes.

/// Bits of a byte's class; all bytes that begin no form share class 0.
const CLASS_BITS: u32 = 6;
const CLASSES: usize = 1 << CLASS_BITS;
/// Three classes, one behind the other.
const GRAMS: usize = CLASSES * CLASSES * CLASSES;
/// Slots for four classes, which share them.
const SLOTS: usize = 1 << 16;

/// A filter that misses no form and lets few other places through.
#[derive(Debug)]
pub(super) struct Starts {
    classes: [u8; 256],
    /// A bit for every three classes that a form begins with.
    grams: Box<[u64]>,
    /// The same for forms that have no fourth byte.
    short: Box<[u64]>,
    /// A bit for every four classes that a longer form begins with.
    longer: Box<[u64]>,
}

impl Starts {
    /// The filter for `forms`, in which ASCII letters stand for both cases.
    pub(super) fn new(forms: &[String]) -> Self {
        let mut classes = [0_u8; 256];
        let mut used = 0_usize;
        for byte in forms.iter().flat_map(|form| form.bytes().take(4)) {
            let (small, large) = (byte.to_ascii_lowercase(), byte.to_ascii_uppercase());
            if classes.get(usize::from(small)).is_none_or(|class| *class != 0) {
                continue;
            }
            // more bytes than classes share some, which costs speed only
            let class = u8::try_from(1 + used % (CLASSES - 1)).unwrap_or(1);
            used += 1;
            for byte in [small, large] {
                if let Some(slot) = classes.get_mut(usize::from(byte)) {
                    *slot = class;
                }
            }
        }
        let none = |bits: usize| vec![0; bits / 64].into_boxed_slice();
        let (grams, short, longer) = (none(GRAMS), none(GRAMS), none(SLOTS));
        let mut starts = Self { classes, grams, short, longer };
        for form in forms {
            let known = form.len().min(3);
            let start = form.bytes().take(3).fold(0, |gram, byte| starts.push(gram, byte));
            // anything may follow a short form
            let free = 1 << (CLASS_BITS as usize * (3 - known));
            for gram in start * free..(start + 1) * free {
                set(&mut starts.grams, gram);
                if form.len() < 4 {
                    set(&mut starts.short, gram);
                }
            }
            if let Some(&fourth) = form.as_bytes().get(3) {
                let slot = starts.slot(start, fourth);
                set(&mut starts.longer, slot);
            }
        }
        starts
    }

    /// The first place from `from` on at which a form can begin.
    pub(super) fn next(&self, text: &[u8], from: usize) -> Option<usize> {
        let rest = text.get(from..)?;
        let mut gram = rest.iter().take(2).fold(0, |gram, &byte| self.push(gram, byte));
        for (at, &byte) in rest.iter().skip(2).enumerate() {
            gram = self.push(gram, byte);
            if is_set(&self.grams, gram) {
                let fourth = rest.get(at + 3).copied().unwrap_or(0);
                let longer = is_set(&self.longer, self.slot(gram, fourth));
                if longer || is_set(&self.short, gram) {
                    return Some(from + at);
                }
            }
        }
        // forms of one or two bytes may end the text
        let last = rest.len().min(2);
        (from + rest.len() - last..text.len()).find(|&at| {
            let bytes = text.get(at..).unwrap_or_default().iter().chain(&[0; 3]).take(3);
            let gram = bytes.fold(0, |gram, &byte| self.push(gram, byte));
            is_set(&self.short, gram)
        })
    }

    fn push(&self, gram: usize, byte: u8) -> usize {
        let class = self.classes.get(usize::from(byte)).copied().unwrap_or(0);
        (gram << CLASS_BITS | usize::from(class)) % GRAMS
    }

    /// The slot of three classes and the class of a fourth byte.
    fn slot(&self, gram: usize, fourth: u8) -> usize {
        let class = self.classes.get(usize::from(fourth)).copied().unwrap_or(0);
        (gram ^ usize::from(class).wrapping_mul(0x9e5)) % SLOTS
    }
}

fn set(bits: &mut [u64], at: usize) {
    if let Some(word) = bits.get_mut(at / 64) {
        *word |= 1 << (at % 64);
    }
}

fn is_set(bits: &[u64], at: usize) -> bool {
    bits.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_form_is_missed() {
        let forms = ["table", "??", "fig", "§", "figures"].map(str::to_owned);
        let starts = Starts::new(&forms);
        for (text, at) in
            [("a Table", 2), ("x ??", 2), ("FIG", 0), ("in §", 3), ("a ??b", 2), ("§", 0)]
        {
            assert_eq!(starts.next(text.as_bytes(), 0), Some(at), "{text}");
        }
        assert_eq!(starts.next(b"nothing to see", 0), None);
        assert_eq!(starts.next(b"a table", 3), None);
        assert_eq!(starts.next(b"", 0), None);
    }
}
