"""Compares tamis' vectors with those of the Python packages, on any model folder and any texts.

    venv/bin/python check.py [--model FOLDER] [--limit N] corpus.jsonl[.zst]

A folder with a tensor `embeddings` is compared with model2vec, any other with
sentence-transformers; without a folder, the embedded model is. Texts to which tamis gives no vector
are counted, not compared.
"""

import argparse
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import zstandard
from safetensors import safe_open

HERE = Path(__file__).resolve().parent
COMMAND = ["cargo", "run", "-q", "--release", "-p", "tamis-kernels", "--example", "embed", "--"]


def texts(path, limit):
    data = path.read_bytes()
    if path.suffix == ".zst":
        data = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data)).read()
    return [json.loads(line)["text"] for line in data.decode().split("\n") if line][:limit]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path)
    parser.add_argument("--limit", type=int)
    parser.add_argument("corpus", type=Path)
    options = parser.parse_args()
    all_texts = texts(options.corpus, options.limit)
    folder = options.model or HERE
    command = COMMAND + ([str(options.model.resolve())] if options.model else [])
    lines = "".join(json.dumps(text) + "\n" for text in all_texts)
    run = subprocess.run(command, input=lines, capture_output=True, text=True, check=True, cwd=HERE)
    sys.stderr.write(run.stderr)
    ours = [json.loads(line) for line in run.stdout.splitlines()]
    with safe_open(folder / "model.safetensors", "numpy") as file:
        static = "embeddings" in file.keys()
    if static:
        from model2vec import StaticModel

        theirs = StaticModel.from_pretrained(folder).encode(all_texts)
    else:
        from sentence_transformers import SentenceTransformer

        theirs = SentenceTransformer(str(folder), device="cpu").encode(all_texts)
    pairs = [(np.array(a), b) for a, b in zip(ours, theirs, strict=True) if a is not None]
    apart = [float(np.abs(a - b).max()) for a, b in pairs]
    print(f"{len(all_texts)} texts, {len(pairs)} with a vector, numbers differ by at most {max(apart):.2e}")
    return max(apart) > 1e-3


if __name__ == "__main__":
    sys.exit(main())
