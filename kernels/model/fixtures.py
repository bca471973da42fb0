"""Writes fixtures/: small models, texts, and the vectors that the Python packages give them.

    venv/bin/python fixtures.py

The models are random numbers from a fixed seed: what is compared is the arithmetic.
"""

import json
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory

import numpy as np
import torch
from model2vec import StaticModel
from safetensors.numpy import save_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.models import Normalize, Pooling, Transformer
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

HERE = Path(__file__).resolve().parent
FIXTURES = HERE / "fixtures"
TEXTS = [
    "",
    "the",
    "zzz",
    "The cat sat on the mat.",
    "the cat, the hat; a RAT sat\non  the mats and hats",
    "Cafés déjà vu: the naïve cat",
    "a b c d e f g h i j k l m n o p q r s t u v w x y z",
    "the cat sat on the mat " * 40,
    "漢字 и the кот",
]
ENGLISH = [
    "A table is a grid of rows and columns.",
    "Rows and columns make up what one calls a table!",
    "The committee of the village voted against building a new bridge across the river, because the "
    "old one, which dates from 1870, is protected.",
    "fn main() { println!(\"{}\", 42); }",
    "Die Katze sitzt auf der Matte und wartet auf das Abendessen.",
    "Съешь же ещё этих мягких французских булок, да выпей чаю.",
    "PostgreSQL's query planner chooses between index scans and sequential scans. " * 30,
]


def word_piece(words):
    letters = "abcdefghijklmnopqrstuvwxyz.,;:-"
    entries = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *letters, *("##" + c for c in letters if c.isalpha()), *words]
    vocabulary = {entry: at for at, entry in enumerate(dict.fromkeys(entries))}
    model = models.WordPiece(vocabulary, unk_token="[UNK]")
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]"])
    return tokenizer


def byte_pairs():
    entries = ["<unk>", *"abcdefghijklmnopqrstuvwxyz", "th", "the", "at", "cat"]
    pairs = [("t", "h"), ("th", "e"), ("a", "t"), ("c", "at")]
    model = models.BPE({entry: at for at, entry in enumerate(entries)}, pairs, unk_token="<unk>")
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return tokenizer


def write(name, tokenizer, tensors, config):
    folder = FIXTURES / name
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "model.safetensors")
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    (folder / "config.json").write_text(json.dumps(config))


def expected(folder, texts):
    vectors = StaticModel.from_pretrained(folder).encode(texts).astype(np.float64)
    return [{"text": text, "vector": [round(x, 6) for x in row]} for text, row in zip(texts, vectors.tolist())]


def transformers(tokenizer):
    """Tiny BERT models as sentence-transformers saves them."""
    torch.manual_seed(11)
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=24,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=32,
        max_position_embeddings=40,
        initializer_range=0.3,
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]"
    )
    result = {}
    with TemporaryDirectory() as folder:
        BertModel(config, add_pooling_layer=False).save_pretrained(folder)
        fast.save_pretrained(folder)
        for name, mode, steps in [("bert-mean", "mean", [Normalize()]), ("bert-cls", "cls", [])]:
            first = Transformer(folder, max_seq_length=16)
            model = SentenceTransformer(modules=[first, Pooling(24, mode), *steps], device="cpu")
            model.save(str(FIXTURES / name), create_model_card=False)
            # what nobody reads
            (FIXTURES / name / "config_sentence_transformers.json").unlink()
            rmtree(FIXTURES / name / "2_Normalize", ignore_errors=True)
            vectors = model.encode(TEXTS).astype(np.float64).tolist()
            rows = zip(TEXTS, vectors, strict=True)
            result[name] = [{"text": text, "vector": [round(x, 6) for x in row]} for text, row in rows]
    (FIXTURES / "transformers.json").write_text(json.dumps(result, ensure_ascii=False, indent=0) + "\n")


def main():
    random = np.random.default_rng(11)
    words = ["the", "cat", "sat", "on", "mat", "hat", "rat", "##s", "cafe", "deja", "vu", "naive"]
    bert = word_piece(words)
    size = bert.get_vocab_size()
    rows = random.normal(size=(size, 6)).astype(np.float32)
    weights = random.uniform(size=size)
    bytes_ = np.clip(np.rint(rows * 40), -127, 127).astype(np.int8)
    write("f32", bert, {"embeddings": rows}, {"normalize": True})
    write("f16-plain", bert, {"embeddings": rows.astype(np.float16)}, {"max_length": None})
    write("short", bert, {"embeddings": rows}, {"normalize": False, "max_length": 5})
    write("int8", bert, {"embeddings": bytes_}, {"normalize": True})
    write("int8-weights", bert, {"embeddings": bytes_, "weights": weights}, {"normalize": True})
    whole = np.rint(weights * 1000).astype(np.float32)
    write("int8-whole-weights", bert, {"embeddings": bytes_, "weights": whole}, {"normalize": False})
    mapping = random.integers(0, 7, size=size)
    mapped = {"embeddings": rows[:7], "mapping": mapping, "weights": weights}
    write("mapped", bert, mapped, {"normalize": True, "max_length": 512})
    bert.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    transformers(bert)
    pairs = byte_pairs()
    write("bpe", pairs, {"embeddings": rows[: pairs.get_vocab_size()]}, {"normalize": True, "max_length": 9})
    static = [folder for folder in sorted(FIXTURES.iterdir()) if folder.is_dir() and not folder.name.startswith("bert")]
    result = {folder.name: expected(folder, TEXTS) for folder in static}
    result["embedded"] = expected(HERE, TEXTS + ENGLISH)
    (FIXTURES / "static.json").write_text(json.dumps(result, ensure_ascii=False, indent=0) + "\n")


if __name__ == "__main__":
    main()
