"""The ledger: what is done, from what, and what it says when the inputs have changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from stagelens.engine.ledger import Ledger
from stagelens.errors import InputError

INPUTS = {"kind": "sft", "recipe": {"learning_rate": 0.001, "max_steps": 10}}


def test_what_is_recorded_is_done_and_stays_done(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    assert not ledger.is_done("stage/f/sft", INPUTS)
    ledger.record("stage/f/sft", INPUTS)
    ledger.close()
    again = Ledger(tmp_path / "ledger.sqlite")
    assert again.is_done("stage/f/sft", {"recipe": {"max_steps": 10, "learning_rate": 0.001}, "kind": "sft"})
    assert again.knows("stage/f/sft")
    assert not again.knows("stage/f/rl")


def test_a_changed_input_is_an_error_that_names_it(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    ledger.record("stage/f/sft", INPUTS)
    changed = {"kind": "sft", "recipe": {"learning_rate": 0.002, "max_steps": 10}}
    with pytest.raises(InputError, match=r"recipe\.learning_rate.*0\.001.*0\.002.*--out"):
        ledger.is_done("stage/f/sft", changed)


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        (INPUTS | {"analysis.looks": 5}, INPUTS, r"was asked in 5 looks: go on with --sequential .* --out\.$"),
        (INPUTS, INPUTS | {"analysis.looks": 5}, r"was asked without looks, .* without --sequential, or .* --out\.$"),
    ],
)
def test_another_design_is_named_before_the_items_that_follow_from_it(tmp_path: Path, before, after, sentence) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    ledger.record("shard/f/sft/b/0", before)
    with pytest.raises(InputError, match=sentence):
        ledger.is_done("shard/f/sft/b/0", {**after, "kind": "other"})


def test_forgotten_work_is_not_done(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    ledger.record("stage/f/sft", INPUTS)
    ledger.forget("stage/f/sft")
    assert not ledger.is_done("stage/f/sft", INPUTS)


def test_a_ledger_that_cannot_be_read_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    ledger = Ledger(path)
    ledger.record("stage/f/sft", INPUTS)
    ledger.close()
    path.write_bytes(b"not a database at all" * 100)
    assert not Ledger(path).knows("stage/f/sft")
