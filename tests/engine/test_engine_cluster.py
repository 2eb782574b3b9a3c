"""The Ray engine on two nodes: the verdicts of the local engine, whoever is killed, and wherever files can be seen."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from clusters import PROMPTS, SHARD, cluster_of, kill_tree, node, once, write_cluster_study
from stagelens.engine import run, shards, train
from stagelens.engine.cluster.connection import connect, disconnect
from stagelens.engine.cluster.needs import Needs
from stagelens.engine.progress import Reporter
from stagelens.errors import InputError
from stagelens.study.spec import Resources, Study

pytestmark = pytest.mark.slow
SECRET = "a-key-that-must-not-be-seen"
COMMAND = (
    "import sys; from stagelens.engine import shards; from stagelens import cli; "
    f"shards.ATTEMPTS_PER_SHARD = {SHARD}; cli.main()"
)


@dataclass(frozen=True)
class World:
    """A study, what the local engine made of it, and a cluster of two nodes."""

    study: Study
    local: Path
    cluster: Any


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("cluster")
    study = Study.load(write_cluster_study(folder / "study"))
    with pytest.MonkeyPatch.context() as patch, cluster_of(2) as cluster:
        patch.setattr(shards, "ATTEMPTS_PER_SHARD", SHARD)
        patch.setenv("RAY_ADDRESS", cluster.address)
        patch.setenv("SOME_MAKER_API_KEY", SECRET)  # the nodes were started without it
        run(study, out=folder / "local")
        yield World(study, folder / "local", cluster)


def on_ray(study: Study, out: Path) -> str:
    """Run on the cluster; what was said."""
    said = io.StringIO()
    run(study, out=out, engine="ray", reporter=Reporter(Console(file=said, width=200)))
    return said.getvalue()


def same(world: World, out: Path) -> bool:
    names = ("verdicts.json", "outcomes.parquet", "checkpoints/tiny/sft/model.safetensors")
    return all((world.local / name).read_bytes() == (out / name).read_bytes() for name in names)


def made_before(world: World, out: Path) -> None:
    """The checkpoints of the local run lie in the folder already."""
    shutil.copytree(world.local / "checkpoints", out / "checkpoints")


def logs(out: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in out.glob("logs/tiny/*/user_logs-*.parquet")}


def test_two_nodes_give_the_verdicts_of_the_local_engine(world: World, tmp_path: Path) -> None:
    said = on_ray(world.study, tmp_path / "run")
    assert "Ray: 2 nodes, 2 CPUs, 0 GPUs" in said
    assert "made tiny/base (pretrain)" in said
    assert same(world, tmp_path / "run")
    assert len(logs(tmp_path / "run")) == 2 * PROMPTS // SHARD
    leftovers = [path for path in (tmp_path / "run").rglob("*") if "partial" in path.name or ".new" in path.name]
    assert leftovers == []
    assert not any(SECRET.encode() in path.read_bytes() for path in (tmp_path / "run").rglob("*") if path.is_file())
    session = Path(world.cluster.head_node.get_session_dir_path())
    written = [path for path in (session / "logs").rglob("*") if path.is_file()]
    assert written
    assert not any(SECRET.encode() in path.read_bytes() for path in written)


def test_a_killed_node_changes_nothing(world: World, tmp_path: Path) -> None:
    # Two CPUs, which one of the stages takes, are on one node alone; another takes its place when it is gone.
    study = Study.load(write_cluster_study(tmp_path / "study", sft={"resources": {"cpus": 2}}))
    out = tmp_path / "run"
    made_before(world, out)
    with ExitStack() as added:
        added.enter_context(node(world.cluster.address, cpus=2))

        def replace() -> None:
            added.close()
            added.enter_context(node(world.cluster.address, cpus=2))

        with once(lambda: any(path.parent.name == "sft" for path in logs(out)), replace) as replaced:
            said = on_ray(study, out)
    assert replaced
    assert "Ray: 3 nodes, 4 CPUs" in said
    assert "a worker was lost at shard/tiny/sft/" in said
    assert same(world, out)


def test_a_killed_driver_loses_only_what_was_being_asked(world: World, tmp_path: Path) -> None:
    out = tmp_path / "run"
    made_before(world, out)
    study = world.study.folder / "study.yaml"
    driver = subprocess.Popen(
        [sys.executable, "-c", COMMAND, "run", str(study), "--out", str(out), "--engine", "ray"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while len(logs(out)) < 2 and driver.poll() is None:
        time.sleep(0.02)
    assert driver.poll() is None
    kill_tree(driver.pid)
    driver.wait()
    before = logs(out)
    assert 2 <= len(before) < 2 * PROMPTS // SHARD
    (out / "ledger.sqlite").unlink()
    on_ray(world.study, out)
    assert before.items() <= logs(out).items()
    assert same(world, out)


def test_a_run_with_nothing_to_do_needs_no_cluster_and_no_ledger(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "run"
    shutil.copytree(world.local, out)
    (out / "ledger.sqlite").unlink()
    before = logs(out)
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    on_ray(world.study, out)
    assert logs(out) == before
    assert same(world, out)


@pytest.mark.bubblewrap
def test_workers_that_see_no_file_of_the_driver_are_sent_them(world: World, tmp_path: Path) -> None:
    # Two CPUs are on one node alone, which has an empty folder where the study and the run are.
    wide = {"resources": {"cpus": 2}}
    study = Study.load(write_cluster_study(tmp_path / "study", base=wide, sft=wide))
    hidden = ["bwrap", "--dev-bind", "/", "/", "--tmpfs", str(tmp_path)]
    out = tmp_path / "run"
    with node(world.cluster.address, cpus=2, before=hidden):
        run(study, out=out, engine="ray")
    assert same(world, out)


def test_a_task_without_gpus_sees_none(world: World) -> None:
    import ray

    ours = connect()
    try:
        seen = ray.remote(lambda: os.environ.get("CUDA_VISIBLE_DEVICES")).options(**Needs(1, 0).options())
        assert ray.get(seen.remote()) == ""
    finally:
        if ours:
            disconnect()


def test_what_no_node_has_is_an_error_before_anything_is_done(world: World, tmp_path: Path) -> None:
    (base, sft) = world.study.families["tiny"].stages
    wide = sft.model_copy(update={"resources": Resources(cpus=1, gpus=2)})
    family = world.study.families["tiny"].model_copy(update={"stages": (base, wide)})
    study = world.study.model_copy(update={"families": {"tiny": family}})
    with pytest.raises(InputError, match=r"tiny/sft takes 1 CPUs and 2 GPUs of one node.*at most . CPUs, 0 GPUs"):
        train(study, out=tmp_path / "run", engine="ray")
    assert not (tmp_path / "run" / "checkpoints").exists()


def test_what_a_worker_finds_wrong_is_the_users_error(world: World, tmp_path: Path) -> None:
    (base, sft) = world.study.families["tiny"].stages
    diverging = sft.model_copy(update={"recipe": {**(sft.recipe or {}), "learning_rate": 1e30, "max_grad_norm": 0}})
    family = world.study.families["tiny"].model_copy(update={"stages": (base, diverging)})
    study = world.study.model_copy(update={"families": {"tiny": family}})
    shutil.copytree(world.local / "checkpoints" / "tiny" / "base", tmp_path / "run" / "checkpoints" / "tiny" / "base")
    with pytest.raises(InputError, match=r"On the node .*diverged"):
        train(study, out=tmp_path / "run", engine="ray")
