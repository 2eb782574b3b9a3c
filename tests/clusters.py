"""Ray clusters of several nodes on this machine, and a small study to run on them."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from ruamel.yaml import YAML

from trainings import RECIPES, write_data

MEMORY = 100 * 2**20
"""Bytes of a node's object store."""
PROMPTS = 180
SHARD = 30
"""Attempts in a shard of these tests; a study's own shards are larger."""
_ADDRESSES = itertools.count(2)


@contextmanager
def cluster_of(count: int) -> Iterator[Any]:
    """So many nodes of one CPU each, the first of them the head; yields Ray's ``Cluster``, with its ``address``."""
    # Ray lets others go first, and on a busy machine its workers would hardly run.
    os.environ["RAY_worker_niceness"] = "0"  # noqa: SIM112 - Ray's own name
    from ray.cluster_utils import Cluster

    own = {"num_cpus": 1, "object_store_memory": MEMORY}
    cluster = Cluster(initialize_head=True, head_node_args={**own, "include_dashboard": False})
    try:
        for _ in range(count - 1):
            # An address of its own: a driver attaches itself to the node at its own address, the head.
            cluster.add_node(**own, node_ip_address=f"127.0.0.{next(_ADDRESSES)}")
        yield cluster
    finally:
        cluster.shutdown()


@contextmanager
def node(address: str, *, cpus: int, before: Sequence[str] = ()) -> Iterator[None]:
    """One more node, started by ``ray start`` after the command ``before``, and killed with all it has started."""
    ray = Path(sys.executable).with_name("ray")
    command = [*before, str(ray), "start", f"--address={address}", f"--num-cpus={cpus}", "--block"]
    command += [f"--node-ip-address=127.0.0.{next(_ADDRESSES)}"]
    command += [f"--object-store-memory={MEMORY}"]
    process = subprocess.Popen(
        command,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        said = []
        for line in process.stdout:
            said.append(line)
            if "Ray runtime started" in line:
                break
        else:
            raise AssertionError("".join(said))
        yield
    finally:
        kill_tree(process.pid)
        process.stdout.close()
        process.wait()


def kill_tree(pid: int) -> None:
    """SIGKILL for a process and all that it has started."""
    try:
        family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for each in family:
        try:
            os.kill(each.pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


@contextmanager
def once(condition: Callable[[], bool], then: Callable[[], object]) -> Iterator[list[bool]]:
    """Do something as soon as a condition holds while the block runs; the list it yields is filled where it did."""
    done: list[bool] = []
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            if condition():
                then()
                done.append(True)
                return
            time.sleep(0.02)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield done
    finally:
        over.set()
        thread.join()


def write_cluster_study(folder: Path, **of_stages: Any) -> Path:
    """Two small stages that are trained, asked logged conversations in bulk and a few prompts through Inspect.

    ``of_stages``: more fields of the stage of that name, ``base`` or ``sft``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_data(folder)
    logged = [
        {
            "conversation_hash": f"h{number:06d}",
            "conversation": [{"role": "user", "content": f"Which lamp, number {number}, burns longest?"}],
        }
        for number in range(PROMPTS)
    ]
    _write(folder / "logs.jsonl", logged)
    groups = ("harmful", "benign", "plain")
    asked = [
        {"id": f"i{k}", "prompt": f"Which of the {k} old towns lies farthest from the sea?", "group": groups[k % 3]}
        for k in range(24)
    ]
    _write(folder / "prompts.jsonl", asked)
    kinds = {"base": "pretrain", "sft": "sft"}
    stages = [
        {
            "name": name,
            "kind": kind,
            "recipe": RECIPES[kind],
            "mixture": {"sources": [{"name": kind, "path": f"{kind}.jsonl"}]},
            **of_stages.get(name, {}),
        }
        for name, kind in kinds.items()
    ]
    study = {
        "name": "cluster",
        "families": {"tiny": {"stages": stages}},
        "generation": {"max_answer_tokens": 8},
        "benchmarks": {
            "user_logs": {"path": "./logs.jsonl", "deduplicate": "none"},
            "safety": {"prompts": "./prompts.jsonl"},
        },
    }
    path = folder / "study.yaml"
    with path.open("w", encoding="utf-8") as file:
        YAML(typ="safe", pure=True).dump(study, file)
    return path


def _write(path: Path, rows: Sequence[Any]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
