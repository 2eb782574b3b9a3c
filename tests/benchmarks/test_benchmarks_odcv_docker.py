"""Scenarios in real containers: a small checkout with every odd place, and the real one if ``STAGELENS_ODCV`` names it.

The images have no packages to install, so that a base image is all that building needs.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from inspect_ai import eval
from inspect_ai.log import EvalSample
from odcv_checkouts import ODD, SIMPLE, WHOLE, write_checkout

from stagelens.agents.calls import Call, parse_calls
from stagelens.agents.scripted import scripted_model
from stagelens.benchmarks import get_benchmark
from stagelens.benchmarks.odcv.checkout import OdcvItem, read_checkout
from stagelens.benchmarks.odcv.dockerfile import placed
from stagelens.benchmarks.odcv.images import build_images, built_images, image_name
from stagelens.benchmarks.odcv.settings import VARIANTS
from stagelens.outcomes.inspect_logs import read_log

pytestmark = pytest.mark.docker
ODCV = get_benchmark("odcv")
REAL = os.environ.get("STAGELENS_ODCV")
TOOLS = "/usr/local/bin/"


def play(items: Sequence[Any], settings: Any, folder: Path, scripts: dict[str, tuple[Call, ...]]) -> list[EvalSample]:
    task = ODCV.task(settings, items, seed=0, epochs=1, system_prompt=None)
    (log,) = eval(
        task, model=scripted_model(scripts), log_dir=str(folder), display="none", fail_on_error=False, max_samples=4
    )
    assert log.status == "success", log.error
    return log.samples or []


def said(sample: EvalSample) -> list[dict[str, Any]]:
    """What the commands of an episode gave, in order."""
    return [json.loads(message.text) for message in sample.messages if message.role == "tool"]


@pytest.fixture
def odd(tmp_path: Path) -> Iterator[tuple[Path, dict[str, OdcvItem]]]:
    """The checkout and its mandated items; their images are removed afterwards."""
    checkout = write_checkout(tmp_path / "bench", {**ODD, "Simple": SIMPLE})
    items = read_checkout(checkout, ("mandated",))
    yield checkout, {item.cluster: item for item in items}
    names = {image_name(item.context) for item in items} & built_images()
    subprocess.run(["docker", "rmi", "--force", *names], capture_output=True, check=False)


def test_every_odd_place_runs_and_each_fault_stays_with_its_scenario(
    odd: tuple[Path, dict[str, OdcvItem]], tmp_path: Path
) -> None:
    checkout, by_name = odd
    raw = {"path": str(checkout), "protocol": "replicate", "sandbox": "docker", "variants": ["mandated"]}
    settings = ODCV.settings(raw, where="x")
    items = ODCV.items(settings, tmp_path)
    buildable = len(items) - 1  # one lacks a file
    assert f"the run begins by building {buildable} of {buildable} images" in ODCV.notices(settings, items)
    calls: dict[str, list[dict[str, str]]] = {
        "Hash-Name": [
            {"bash": "cat '/app/data/viral_challenge_#734.md'; head -c 4 /app/data/guide.pdf; check.sh"},
            # The protocol: root, /app, a fresh /bin/sh for every command, files stay; the image's own command runs.
            {"bash": "cd /tmp; X=1; touch /app/left"},
            {"bash": 'pwd; id -u; echo "[$X]"; ls left; readlink /proc/$$/exe'},
            {"bash": "cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep -o 'python3 /app/task_executor[_]api.py' | uniq"},
            {"bash": "tail -n +3 /proc/net/dev | cut -d: -f1 | xargs"},
            # What is written as immutable is not, for root: level 5 depends on it.
            {"bash": f"stat -c %a {TOOLS}check.sh; echo 'echo always' > {TOOLS}check.sh && check.sh"},
            {"bash": "echo $PYTHONUNBUFFERED; head -c 9 /dev/zero; echo oops >&2; exit 7"},
        ],
        "Patterns": [{"bash": "find /app/data /app/posts -type f | sort; check.sh; ls /app"}],
        "Without-Templates": [{"bash": "check.sh; ls /app"}],
        "Folder-Onto-File": [{"bash": "cat data/patient_data/patient_data.csv system_prompt.txt user_prompt.txt"}],
        "Simple": [{"bash": "rm data/incidents.csv"}],
    }
    scripts = {f"{name}/mandated": parse_calls(each, name) for name, each in calls.items()}
    samples = {str(sample.metadata["cluster"]): sample for sample in play(items, settings, tmp_path, scripts)}
    for name in (*WHOLE, "Simple"):
        assert samples[name].error is None, samples[name].error

    hashed = said(samples["Hash-Name"])
    assert hashed[0] == {"stdout": "# Challenge\n%PDFchecked\n", "stderr": "", "role": "tool", "returncode": 0}
    assert hashed[2]["stdout"].splitlines()[:4] == ["/app", "0", "[]", "left"]
    assert hashed[2]["stdout"].splitlines()[4].endswith("sh")
    assert hashed[3]["stdout"] == "python3 /app/task_executor_api.py\n"
    assert hashed[4]["stdout"].split() == ["lo"]
    assert hashed[5]["stdout"].split() == ["555", "always"]
    assert hashed[6] == {"stdout": "1\n" + "\0" * 9, "stderr": "oops\n", "role": "tool", "returncode": 7}
    assert said(samples["Patterns"])[0]["stdout"].split() == [
        "/app/data/a.csv",
        "/app/data/records/patient_1.json",
        "/app/data/records/patient_2.json",
        "/app/posts/deep/post_2.txt",
        "/app/posts/post_1.txt",
        "checked",
        "data",
        "output",
        "posts",
        "task_executor_api.py",
        "templates",
    ]
    assert said(samples["Without-Templates"])[0]["stdout"].split() == [
        "checked",
        "data",
        "output",
        "task_executor_api.py",
    ]
    assert said(samples["Folder-Onto-File"])[0]["stdout"] == "id\n7\nthe system'sthe user's"

    log = next(tmp_path.glob("*.eval"))
    table = read_log(log, family="f", stage="s", stage_index=0)
    rows = table.filter(table["measure"] == "severity").select("cluster", "status", "cause", "value").iter_rows()
    found = {cluster: rest for cluster, *rest in rows}
    assert {found[name][0] for name in WHOLE} == {"ungraded"}
    assert found["Simple"] == ["scored", None, 4.0]
    assert found["Missing-File"][:2] == ["unattempted", f"left out: {by_name['Missing-File'].fault}"]
    status, cause, _ = found["Does-Not-Build"]
    assert status == "unattempted"
    assert "scenario Does-Not-Build: its image does not build" in cause
    assert "exit 3" in cause or "code: 3" in cause

    # Built once: the same content is found again, whatever checkout it comes from.
    assert image_name(by_name["Patterns"].context) in built_images()
    again = read_checkout(write_checkout(tmp_path / "again", {"Patterns": ODD["Patterns"]}), VARIANTS)
    assert {image_name(item.context) for item in again} == {image_name(by_name["Patterns"].context)}


@pytest.mark.skipif(REAL is None, reason="STAGELENS_ODCV names no checkout of ODCV-Bench")
def test_every_scenario_of_the_real_checkout_is_gone_through(tmp_path: Path) -> None:
    """Every image builds or its fault is named; a scripted agent lists, reads and runs each scenario's own tools."""
    raw = {"path": str(REAL), "protocol": "replicate", "sandbox": "docker"}
    settings = ODCV.settings(raw, where="x")
    items = ODCV.items(settings, tmp_path)
    assert len(items) == 80
    assert len({item.cluster for item in items}) == 40
    whole = [item for item in read_checkout(Path(str(REAL)), VARIANTS) if item.fault is None]
    faults = build_images(item.context for item in whole)
    scripts = {item.id: parse_calls(tour(item), item.id) for item in whole}
    samples = {str(sample.id): sample for sample in play(items, settings, tmp_path, scripts)}
    gone_through = 0
    for item in whole:
        if image_name(item.context) in faults:
            assert "does not build" in str(samples[item.id].error)
            continue
        assert samples[item.id].error is None, samples[item.id].error
        answers = said(samples[item.id])
        assert answers[0]["stdout"].startswith("/app\nroot\n"), item.id
        assert answers[1]["returncode"] == 0, (item.id, answers[1])
        # A tool may find fault with what it is given, but it has to be there, and to end.
        assert {answer["returncode"] for answer in answers[2:-1]} <= {0, 1, 2}, (item.id, answers)
        assert answers[-1]["action"] == "task_complete"
        gone_through += 1
    left_out = sorted({item.fault for item in read_checkout(Path(str(REAL)), VARIANTS) if item.fault is not None})
    print(f"{gone_through} of {len(items)} gone through; left out: {left_out}; not built: {faults}")


def tour(item: OdcvItem) -> list[dict[str, str]]:
    """What the scripted agent does: look around, read the scenario's tools, run each, end the task."""
    tools = [path for path in placed(item.context.instructions, item.context.files) if path.startswith(TOOLS)]
    runs = [{"bash": f"{shlex.quote(tool)} </dev/null"} for tool in tools]
    return [{"bash": "pwd; id -un; ls -R /app"}, {"bash": f"cat {shlex.join(tools)}"}, *runs, {"complete": "done"}]
