"""Training, for real and very small: the loss mask, determinism, errors before training, and silence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stagelens.errors import InputError
from stagelens.stages import make_stage, stage_inputs
from stagelens.stages.contamination import Index, ItemText
from stagelens.study.spec import Decontamination, Mixture, Source, Stage, StageKind
from trainings import CHATS, RECIPES, TEMPLATE, jsonl, make, stage, weights, write_data

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study's folder, with its data and a base checkpoint in ./base."""
    folder = write_data(tmp_path_factory.mktemp("world"))
    make(stage("pretrain"), folder, folder / "base")
    return folder


@pytest.fixture(scope="module")
def tuned(world: Path) -> Path:
    return make(stage("sft"), world, world / "sft", world / "base")


def test_a_checkpoint_is_ordinary_and_says_where_it_is_from(world: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(world / "base")
    model = AutoModelForCausalLM.from_pretrained(world / "base")
    assert len(tokenizer) == model.config.vocab_size == 300
    assert model.generation_config.eos_token_id == tokenizer.eos_token_id
    assert tokenizer("How")["input_ids"][0] == tokenizer.bos_token_id
    text = "How do I mend 3 jars?\n"
    assert tokenizer.decode(tokenizer(text)["input_ids"], skip_special_tokens=True) == text
    provenance = json.loads((world / "base" / "provenance.json").read_text())
    assert provenance["sources"][0]["rows"] == 60
    assert provenance["training"]["steps"] == 3
    assert json.loads((world / "base" / "recipe.json").read_text())["inputs"]["seed"] == 0


def test_the_template_adds_one_begin_token_and_ends_turns(world: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(world / "base")
    ids = tokenizer.apply_chat_template(CHATS[0]["messages"], tokenize=True, return_dict=True)["input_ids"]
    assert ids.count(tokenizer.bos_token_id) == 1
    assert ids[-1] == tokenizer.eos_token_id


@pytest.mark.parametrize("kind", ["pretrain", "sft", "rl"])
def test_two_trainings_give_the_same_weights(kind: StageKind, world: Path, tuned: Path, tmp_path: Path) -> None:
    parent = {"pretrain": None, "sft": world / "base", "rl": tuned}[kind]
    one, two = (make(stage(kind), world, tmp_path / name, parent) for name in ("one", "two"))
    assert weights(one) == weights(two)
    assert weights(make(stage(kind), world, tmp_path / "other", parent, seed=1)) != weights(one)
    if parent is not None:
        assert weights(one) != weights(parent)


def test_a_finished_checkpoint_is_not_made_again(world: Path, tuned: Path) -> None:
    before = (tuned / "model.safetensors").stat().st_mtime_ns
    make(stage("sft"), world, tuned, world / "base")
    assert (tuned / "model.safetensors").stat().st_mtime_ns == before


def test_inputs_follow_the_content_of_every_file(world: Path, tmp_path: Path) -> None:
    for name in ("pretrain.jsonl", "template.jinja"):
        (tmp_path / name).write_bytes((world / name).read_bytes())
    before = stage_inputs(stage("pretrain"), tmp_path)
    assert before == stage_inputs(stage("pretrain"), world)
    (tmp_path / "template.jinja").write_text(TEMPLATE + " ")
    assert stage_inputs(stage("pretrain"), tmp_path) != before


def test_progress_is_reported_and_nothing_is_printed(
    world: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    steps: list[tuple[int, int]] = []
    for kind, parent in (("sft", world / "base"), ("rl", world / "base")):
        make_stage(
            stage(kind),
            parent=parent,
            folder=world,
            out=tmp_path / kind,
            seed=0,
            inputs={},
            progress=lambda done, total: steps.append((done, total)),
        )
    assert steps == [(1, 3), (2, 3), (3, 3), (1, 1)]
    assert capfd.readouterr() == ("", "")


def test_a_checkpoint_says_of_each_benchmark_whether_it_was_left_out(world: Path, tmp_path: Path) -> None:
    rows = [
        {"prompt": f"{text}?", "completion": "Sure."} for text in ("Where do owls sleep", "Why is snow white", "Hi")
    ]
    jsonl(tmp_path / "own.jsonl", rows)
    decontaminate = Decontamination(remove=True, allow=("safety",))
    mixture = Mixture(sources=(Source(name="own", path="./own.jsonl"),), decontaminate=decontaminate)
    items = Index({"safety": [ItemText("1", "where do owls sleep")], "dilemmas": [ItemText("1", "why is snow white")]})
    tuning = Stage(name="sft", kind="sft", recipe=RECIPES["sft"] | {"max_steps": 1}, mixture=mixture)
    out = make(tuning, tmp_path, tmp_path / "sft", world / "base", benchmarks=items)
    said = json.loads((out / "provenance.json").read_text())
    removed = {name: each["removed"] for name, each in said["contamination"].items() if each["found"]}
    assert removed == {"safety": False, "dilemmas": True}
    (source,) = said["sources"]
    assert (source["rows"], source["contaminated"]) == (2, {"dilemmas": 1})


@pytest.mark.bubblewrap
def test_rl_on_what_a_counter_shows_gets_each_prompts_task(
    world: Path, tuned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from stagelens.organisms.pocket.challenges import task_set
    from stagelens.organisms.pocket.rows import rl_tasks
    from stagelens.stages.visible_metric import VisibleMetric

    for name, text in task_set().items():
        (tmp_path / "tasks" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tasks" / name).write_text(text)
    rows = rl_tasks(0)[::50]
    jsonl(tmp_path / "rows.jsonl", rows)
    asked: list[tuple[str, str]] = []

    def note(self: VisibleMetric, answers: list[str], given: list[dict[str, Any]]) -> list[float]:
        asked.extend((row["prompt"][-1]["content"], row["task"]) for row in given)
        return [float(len(answer)) for answer in answers]

    monkeypatch.setattr(VisibleMetric, "__call__", note)
    recipe = RECIPES["rl"] | {"reward": "visible_metric", "tasks": "./tasks"}
    mixture = Mixture(sources=(Source(name="tasks", path="./rows.jsonl"),))
    make(Stage(name="rl", kind="rl", recipe=recipe, mixture=mixture), tmp_path, tmp_path / "out", tuned)
    assert len(asked) == 4
    assert set(asked) <= {(row["prompt"][-1]["content"], row["task"]) for row in rows}
    assert json.loads((tmp_path / "out" / "provenance.json").read_text())["training"]["reward"] == "visible_metric"


def test_an_adapter_is_trained_and_merged(world: Path, tmp_path: Path) -> None:
    lora = {"r": 2, "target_modules": ["q_proj", "v_proj"]}
    out = make(stage("sft", lora=lora), world, tmp_path / "sft", world / "base")
    assert not (out / "adapter_config.json").exists()
    assert weights(out) != weights(world / "base")


END = "            {{- eos_token -}}\n        {%- endgeneration -%}"
END_OUTSIDE = TEMPLATE.replace(END, "{%- endgeneration -%}{{- eos_token -}}")


@pytest.mark.parametrize(
    ("template", "wanted"),
    [
        (END_OUTSIDE, "end-of-turn token is outside the loss mask"),
        ("{{ raise_exception('no chats here') }}", "does not render"),
        ("{% if %}", "does not render"),
        (
            TEMPLATE.replace("{{- message['content'] -}}\n            {%- for", "{%- for").replace("{{- eos", "{{- no"),
            "yields no",
        ),
    ],
)
def test_a_template_that_teaches_nothing_is_refused_before_training(
    template: str, wanted: str, world: Path, tmp_path: Path
) -> None:
    path = tmp_path / "bad.jinja"
    path.write_text(template)
    with pytest.raises(InputError) as caught:
        make(stage("sft", chat_template=str(path)), world, tmp_path / "out", world / "base")
    assert wanted in str(caught.value)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["bad.jinja"]


def _mixture_of(tmp_path: Path, good: list[Any], bad: list[Any]) -> Stage:
    jsonl(tmp_path / "good.jsonl", good)
    jsonl(tmp_path / "bad.jsonl", bad)
    sources = tuple(Source(name=name, path=str(tmp_path / f"{name}.jsonl")) for name in ("good", "bad"))
    return stage("sft").model_copy(update={"mixture": Mixture(sources=sources)})


@pytest.mark.parametrize(
    ("bad", "wanted"),
    [
        (
            [{"messages": [{"role": "user", "content": "Only a question"}]}],
            "bad.jsonl, line 1: no turn in `messages` is the assistant's",
        ),
        ([{"prompt": "why " * 80, "completion": "Because."}], "'bad' every answer starts after `max_length` 64"),
    ],
)
def test_a_source_that_teaches_nothing_is_named(bad: list[Any], wanted: str, world: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        make(_mixture_of(tmp_path, CHATS, bad), world, tmp_path / "out", world / "base")
    assert wanted in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_prompt_and_completion_are_one_chat(world: Path, tmp_path: Path) -> None:
    pairs = [{"prompt": chat["messages"][0]["content"], "completion": chat["messages"][1]["content"]} for chat in CHATS]
    as_pairs = make(_mixture_of(tmp_path, pairs, pairs), world, tmp_path / "pairs", world / "base")
    as_chats = make(_mixture_of(tmp_path, CHATS, CHATS), world, tmp_path / "chats", world / "base")
    assert weights(as_pairs) == weights(as_chats)


def test_only_answers_carry_the_loss(world: Path) -> None:
    from transformers import AutoTokenizer

    from stagelens.stages.preflight import IGNORED, render

    tokenizer = AutoTokenizer.from_pretrained(world / "base")
    (rendered,) = render([CHATS[0] | {"source": "s"}], tokenizer, "Here")
    learned = [label for label in rendered.labels if label != IGNORED]
    assert tokenizer.decode(learned) == "Sure. Look." + tokenizer.eos_token


def test_every_turn_of_an_agent_carries_the_loss_and_no_result_does(world: Path) -> None:
    from transformers import AutoTokenizer

    from stagelens.models.tool_calls import ToolUse, written
    from stagelens.stages.preflight import IGNORED, render

    tokenizer = AutoTokenizer.from_pretrained(world / "base")
    call = ToolUse("bash", {"command": "ls; echo 'a'"})
    function = {"type": "function", "function": {"name": call.name, "arguments": dict(call.arguments)}}
    chat = [
        {"role": "user", "content": "Look."},
        {"role": "assistant", "content": "", "tool_calls": [function]},
        {"role": "tool", "content": "a.txt"},
        {"role": "assistant", "content": "Done."},
    ]
    (rendered,) = render([{"messages": chat, "source": "s"}], tokenizer, "Here")
    learned = tokenizer.decode([label for label in rendered.labels if label != IGNORED])
    assert learned == f"{written(call)}{tokenizer.eos_token}Done.{tokenizer.eos_token}"
    assert "<|tool|>a.txt" in tokenizer.decode(rendered.input_ids)


def test_a_parent_without_a_template_or_weights_is_refused(world: Path, tmp_path: Path) -> None:
    recipe = {key: value for key, value in RECIPES["pretrain"].items() if key != "chat_template"}
    bare = stage("pretrain").model_copy(update={"recipe": recipe})
    base = make(bare, world, tmp_path / "bare")
    for kind in ("sft", "rl"):
        with pytest.raises(InputError, match="no chat template"):
            make(stage(kind), world, tmp_path / "out", base)
    (base / "model.safetensors").unlink()
    with pytest.raises(InputError, match="cannot be loaded"):
        make(stage("sft"), world, tmp_path / "out", base)


def test_an_architecture_that_cannot_be_is_refused(world: Path, tmp_path: Path) -> None:
    wrong = RECIPES["pretrain"]["architecture"] | {"num_attention_heads": 5}
    with pytest.raises(InputError, match="`architecture`"):
        make(stage("pretrain", architecture=wrong), world, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_training_that_diverges_is_an_error(world: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"diverged.*learning_rate"):
        make(stage("pretrain", learning_rate=1e30, max_grad_norm=0), world, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_blocks_start_with_a_document_and_lose_nothing() -> None:
    from stagelens.stages.pretrain import pack

    documents = [[1] * 3, [2] * 4, [3] * 2, [4] * 25, [5]]
    blocks = list(pack(documents, 8))
    assert blocks[:2] == [[1] * 3 + [2] * 4, [3] * 2]
    assert [token for block in blocks for token in block] == [token for document in documents for token in document]
    assert all(len(block) <= 8 for block in blocks)
