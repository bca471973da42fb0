//! Hashes of a text, from its words to its bands, are the same on every machine.

use crate::minhash::{Banding, band_hashes, signature};
use crate::{Level, Tamis, shingles};

#[test]
fn hashes_are_the_same_on_every_machine() {
    let text = "Die Straße führt über 42 Brücken, und keine_davon trägt mehr als 3.5 Tonnen. 表1は次のとおり。";
    let (mut tamis, mut words) = (Tamis::default(), Vec::new());
    tamis.scan(text, &mut words);
    let words: Vec<u64> = words.iter().map(|word| word.hash).collect();
    let banding = Banding::new(14, 8).unwrap();
    let (mut set, mut slots, mut bands) = (Vec::new(), vec![0; banding.slots()], Vec::new());
    for level in Level::available() {
        shingles(level, &words, 5, &mut set);
        signature(level, &set, &mut slots);
        band_hashes(&slots, banding, &mut bands);
        assert_eq!((words[0], set[0]), (1_795_623_097_388_607_742, 11_996_793_055_173_107_073));
        assert_eq!(slots[0], 657_630_158);
        assert_eq!((bands[0], bands[13]), (15_284_853_655_709_029_369, 18_415_510_726_717_124_842));
    }
}
