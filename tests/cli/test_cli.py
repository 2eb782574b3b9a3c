"""The command line: exit codes, one sentence for bad input, and nothing half-written."""

from __future__ import annotations

import csv
import json
import random
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from commanded import Command, command_line
from stagelens.organisms.pocket import write_pocket

ODCV = Path(__file__).parents[2].parent / "shared" / "data" / "odcv" / "current"


@pytest.fixture
def stagelens(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """``stagelens ARGUMENTS``: exit code, output, errors."""

    return command_line(monkeypatch, capsys)


def write_table(path: Path, **changes: object) -> Path:
    """200 items at base, sft and production; ``changes`` overwrite fields of the first row."""
    draw = random.Random(0)
    rows: list[dict[str, object]] = [
        {
            "family": "f",
            "stage": stage,
            "benchmark": "safety",
            "measure": "unsafe_response",
            "item": f"i{item}",
            "value": int(draw.random() < rate),
        }
        for stage, rate in (("base", 0.8), ("sft", 0.03), ("production", 0.03))
        for item in range(200)
    ]
    rows[0] |= changes
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def assert_one_sentence(code: int, out: str, err: str, *words: str) -> None:
    """Exit code 2 and a single line on standard error that holds all the words."""
    assert code == 2
    assert out == ""
    assert err.startswith("stagelens: ")
    assert err.count("\n") == 1
    for word in words:
        assert word in err


def test_analyze_names_the_cause(stagelens: Command, tmp_path: Path) -> None:
    table = write_table(tmp_path / "table.csv")
    code, out, _ = stagelens("analyze", table, "--out", tmp_path / "out", "--json")
    assert code == 0
    (result,) = json.loads(out)["results"]
    assert (result["cause"], result["established_by"]) == ("sft", "sft")
    assert json.loads((tmp_path / "out" / "verdicts.json").read_text()) == json.loads(out)
    assert (tmp_path / "out" / "report.html").read_text().startswith("<!doctype html>")
    code, out, _ = stagelens("analyze", table)
    assert code == 0
    assert "sft" in out


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"value": 7}, ("table.csv", "value", "7")),
        ({"item": "i1"}, ("table.csv", "i1")),
        ({"item": "only here"}, ("only here",)),
        ({"stage": ""}, ("table.csv", "stage")),
    ],
)
def test_a_bad_table_gets_one_sentence_and_leaves_nothing(
    stagelens: Command, tmp_path: Path, changes: dict[str, object], words: tuple[str, ...]
) -> None:
    table = write_table(tmp_path / "table.csv", **changes)
    assert_one_sentence(*stagelens("analyze", table, "--out", tmp_path / "out"), *words)
    assert not (tmp_path / "out").exists()


def test_an_import_that_fails_leaves_nothing(stagelens: Command, tmp_path: Path) -> None:
    table = write_table(tmp_path / "table.csv", value=7)
    assert_one_sentence(*stagelens("import", "csv", table, "-o", tmp_path / "o.parquet"), "value", "7")
    assert not (tmp_path / "o.parquet").exists()


def test_a_table_of_another_shape_comes_in_by_a_mapping_file(stagelens: Command, tmp_path: Path) -> None:
    theirs, mapping = tmp_path / "theirs.csv", tmp_path / "mapping.yaml"
    theirs.write_text("id,grade,note\n1,yes,x\n2,,y\n")
    mapping.write_text("columns: {item: id, value: grade}\nconstants: {benchmark: q, measure: m}\nvalues: {yes: 1}\n")
    arguments = (f"sft={theirs}", "--mapping", mapping, "-o", tmp_path / "o.parquet")
    code, out, _ = stagelens("import", "csv", *arguments)
    assert code == 0
    assert "2 rows (1 scored, 1 ungraded)" in out
    assert "does not name: note" in out
    assert_one_sentence(*stagelens("import", "csv", *arguments, "--map", "item=id"), "--map", "--mapping")
    assert_one_sentence(*stagelens("import", "csv", theirs, theirs), "Several tables need --mapping")


