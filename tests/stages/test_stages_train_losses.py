"""Whose loss it is: by source, through padding and packing, counted beside a training that stays the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from stagelens.errors import InputError
from stagelens.stages import sft
from trainings import CHATS, REFUSALS, make, stage, weights, write_data

pytestmark = pytest.mark.slow

BATCHES: dict[str, dict[str, Any]] = {
    "padded": {},
    "padding_free": {"padding_free": True, "max_length": None},
    "packed": {"packing": True, "max_length": 96, "per_device_train_batch_size": 2},
    "cut": {"max_length": 30},
    "accumulated": {"gradient_accumulation_steps": 3, "per_device_train_batch_size": 2},
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_data(tmp_path_factory.mktemp("world"))
    make(stage("pretrain"), folder, folder / "base")
    return folder


def records(checkpoint: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((checkpoint / "losses.json").read_text())["records"]
    return found


def tuned(world: Path, out: Path, **recipe: Any) -> Path:
    return make(stage("sft", "sft", "refusals", **recipe), world, out, world / "base")


def reference(base: Path) -> Mapping[str, tuple[float, int]]:
    """By source, mean loss and trained tokens under ``base``, one chat at a time and from the logits."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from stagelens.stages.preflight import render

    tokenizer = AutoTokenizer.from_pretrained(base)
    model: Any = AutoModelForCausalLM.from_pretrained(base)
    rows = [row | {"source": "sft"} for row in CHATS] + [row | {"source": "refusals"} for row in REFUSALS]
    found: dict[str, list[float]] = {"sft": [], "refusals": []}
    for each in render(rows, tokenizer, "Here"):
        labels = torch.tensor(each.labels[1:])
        with torch.no_grad():
            logits = model(torch.tensor([each.input_ids])).logits[0, :-1]
        losses = torch.nn.functional.cross_entropy(logits, labels, reduction="none")
        found[each.source] += losses[labels != -100].tolist()
    return {name: (sum(losses) / len(losses), len(losses)) for name, losses in found.items()}


def test_a_checkpoint_counts_as_the_check_before_it_does(world: Path, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    from stagelens.stages.preflight import render, survey

    long = {"prompt": "How do I mend it? " * 9, "completion": "Sure."}
    (tmp_path / "long.jsonl").write_text("".join(json.dumps(row) + "\n" for row in (*CHATS[:2], long)))
    (tmp_path / "refusals.jsonl").write_text("".join(json.dumps(row) + "\n" for row in REFUSALS))
    out = make(stage("sft", "long", "refusals", max_length=30), tmp_path, tmp_path / "sft", world / "base")
    rows = [row | {"source": "long"} for row in (*CHATS[:2], long)] + [row | {"source": "refusals"} for row in REFUSALS]
    surveyed = survey(render(rows, AutoTokenizer.from_pretrained(world / "base"), "Here"), 30)
    names = ("tokens", "trained_tokens", "cut", "lost")
    said = {
        each["name"]: [each[name] for name in names]
        for each in json.loads((out / "provenance.json").read_text())["sources"]
    }
    assert said == {each.source: [getattr(each, name) for name in names] for each in surveyed}
    assert said["long"][2:] == [1, 1]


@pytest.mark.parametrize("batches", ["padded", "padding_free", "packed"])
def test_a_sources_loss_is_that_of_its_chats_alone(batches: str, world: Path, tmp_path: Path) -> None:
    everything = {"max_steps": 1, "per_device_train_batch_size": len(CHATS) + len(REFUSALS)}
    (record,) = records(tuned(world, tmp_path / "out", **(BATCHES[batches] | everything)))
    wanted = reference(world / "base")
    assert {name: each["tokens"] for name, each in record["sources"].items()} == {
        name: tokens for name, (_, tokens) in wanted.items()
    }
    for name, each in record["sources"].items():
        assert each["loss"] == pytest.approx(wanted[name][0], abs=1e-4)


@pytest.mark.parametrize("batches", BATCHES)
def test_sources_add_up_to_the_steps_loss_and_the_epochs_tokens(batches: str, world: Path, tmp_path: Path) -> None:
    out = tuned(world, tmp_path / "out", **({"max_steps": -1, "num_train_epochs": 2} | BATCHES[batches]))
    tokens = {"sft": 0, "refusals": 0}
    for record in records(out):
        each = record["sources"]
        for name in each:
            tokens[name] += each[name]["tokens"]
        mean = sum(of["loss"] * of["tokens"] for of in each.values()) / sum(of["tokens"] for of in each.values())
        assert mean == pytest.approx(record["loss"], abs=1e-4)
    sources = json.loads((out / "provenance.json").read_text())["sources"]
    assert {each["name"]: each["drawn"] for each in sources} == {"sft": len(CHATS), "refusals": len(REFUSALS)}
    assert tokens == {each["name"]: 2 * each["trained_tokens"] for each in sources}
    assert all(0 < each["trained_tokens"] < each["tokens"] for each in sources)


@pytest.mark.parametrize("batches", BATCHES)
def test_counting_changes_no_weight(batches: str, world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = tuned(world, tmp_path / "counted", **BATCHES[batches])
    monkeypatch.setattr(sft, "tallying", lambda trainer_class, _names: trainer_class)
    plain = tuned(world, tmp_path / "plain", **BATCHES[batches])
    assert weights(plain) == weights(counted)
    assert [each["loss"] for each in records(plain)] == [each["loss"] for each in records(counted)]
    assert not any("sources" in each for each in records(plain))


def test_packing_without_a_length_is_refused(world: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="needs a `max_length`"):
        tuned(world, tmp_path / "out", packing=True, max_length=None)


def test_other_kinds_have_what_their_trainers_report(world: Path, tmp_path: Path) -> None:
    assert [set(each) for each in records(world / "base")] == [{"step", "loss"}] * 3
    rewarded = make(stage("rl", max_steps=4, steps_per_generation=2), world, tmp_path / "rl", world / "base")
    assert ["reward" in each for each in records(rewarded)] == [True, False, True, False]
