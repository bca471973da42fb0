//! Vectors of the texts on standard input, one JSON string a line, as JSON arrays.
//!
//!     cargo run --release -p tamis-kernels --example embed [MODEL_FOLDER] < texts.jsonl
//!
//! Without a folder the model that comes with tamis is used. A text that the model cannot place
//! gives `null`. `kernels/model/check.py` compares the output with the Python packages'.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the output of a program")]

use std::error::Error;
use std::io::{BufRead, ErrorKind};
use std::path::Path;
use std::time::Instant;

use tamis_kernels::embedders::{Embedder, Files, Scratch, embedded, from_files};

fn main() -> Result<(), Box<dyn Error>> {
    let begun = Instant::now();
    let loaded;
    let model: &dyn Embedder = match std::env::args().nth(1) {
        None => embedded()?,
        Some(folder) => {
            loaded = load(Path::new(&folder))?;
            loaded.as_ref()
        }
    };
    eprintln!("{} read in {:?}", model.name(), begun.elapsed());
    let texts: Vec<String> = std::io::stdin()
        .lock()
        .lines()
        .map(|line| Ok(serde_json::from_str(&line?)?))
        .collect::<Result<_, Box<dyn Error>>>()?;
    let (mut scratch, mut known) = (Scratch::default(), Vec::new());
    let mut vectors = vec![0.0; model.dimensions() * texts.len()];
    let texts: Vec<_> = texts.iter().map(String::as_str).collect();
    let begun = Instant::now();
    model.embed_batch(&texts, &mut scratch, &mut vectors, &mut known);
    eprintln!("{} texts in {:?}", texts.len(), begun.elapsed());
    for (known, vector) in known.iter().zip(vectors.chunks(model.dimensions())) {
        println!("{}", serde_json::to_string(&known.then_some(vector))?);
    }
    Ok(())
}

/// The model in a folder; files that are not there are empty.
fn load(folder: &Path) -> Result<Box<dyn Embedder>, Box<dyn Error>> {
    let read = |name: &str| match std::fs::read(folder.join(name)) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        read => read,
    };
    Ok(from_files(&Files {
        tensors: &read("model.safetensors")?,
        tokenizer: &read("tokenizer.json")?,
        config: &read("config.json")?,
        modules: &read("modules.json")?,
        pooling: &read("1_Pooling/config.json")?,
        sentence_bert: &read("sentence_bert_config.json")?,
        tokenizer_config: &read("tokenizer_config.json")?,
    })?)
}
