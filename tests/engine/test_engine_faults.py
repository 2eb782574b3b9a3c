"""Faults that are quick to make: full disks, files that are cut off, links. The rest is `make faults`."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from disturbed import Chat, products, write_asked
from stagelens.engine import run
from stagelens.engine.ledger import Ledger
from stagelens.engine.planning import plan_questions
from stagelens.errors import InputError
from stagelens.files import replacing, write_text
from stagelens.stages.checkpoint import read_inputs, save
from stagelens.study.spec import Study

INPUTS = {"text": "x" * 3_000}
FILL = """
import sys
from pathlib import Path
from stagelens.engine.ledger import Ledger
ledger = Ledger(Path(sys.argv[1]))
for number in range(1000):
    ledger.record(f"stage/f/{number}", {"text": "x" * 3000})
"""


def limited() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))


def full_disk(path: Path) -> str:
    """Write to a ledger until no file may grow any more; what was said."""
    command = [sys.executable, "-c", FILL, str(path)]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, preexec_fn=limited)
    assert ended.returncode == 1
    return ended.stderr


def test_a_full_disk_costs_no_ledger(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    for _ in range(2):
        assert "sqlite3.OperationalError" in full_disk(path)
        ledger = Ledger(path)
        assert ledger.is_done("stage/f/0", INPUTS)
        ledger.close()


@pytest.mark.parametrize("part", [0.0, 0.01, 0.3, 0.7, 0.99])
def test_a_ledger_that_was_cut_off_is_begun_anew_or_is_whole(part: float, tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    ledger = Ledger(path)
    for number in range(40):
        ledger.record(f"stage/f/{number}", INPUTS)
    ledger.close()
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * part)])
    again = Ledger(path)
    known = [number for number in range(40) if again.knows(f"stage/f/{number}")]
    assert part > 0.7 or not known
    assert all(again.is_done(f"stage/f/{number}", INPUTS) for number in known)
    again.record("stage/f/0", INPUTS)
    assert again.is_done("stage/f/0", INPUTS)


def test_what_cannot_be_written_whole_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "verdicts.json"
    write_text(path, "old")

    def fail() -> None:
        with replacing(path) as beside:
            beside.write_text("half")
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_that_lies_in_a_run_folder_is_not_written_through(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.write_text("mine")
    folder = tmp_path / "run"
    folder.mkdir()
    for name in (".verdicts.json.partial", "verdicts.json"):
        (folder / name).symlink_to(mine)
    write_text(folder / "verdicts.json", "verdicts")
    assert mine.read_text() == "mine"
    assert (folder / "verdicts.json").read_text() == "verdicts"
    assert not (folder / "verdicts.json").is_symlink()


class Saved:
    """A model or tokenizer that saves one file."""

    def __init__(self, name: str) -> None:
        self.name = name

    def save_pretrained(self, folder: Path) -> None:
        (folder / self.name).write_bytes(b'{"a": 1}' * 100)
        (folder / "config.json").write_text("{}")


@pytest.mark.parametrize(
    "name", ["model.safetensors", "tokenizer.json", "config.json", "provenance.json", "recipe.json"]
)
def test_a_checkpoint_of_which_a_file_is_cut_off_or_gone_is_none(name: str, tmp_path: Path) -> None:
    out = tmp_path / "sft"
    save(out, model=Saved("model.safetensors"), tokenizer=Saved("tokenizer.json"), inputs={"a": 1}, provenance={"b": 2})
    assert read_inputs(out) == {"a": 1}
    content = (out / name).read_bytes()
    (out / name).write_bytes(content[: len(content) // 2])
    assert read_inputs(out) is None
    (out / name).unlink()
    assert read_inputs(out) is None


@pytest.fixture
def chat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Chat]:
    with Chat().running() as running:
        for name, value in running.environment(tmp_path / "cache").items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(
            sys.modules["stagelens.engine.run"],
            "plan_questions",
            lambda study, asked, simulated: plan_questions(study, asked),
        )
        yield running


def test_answers_that_were_cut_off_are_named_and_asked_again_alone(chat: Chat, tmp_path: Path) -> None:
    study = Study.load(write_asked(tmp_path / "study", items=8, judged=False))
    out = tmp_path / "run"
    run(study, out=out)
    verdicts = (out / "verdicts.json").read_bytes()
    for damaged in ("logs/f/sft/safety-0000.eval", "logs/f/production/user_logs-0000.parquet"):
        before, sent = products(out), chat.asked.total()
        path = out / damaged
        path.write_bytes(path.read_bytes()[:-200])
        with pytest.raises(InputError, match=rf"{path.name} .*remove it and run again"):
            run(study, out=out)
        path.unlink()
        run(study, out=out)
        assert (out / "verdicts.json").read_bytes() == verdicts
        assert {**products(out), damaged: None} == {**before, damaged: None}
        assert chat.asked.total() == sent, "the answers were paid for"
