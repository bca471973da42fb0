"""Runs near-duplicate removal of other projects beside tamis on one JSONL file.

    python3 benches/peers/compare.py CORPUS.jsonl[.zst] [--tamis PATH] [--peers rensa,datatrove,text-dedup]

Each peer is installed from its package into a virtual environment of its own under --work. What is
measured is the whole process: processor time of it and its children, and the largest resident set.
A removal is right when some other document of the corpus has a Jaccard similarity of 5-word
shingle sets of at least 0.8 with it, computed here exactly; a pair at 0.8 or more is found when at
least one of the two is gone. Records need a text and a unique id.
"""

import argparse
import collections
import json
import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).parent
WORDS = re.compile(r"\w+")
THRESHOLD = 0.8
PACKAGES = {
    "rensa": ["rensa==0.5.0"],
    "datatrove": ["datatrove[processing]==0.10.1", "spacy", "orjson", "xxhash"],
    "text-dedup": ["text-dedup==0.4.0"],
}


def read(corpus):
    if corpus.suffix == ".zst":
        data = subprocess.run(["zstd", "-dc", corpus], check=True, capture_output=True).stdout
    else:
        data = corpus.read_bytes()
    return [json.loads(line) for line in data.splitlines() if line.strip()]


def shingles(text):
    words = WORDS.findall(text.lower())
    if len(words) < 5:
        return {hash(tuple(words))} if words else set()
    return {hash(run) for run in zip(*(words[at:] for at in range(5)))}


def exact_pairs(records):
    """All pairs at the threshold: two sets that similar share one of their rarest shingles."""
    sets = [shingles(record["text"]) for record in records]
    counts = collections.Counter(shingle for one in sets for shingle in one)
    index = collections.defaultdict(list)
    pairs = set()
    for number, one in enumerate(sets):
        rare = sorted(one, key=lambda shingle: (counts[shingle], shingle))
        prefix = rare[: len(rare) - int(THRESHOLD * len(rare) + 0.999999) + 1]
        for other in {other for shingle in prefix for other in index[shingle]}:
            both = len(one & sets[other])
            if both >= THRESHOLD * (len(one) + len(sets[other]) - both):
                pairs.add((other, number))
        for shingle in prefix:
            index[shingle].append(number)
    return pairs


def measure(command):
    """Runs a command and prints its exit code, processor seconds and peak memory in MB."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    code = os.waitstatus_to_exitcode(status)
    print(json.dumps([code, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024]))


def measured(command):
    """[`measure`] in a small process: a child's peak starts at the size of its parent."""
    command = [str(part) for part in command]
    small = [sys.executable, __file__, "--measure", *command]
    code, seconds, memory = json.loads(subprocess.check_output(small))
    if code != 0:
        raise RuntimeError(f"{command[0]} ended with {code}")
    return seconds, memory


def python_of(name, work):
    folder = work / f"venv-{name}"
    if not folder.exists():
        venv.create(folder, with_pip=True)
        pip = [folder / "bin/pip", "-q", "install", *PACKAGES[name]]
        subprocess.run(pip, check=True)
    return folder / "bin/python"


def main():
    if sys.argv[1:2] == ["--measure"]:
        return measure(sys.argv[2:])
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--tamis", type=Path, default=Path("target/release/tamis"))
    parser.add_argument("--peers", default="rensa,text-dedup,datatrove")
    parser.add_argument("--work", type=Path, default=Path("/tmp/tamis-peers"))
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    records = read(options.corpus)
    plain = options.work / "corpus.jsonl"
    with plain.open("w") as out:
        for record in records:
            short = {"id": str(record["id"]), "text": record["text"]}
            out.write(json.dumps(short, ensure_ascii=False) + "\n")
    megabytes = sum(len(record["text"].encode()) for record in records) / 1e6
    ids = [str(record["id"]) for record in records]
    pairs = exact_pairs(records)
    with_partner = {ids[one] for pair in pairs for one in pair}
    print(f"{len(records)} documents, {megabytes:.1f} MB of text, {len(pairs)} pairs at 0.8 or more")
    print("| what | CPU s | MB/s per core | memory MB | removed | without a partner | pairs found |")
    print("|---|---|---|---|---|---|---|")
    for name in ["tamis", *filter(None, options.peers.split(","))]:
        out = options.work / f"out-{name}"
        shutil.rmtree(out, ignore_errors=True)
        try:
            if name == "tamis":
                command = [options.tamis, "run", plain, "--rules", "none", "--dedup", "fuzzy"]
                seconds, memory = measured([*command, "--threads", "1", "--quiet", "--out", out])
                kept = {json.loads(line)["id"] for line in (out / "kept/corpus.jsonl").open()}
            else:
                python = python_of(name, options.work)
                script = HERE / f"{name.replace('-', '_')}_run.py"
                out.mkdir()
                seconds, memory = measured([python, script, plain, out])
                kept = set((out / "kept.txt").read_text().split("\n"))
        except (RuntimeError, subprocess.CalledProcessError) as error:
            print(f"| {name} | failed: {error} | | | | | |")
            continue
        removed = set(ids) - kept
        alone = len(removed - with_partner)
        found = sum(ids[a] in removed or ids[b] in removed for a, b in pairs)
        share = 100 * found / len(pairs) if pairs else 100
        print(
            f"| {name} | {seconds:.1f} | {megabytes / seconds:.1f} | {memory:.0f} "
            f"| {len(removed)} | {alone} | {share:.2f} % |"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main()
