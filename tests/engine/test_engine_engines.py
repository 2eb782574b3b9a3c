"""Engines without a cluster: which there are, what they refuse, how work is dealt out and files are known."""

from __future__ import annotations

import io
import os
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from ruamel.yaml import YAML

from clusters import write_cluster_study
from stagelens import cli
from stagelens.engine import run
from stagelens.engine.cluster.connection import connect
from stagelens.engine.cluster.dealing import LARGEST, next_size
from stagelens.engine.cluster.environment import Environment
from stagelens.engine.cluster.files import needed, unpack
from stagelens.engine.cluster.losses import MOST, Losses
from stagelens.engine.cluster.named import files_of
from stagelens.engine.cluster.needs import Needs, check_fits, check_launch
from stagelens.engine.cluster.tasks import AskTask, Refused, Setting
from stagelens.engine.cluster.work import ask
from stagelens.engine.progress import Reporter
from stagelens.engine.serving import Serving
from stagelens.errors import InputError
from stagelens.study.spec import Resources, Stage, Study


def test_without_ray_the_engine_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    study = write_cluster_study(tmp_path)
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.setattr(sys, "argv", ["stagelens", "run", str(study), "--engine", "ray"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    assert "pip install 'stagelens[ray]'" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


def test_an_engine_that_is_none_is_named(tmp_path: Path) -> None:
    study = Study.load(write_cluster_study(tmp_path))
    with pytest.raises(InputError, match="no engine 'dask': choose one of local, ray"):
        run(study, engine="dask")


def test_a_client_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "ray://head:10001")
    with pytest.raises(InputError, match=r"on a node of the cluster, with RAY_ADDRESS=auto"):
        connect()


@given(st.integers(1, 5000), st.integers(0, 300))
def test_all_shards_are_dealt_and_the_last_tasks_are_small(shards: int, slots: int) -> None:
    left, sizes = shards, []
    while left:
        sizes.append(next_size(left, slots))
        left -= sizes[-1]
    assert sum(sizes) == shards
    assert sizes == sorted(sizes, reverse=True)
    assert 1 <= min(sizes) <= max(sizes) <= LARGEST
    # What one worker may still do while all others have ended.
    assert sizes[-1] == 1


def test_a_node_runs_as_many_tasks_as_fit() -> None:
    node = {"CPU": 8.0, "GPU": 4.0}
    slots = {needs: needs.slots(node) for needs in (Needs(1, 0), Needs(3, 0), Needs(1, 2), Needs(1, 0.5), Needs(4, 1))}
    assert list(slots.values()) == [8, 2, 2, 8, 2]
    with pytest.raises(InputError, match=r"takes 1 CPUs and 8 GPUs of one node.*at most 8 CPUs, 4 GPUs"):
        check_fits("f/sft", Needs(1, 8), [node, node])
    check_fits("f/sft", Needs(8, 4), [{"CPU": 1.0}, node])


@pytest.mark.parametrize(
    ("lines", "asked"),
    [
        ("distributed_type: MULTI_GPU\nnum_processes: 4\n", 4),
        ("distributed_type: MULTI_GPU\nnum_processes: 4\nuse_cpu: true\n", 0),
        ("distributed_type: MULTI_CPU\nnum_processes: 2\n", 0),
    ],
)
def test_accelerate_has_a_gpu_for_each_of_its_processes(tmp_path: Path, lines: str, asked: int) -> None:
    (tmp_path / "many.yaml").write_text(lines)
    stage = Stage(
        name="sft", kind="sft", recipe={"accelerate": "many.yaml"}, resources=Resources(gpus=max(0, asked - 1))
    )
    if asked:
        with pytest.raises(InputError, match=r"starts 4 processes on GPUs.*give it 3: write `resources: {gpus: 4}`"):
            check_launch("f/sft", stage, tmp_path)
    check_launch("f/sft", stage.model_copy(update={"resources": Resources(gpus=asked)}), tmp_path)


@pytest.mark.parametrize(
    ("stage", "resources", "said"),
    [
        ({"model": "vllm/org/name"}, {"gpus": 1.5}, r"gpus: 1\.5 GPUs cannot be given"),
        ({"model": "vllm/org/name"}, {"gpus": 1, "tensor_parallel": 2}, r"split over 2 of 1 GPUs: write 'gpus: 2'"),
        ({"model": "hf/org/name"}, {"gpus": 2, "tensor_parallel": 2}, r"only a model that vllm/ or sglang/ serves"),
        ({"model": "vllm/org/name"}, {"cpus": 0}, r"resources\.cpus"),
        ({"model": "vllm/org/name"}, {"gpu": 1}, r"gpus"),
    ],
)
def test_resources_that_cannot_be_are_named_with_their_line(
    tmp_path: Path, stage: dict[str, str], resources: dict[str, float], said: str
) -> None:
    path = write_cluster_study(tmp_path)
    yaml = YAML(typ="safe", pure=True)
    study = yaml.load(path.read_text())
    study["families"]["tiny"]["stages"][1] = {"name": "sft", "kind": "sft", **stage, "resources": resources}
    with path.open("w") as file:
        yaml.dump(study, file)
    with pytest.raises(InputError, match=said) as caught:
        Study.load(path)
    assert "study.yaml:" in str(caught.value)


def test_keys_are_set_for_the_work_alone_and_never_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_MAKER_API_KEY", "secret")
    monkeypatch.setenv("SOMETHING_ELSE", "secret too")
    environment = Environment.of_driver()
    assert "SOMETHING_ELSE" not in environment.values
    assert "secret" not in repr(Setting("1", environment))
    monkeypatch.delenv("SOME_MAKER_API_KEY")
    with environment.added():
        assert os.environ["SOME_MAKER_API_KEY"] == "secret"
    assert "SOME_MAKER_API_KEY" not in os.environ
    monkeypatch.setenv("SOME_MAKER_API_KEY", "the node's own")
    with environment.added():
        assert os.environ["SOME_MAKER_API_KEY"] == "the node's own"
    assert os.environ["SOME_MAKER_API_KEY"] == "the node's own"


def test_files_are_known_by_size_and_time_and_travel_whole(tmp_path: Path) -> None:
    (tmp_path / "a" / "below").mkdir(parents=True)
    (tmp_path / "a" / "one.txt").write_bytes(b"one")
    (tmp_path / "a" / "below" / "two.txt").write_bytes(b"")
    files = needed(tmp_path / "a")
    assert files.are_here()
    assert set(files.files) == {"one.txt", "below/two.txt"}
    unpack(files.packed(), tmp_path / "b")
    assert (tmp_path / "b" / "one.txt").read_bytes() == b"one"
    assert (tmp_path / "b" / "below" / "two.txt").read_bytes() == b""
    single = needed(tmp_path / "a" / "one.txt")
    unpack(single.packed(), tmp_path / "c" / "one.txt")
    assert (tmp_path / "c" / "one.txt").read_bytes() == b"one"
    (tmp_path / "a" / "one.txt").write_bytes(b"two")
    assert not files.are_here()
    assert not single.are_here()
    (tmp_path / "a" / "one.txt").unlink()
    assert not files.are_here()


def test_the_files_that_a_stage_names_are_found_below_the_study(tmp_path: Path) -> None:
    study = Study.load(write_cluster_study(tmp_path / "study"))
    base, sft = study.families["tiny"].stages
    assert files_of(base, study.folder) == ("pretrain.jsonl", "template.jinja")
    assert files_of(sft, study.folder) == ("sft.jsonl",)
    rewarded = sft.model_copy(update={"recipe": {"reward": "reward.py:score"}})
    assert files_of(rewarded, study.folder) == ("sft.jsonl", "reward.py")
    outside = sft.model_copy(update={"recipe": {"accelerate": str(tmp_path)}})
    assert files_of(outside, study.folder) == ("sft.jsonl",)


def test_another_version_of_stagelens_is_refused(tmp_path: Path) -> None:
    study = Study.load(write_cluster_study(tmp_path))
    serving = Serving("f/sft", study.families["tiny"].stages[1], None, "label")
    (said,) = ask(AskTask(Setting("0.0.1", Environment({})), study, serving, (), None, {}))
    assert isinstance(said, Refused)
    assert f"StageLens {version('stagelens')} is installed, and the driver has 0.0.1" in said.sentence


def test_a_piece_that_workers_do_not_survive_ends_the_run() -> None:
    said = io.StringIO()
    losses = Losses(Reporter(Console(file=said)))
    for _ in range(MOST - 1):
        losses.note("shard/f/sft/user_logs/0", RuntimeError("out of memory"))
        losses.note("shard/f/sft/user_logs/1", RuntimeError("out of memory"))
        losses.note("shard/f/sft/user_logs/2", RuntimeError("out of memory"))
    with pytest.raises(InputError, match=r"4 workers were lost over shard/f/sft/user_logs/1.*out of memory"):
        losses.note("shard/f/sft/user_logs/1", RuntimeError("out of memory"))
    assert said.getvalue().count("a worker was lost") == 3 * (MOST - 1)
