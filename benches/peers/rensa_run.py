"""rensa: signatures and LSH in Rust, shingles in Python; the first of each pair of candidates stays."""

import json
import re
import sys
from pathlib import Path

from rensa import RMinHash, RMinHashLSH

WORDS = re.compile(r"\w+")


def shingles(text):
    words = WORDS.findall(text.lower())
    return [" ".join(words[at : at + 5]) for at in range(max(len(words) - 4, 1))]


def main():
    corpus, out = Path(sys.argv[1]), Path(sys.argv[2])
    lsh = RMinHashLSH(threshold=0.8, num_perm=112, num_bands=14)
    hashes, kept = {}, []
    for number, line in enumerate(corpus.open()):
        record = json.loads(line)
        one = RMinHash(num_perm=112, seed=1)
        one.update(shingles(record["text"]))
        twins = [other for other in lsh.query(one) if one.jaccard(hashes[other]) >= 0.8]
        if twins:
            continue
        kept.append(record["id"])
        hashes[number] = one
        lsh.insert(number, one)
    (out / "kept.txt").write_text("\n".join(kept))


main()