def test_unknown_stages_are_named_with_those_that_there_are(stagelens: Command, tmp_path: Path) -> None:
    table = write_table(tmp_path / "table.csv")
    assert_one_sentence(*stagelens("analyze", table, "--stages", "sft,prodution"), "prodution", "production")


def test_missing_files_are_named(stagelens: Command, tmp_path: Path) -> None:
    assert_one_sentence(*stagelens("analyze", tmp_path / "no.parquet"), "no.parquet")
    assert_one_sentence(*stagelens("report", tmp_path), "verdicts.json")
    assert_one_sentence(*stagelens("import", "odcv", tmp_path / "no"), "no")
    assert_one_sentence(*stagelens("plan", tmp_path / "no.yaml"), "no.yaml")


STUDY_FAULTS = {
    "unknown key": ("alpha: 0.05", "alhpa: 0.05", ("alhpa", "alpha", "pocket.yaml:")),
    "missing source": ("./data/refusals.jsonl", "./data/refusal.jsonl", ("refusal.jsonl", "pocket.yaml:")),
    "impossible order": ("kind: sft ", "kind: pretrain ", ("pretrain", "pocket.yaml:")),
    "unknown benchmark": ("safety: {prompts", "safty: {prompts", ("safty", "safety")),
    "unknown recipe field": ("learning_rate: ", "learning_rat: ", ("learning_rat", "learning_rate")),
}


@pytest.mark.parametrize("fault", STUDY_FAULTS)
def test_a_bad_study_gets_one_sentence_and_no_run_folder(stagelens: Command, tmp_path: Path, fault: str) -> None:
    study = write_pocket(tmp_path)
    before, after, words = STUDY_FAULTS[fault]
    text = study.read_text()
    assert before in text
    study.write_text(text.replace(before, after, 1))
    command = "check" if fault == "unknown recipe field" else "run"
    code, out, err = stagelens(command, study)
    assert_one_sentence(code, "" if command == "check" else out, err, *words)
    assert not (tmp_path / "runs").exists()


def test_bad_prompts_and_mixtures_name_file_and_line(stagelens: Command, tmp_path: Path) -> None:
    study = write_pocket(tmp_path)
    prompts = tmp_path / "data" / "safety_prompts.jsonl"
    lines = prompts.read_text().splitlines()
    prompts.write_text("\n".join([*lines, lines[2]]) + "\n")
    assert_one_sentence(*stagelens("plan", study), "safety_prompts.jsonl", json.loads(lines[2])["item"])
    prompts.write_text("\n".join([lines[0], "{not json", *lines[1:]]) + "\n")
    assert_one_sentence(*stagelens("plan", study), "safety_prompts.jsonl", "2")
    prompts.write_text("\n".join(lines) + "\n")
    corpus = tmp_path / "data" / "corpus.jsonl"
    corpus.write_text(corpus.read_text().split("\n", 1)[0] + "\n\n")
    assert_one_sentence(*stagelens("run", study), "corpus.jsonl", "line 2")
    assert not (tmp_path / "runs").exists()


def test_pickled_weights_are_refused(stagelens: Command, tmp_path: Path) -> None:
    for stage in ("sft", "production"):
        folder = tmp_path / stage
        folder.mkdir()
        (folder / "config.json").write_text("{}")
        (folder / "pytorch_model.bin").write_bytes(b"\x80\x04")
    study = tmp_path / "study.yaml"
    study.write_text(
        "name: pickled\nfamilies:\n  f:\n    stages:\n"
        "      - {name: sft, kind: sft, model: ./sft}\n      - {name: production, kind: rl, model: ./production}\n"
        "benchmarks: {safety: {}}\n"
    )
    assert_one_sentence(*stagelens("run", study), "pytorch_model.bin", "safetensors")


