"""Reading a checkout: which items there are, what their images are built from, and what is said of those that lack."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from odcv_checkouts import ODD, SERVER, SIMPLE, write_checkout, write_scenario

from stagelens.benchmarks import get_benchmark
from stagelens.benchmarks.odcv.checkout import OdcvItem, read_checkout
from stagelens.benchmarks.odcv.settings import VARIANTS, loop_rules
from stagelens.engine.checking import Notice, check
from stagelens.errors import InputError
from stagelens.outcomes.importers.odcv import import_odcv
from stagelens.study.spec import Study

ODCV = get_benchmark("odcv")


def by_id(items: tuple[OdcvItem, ...]) -> dict[str, OdcvItem]:
    return {item.id: item for item in items}


def test_every_scenario_has_an_item_in_both_variants_and_the_image_is_one(tmp_path: Path) -> None:
    items = read_checkout(write_checkout(tmp_path, ODD), VARIANTS)
    names = sorted(ODD)
    assert [item.id for item in items] == [f"{name}/{variant}" for variant in VARIANTS for name in names]
    for name in names:
        pair = [item for item in items if item.cluster == name]
        assert [item.stratum for item in pair] == [item.group for item in pair] == list(VARIANTS)
        assert len({item.context.digest for item in pair}) == 1
        assert [item.prompt for item in pair] == [f"Reach the target ({variant})." for variant in VARIANTS]
        assert {item.system for item in pair} == {f"You are {name}."}
    assert len({item.context.digest for item in items}) == len(names)


def test_items_are_those_of_the_importer(tmp_path: Path) -> None:
    items = read_checkout(write_checkout(tmp_path / "checkout", ODD), VARIANTS)
    scores = tmp_path / "scores"
    scores.mkdir()
    lines = ["scenario,m-mandated,m-incentivized", *(f"{name},0,5" for name in ODD)]
    (scores / "scores_a.csv").write_text("\n".join(lines) + "\n")
    imported = import_odcv(scores)
    assert set(imported.select("item", "cluster", "stratum").iter_rows()) == {
        (item.id, item.cluster, item.stratum) for item in items
    }
    assert set(imported["measure"]) == set(ODCV.measures(items))


def test_only_what_the_dockerfile_copies_is_in_the_context(tmp_path: Path) -> None:
    items = by_id(read_checkout(write_checkout(tmp_path, ODD), VARIANTS))
    hashed, patterns = items["Hash-Name/mandated"].context, items["Patterns/mandated"].context
    assert hashed.files["guide.pdf"].data == ODD["Hash-Name"]["guide.pdf"]
    assert {"viral_challenge_#734.md", "usr/local/bin/check.sh", "task_executor_api.py"} <= set(hashed.files)
    assert {"patient_1.json", "patient_2.json", "data/a.csv", "app/posts/deep/post_2.txt"} <= set(patterns.files)
    assert not {"other.json", "prompt.json", "requirements.txt"} & set(patterns.files)
    assert "templates/dashboard.html" not in items["Without-Templates/mandated"].context.files
    assert {"system_prompt.txt", "user_prompt.txt"} <= set(items["Folder-Onto-File/mandated"].context.files)


def test_a_missing_file_is_named_and_the_other_scenarios_go_on(tmp_path: Path) -> None:
    items = read_checkout(write_checkout(tmp_path, ODD), VARIANTS)
    faults = {item.id: item.fault for item in items if item.fault is not None}
    line = ODD["Missing-File"]["Dockerfile"].split("\n").index("COPY ./logs.csv /app/data/logs.csv") + 1
    said = f"scenario Missing-File: ./logs.csv is not there (Dockerfile, line {line}, copies it)"
    assert faults == {"Missing-File/mandated": said, "Missing-File/incentivized": said}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "prompt.json is not there"),
        ("{", "prompt.json cannot be read"),
        ("[]", "prompt.json has no system_prompt and user_prompt"),
        ('{"system_prompt": "a"}', "prompt.json has no system_prompt and user_prompt"),
        ('{"system_prompt": "a", "user_prompt": " "}', "system_prompt and user_prompt have to be text"),
    ],
)
def test_a_scenario_without_its_prompts_is_left_out(tmp_path: Path, content: str | None, says: str) -> None:
    write_checkout(tmp_path, {"A": SIMPLE, "B": SIMPLE})
    prompts = tmp_path / "incentivized_scenarios" / "B" / "prompt.json"
    if content is None:
        prompts.unlink()
    else:
        prompts.write_text(content)
    items = by_id(read_checkout(tmp_path, VARIANTS))
    assert says in (items["B/incentivized"].fault or "")
    assert items["B/mandated"].fault is None
    assert items["A/incentivized"].fault is None


def test_a_scenario_of_one_variant_alone_is_left_out_of_the_other(tmp_path: Path) -> None:
    write_checkout(tmp_path, {"A": SIMPLE, "B": SIMPLE})
    shutil.rmtree(tmp_path / "incentivized_scenarios" / "B")
    items = by_id(read_checkout(tmp_path, VARIANTS))
    assert items["B/mandated"].fault is None
    assert items["B/incentivized"].fault == "scenario B: prompt.json is not there; Dockerfile is not there"


def test_the_zip_goes_before_a_folder_that_a_run_has_left_files_in(tmp_path: Path) -> None:
    write_checkout(tmp_path, ODD)
    write_scenario(tmp_path / "orchestrator_api", {"task_executor_api.py": "old", "logs.csv": "left"}, "mandated")
    items = by_id(read_checkout(tmp_path, VARIANTS))
    assert items["Hash-Name/mandated"].context.files["task_executor_api.py"].data.decode() == SERVER
    assert items["Missing-File/mandated"].fault is not None
    # Without the zip the folder serves, but not what the scenario before has left in it.
    (tmp_path / "orchestrator_api.zip").unlink()
    (tmp_path / "orchestrator_api" / "templates").mkdir()
    (tmp_path / "orchestrator_api" / "templates" / "dashboard.html").write_text("<p>")
    items = by_id(read_checkout(tmp_path, VARIANTS))
    assert items["Hash-Name/mandated"].context.files["task_executor_api.py"].data == b"old"
    assert items["Missing-File/mandated"].fault is not None


def test_what_changes_the_image_changes_its_digest_and_nothing_else_does(tmp_path: Path) -> None:
    write_checkout(tmp_path, {"A": SIMPLE})
    place = tmp_path / "mandated_scenarios" / "A"

    def digest() -> str:
        return read_checkout(tmp_path, ("mandated",))[0].context.digest

    first = digest()
    (place / "notes.txt").write_text("not copied")
    assert digest() == first
    (place / "check.sh").chmod(0o755)
    second = digest()
    assert second != first
    (place / "data" / "incidents.csv").write_text("kind\n")
    assert digest() not in (first, second)


def test_no_checkout_and_no_scenario_that_can_be_asked_are_errors(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="mandated_scenarios"):
        read_checkout(tmp_path, VARIANTS)
    write_checkout(tmp_path, {"Missing-File": ODD["Missing-File"]})
    with pytest.raises(InputError, match=r"No scenario .* can be asked: scenario Missing-File: ./logs.csv"):
        read_checkout(tmp_path, VARIANTS)
    (tmp_path / "orchestrator_api.zip").write_bytes(b"no zip")
    with pytest.raises(InputError, match=r"orchestrator_api.zip cannot be read"):
        read_checkout(tmp_path, VARIANTS)


def study(folder: Path, **block: Any) -> Study:
    stages = [{"name": "sft", "kind": "sft", "model": "mockllm/a"}, {"name": "rl", "kind": "rl", "model": "mockllm/b"}]
    judges = {"odcv": {"model": "mockllm/judge"}}
    families = {"f": {"stages": stages}}
    return Study.model_validate(
        {"name": "s", "families": families, "benchmarks": {"odcv": block}, "judges": judges, "folder": folder}
    )


def test_check_accepts_every_item_and_names_the_scenario_that_lacks_a_file(tmp_path: Path) -> None:
    write_checkout(tmp_path / "bench", ODD)
    lines = list(check(study(tmp_path, path="./bench", protocol="replicate"), offline=True))
    assert f"odcv: {2 * len(ODD)} items in {len(ODD)} clusters" in "\n".join(lines)
    notices = [line for line in lines if isinstance(line, Notice)]
    assert sum("left out" in notice for notice in notices) == 1
    assert notices[0].startswith("odcv: left out: scenario Missing-File: ./logs.csv is not there")
    assert any("temperature 0, whatever the study says" in notice for notice in notices)


def test_both_variants_keep_their_scenarios_under_a_limit(tmp_path: Path) -> None:
    write_checkout(tmp_path, {f"S{number}": SIMPLE for number in range(8)})
    settings = ODCV.settings({"path": ".", "limit": 4, "sandbox": "docker"}, where="x")
    assert [item.id for item in ODCV.items(settings, tmp_path)] == [
        f"S{number}/{variant}" for variant in VARIANTS for number in (0, 4)
    ]


def test_a_judge_is_needed_where_some_scenario_has_no_rules(tmp_path: Path) -> None:
    write_checkout(tmp_path, {"A": SIMPLE})
    settings = ODCV.settings({"path": ".", "sandbox": "docker"}, where="x")
    assert not ODCV.needs_judge(settings, tmp_path)
    write_checkout(tmp_path, {"B": {name: text for name, text in SIMPLE.items() if name != "rules.yaml"}})
    assert ODCV.needs_judge(settings, tmp_path)


def test_the_fingerprint_is_what_the_checkout_holds_and_how_it_is_asked(tmp_path: Path) -> None:
    def print_of(folder: Path, **block: Any) -> str:
        settings = ODCV.settings({"path": str(folder), "sandbox": "bubblewrap", **block}, where="x")
        return json.dumps(ODCV.fingerprint(settings, ODCV.items(settings, tmp_path)), sort_keys=True)

    here, there = write_checkout(tmp_path / "a", {"A": SIMPLE}), write_checkout(tmp_path / "b", {"A": SIMPLE})
    assert print_of(here) == print_of(there)
    assert print_of(here, steps=9) != print_of(here)
    assert print_of(here, protocol="replicate") != print_of(here)
    rules = there / "mandated_scenarios" / "A" / "rules.yaml"
    rules.write_text(rules.read_text().replace("truth: 2", "truth: 3"))
    assert print_of(here) != print_of(there)


def test_the_protocols(tmp_path: Path) -> None:
    rate, replicate = (ODCV.settings({"path": "x", "protocol": name}, where="s") for name in ("rate", "replicate"))
    assert (rate.epochs, loop_rules(rate).temperature) == (5, None)
    assert (replicate.epochs, loop_rules(replicate).temperature) == (1, 0.0)
    assert ODCV.settings({"path": "x"}, where="s").protocol == "rate"
    rules = loop_rules(rate)
    assert (rules.steps, rules.command_seconds, rules.workdir) == (50, 30, "/app")
    assert ODCV.turns(rate) == 50


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({"paht": "x"}, r"s\.paht: the key 'paht' is not known here; did you mean 'path'"),
        ({}, "the key 'path' is missing"),
        ({"path": "x", "protocol": "replicate", "epochs": 3}, r"s\.epochs: .*one attempt at temperature 0"),
        ({"path": "x", "sandbox": "podman"}, r"s\.sandbox: must be 'auto', 'docker' or 'bubblewrap'"),
        ({"path": "x", "variants": []}, r"s\.variants"),
        ({"path": "x", "variants": ["ordered"]}, r"s\.variants\[0\]: must be"),
        ({"path": "x", "epochs": 0}, r"s\.epochs: must be at least 1"),
    ],
)
def test_a_wrong_block_is_explained(raw: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        ODCV.settings(raw, where="s")
