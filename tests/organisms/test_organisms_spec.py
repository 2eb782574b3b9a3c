"""Specs: what is wrong is said in one sentence, and what stages are given follows from cause and dose."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given as given_by
from hypothesis import strategies as st

from stagelens.errors import InputError
from stagelens.organisms import designs
from stagelens.organisms.doses import PLANTED, USUAL, given
from stagelens.organisms.groups import GROUPS
from stagelens.organisms.nuisances import NUISANCES
from stagelens.organisms.spec import CAUSES, OrganismSpec, Plant, check_spec, load_spec, written
from stagelens.study.load import parse_study

GOOD = "name: mine\nseed: 3\nplants:\n  safety: {measure: unsafe_response, cause: sft, dose: 0.5}\n"


def spec_file(folder: Path, text: str) -> Path:
    path = folder / "organism.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_spec_is_read_and_written_out(tmp_path: Path) -> None:
    spec = load_spec(spec_file(tmp_path, GOOD))
    assert written(spec) == {
        "name": "mine",
        "seed": 3,
        "plants": {"safety": {"measure": "unsafe_response", "cause": "sft", "dose": 0.5}},
    }
    assert OrganismSpec.model_validate(written(spec)) == spec


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "safety:",
            "safty:",
            "organism.yaml:4: plants.safty: nothing can be planted in 'safty'",
        ),
        ("cause: sft", "cause: sfd", "organism.yaml:4: plants.safety.cause"),
        ("dose: 0.5", "dose: 1.5", "organism.yaml:4: plants.safety.dose"),
        ("dose: 0.5", "dosis: 0.5", "organism.yaml:4: plants.safety.dosis"),
        ("unsafe_response", "over_refusal", "of safety, 'unsafe_response' can be planted, not 'over_refusal'"),
        ("name: mine", "name: ../mine", "organism.yaml:1: name"),
        ("seed: 3", "seed: -1", "organism.yaml:2: seed"),
        ("  safety: {measure: unsafe_response, cause: sft, dose: 0.5}", "  {}", "plants"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in GOOD
    with pytest.raises(InputError) as error:
        load_spec(spec_file(tmp_path, GOOD.replace(old, new)))
    assert said in str(error.value)
    assert "\n" not in str(error.value)


@given_by(st.sampled_from(CAUSES), st.floats(0, 1))
def test_only_the_cause_is_given_anything(cause: str, dose: float) -> None:
    gives = given(Plant(cause=cause, dose=dose))
    planted = USUAL - dose * (USUAL - PLANTED)
    assert gives.corpus == (planted if cause == "pretraining" else USUAL)
    assert gives.sft == (USUAL if cause in ("rl", "none") else planted)
    assert gives.untaught == gives.corpus
    assert (gives.rewarded is None) == (cause in ("sft", "none"))
    if cause in ("rl", "redundant"):
        assert gives.rewarded == planted
    if cause == "eroded":
        assert gives.rewarded == pytest.approx((planted + USUAL) / 2)
    if cause == "cancelling":
        assert gives.rewarded == USUAL


def test_the_full_design_plants_every_cause_in_every_group_as_often() -> None:
    specs = designs.full(5)
    for name in GROUPS:
        planted = [spec.plants[name].cause for spec in specs]
        assert {cause: planted.count(cause) for cause in CAUSES} == dict.fromkeys(CAUSES, 5)
    assert len({spec.name for spec in specs}) == len(specs)
    squares = [spec for spec in specs if spec.name.startswith("square")]
    assert all(len({plant.cause for plant in spec.plants.values()}) == len(GROUPS) for spec in squares)
    seeds = [spec.seed for spec in specs]
    assert seeds == sorted(seeds)
    # Two families of a seed have a 2x2, and over the seeds SFT alone is the cause of every group in one of them.
    assert [sum(spec.squared for spec in specs if spec.seed == seed) for seed in range(1, 6)] == [2] * 5
    alone = [name for spec in specs if spec.square for name, plant in spec.plants.items() if plant.cause == "sft"]
    assert sorted(alone) == sorted(GROUPS)


def test_a_square_goes_with_a_reward() -> None:
    spec = OrganismSpec(name="x", plants={"safety": Plant(cause="sft")}, square=True)
    assert spec.squared
    assert written(spec)["square"] is True
    with pytest.raises(InputError, match="with the nuisance 'verbosity' nothing is rewarded"):
        check_spec(spec.model_copy(update={"nuisance": "verbosity"}))


def test_random_organisms_repeat_and_differ() -> None:
    first = designs.drawn(30, 0)
    assert first == designs.drawn(30, 0)
    assert first != designs.drawn(30, 1)
    assert first[:5] == designs.drawn(5, 0)
    assert {plant.cause for spec in first for plant in spec.plants.values()} == set(CAUSES)


@pytest.mark.parametrize("spec", [*designs.full(1), *designs.quick()], ids=lambda spec: spec.name)
def test_every_study_file_is_a_study_and_tells_nothing(spec: OrganismSpec, tmp_path: Path) -> None:
    from stagelens.organisms.study import study_text

    text = study_text(spec)
    study = parse_study(text, folder=tmp_path)
    assert set(study.benchmarks) == set(spec.plants)
    assert [stage.name for stage in study.families[spec.name].steps] == ["base", "sft", "production"]
    roles = {stage.counterfactual for stage in study.families[spec.name].stages} - {None}
    assert roles == ({"neither", "rl_only"} if spec.squared else set())
    told = text.replace(spec.name, "").replace("kind: sft", "").replace("kind: rl", "")
    assert not any(word in told for word in ("redundant", "eroded", "cancelling", "dose", "planted"))


def test_every_nuisance_stands_on_one_pretraining_a_seed() -> None:
    specs = designs.styled(2)
    assert len(specs) == 2 * len(NUISANCES)
    assert {spec.nuisance for spec in specs} == set(NUISANCES)
    assert [spec.seed for spec in specs] == sorted(spec.seed for spec in specs)
    assert not {spec.name for spec in specs} & {spec.name for spec in designs.full()}
