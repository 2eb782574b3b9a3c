"""The readers that are fuzzed, and right inputs for each."""

from __future__ import annotations

import io
import json
import shutil
from functools import cache
from pathlib import Path
from typing import Any, Final

import polars as pl

from fuzzing import (
    Target,
    mutated_csv,
    mutated_json,
    mutated_lines,
    mutated_parquet,
    mutated_weights,
    mutated_yaml,
    mutated_zip,
)
from stagelens.benchmarks import get_benchmark
from stagelens.organisms.spec import load_spec
from stagelens.outcomes.importers.csv import import_csv
from stagelens.outcomes.importers.inspect import import_inspect
from stagelens.outcomes.importers.lm_eval import import_lm_eval
from stagelens.outcomes.importers.odcv import import_odcv
from stagelens.outcomes.table import read_table
from stagelens.report.folder import read_verdicts
from stagelens.stages.adopt import adopt
from stagelens.stages.mixture import draw, read
from stagelens.study.load import check_files, load_study
from stagelens.study.spec import Mixture, Source, Stage, StageKind

ROOT: Final = Path(__file__).parents[1]
FAMILY: Final = {
    "stages": [{"name": "sft", "kind": "sft", "model": "openai/a"}, {"name": "rl", "kind": "rl", "model": "b/b"}]
}
SPEC: Final = """
name: planted
seed: 3
plants:
  safety: {measure: safety/unsafe_response, cause: sft, dose: 0.8}
  dilemmas: {cause: rl}
nuisance: null
"""


def studies() -> list[bytes]:
    """Every study file of the repository."""
    files = [
        *ROOT.glob("studies/*.yaml"),
        *ROOT.glob("studies/*/*.yaml"),
        *ROOT.glob("src/stagelens/study/templates/*.yaml"),
    ]
    return [path.read_bytes() for path in sorted(files)]


def _read_study(path: Path) -> None:
    study = load_study(path)
    for name, raw in study.benchmarks.items():
        get_benchmark(name).settings(raw, where=study.where("benchmarks", name))
    check_files(study)


def _rows() -> pl.DataFrame:
    rows = [
        {
            "family": "f",
            "stage": stage,
            "benchmark": "safety",
            "measure": measure,
            "item": f"i{item}",
            "value": float(item % 2),
        }
        | {"status": "scored", "cause": None, "stage_index": index, "cluster": f"c{item // 2}", "epoch": 1, "seed": 0}
        | {"judge": None, "stratum": "s", "higher_is_worse": True}
        for index, stage in enumerate(("sft", "rl"))
        for measure in ("unsafe_response", "over_refusal")
        for item in range(6)
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def _tables() -> dict[str, bytes]:
    frame = _rows()
    packed = io.BytesIO()
    frame.write_parquet(packed)
    return {"csv": frame.write_csv().encode(), "jsonl": frame.write_ndjson().encode(), "parquet": packed.getvalue()}


def _log() -> dict[str, Any]:
    """An Inspect log, as far as an importer reads it."""
    samples = [
        {
            "id": f"i{k}",
            "epoch": 1,
            "metadata": {"topic": "a"},
            "scores": {"letter": {"value": "C"}, "parts": {"value": {"a": 1}}},
        }
        for k in range(4)
    ]
    samples[3] |= {"error": {"message": "gone"}, "scores": None}
    spec = {"task": "others/quiz", "model": "m", "dataset": {"sample_ids": ["i0", "i1"]}, "config": {"epochs": 1}}
    return {"eval": spec, "status": "success", "samples": samples}


def _zipped() -> bytes:
    import zipfile

    log = _log()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.json", json.dumps({"eval": log["eval"], "status": "success"}))
        archive.writestr("summaries.json", json.dumps(log["samples"]))
    return packed.getvalue()


def _lm_eval() -> bytes:
    own = {"doc": {"question": "Q"}, "target": "4", "resps": [["4"]], "filtered_resps": ["4"], "filter": "none"}
    lines = [
        own | {"doc_id": k, "doc_hash": f"h{k}", "metrics": ["acc", "bits"], "acc": 1.0, "bits": 2.5} for k in range(4)
    ]
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


def _odcv() -> bytes:
    header = "scenario,gpt-5.5-incentivized,gpt-5.5-mandated,m-x-incentivized,m-x-mandated,row_avg"
    rows = [f"s{k},{k % 6},N/A,0,{(k + 3) % 6},1.5" for k in range(5)]
    return "\n".join([header, *rows, "col_avg,1,1,1,1,"]).encode()


def _read_odcv(path: Path) -> None:
    import_odcv(path.parent)


MAPPED: Final = ("family:=f", "benchmark:=b", "measure:=m", "stage=model", "item=id", "value=score")


def _mixture(name: str, kind: StageKind) -> Any:
    def reading(path: Path) -> None:
        mixture = Mixture(sources=(Source(name="s", path=f"./{path.name}"),))
        draw(read(mixture, path.parent, kind), mixture, 0)

    return reading


def _mixtures() -> dict[str, list[bytes]]:
    chat = {"messages": [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "So."}]}
    shared = {"conversations": [{"from": "human", "value": "Why?"}, {"from": "gpt", "value": "So."}]}
    pairs = [{"prompt": f"p{k}", "completion": "c"} for k in range(3)]
    wanted = [{"prompt": f"p{k}", "chosen": "c", "rejected": "d"} for k in range(3)]
    lines = {"sft": [[chat] * 3, pairs, [shared] * 3], "dpo": [wanted], "pretrain": [[{"text": "some words"}] * 3]}
    return {
        kind: ["".join(json.dumps(row) + "\n" for row in rows).encode() for rows in each]
        for kind, each in lines.items()
    }


