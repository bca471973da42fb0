"""Trains the small tokenizers beside this file, for tests.

    pip install tokenizers==0.23.3
    python tests/tokenizers/make.py

What they are trained on is `samples/notes/`, in the order of names, so the files come out the same
each time: training draws nothing at random. `bytes.json` is a byte-level BPE as GPT-2 has it,
`fallback.json` a BPE with byte fallback and `▁` for spaces as Llama 2 has it, `unigram.json` a
Unigram model behind NFKC that has no token for what it never saw.
"""

import json
import math
from collections import Counter
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

HERE = Path(__file__).resolve().parent
NOTES = sorted((HERE.parents[1] / "samples" / "notes").glob("*.*"))
TEXTS = [note.read_text(encoding="utf-8") for note in NOTES]


def save(tokenizer, name):
    (HERE / name).write_text(tokenizer.to_str(pretty=False) + "\n", encoding="utf-8")


def byte_level():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=700,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(TEXTS, trainer)
    save(tokenizer, "bytes.json")


def byte_fallback():
    special = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    # training alone cuts at words; the file has no pre-tokenizer, as Llama 2's has none
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("▁?[^▁]+"), "isolated")
    trainer = trainers.BpeTrainer(
        vocab_size=520,
        special_tokens=special,
        limit_alphabet=60,
        show_progress=False,
    )
    tokenizer.train_from_iterator([text for text in TEXTS if text.isascii()], trainer)
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.Replace("▁", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    file = json.loads(tokenizer.to_str())
    file["pre_tokenizer"] = None
    # only the first three are special; the bytes are tokens like any other
    file["added_tokens"] = file["added_tokens"][:3]
    text = json.dumps(file, ensure_ascii=False, separators=(",", ":"))
    (HERE / "fallback.json").write_text(text + "\n", encoding="utf-8")


def unigram():
    # the trainer of the package walks a hash map, so its files differ; counts do not
    counts = Counter()
    for text in (text for text in TEXTS if text.isascii()):
        for word in text.replace("\n", " ").split(" "):
            word = "▁" + word
            for start in range(len(word)):
                for end in range(start + 1, min(start + 6, len(word)) + 1):
                    counts[word[start:end]] += 1
    letters = sorted(piece for piece in counts if len(piece) == 1)
    longer = sorted((piece for piece in counts if len(piece) > 1), key=lambda p: (-counts[p] * len(p), p))
    pieces = letters + longer[: 399 - len(letters)]
    total = sum(counts[piece] for piece in pieces)
    scores = [(piece, round(math.log(counts[piece] / total), 6)) for piece in pieces]
    tokenizer = Tokenizer(models.Unigram([("<unk>", 0.0), *scores], 0, False))
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    save(tokenizer, "unigram.json")


byte_level()
byte_fallback()
unigram()
