//! Modules stand in the order of the data's path and import only what stands before them.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The names after `crate::` in the code of a file.
fn imports(text: &str) -> BTreeSet<String> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let mut names = BTreeSet::new();
    for line in code {
        for (_, rest) in
            line.match_indices("crate::").map(|(at, found)| (at, &line[at + found.len()..]))
        {
            // `$crate::` and `some_crate::` are others
            let name: String =
                rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if !name.is_empty() {
                names.insert(name);
            }
        }
    }
    names
}

fn rust_files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, into);
        } else if path.extension().is_some_and(|end| end == "rs") {
            into.push(path);
        }
    }
}

/// The modules of `lib.rs`, in its order.
fn modules(lib: &str) -> Vec<String> {
    let declared = lib.lines().filter_map(|line| {
        let line = line.trim_start_matches("pub ").trim_start_matches("pub(crate) ");
        line.strip_prefix("mod ")?.strip_suffix(';').map(str::to_owned)
    });
    declared.collect()
}

#[test]
fn no_module_imports_one_that_stands_behind_it() {
    let source = Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("src");
    let order = modules(&fs::read_to_string(source.join("lib.rs")).unwrap());
    assert!(order.len() > 10, "{order:?}");
    let place = |name: &str| order.iter().position(|module| module == name);
    let mut files = Vec::new();
    rust_files(&source, &mut files);
    let mut wrong = Vec::new();
    for file in files {
        let name = file.strip_prefix(&source).unwrap().to_owned();
        let first = name.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
        let own = first.trim_end_matches(".rs").to_owned();
        let Some(at) = place(&own) else { continue };
        for import in imports(&fs::read_to_string(&file).unwrap()) {
            if let Some(other) = place(&import)
                && other > at
            {
                wrong.push(format!("{} ({own}) imports {import}", name.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "these import what stands behind them:\n{}", wrong.join("\n"));
}

#[test]
fn imports_are_found_wherever_they_stand() {
    let text =
        "use crate::read::Shard;\n// crate::run::run\nlet x = crate::write::plan(); crate::look::y";
    let found: Vec<String> = imports(text).into_iter().collect();
    assert_eq!(found, ["look", "read", "write"]);
}
