"""Chat templates: told apart where they differ, not where one marks what carries loss, unknown where they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stagelens.report.chat_templates import CONFIG, FILE, template_digest
from stagelens.study.asked import asked_stages
from stagelens.study.spec import Study

PLAIN = "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}{% endfor %}"
MARKED = PLAIN.replace("{{ message['content'] }}", "{% generation %}{{ message['content'] }}{%- endgeneration -%}")
OTHER = PLAIN.replace("<|", "## ")


def digests(folder: Path, *, generation: str = "own", **production: Any) -> list[str | None]:
    """Of sft, made in the run folder, and of production, adopted from ``folder/model``."""
    (folder / "study.yaml").write_text(
        json.dumps(
            {
                "name": "x",
                "families": {
                    "f": {
                        "stages": [
                            {"name": "base", "kind": "pretrained", "model": "./base"},
                            {
                                "name": "sft",
                                "kind": "sft",
                                "recipe": {"max_steps": 1},
                                "mixture": {"sources": [{"name": "s", "path": "./s.jsonl"}]},
                            },
                            {"name": "production", "kind": "rl", "model": "./model", **production},
                        ]
                    }
                },
                "generation": {"chat_template": generation},
                "benchmarks": {"safety": {}},
            }
        )
    )
    study = Study.load(folder / "study.yaml")
    base, *others = asked_stages(study, "f")
    assert template_digest(study, "f", base, folder / "run") is None
    return [template_digest(study, "f", each, folder / "run") for each in others]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for place in ("base", "model/inner", "run/checkpoints/f/sft"):
        (tmp_path / place).mkdir(parents=True)
    (tmp_path / "s.jsonl").touch()
    (tmp_path / "base" / FILE).write_text(OTHER)
    (tmp_path / "run/checkpoints/f/sft" / FILE).write_text(PLAIN)
    return tmp_path


def test_another_template_has_another_digest(folder: Path) -> None:
    (folder / "model" / FILE).write_text(OTHER)
    sft, production = digests(folder)
    assert sft is not None
    assert production is not None
    assert sft != production
    assert len(sft) == 8


@pytest.mark.parametrize("text", [PLAIN, MARKED, PLAIN + "\n"])
def test_marks_for_the_loss_make_no_other_template(folder: Path, text: str) -> None:
    (folder / "model" / FILE).write_text(text)
    sft, production = digests(folder)
    assert sft == production is not None


@pytest.mark.parametrize(
    "named", [PLAIN, [{"name": "tool_use", "template": OTHER}, {"name": "default", "template": PLAIN}]]
)
def test_a_template_among_the_tokenizers_settings_is_found(folder: Path, named: object) -> None:
    (folder / "model" / CONFIG).write_text(json.dumps({"chat_template": named}))
    sft, production = digests(folder)
    assert sft == production is not None
    # Its own file goes before.
    (folder / "model" / FILE).write_text(OTHER)
    assert digests(folder)[1] not in (sft, None)


def test_the_folder_inside_a_checkpoint_and_a_borrowed_file_are_looked_at(folder: Path) -> None:
    (folder / "model" / FILE).write_text(OTHER)
    (folder / "model/inner" / FILE).write_text(PLAIN)
    (folder / "borrowed.jinja").write_text(PLAIN)
    for named in ({"subfolder": "inner"}, {"elicitation": "template", "chat_template": "./borrowed.jinja"}):
        sft, production = digests(folder, **named)
        assert sft == production is not None


@pytest.mark.parametrize("settings", ["", "{", "[]", '{"chat_template": 1}', '{"chat_template": ["x"]}'])
def test_what_is_not_known_is_none(folder: Path, settings: str) -> None:
    (folder / "model" / CONFIG).write_text(settings)
    assert digests(folder)[1] is None
    assert digests(folder, model="hf/org/name")[1] is None
    assert digests(folder, elicitation="raw")[1] is None


def test_under_one_borrowed_template_nothing_differs(folder: Path) -> None:
    (folder / "model" / FILE).write_text(OTHER)
    assert digests(folder, generation="production") == [None, None]


def test_asked_under_both_a_stage_has_its_own_and_the_borrowed_one_is_productions(folder: Path) -> None:
    (folder / "model" / FILE).write_text(OTHER)
    sft, borrowed, production = digests(folder, generation="both")
    assert [sft, production] == digests(folder)
    assert borrowed is None
