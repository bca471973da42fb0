"""datatrove: its four MinHash steps with their defaults, one worker."""

import json
import sys
from pathlib import Path

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.dedup import (
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupFilter,
    MinhashDedupSignature,
)
from datatrove.pipeline.dedup.minhash import MinhashConfig
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import JsonlWriter


def main():
    corpus, out = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    config = MinhashConfig()
    reader = JsonlReader(str(corpus.parent), glob_pattern=corpus.name)
    signatures, buckets, removed = (str(out / name) for name in ("sig", "buckets", "removed"))
    steps = [
        ([reader, MinhashDedupSignature(signatures, config=config)], 1),
        ([MinhashDedupBuckets(signatures, buckets, config=config)], config.num_buckets),
        ([MinhashDedupCluster(buckets, removed, config=config)], 1),
        ([reader, MinhashDedupFilter(removed), JsonlWriter(str(out / "kept"), compression=None)], 1),
    ]
    for pipeline, tasks in steps:
        logs = str(out / f"logs{len(list(out.iterdir()))}")
        LocalPipelineExecutor(pipeline, tasks=tasks, workers=1, logging_dir=logs).run()
    lines = (line for path in (out / "kept").glob("*.jsonl") for line in path.open())
    (out / "kept.txt").write_text("\n".join(json.loads(line)["id"] for line in lines))


if __name__ == "__main__":
    main()
