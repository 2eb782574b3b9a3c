"""Loading: what a study file means, and the one sentence for each thing that can be wrong with it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import stagelens
from stagelens.errors import InputError
from stagelens.study.load import check_files, load_study, parse_study
from stagelens.study.spec import Family, Stage, Study
from stagelens.study.templates import template

GOOD = """\
name: two
seed: 3
families:
  small:
    stages:
      - name: base
        kind: pretrained
        model: hf/org/base
      - name: sft
        kind: sft
        recipe: {learning_rate: 1e-5}
        mixture:
          examples: 100
          sources:
            - {name: helpful, path: ./helpful.jsonl, weight: 0.9}
            - {name: safety, dataset: hf/org/safe, weight: 0.1}
      - name: production
        kind: rl
        model: ./production
        same_mixture: yes
generation: {max_answer_tokens: 64}
benchmarks:
  safety: {}
  odcv: {epochs: 2}
judges:
  default: {model: openai/judge}
analysis:
  margins:
    odcv: 0.1
    odcv/severity: 0.5
claims:
  - {measures: [safety/unsafe_response, odcv/misaligned], established_by: sft, at_least: 2}
"""


def refusal(text: str) -> str:
    with pytest.raises(InputError) as caught:
        parse_study(text, folder=Path("/nowhere"), file="s.yaml")
    return str(caught.value)


def mended(*changes: tuple[str, str]) -> str:
    text = GOOD
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} must stand once"
        text = text.replace(old, new)
    return text


def test_a_good_study(tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_text(GOOD)
    study = stagelens.Study.load(str(file))
    assert study == load_study(file)
    stages = study.families["small"].stages
    assert [stage.from_ for stage in stages] == [None, "base", "sft"]
    assert [stage.elicitation for stage in stages] == ["raw", "chat", "chat"]
    assert [stage.trained for stage in stages] == [False, True, False]
    assert stages[1].recipe == {"learning_rate": 1e-5}
    assert stages[2].same_mixture == "yes"
    assert study.analysis.margins == {"default": 0.05, "odcv": 0.1, "odcv/severity": 0.5}
    assert study.claims[0].in_ == "every_family"
    assert study.folder == tmp_path
    assert study.where("benchmarks", "odcv") == f"{file}:24: benchmarks.odcv"


def test_where_it_was_read_from_is_no_part_of_what_is_asked() -> None:
    one = parse_study(GOOD, folder=Path("/a"), file="one.yaml")
    other = parse_study("# moved\n" + GOOD, folder=Path("/a"), file="other.yaml")
    assert one == other
    assert "places" not in one.model_dump()
    assert "folder" not in one.model_dump()


STRUCTURE = [
    (("seed: 3", "sede: 3"), "s.yaml:2: sede: the key 'sede' is not known here; did you mean 'seed'?"),
    (
        ("seed: 3", "zzz: 3"),
        "s.yaml:2: zzz: the key 'zzz' is not known here; known are name, seed, families, generation",
    ),
    (("seed: 3", "folder: /tmp"), "s.yaml:2: folder: the key 'folder' is not known here"),
    (("seed: 3", "places: {}"), "s.yaml:2: places: the key 'places' is not known here"),
    (
        ("same_mixture: yes", "from_: sft"),
        "s.yaml:20: families.small.stages[2].from_: the key 'from_' is not known here; did you mean 'from'?",
    ),
    (
        ("examples: 100", "example: 100"),
        (
            "s.yaml:13: families.small.stages[1].mixture.example: the key 'example' is not "
            "known here; did you mean 'examples'?"
        ),
    ),
    (
        (", weight: 0.9", ", wieght: 0.9"),
        (
            "s.yaml:15: families.small.stages[1].mixture.sources[0].wieght: the key 'wieght'"
            " is not known here; did you mean 'weight'?"
        ),
    ),
    (
        ("max_answer_tokens: 64", "max_tokens: 64"),
        "s.yaml:21: generation.max_tokens: the key 'max_tokens' is not known here; did you mean 'max_answer_tokens'?",
    ),
    (
        ("at_least: 2", "atleast: 2"),
        "s.yaml:32: claims[0].atleast: the key 'atleast' is not known here; did you mean 'at_least'?",
    ),
    (("name: two\n", ""), "s.yaml:1: the key 'name' is missing"),
    (("        kind: sft\n", ""), "s.yaml:9: families.small.stages[1]: the key 'kind' is missing"),
    (("name: two", "name: 2"), "s.yaml:1: name: must be text, not 2 (write '2', with the quotes)"),
    (("name: two", "name:"), "s.yaml:1: name: must be text, not empty"),
    (("seed: 3", "seed: '3'"), "s.yaml:2: seed: must be a whole number, not the text '3'"),
    (("seed: 3", "seed: 1.5"), "s.yaml:2: seed: must be a whole number, not 1.5"),
    (("seed: 3", "seed: true"), "s.yaml:2: seed: must be a whole number, not true"),
    (("seed: 3", "seed: -1"), "s.yaml:2: seed: must be at least 0, not -1"),
    (
        ("kind: rl", "kind: rlhf"),
        (
            "s.yaml:18: families.small.stages[2].kind: must be 'pretrain', 'pretrained', 'sft', "
            "'dpo' or 'rl', not the text 'rlhf'"
        ),
    ),
    (("same_mixture: yes", "same_mixture: true"), "must be 'yes', 'no' or 'unknown', not true"),
    (("same_mixture: yes", "trust_remote_code: yes"), "must be true or false, not the text 'yes'"),
    (("{max_answer_tokens: 64}", "{temperature: hot}"), "s.yaml:21: generation.temperature: must be a number"),
    (("{max_answer_tokens: 64}", "{top_p: 0}"), "s.yaml:21: generation.top_p: must be more than 0, not 0"),
    (("{max_answer_tokens: 64}", "{top_p: 1.5}"), "s.yaml:21: generation.top_p: must be at most 1, not 1.5"),
    (("{max_answer_tokens: 64}", "{chat_template: base}"), "'own', 'production' or 'both', not the text 'base'"),
    (("{max_answer_tokens: 64}", "5"), "s.yaml:21: generation: must be a mapping of keys to values, not 5"),
    (("  safety: {}", "  safety:"), "s.yaml:23: benchmarks.safety: must be a mapping of keys to values, not empty"),
    (("  margins:", "  alpha: 0.7\n  margins:"), "s.yaml:28: analysis.alpha: must be less than 0.5, not 0.7"),
    (("measures: [safety/unsafe_response, odcv/misaligned]", "measures: safety"), "claims[0].measures: must be a list"),
    (("measures: [safety/unsafe_response, odcv/misaligned]", "measures: []"), "needs at least 1 entry, not 0"),
    (("{model: openai/judge}", "openai/judge"), "s.yaml:26: judges.default: must be a mapping"),
    (("{model: openai/judge}", "{modell: openai/judge}"), "judges.default.modell: the key 'modell' is not known here;"),
    (("{model: openai/judge}", "{model: openai/judge, thoughts: hidden}"), "thoughts: must be true or false, not the"),
    (
        ("{model: openai/judge}", "{panel: openai/judge}"),
        "s.yaml:26: judges.default.panel: must be a list, not the text",
    ),
]


@pytest.mark.parametrize(("change", "message"), STRUCTURE)
def test_a_field_that_is_wrong(change: tuple[str, str], message: str) -> None:
    assert message in refusal(mended(change))


RULES = [
    (("name: two", "name: ../two"), "s.yaml:1: name: the name '../two' must not start with '.'"),
    (("name: two", "name: a/b"), "s.yaml:1: name: the name 'a/b' must not contain '/': it also names a folder"),
    (("name: two", "name: 'a..b'"), "must not contain '..'"),
    (("name: two", "name: ''"), "s.yaml:1: name: a name must not be empty"),
    (("name: two", f"name: {'x' * 101}"), "at most 100 characters, not 101"),
    (("name: two", 'name: "a\\tb"'), "must not contain '\\t'"),
    (("  small:\n", "  .small:\n"), "s.yaml:4: families.'.small': the name '.small' must not start with '.'"),
    (
        ("  odcv: {epochs: 2}", "  odcv: {epochs: 2}\n  ODCV: {}"),
        "s.yaml:25: benchmarks.ODCV: the name 'ODCV' differs from 'odcv' only in upper and lower case",
    ),
    (
        ("- name: production", "- name: sft"),
        "s.yaml:17: families.small.stages[2].name: the name 'sft' is already taken",
    ),
    (("- name: production", "- name: Base"), "the name 'Base' differs from 'base' only in upper and lower case"),
    (
        ("- name: production", "- name: mixed"),
        "s.yaml:17: families.small.stages[2].name: 'mixed' is a word of the verdicts",
    ),
    (
        ("kind: rl", "kind: pretrained"),
        "s.yaml:18: families.small.stages[2].kind: pretrained cannot come after another",
    ),
    (("kind: sft", "kind: pretrain"), "s.yaml:10: families.small.stages[1].kind: pretrain cannot come after another"),
    (
        ("kind: sft", "kind: sft\n        from: bass"),
        "s.yaml:11: families.small.stages[1].from: 'bass' is not a stage of this family; did you mean 'base'?",
    ),
    (("kind: sft", "kind: sft\n        from: production"), "'production' does not come before this one"),
    (("kind: sft", "kind: sft\n        from: sft"), "'sft' does not come before this one"),
    (
        ("kind: pretrained", "kind: pretrained\n        from: sft"),
        "'sft' does not come before this one; this is the first",
    ),
    (("        model: hf/org/base\n", ""), "s.yaml:6: families.small.stages[0]: a pretrained stage needs 'model'"),
    (
        ("kind: pretrained\n        model: hf/org/base", "kind: pretrain\n        recipe: {}"),
        "s.yaml:6: families.small.stages[0]: a stage that is trained by pretrain needs 'mixture'",
    ),
    (
        (
            "kind: pretrained\n        model: hf/org/base",
            "kind: sft\n        recipe: {}\n        mixture: {sources: [{name: a, path: b}]}",
        ),
        "s.yaml:7: families.small.stages[0].kind: the first stage cannot be trained by sft",
    ),
    (
        ("        model: ./production\n", ""),
        (
            "s.yaml:17: families.small.stages[2]: a stage needs either 'model' (adopted), "
            "or 'recipe' and 'mixture' (trained)"
        ),
    ),
    (
        ("        recipe: {learning_rate: 1e-5}\n", ""),
        "s.yaml:9: families.small.stages[1]: a stage that is trained by sft needs 'recipe'",
    ),
    (
        ("kind: rl", "kind: rl\n        recipe: {reward: x}"),
        "s.yaml:19: families.small.stages[2].recipe: a stage with 'model' is adopted, one with 'recipe' is trained",
    ),
    (
        (
            "- name: base\n        kind: pretrained\n        model: hf/org/base",
            "- {name: base,\n         kind: pretrained, elicitation: chat,\n         model: openai/gpt}",
        ),
        "s.yaml:9: families.small.stages[1].from: sft needs weights to start from, and 'base' is openai/gpt",
    ),
    (
        ("model: ./production", "model: production"),
        (
            "s.yaml:19: families.small.stages[2].model: 'production' is neither a "
            "path (./production) nor provider/name (hf/org/production)"
        ),
    ),
    (("model: hf/org/base", "model: hf/base"), "s.yaml:8: families.small.stages[0].model: a model of the hub is named"),
    (("model: ./production", "model: ''"), "the model is empty"),
    (
        ("same_mixture: yes", "revision: main"),
        "s.yaml:20: families.small.stages[2].revision: 'revision' applies to models",
    ),
    (
        ("model: ./production\n        same_mixture: yes", "model: openai/x\n        subfolder: y"),
        "'subfolder' applies to",
    ),
    (
        ("model: ./production\n        same_mixture: yes", "model: openai/x\n        trust_remote_code: true"),
        "'trust_remote_code' applies to checkpoints, not to openai/x",
    ),
    (
        ("kind: sft", "kind: sft\n        revision: main"),
        "s.yaml:11: families.small.stages[1].revision: 'revision' applies to stages that are adopted ('model')",
    ),
    (
        (", path: ./helpful.jsonl", ""),
        (
            "s.yaml:15: families.small.stages[1].mixture.sources[0]: a source has exactly one of "
            "'path' and 'dataset'; 'helpful' has neither"
        ),
    ),
    ((", path: ./helpful.jsonl", ", path: a, dataset: hf/a/b"), "'helpful' has both"),
    (("dataset: hf/org/safe", "dataset: org/safe"), "a dataset is named hf/org/name, not 'org/safe'"),
    (
        ("name: safety,", "name: helpful,"),
        "s.yaml:16: families.small.stages[1].mixture.sources[1].name: the name 'helpful' is already taken",
    ),
    (
        ("    odcv: 0.1", "    odvc: 0.1"),
        (
            "s.yaml:29: analysis.margins.odvc: a margin is for 'default', a benchmark of this "
            "study, or benchmark/measure; did you mean 'odcv'?"
        ),
    ),
    (
        ("    odcv: 0.1", "    odcv: 0"),
        (
            "s.yaml:29: analysis.margins.odcv: a margin must be more than 0 and less than 1, "
            "the measure's whole range, not 0"
        ),
    ),
    (("    odcv: 0.1", "    default: 1"), "s.yaml:29: analysis.margins.default: a margin must be more than 0 and less"),
    (("    odcv: 0.1", "    safety/unsafe_response: 5"), "less than 1, the measure's whole range, not 5"),
    (("odcv/severity: 0.5", "odcv/severity: 5"), "less than 5, the measure's whole range, not 5"),
    (("odcv/severity: 0.5", "odcv/own: -1"), "analysis.margins.'odcv/own': a margin must be more than 0, not -1"),
    (("{model: openai/judge}", "{}"), "s.yaml:26: judges.default: a judge is one `model`, or a `panel"),
    (("{model: openai/judge}", "{model: a/b, panel: [a/b, c/d]}"), "judges.default: a judge is one `model`, or a"),
    (
        ("{model: openai/judge}", "{panel: [a/b]}"),
        "judges.default.panel: a panel has two judges or more; for one, write",
    ),
    (("{model: openai/judge}", "{panel: [a/b, a/b]}"), "judges.default.panel[1]: the judge a/b stands here twice"),
    (("{model: openai/judge}", "{panel: [./a/b, ./c/b]}"), "panel[1]: the judge ./c/b has the name of ./a/b: rename"),
    (("{model: openai/judge}", "{model: human}"), "judges.default: a judge must not be called 'human'"),
    (("  default: {model", "  dilemas: {model"), "s.yaml:26: judges.dilemas: 'dilemas' is neither 'default' nor a"),
    (
        ("safety/unsafe_response,", "safty/unsafe_response,"),
        "s.yaml:32: claims[0].measures[0]: 'safty' is not a benchmark of this study; did you mean 'safety'?",
    ),
    (("safety/unsafe_response,", "unsafe_response,"), "'unsafe_response' must be written benchmark/measure"),
    (
        ("safety/unsafe_response,", "odcv/misaligned,"),
        "claims[0].measures: 'odcv/misaligned' stands here more than once",
    ),
    (
        ("established_by: sft", "established_by: stf"),
        "s.yaml:32: claims[0].established_by: the family 'small' has no stage 'stf'; did you mean 'sft'?",
    ),
    (("at_least: 2", "at_least: 3"), "s.yaml:32: claims[0].at_least: at least 3 of 2 measures can never hold"),
]


@pytest.mark.parametrize(("change", "message"), RULES)
def test_a_study_that_cannot_be(change: tuple[str, str], message: str) -> None:
    assert message in refusal(mended(change))


def test_fewer_than_two_stages() -> None:
    text = "name: a\nfamilies:\n  f:\n    stages:\n      - {name: x, kind: sft, model: ./x}\nbenchmarks: {safety: {}}\n"
    assert refusal(text) == "s.yaml:4: families.f.stages: needs at least 2 stages in order, not 1"


def test_a_faulty_stage_is_not_called_a_missing_one() -> None:
    assert "more problem" not in refusal(mended(("kind: rl", "kind: rlhf")))


def test_the_first_in_the_file_is_named_and_the_others_counted() -> None:
    text = mended(("at_least: 2", "at_least: x"), ("seed: 3", "seed: x"), ("kind: sft", "kind: x"))
    assert refusal(text) == "s.yaml:2: seed: must be a whole number, not the text 'x' (and 2 more problems)"


def test_a_key_that_is_wrong_comes_before_those_that_are_missing() -> None:
    message = "s.yaml:1: nmae: the key 'nmae' is not known here; did you mean 'name'? (and 2 more problems)"
    assert refusal("nmae: x\n") == message


def test_all_weights_zero() -> None:
    assert "every weight is 0" in refusal(mended(("weight: 0.9", "weight: 0"), ("weight: 0.1", "weight: 0")))


def test_a_name_with_a_dot_is_quoted_in_the_field() -> None:
    assert "families.'gemma-2.5'.stages[1].kind" in refusal(
        mended(("  small:", "  gemma-2.5:"), ("kind: sft", "kind: x"))
    )


def test_missing_files_are_named_with_their_line(tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_text(GOOD)
    study = load_study(file)
    with pytest.raises(InputError, match=r"s\.yaml:15: .*sources\[0\]\.path: there is nothing at \./helpful\.jsonl"):
        check_files(study)
    (tmp_path / "helpful.jsonl").touch()
    with pytest.raises(InputError, match=r"s\.yaml:19: .*\.model: there is nothing at \./production"):
        check_files(study)
    (tmp_path / "production").mkdir()
    check_files(study)
    file.write_text(mended(("{model: openai/judge}", "{panel: [openai/judge, ./judge]}")))
    (tmp_path / "production").touch()
    with pytest.raises(InputError, match=r"s\.yaml:26: judges\.default\.panel\[1\]: there is nothing at \./judge"):
        check_files(load_study(file))


def test_a_missing_chat_template_of_a_recipe(tmp_path: Path) -> None:
    text = mended(("{learning_rate: 1e-5}", "{chat_template: ./t.jinja}"), ("path: ./helpful.jsonl", "path: s.yaml"))
    file = tmp_path / "s.yaml"
    file.write_text(text)
    (tmp_path / "production").mkdir()
    with pytest.raises(InputError, match=r"s\.yaml:11: .*recipe\.chat_template: there is nothing at \./t\.jinja"):
        check_files(load_study(file))
    (tmp_path / "t.jinja").mkdir()
    with pytest.raises(InputError, match=r"s\.yaml:11: .*: \./t\.jinja is not a file"):
        check_files(load_study(file))


def test_a_study_made_in_python_is_checked_too() -> None:
    stages = (Stage(name="a", kind="sft", model="openai/a"), Stage(name="b", kind="rl", model="openai/b", from_="c"))
    study = Study(name="made", families={"f": Family(stages=stages)}, benchmarks={"safety": {}})
    with pytest.raises(InputError) as caught:
        check_files(study)
    assert str(caught.value) == "families.f.stages[1].from: 'c' is not a stage of this family; known are a"


def test_reading_a_study_stays_light() -> None:
    code = "import sys, stagelens.study.load, stagelens.study.cells, stagelens.study.write; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"torch", "inspect_ai", "transformers", "scipy.stats", "statsmodels", "pandas", "pyarrow"}
    assert not heavy.intersection(loaded)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_study_file_is_read_or_refused_in_one_sentence(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from([GOOD, template("full")]))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text) - 1))
        cut = data.draw(st.integers(0, 4))
        put = data.draw(st.text(alphabet=":{}[],-#'\"&*!|> \n\t0e~x", max_size=3))
        text = text[:at] + put + text[at + cut :]
    try:
        parse_study(text, folder=Path(), file="s.yaml")
    except InputError as error:
        assert str(error).startswith("s.yaml")
        assert "\n" not in str(error)
