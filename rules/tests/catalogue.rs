//! `docs/annotators.md` says what the annotators say.

use std::fs;
use std::path::Path;

#[test]
fn the_catalogue_in_the_docs_is_current() {
    let path =
        Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("../docs/annotators.md");
    let wanted = tamis_rules::explain::catalogue();
    if std::env::var_os("TAMIS_BLESS").is_some() {
        fs::write(&path, &wanted).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == wanted,
        "docs/annotators.md is out of date: TAMIS_BLESS=1 cargo test --workspace"
    );
}
