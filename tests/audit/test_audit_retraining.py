"""A stage trained again without a part of its data: what is shared is made once, and only what differs differs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pocketed import write_tiny_study
from stagelens.audit.effects import effects
from stagelens.audit.retraining import retrain, retraining_study, without
from stagelens.audit.target import find_target
from stagelens.audit.variants import leave_one_out
from stagelens.engine import run
from stagelens.engine.identity import identify_stages
from stagelens.errors import InputError
from stagelens.statistics.data import Rules
from stagelens.study.spec import Decontamination, Family, Source, Study


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return Study.load(write_tiny_study(tmp_path_factory.mktemp("study")))


def test_the_first_stage_that_imitates_is_audited(study: Study) -> None:
    target = find_target(study)
    assert (target.family, target.stage.name) == ("pocket", "sft")
    assert set(target.amounts) <= {source.name for source in target.mixture.sources}
    assert sum(target.amounts.values()) == 96


@pytest.mark.parametrize(
    ("family", "stage", "said"),
    [
        ("pokket", None, "did you mean 'pocket'"),
        (None, "sftt", "did you mean 'sft'"),
        (None, "base", "not trained here on data to imitate or to prefer"),
        (None, "production", "not trained here on data to imitate or to prefer"),
    ],
)
def test_what_cannot_be_audited_is_one_sentence(study: Study, family: str | None, stage: str | None, said: str) -> None:
    with pytest.raises(InputError, match=said):
        find_target(study, family, stage)


def changed_sft(study: Study, **mixture: object) -> Study:
    stages = tuple(
        each.model_copy(update={"mixture": each.mixture.model_copy(update=mixture)})
        if each.name == "sft" and each.mixture is not None
        else each
        for each in study.families["pocket"].stages
    )
    return study.model_copy(update={"families": {"pocket": Family(stages=stages)}})


def test_one_source_leaves_nothing_to_leave_out(study: Study) -> None:
    target = find_target(study)
    with pytest.raises(InputError, match="trained on one source"):
        find_target(changed_sft(study, sources=target.mixture.sources[:1]))


def test_rows_that_hold_an_item_do_not_count_where_they_are_left_out(study: Study) -> None:
    item = json.loads((study.folder / "data" / "safety_prompts.jsonl").read_text().splitlines()[0])["prompt"]
    rows = [{"prompt": f"the old mill {n}", "completion": "near a quiet bridge"} for n in range(5)]
    (study.folder / "some.jsonl").write_text(
        "".join(json.dumps(row) + "\n" for row in [*rows, {"prompt": item, "completion": "No."}])
    )
    (study.folder / "others.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    sources = tuple(Source(name=name, path=f"./{name}.jsonl") for name in ("some", "others"))
    for remove, count in ((False, 6), (True, 5)):
        decontaminate = Decontamination(remove=remove, at_most=1.0)
        target = find_target(changed_sft(study, sources=sources, examples=None, decontaminate=decontaminate))
        assert dict(target.amounts) == {"some": count, "others": 5}


def test_only_the_mixture_of_a_variant_differs(study: Study) -> None:
    target = find_target(study)
    variants = leave_one_out(["refusals"])
    made = retraining_study(target, without(target, variants), 2)
    base, whole, variant = made.families["pocket"].stages
    assert (base.name, whole.name, variant.name, variant.from_) == ("base", "sft", "without-refusals", "base")
    same = {"name": "sft", "mixture": whole.mixture}
    assert variant.model_copy(update=same) == whole
    with pytest.raises(InputError, match="has a stage 'base'"):
        retraining_study(target, {"base": target.mixture}, 1)


@pytest.mark.slow
def test_variants_are_trained_and_asked_and_what_is_known_is_taken(study: Study, tmp_path: Path) -> None:
    known = run(study, out=tmp_path / "run").folder
    target, variants = find_target(study), leave_one_out(["refusals", "helpful"])
    mixtures = without(target, variants)
    data = retrain(target, mixtures, seeds=1, out=tmp_path / "audit", known=known.root)
    assert all(each.stages == ("sft", "without-refusals", "without-helpful") for each in data)
    audit = tmp_path / "audit" / "checkpoints" / "pocket"
    assert (audit / "sft" / "model.safetensors").samefile(known.checkpoint("pocket", "sft") / "model.safetensors")
    # Nothing is asked of what is only a parent.
    assert not (tmp_path / "audit" / "logs" / "pocket" / "base").exists()
    before = {path: path.stat().st_mtime_ns for path in audit.rglob("*.safetensors")}
    again = retrain(target, mixtures, seeds=2, out=tmp_path / "audit")
    assert before.items() <= {path: path.stat().st_mtime_ns for path in audit.rglob("*.safetensors")}.items()
    assert len(before) == 4
    found = effects(again, "sft", variants, Rules(margins=dict(study.analysis.margins)))
    assert {each.runs for each in found} == {2}
    stages = identify_stages(retraining_study(target, mixtures, 2))
    assert len({each.fingerprint for each in stages}) == len(stages) == 7
