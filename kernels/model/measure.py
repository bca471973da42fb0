"""Measures the model: what random texts, near duplicates and neighbouring passages look like to it.

    venv/bin/python measure.py                      # on samples/
    venv/bin/python measure.py corpus.jsonl.zst     # fields text, source, and family for versions of
                                                    # one document

Compared are this model and one distilled as model2vec does by default, at as many dimensions. The
teacher's own cosines are the yardstick for passages. Random choices come from a fixed seed.
"""

import argparse
import json
import random

import numpy as np
import torch
from distil import BATCH, LANGUAGES, SAMPLES, TEACHER, HERE, sample_texts
from model2vec import StaticModel
from model2vec.distill.inference import apply_pca, compute_weights
from pathlib import Path
from safetensors.numpy import load_file
from scipy.stats import spearmanr
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer
from transformers import AutoModel

SEED = 7
PAIRS = 400_000
PER_SOURCE = 600
PASSAGES = 1000
LATIN = ["en", *LANGUAGES]


def read(path):
    if path is None:
        paths = [SAMPLES / "handbook/en.jsonl.zst", SAMPLES / "manuals/postgresql.jsonl.gz"]
        paths += [SAMPLES / "manuals/python.jsonl"]
        return [{"text": text, "source": path.name} for path in paths for text in sample_texts(path)]
    import io

    import zstandard

    data = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(path.read_bytes())).read()
    return [json.loads(line) for line in data.decode().split("\n") if line]


def mirror_pairs():
    """Pages of the manuals and their altered copies, by kind of copy."""
    rows = []
    for name in ["manuals/postgresql.jsonl.gz", "manuals/python.jsonl", "manuals/website-mirror.jsonl"]:
        data = (SAMPLES / name).read_bytes()
        if name.endswith(".gz"):
            import gzip

            data = gzip.decompress(data)
        rows += [json.loads(line) for line in data.decode().split("\n") if line]
    texts = {row["id"]: row["text"] for row in rows}
    pairs = {}
    for row in rows:
        planted = row.get("planted") or []
        kind = planted if isinstance(planted, str) else " ".join(planted)
        original = row.get("planted_of")
        if original in texts:
            pairs.setdefault(kind, []).append((texts[original], row["text"]))
    return pairs


class Plain:
    """What model2vec's distillation gives with its defaults but for the dimensions."""

    def __init__(self, dimensions):
        tokenizer = json.loads((TEACHER / "tokenizer.json").read_text())
        ids = tokenizer["model"]["vocab"]
        model = AutoModel.from_pretrained(str(TEACHER)).eval()
        rows = []
        with torch.inference_mode():
            for batch in torch.arange(len(ids)).split(BATCH):
                around = [torch.full_like(batch, 101), batch, torch.full_like(batch, 102)]
                rows.append(model(input_ids=torch.stack(around, 1)).last_hidden_state.mean(1).numpy())
        tokens = sorted(ids, key=ids.get)
        kept = [at for at, token in enumerate(tokens) if not token.startswith("[unused")]
        reduced = apply_pca(np.concatenate(rows)[kept], dimensions)
        reduced *= compute_weights(len(reduced), 1e-4)[:, None]
        vectors = np.zeros((len(ids), dimensions), dtype=np.float32)
        vectors[kept] = reduced
        self.model = StaticModel(vectors, Tokenizer.from_str(json.dumps(tokenizer)), normalize=True, max_length=None)

    def encode(self, texts):
        return self.model.encode(texts)


class Ours:
    def __init__(self):
        self.model = StaticModel.from_pretrained(HERE)
        self.marks = load_file(HERE / "model.safetensors")["known"]
        self.share = json.loads((HERE / "config.json").read_text())["known_share_min"]

    def encode(self, texts):
        return self.model.encode(texts)

    def known(self, texts):
        result = []
        for encoding in self.model.tokenizer.encode_batch(texts, add_special_tokens=False):
            marks = self.marks[encoding.ids]
            yes, no = (marks > 0).sum(), (marks < 0).sum()
            result.append(bool(yes > 0 and yes >= self.share * (yes + no)))
        return np.array(result)


def quantiles(cosines, at):
    return " ".join(f"{number:.2f}" for number in np.quantile(cosines, at))


