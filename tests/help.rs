//! What the command says of itself, and small sessions, as a user sees them.

#[test]
fn sessions_read_as_written() {
    trycmd::TestCases::new()
        .case("tests/sessions/*.trycmd")
        .env("TERM", "dumb")
        .env("COLUMNS", "100")
        .run();
}
