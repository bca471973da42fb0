//! A session on documents of `samples/` that writes nothing: to look at the screen by hand.

#![expect(clippy::unwrap_used, clippy::panic, dead_code, reason = "an example")]

#[path = "../tests/ui/bench.rs"]
mod bench;
#[path = "../tests/ui/fake.rs"]
mod fake;

use tamis_inspector::InspectError;
use tamis_inspector::ui::terminal::{Options, run};

fn main() -> Result<(), InspectError> {
    let options = Options {
        setup: bench::setup(),
        tokenizer: std::env::args().nth(1).map(Into::into),
        ..Options::default()
    };
    run(options, Box::new(fake::FakeBackend::new()))
}