def background(model, documents, chance):
    sources = np.array([document["source"] for document in documents])
    lengths = np.array([len(document["text"].encode()) for document in documents])
    vectors = model.encode([document["text"] for document in documents])
    i, j = chance.integers(0, len(documents), (2, PAIRS))
    families = np.array([document.get("family") or f"#{at}" for at, document in enumerate(documents)])
    other = families[i] != families[j]
    i, j = i[other], j[other]
    i, j = i[i != j], j[i != j]
    cosines = (vectors[i] * vectors[j]).sum(1)
    same = sources[i] == sources[j]
    levels = [0.5, 0.99, 0.999, 0.9999]
    print("  random pairs of other sources, 50 99 99.9 99.99 %:", quantiles(cosines[~same], levels))
    print("  random pairs of one source, 50 99 99.9 %:", quantiles(cosines[same], levels[:3]))
    for source in sorted(set(sources)):
        inside = same & (sources[i] == source)
        if inside.sum() > 2000:
            print(f"    {source}: {quantiles(cosines[inside], levels[:3])}, above 0.9: {np.mean(cosines[inside] > 0.9):.5f}")
    for low, high in [(0, 1000), (1000, 4000), (4000, 16000), (16000, 10**9)]:
        inside = ~same & (np.minimum(lengths[i], lengths[j]) >= low) & (np.maximum(lengths[i], lengths[j]) < high)
        if inside.sum() > 2000:
            print(f"    of {low} to {high} bytes: {quantiles(cosines[inside], levels[:3])}")


def passages(documents, chance):
    """Neighbouring paragraphs of documents."""
    pairs = []
    for document in documents:
        parts = [part for part in document["text"].split("\n\n") if 200 < len(part) < 1200]
        if len(parts) > 1:
            at = chance.randrange(len(parts) - 1)
            pairs.append((parts[at], parts[at + 1]))
    return pairs[:PASSAGES]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path, nargs="?")
    options = parser.parse_args()
    ours = Ours()
    everything = read(options.corpus)
    draw = random.Random(SEED)
    draw.shuffle(everything)
    by_source = {}
    for document in everything:
        by_source.setdefault(document["source"], []).append(document)
    known_of = {}
    documents = []
    for source, some in sorted(by_source.items()):
        some = some[:PER_SOURCE]
        known = ours.known([document["text"] for document in some])
        known_of[source] = known.mean()
        documents += [document for document, yes in zip(some, known) if yes]
    print("share with a vector:", {source: round(share, 3) for source, share in known_of.items()})
    families = {}
    for document in everything:
        if document.get("family"):
            families.setdefault(document["family"], []).append(document["text"])
    versions = [draw.sample(some, 2) for _, some in sorted(families.items()) if len(some) > 1][:1500]
    draw.shuffle(documents)
    neighbours = passages(documents, draw)
    teacher = SentenceTransformer(str(TEACHER), device="cpu")
    yardstick = [teacher.encode(list(side)) for side in zip(*neighbours)]
    shifted = np.roll(np.arange(len(neighbours)), 1)

    for name, model in [("ours", ours), ("as model2vec does", Plain(ours.model.dim))]:
        print(name)
        background(model, documents, np.random.default_rng(SEED))
        if versions:
            a, b = (model.encode(list(side)) for side in zip(*versions))
            print(f"  versions of one document ({len(a)}), 1 5 10 50 %:", quantiles((a * b).sum(1), [0.01, 0.05, 0.1, 0.5]))
        for kind, pairs in sorted(mirror_pairs().items()):
            a, b = (model.encode(list(side)) for side in zip(*pairs))
            print(f"  samples, {kind} ({len(pairs)}), least and median:", quantiles((a * b).sum(1), [0, 0.5]))
        a, b = (model.encode(list(side)) for side in zip(*neighbours))
        mine = np.concatenate([(a * b).sum(1), (a * b[shifted]).sum(1)])
        theirs = np.concatenate([(yardstick[0] * yardstick[1]).sum(1), (yardstick[0] * yardstick[1][shifted]).sum(1)])
        half = len(a)
        print(
            f"  Spearman with the teacher on {half} pairs of neighbouring passages {spearmanr(mine[:half], theirs[:half])[0]:.3f},"
            f" of unrelated ones {spearmanr(mine[half:], theirs[half:])[0]:.3f}, both {spearmanr(mine, theirs)[0]:.3f}"
        )
        for language in LATIN:
            texts = sample_texts(SAMPLES / f"handbook/{language}.jsonl.zst")
            vectors = model.encode(texts)
            cosines = (vectors @ vectors.T)[np.triu_indices(len(texts), 1)]
            print(f"  handbook {language}, pairs of pages, 50 90 %:", quantiles(cosines, [0.5, 0.9]), "known", ours.known(texts).mean().round(2))


if __name__ == "__main__":
    main()