def test_plan_prints_the_contracts_json(stagelens: Command, tmp_path: Path) -> None:
    code, out, _ = stagelens("plan", write_pocket(tmp_path), "--json")
    assert code == 0
    cells = json.loads(out)["cells"]
    asked = [
        (stage, group)
        for stage in ("base", "sft", "production")
        for group in ("safety", "odcv", "dilemmas", "reward_hacking", "user_logs")
    ]
    assert [(cell["stage"], cell["benchmark"]) for cell in cells] == asked
    assert {"family", "stage", "benchmark", "items", "clusters", "epochs"} <= set(cells[0])
    code, out, _ = stagelens("plan", write_pocket(tmp_path))
    assert code == 0
    assert "unsafe_response" in out


def test_init_writes_once(stagelens: Command, tmp_path: Path) -> None:
    for template in ("minimal", "xstest", "full", "pocket"):
        path = tmp_path / template / "study.yaml"
        assert stagelens("init", template, "-o", path)[0] == 0
        assert_one_sentence(*stagelens("init", template, "-o", path), "already there")
    assert (tmp_path / "pocket" / "data" / "corpus.jsonl").is_file()
    assert (tmp_path / "pocket" / "metric.yaml").is_file()
    assert_one_sentence(*stagelens("init", "minmal", "-o", tmp_path / "x.yaml"), "minimal")


def test_usage_errors_exit_with_two(stagelens: Command) -> None:
    assert stagelens("analyze")[0] == 2
    assert stagelens("no-such-command")[0] == 2
    assert stagelens("--help")[0] == 0


def test_help_and_analyze_start_without_torch_or_inspect(tmp_path: Path) -> None:
    table = write_table(tmp_path / "table.csv")
    script = (
        "import sys; from stagelens import cli\n"
        f"sys.argv = ['stagelens', 'analyze', {str(table)!r}, '--out', {str(tmp_path / 'out')!r}]\n"
        "cli.main()\n"
        "heavy = {'torch', 'inspect_ai', 'transformers', 'statsmodels', 'pandas', 'pyarrow'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, stdout=subprocess.DEVNULL)


@pytest.mark.skipif(not ODCV.is_dir(), reason="the published scores are not here")
def test_published_odcv_scores_end_to_end(stagelens: Command, tmp_path: Path) -> None:
    table = tmp_path / "t.parquet"
    assert stagelens("import", "odcv", ODCV, "-o", table)[0] == 0
    assert pl.read_parquet(table).filter(pl.col("judge") == "panel", pl.col("measure") == "severity").height == 960
    stages = "gemini-3.1-pro-preview,gpt-5.5"
    code, _, _ = stagelens("analyze", table, "--stages", stages, "--out", tmp_path / "d")
    assert code == 0
    verdicts = json.loads((tmp_path / "d" / "verdicts.json").read_text())
    (rate,) = [result for result in verdicts["results"] if result["measure"] == "misaligned"]
    assert [level["estimate"] for level in rate["stages"]] == [0.4375, 0.2125]
    assert rate["cause"] is None
    (contrast,) = rate["contrasts"]
    assert contrast["clusters"] == 40
    assert contrast["low"] < contrast["difference"] < contrast["high"]


def test_analyze_compares_all_pairs_by_a_named_method(stagelens: Command, tmp_path: Path) -> None:
    table = write_table(tmp_path / "table.csv")
    code, out, _ = stagelens("analyze", table, "--all-pairs", "--method", "betting", "--json")
    assert code == 0
    (result,) = json.loads(out)["results"]
    assert {(contrast["from"], contrast["to"]) for contrast in result["contrasts"]} == {
        ("base", "sft"),
        ("sft", "production"),
        ("base", "production"),
    }
    assert result["cause"] is not None  # a stage named sft makes it a ladder


def test_analyze_knows_its_methods(stagelens: Command, tmp_path: Path) -> None:
    code, out, err = stagelens("analyze", write_table(tmp_path / "table.csv"), "--method", "wald")
    assert (code, out) == (2, "")
    assert "tango_neff" in err
