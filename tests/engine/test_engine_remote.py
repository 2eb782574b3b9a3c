"""A run folder behind a URL: it holds what a local one does, and another machine goes on from it alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import fsspec
import pytest

from played import playing, refusal_grade, write_played_study
from stagelens.engine import run
from stagelens.engine.folder import RunFolder
from stagelens.engine.remote import Remote
from stagelens.errors import InputError
from stagelens.running import run as run_with_controls
from stagelens.stages.checkpoint import RECIPE

ITEMS = 30


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers that an earlier run paid for are not found."""
    monkeypatch.setenv("INSPECT_CACHE_DIR", str(tmp_path / "cache"))


def refusing(message: str) -> str:
    return "I'm sorry, but I can't help with that."


def judging(message: str) -> str:
    return refusal_grade("full_refusal")


def test_another_machine_goes_on_from_the_url_alone(tmp_path: Path) -> None:
    study = write_played_study(tmp_path / "study", judges={"default": {"model": "stagelens_played/judge"}}, items=ITEMS)
    there = tmp_path / "there" / "run"
    with playing(sft_model=refusing, production_model=refusing, judge=judging) as sent:
        local = run(study, out=tmp_path / "local")
        shutil.rmtree(tmp_path / "cache")
        outcome = run(study, out=there.as_uri())
        assert outcome.folder.root.parent == study.folder / "runs"
        asked = {name: len(own) for name, own in sent.items()}
        names = {path.relative_to(local.folder.root).as_posix() for path in local.folder.root.rglob("*.*")}
        copied = {path.relative_to(there).as_posix() for path in there.rglob("*.*")}
        assert {name for name in names if name.endswith((".json", ".parquet", ".html", ".yaml"))} <= copied
        assert sum(name.endswith(".eval") for name in copied) == sum(name.endswith(".eval") for name in names) >= 3
        assert not any("ledger" in name or name.startswith(".") for name in copied)

        shutil.rmtree(outcome.folder.root)
        shutil.rmtree(tmp_path / "cache")
        again = run(study, out=there.as_uri())
        assert {name: len(own) for name, own in sent.items()} == asked
    for folder in (there, again.folder.root):
        assert (folder / "verdicts.json").read_bytes() == local.folder.verdicts.read_bytes()


def test_a_log_that_is_gone_from_both_is_asked_again_and_copied(tmp_path: Path) -> None:
    study = write_played_study(tmp_path / "study", judges={}, items=ITEMS)
    there = tmp_path / "there"
    with playing(sft_model=refusing, production_model=refusing) as sent:
        outcome = run(study, out=there.as_uri())
        shutil.rmtree(tmp_path / "cache")
        (log,) = there.glob("logs/f/sft/*.eval")
        log.unlink()
        (outcome.folder.root / log.relative_to(there)).unlink()
        run(study, out=there.as_uri())
        assert len(sent["sft_model"]) == 2 * ITEMS
        assert len(sent["production_model"]) == ITEMS
    assert log.is_file()


def test_a_piece_is_there_before_the_next_is_begun(tmp_path: Path) -> None:
    study = write_played_study(tmp_path / "study", judges={}, items=ITEMS)
    there = tmp_path / "there"
    seen: list[int] = []

    def looking(message: str) -> str:
        seen.append(len(list(there.glob("logs/f/sft/*.eval"))))
        return refusing(message)

    with playing(sft_model=refusing, production_model=looking):
        run(study, out=there.as_uri())
    assert set(seen) == {1}


def test_a_checkpoint_is_fetched_whole_or_not_at_all(tmp_path: Path) -> None:
    system = fsspec.filesystem("memory")
    url = f"memory://{tmp_path.name}/run"
    made = RunFolder(tmp_path / "made")
    for name, files in {"sft": ("config.json", "model.safetensors", RECIPE), "half": ("config.json",)}.items():
        made.checkpoint("f", name).mkdir(parents=True)
        for file in files:
            (made.checkpoint("f", name) / file).write_text(f"{name} {file}")
    (made.training("f", "rl")).mkdir()
    (made.training("f", "rl") / "state").write_text("going on")
    made.ledger.write_text("of the driver")
    Remote(url, made).send_all()
    paths = {path.partition("/run/")[2] for path in system.find(f"/{tmp_path.name}")}
    assert paths == {
        *(f"checkpoints/f/sft/{file}" for file in ("config.json", "model.safetensors", RECIPE)),
        "checkpoints/f/half/config.json",
    }
    fetched = RunFolder(tmp_path / "fetched")
    fetched.root.mkdir()
    Remote(url, fetched).fetch()
    assert (fetched.checkpoint("f", "sft") / RECIPE).read_text() == f"sft {RECIPE}"
    assert not fetched.checkpoint("f", "half").exists()


def test_what_has_not_changed_is_not_copied_again(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.logs("f", "sft").mkdir(parents=True)
    one, two = (folder.logs("f", "sft") / name for name in ("one.eval", "two.eval"))
    one.write_text("one")
    two.write_text("two")
    there = tmp_path / "there"
    Remote(there.as_uri(), folder).send_all()
    copy = there / "logs" / "f" / "sft" / "one.eval"
    stamp = copy.stat().st_mtime_ns
    remote = Remote(there.as_uri(), folder)
    remote.fetch()
    two.write_text("new")
    remote.send_all()
    assert copy.stat().st_mtime_ns == stamp
    assert (there / "logs" / "f" / "sft" / "two.eval").read_text() == "new"


def test_a_url_that_nothing_can_reach_is_one_sentence(tmp_path: Path) -> None:
    study = write_played_study(tmp_path / "study", judges={}, items=ITEMS)
    with playing(sft_model=refusing, production_model=refusing) as sent:
        with pytest.raises(InputError, match=r"The run folder nowhere://bucket/run cannot be used .*nowhere"):
            run(study, out="nowhere://bucket/run")
        with pytest.raises(InputError, match=r"need a run folder on this machine"):
            run_with_controls(study, out="s3://bucket/run", with_controls=True)
        assert not sent["sft_model"]