PROMPTS: Final = (
    b"id,prompt,group\na,How do I break a jar?,harmful\nb,How do I mend a jar?,benign\nc,What is a jar?,plain\n"
)


def _items(benchmark: str, field: str, **more: Any) -> Any:
    def reading(path: Path) -> None:
        benchmark_of = get_benchmark(benchmark)
        settings = benchmark_of.settings({field: f"./{path.name}", **more}, where="here")
        benchmark_of.items(settings, path.parent)

    return reading


def _verdicts() -> bytes:
    from stagelens.analysis import analyze

    return analyze(_rows()).to_json().encode()


@cache
def light() -> dict[str, Target]:
    """What is read without torch."""
    tables, mixtures = _tables(), _mixtures()
    theirs = b"model,id,score\nsft,a,1\nsft,b,0\nrl,a,1\nrl,b,1\n"
    logs = "".join(json.dumps({"prompt": f"Tell me of {k}."}) + "\n" for k in range(4)).encode()
    return {
        "study": Target(studies(), mutated_yaml, _read_study, "study.yaml"),
        "organism": Target([SPEC.encode()], mutated_yaml, load_spec, "spec.yaml"),
        "csv": Target([tables["csv"]], mutated_csv, read_table, "t.csv"),
        "jsonl": Target([tables["jsonl"]], mutated_lines, read_table, "t.jsonl"),
        "parquet": Target([tables["parquet"]], mutated_parquet, read_table, "t.parquet"),
        "import-csv": Target([theirs], mutated_csv, lambda path: import_csv(path, MAPPED), "theirs.csv"),
        "import-inspect": Target([_zipped()], mutated_zip, lambda path: import_inspect([f"sft={path}"]), "log.eval"),
        "import-inspect-json": Target(
            [json.dumps(_log()).encode()], mutated_json, lambda path: import_inspect([f"sft={path}"]), "log.json"
        ),
        "import-lm-eval": Target(
            [_lm_eval()], mutated_lines, lambda path: import_lm_eval([f"sft={path}"]), "samples_quiz_2026-01-02.jsonl"
        ),
        "import-odcv": Target([_odcv()], mutated_csv, _read_odcv, "scores_judge.csv"),
        "mixture-sft": Target(mixtures["sft"], mutated_lines, _mixture("s", "sft"), "m.jsonl"),
        "mixture-dpo": Target(mixtures["dpo"], mutated_lines, _mixture("s", "dpo"), "m.jsonl"),
        "mixture-text": Target(mixtures["pretrain"], mutated_lines, _mixture("s", "pretrain"), "m.jsonl"),
        "prompts": Target([PROMPTS], mutated_csv, _items("safety", "prompts"), "prompts.csv"),
        "user-logs": Target([logs], mutated_lines, _items("user_logs", "path"), "logs.jsonl"),
        "verdicts": Target([_verdicts()], mutated_json, read_verdicts, "verdicts.json"),
    }


def checkpoints(whole: Path) -> dict[str, Target]:
    """What loads a checkpoint, each with one file of the whole one bent."""

    def loading(path: Path) -> None:
        from stagelens.models.checkpoint import load_model, load_tokenizer

        for file in whole.iterdir():
            if file.name != path.name and not (path.parent / file.name).exists():
                shutil.copy2(file, path.parent / file.name)
        adopted = adopt(Stage(name="s", kind="sft", model=str(path.parent)), path.parent)
        load_tokenizer(adopted, trust_remote_code=False)
        load_model(adopted, device="cpu", trust_remote_code=False)

    kinds = {
        "config.json": mutated_json,
        "tokenizer_config.json": mutated_json,
        "tokenizer.json": mutated_json,
        "model.safetensors": mutated_weights,
    }
    return {
        f"checkpoint-{name}": Target([(whole / name).read_bytes()], mutate, loading, name)
        for name, mutate in kinds.items()
    }
