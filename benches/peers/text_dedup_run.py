"""text-dedup: its MinHash command with one process and the bands that the others have."""

import subprocess
import sys
from pathlib import Path

from datasets import load_from_disk


def main():
    corpus, out = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    options = {
        "path": "json", "data_files": corpus, "split": "train", "column": "text",
        "output": out / "set", "cache_dir": out / "cache", "num_proc": 1, "hash_func": "xxh3",
        "min_length": 5, "ngram": 5, "num_perm": 112, "b": 14, "r": 8, "threshold": 0.8,
    }  # fmt: skip
    arguments = [str(part) for name, value in options.items() for part in (f"--{name}", value)]
    subprocess.run([sys.executable, "-m", "text_dedup.minhash", *arguments], check=True)
    kept = load_from_disk(str(out / "set"))
    (out / "kept.txt").write_text("\n".join(str(one) for one in kept["id"]))


if __name__ == "__main__":
    main()
