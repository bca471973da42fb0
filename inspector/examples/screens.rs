//! Prints a screen with its colours: `cargo run --example screens -- 120x40 'aax2xa' [light|none]`.

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

use bench::Bench;
use fake::FakeBackend;
use tamis_inspector::ui::theme::Theme;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let size = arguments.first().map_or("120x40", String::as_str);
    let (columns, rows) = size.split_once('x').unwrap();
    let size = (columns.parse().unwrap(), rows.parse().unwrap());
    let mut bench = Bench::new(size, bench::setup(), FakeBackend::new());
    bench.app.theme = match arguments.get(2).map(String::as_str) {
        Some("light") => Theme::Light,
        Some("none") => Theme::None,
        _ => Theme::Dark,
    };
    bench.keys(arguments.get(1).map_or("", String::as_str));
    println!("{}", bench.coloured());
}
