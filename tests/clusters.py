"""Ray clusters of several nodes on this machine, and small studies to run on them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from models_tiny import make_checkpoint
from stagelens.study.spec import Study

MEMORY = 100 * 2**20
"""Bytes of a node's object store."""


@contextmanager
def nodes(count: int, *, cpus: int = 1) -> Iterator[Any]:
    """So many nodes, the first of them the head; yields Ray's ``Cluster``, with its ``address``."""
    from ray.cluster_utils import Cluster

    own = {"num_cpus": cpus, "object_store_memory": MEMORY}
    cluster = Cluster(initialize_head=True, head_node_args={**own, "include_dashboard": False})
    try:
        for _ in range(count - 1):
            cluster.add_node(**own)
        yield cluster
    finally:
        cluster.shutdown()


def write_logs_study(folder: Path, *, prompts: int, tokens: int = 8, stages: Sequence[str] = ("sft", "production")) -> Path:
    """Checkpoints of random weights that are asked logged conversations in bulk, and a few prompts through Inspect."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        {"conversation_hash": f"h{number:06d}", "conversation": [{"role": "user", "content": f"Mend lamp {number}?"}]}
        for number in range(prompts)
    ]
    (folder / "logs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    groups = ("harmful", "benign", "plain")
    asked = [{"id": f"i{k}", "prompt": f"Question number {k}?", "group": groups[k % 3]} for k in range(24)]
    (folder / "prompts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in asked), encoding="utf-8")
    kinds = {"sft": "sft", "production": "rl"}
    for seed, name in enumerate(stages):
        make_checkpoint(folder / name, seed=seed)
    study = {
        "name": "logs",
        "families": {
            "tiny": {"stages": [{"name": name, "kind": kinds[name], "model": f"./{name}"} for name in stages]}
        },
        "generation": {"max_answer_tokens": tokens},
        "benchmarks": {
            "user_logs": {"path": "./logs.jsonl", "deduplicate": "none"},
            "safety": {"prompts": "./prompts.jsonl"},
        },
    }
    path = folder / "study.yaml"
    with path.open("w", encoding="utf-8") as file:
        YAML(typ="safe", pure=True).dump(study, file)
    return path


def load(path: Path) -> Study:
    return Study.load(path)
