//! How long a key takes until the screen is painted, in a document of 200 MB:
//! `cargo run --example key_to_paint [MEGABYTES]`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    dead_code,
    reason = "an example"
)]

#[path = "../tests/ui/bench.rs"]
mod bench;
#[path = "../tests/ui/fake.rs"]
mod fake;

use std::time::{Duration, Instant};

use bench::{Bench, parse, setup};
use fake::FakeBackend;
use tamis_inspector::ui::Action;

/// Keys of someone who reads: scrolling, jumps, search, white space, selection.
const KEYS: &str = "jjjkk<ctrl-d><ctrl-d><ctrl-u>Gkk<ctrl-u>ggw<ctrl-d>wb<ctrl-d>nnN/needle<enter>nnnNvlljj<esc>Gvkkk<esc><esc>tz<ctrl-d>z?<esc>";

fn main() {
    let megabytes: usize = std::env::args().nth(1).map_or(200, |text| text.parse().unwrap());
    let bytes = megabytes * 1_000_000;
    let words = "The quick needle jumps over 文字 and שלום, Table 1 says. ";
    for (name, piece) in [
        ("one line", words.to_owned()),
        ("one line without a space", "abcdefghij".to_owned()),
        ("many lines", format!("{words}{words}\n")),
        ("empty lines", "\n".to_owned()),
        ("combining marks", "e\u{301}\u{301}\u{301}".to_owned()),
    ] {
        let text = piece.repeat(bytes / piece.len());
        let mut bench = Bench::new((120, 40), setup(), FakeBackend::large(&text));
        let mut times = measure(&mut bench);
        times.sort_unstable();
        let at = |share: usize| times[(times.len() - 1) * share / 100];
        println!(
            "{name:<26} {:>4} keys  p50 {:>7.2?}  p95 {:>7.2?}  max {:>7.2?}",
            times.len(),
            at(50),
            at(95),
            at(100)
        );
    }
}

/// The keys again and again from different places; the worker gets a turn between them.
fn measure(bench: &mut Bench) -> Vec<Duration> {
    let mut times = Vec::new();
    for round in 0..8 {
        let jump = bench.app.reader.shown.text.len() / 8 * round + 12_345;
        bench.act(Action::Run(format!("byte {jump}")));
        for key in parse(KEYS) {
            let began = Instant::now();
            bench.act(Action::Key(key));
            bench.paint();
            times.push(began.elapsed());
            bench.turn(3);
        }
    }
    times
}
