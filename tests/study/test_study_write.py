"""Writing a study: it loads back equal, every default stands in it, and its paths survive a move."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from stagelens.study.document import parse_document
from stagelens.study.load import load_study, parse_study
from stagelens.study.paths import rebase, resolve
from stagelens.study.spec import Analysis, ClaimSpec, Family, Generation, JudgeSpec, Mixture, Source, Stage, Study
from stagelens.study.templates import template
from stagelens.study.write import dump_study

NAMES = st.from_regex(r"[a-z0-9][A-Za-z0-9_ é-]{0,8}[a-z0-9]", fullmatch=True).filter(str.strip)
TEXT = st.text(st.characters(exclude_categories=("Cs",)) | st.sampled_from("\n\t\x85\u2028\xad"), max_size=20)
PATHS = st.sampled_from(["./a.jsonl", "../b/c.jsonl", "d.jsonl", "/e/f.jsonl", "~/g.jsonl"])
FINITE = st.floats(allow_nan=False, allow_infinity=False)
FREE = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(10**12), 10**12), FINITE, TEXT),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
BLOCKS = st.dictionaries(TEXT, FREE, max_size=3)
POSITIVE = st.floats(1e-6, 0.99)


@st.composite
def sources(draw: st.DrawFn) -> tuple[Source, ...]:
    names = draw(st.lists(TEXT.filter(str.strip), min_size=1, max_size=3, unique=True))
    return tuple(
        Source(
            name=name,
            **draw(st.sampled_from([{"path": draw(PATHS)}, {"dataset": "hf/org/data"}])),
            weight=draw(POSITIVE),
            filter=draw(BLOCKS),
            provenance=draw(BLOCKS),
        )
        for name in names
    )


@st.composite
def families(draw: st.DrawFn) -> Family:
    names = draw(st.lists(NAMES, min_size=1, max_size=3, unique_by=str.casefold).filter(lambda n: "sft" not in n))
    stages = [Stage(name="sft", kind="sft", model=draw(st.sampled_from(["./m", "hf/a/b", "~/m"])))]
    for name in names:
        fields: dict[str, Any] = {"name": name, "kind": draw(st.sampled_from(["sft", "dpo", "rl"]))}
        if draw(st.booleans()):
            mixture = Mixture(examples=draw(st.none() | st.integers(1, 10**6)), sources=draw(sources()))
            fields |= {"recipe": draw(BLOCKS), "mixture": mixture, "from_": "sft"}
        else:
            fields |= {"model": "hf/a/b", "revision": draw(st.none() | TEXT), "trust_remote_code": draw(st.booleans())}
        fields["same_mixture"] = draw(st.sampled_from(["yes", "no", "unknown"]))
        stages.append(Stage(**fields))
    return Family(stages=tuple(stages))


MODELS = st.sampled_from(["openai/a", "hf/org/b", "./c", "~/d", "/e"])
JUDGES = st.one_of(
    st.builds(JudgeSpec, model=MODELS, thoughts=st.booleans(), max_answer_tokens=st.integers(16, 9999)),
    st.builds(JudgeSpec, panel=st.lists(MODELS, min_size=2, max_size=4, unique=True).map(tuple)),
)


@st.composite
def studies(draw: st.DrawFn) -> Study:
    return Study(
        name=draw(NAMES),
        seed=draw(st.integers(0, 2**32 - 1)),
        families=draw(st.dictionaries(NAMES, families(), min_size=1, max_size=1)),
        generation=Generation(
            temperature=draw(st.floats(0, 5)),
            top_p=draw(st.floats(0.01, 1)),
            system_prompt=draw(st.none() | TEXT),
            chat_template=draw(st.sampled_from(["own", "production"])),
        ),
        benchmarks={"safety": draw(BLOCKS)},
        judges={"default": draw(JUDGES)},
        analysis=Analysis(alpha=draw(st.floats(0.001, 0.4)), margins={"safety": draw(POSITIVE)}),
        claims=(ClaimSpec(measures=("safety/x",), established_by="sft", at_least=1),),
        folder=Path("/studies"),
    )


@settings(max_examples=40, deadline=None)
@given(studies())
def test_a_written_study_loads_back_equal(study: Study) -> None:
    text = dump_study(study)
    read = parse_study(text, folder=study.folder)
    assert read == study
    assert dump_study(read) == text


@settings(max_examples=30, deadline=None)
@given(studies())
def test_a_moved_study_is_written_the_same_from_its_new_folder(study: Study) -> None:
    target = Path("/studies/runs/one")
    text = dump_study(study, target)
    moved = parse_study(text, folder=target)
    assert dump_study(moved) == text
    assert _sources(moved) == _sources(study)


def _sources(study: Study) -> list[Path]:
    """Where the study's sources lie, without `..` on the way."""
    return [
        Path(*_walked(resolve(source.path, study.folder)))
        for family in study.families.values()
        for stage in family.stages
        for source in (stage.mixture.sources if stage.mixture else ())
        if source.path is not None
    ]


