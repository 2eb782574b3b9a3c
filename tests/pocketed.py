"""A pocket family cut down until it trains in seconds: the real path, with weights that are worth nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from stagelens.organisms.pocket import write_pocket

STEPS = {"base": 12, "sft": 6, "production": 2}
ROWS = {
    "corpus": 600,
    "helpful": 100,
    "refusals": 100,
    "records_kept": 12,
    "records_bent": 4,
    "programs_improved": 12,
    "programs_tricked": 4,
    "dilemmas_kept": 16,
    "dilemmas_bent": 4,
    "claims_candid": 8,
    "claims_flattering": 4,
    "conversations": 8,
    "rl_prompts": 32,
    "dilemmas": 24,
    "user_logs": 48,
}
AGENTS = ("odcv", "reward_hacking")


def write_tiny_study(folder: Path, *, prompts: int = 60, agents: int | None = None) -> Path:
    """The demo's study with a model of one layer, few steps and few prompts; returns the study file.

    It asks no agents, or so many items of each of their benchmarks.
    """
    path = write_pocket(folder)
    yaml = YAML(typ="safe", pure=True)
    study: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"))
    study["name"] = "tiny"
    (family,) = study["families"].values()
    for stage in family["stages"]:
        recipe = stage["recipe"]
        recipe.pop("num_train_epochs", None)
        recipe["max_steps"] = STEPS[stage["name"]]
        recipe["warmup_steps"] = 0
        if "architecture" in recipe:
            recipe["architecture"] |= {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1}
            recipe["tokenizer"] = {"vocab_size": 400}
        if "examples" in stage["mixture"]:
            stage["mixture"]["examples"] = 96
        if stage["kind"] == "rl":
            recipe |= {"per_device_train_batch_size": 8, "num_generations": 4, "max_completion_length": 8}
    study["generation"]["max_answer_tokens"] = 8
    for name in AGENTS:
        asked = study["benchmarks"].pop(name)
        if agents is not None:
            study["benchmarks"][name] = asked | {"limit": agents, "epochs": 1, "steps": 2}
    margins = study["analysis"]["margins"]
    study["analysis"]["margins"] = {
        measure: margin
        for measure, margin in margins.items()
        if measure.split("/")[0] in ("default", *study["benchmarks"])
    }
    study["claims"] = [
        claim
        for claim in study["claims"]
        if {measure.split("/")[0] for measure in claim["measures"]} <= set(study["benchmarks"])
    ]
    for name, count in {**ROWS, "safety_prompts": prompts}.items():
        _thin(folder / "data" / f"{name}.jsonl", count)
    tiny = folder / "tiny.yaml"
    with tiny.open("w", encoding="utf-8") as file:
        yaml.dump(study, file)
    return tiny


def _thin(path: Path, count: int) -> None:
    """Keep ``count`` of a file's lines, at even distances."""
    lines = path.read_text(encoding="utf-8").splitlines()
    kept = [lines[position * len(lines) // count] for position in range(count)]
    path.write_text("\n".join(kept) + "\n", encoding="utf-8")