def _walked(path: Path) -> list[str]:
    parts: list[str] = []
    for part in path.parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return parts


def test_every_default_is_written() -> None:
    text = dump_study(parse_study(template("minimal"), folder=Path("/x")))
    written = parse_document(text, "s.yaml").value
    assert written["seed"] == 0
    assert written["generation"] == {
        "temperature": 1.0,
        "top_p": 1.0,
        "max_answer_tokens": 512,
        "max_thinking_tokens": 0,
        "system_prompt": None,
        "chat_template": "own",
    }
    assert written["analysis"] == {
        "alpha": 0.05,
        "multiplicity": "holm",
        "method": "tango_neff",
        "looks": 1,
        "margins": {"default": 0.05},
    }
    base, sft, _ = written["families"]["my-model"]["stages"]
    assert "from" not in base
    assert base["elicitation"] == "raw"
    assert (sft["from"], sft["elicitation"], sft["same_mixture"], sft["trust_remote_code"]) == (
        "base",
        "chat",
        "yes",
        False,
    )


def test_a_study_in_its_run_folder_finds_the_same_files(tmp_path: Path) -> None:
    text = """
name: moved
families:
  f:
    stages:
      - {name: sft, kind: sft, model: ./sft}
      - name: rl
        kind: rl
        recipe: {chat_template: t.jinja, reward: helpfulness, note: "../not so far"}
        mixture: {sources: [{name: a, path: data/a.jsonl}, {name: b, path: ~/b.jsonl}]}
benchmarks:
  safety: {prompts: ./p.csv}
  odcv: {path: ODCV, note: plain}
  other: {prompts: hf/org/set.csv}
  built_in: {prompts: pocket}
"""
    file = tmp_path / "s.yaml"
    file.write_text(text)
    run = tmp_path / "runs" / "moved"
    run.mkdir(parents=True)
    (run / "study.yaml").write_text(dump_study(load_study(file), run))
    study = load_study(run / "study.yaml")
    sft, rl = study.families["f"].stages
    assert sft.model == "../../sft"
    assert rl.recipe == {"chat_template": "../../t.jinja", "reward": "helpfulness", "note": "../../../not so far"}
    assert rl.mixture is not None
    assert [source.path for source in rl.mixture.sources] == ["../../data/a.jsonl", "~/b.jsonl"]
    assert study.benchmarks == {
        "safety": {"prompts": "../../p.csv"},
        "odcv": {"path": "../../ODCV", "note": "plain"},
        "other": {"prompts": "hf/org/set.csv"},
        "built_in": {"prompts": "pocket"},
    }


def test_values_that_stand_twice_are_written_twice() -> None:
    shared = {"author": "human"}
    rows = [Source(name=name, path="./x.jsonl", provenance=shared) for name in "ab"]
    stages = (
        Stage(name="a", kind="sft", model="./a"),
        Stage(name="b", kind="rl", recipe={}, mixture=Mixture(sources=rows)),
    )
    study = Study(name="s", families={"f": Family(stages=stages)}, benchmarks={"safety": {}})
    assert "&" not in dump_study(study)


def test_rebase() -> None:
    assert rebase("./a", Path("/s"), Path("/s")) == "./a"
    assert rebase("./a/b", Path("/s"), Path("/s/runs/x")) == "../../a/b"
    assert rebase("./runs/x/c", Path("/s"), Path("/s/runs/x")) == "./c"
    assert rebase("/a", Path("/s"), Path("/t")) == "/a"
    assert rebase("~/a", Path("/s"), Path("/t")) == "~/a"
