"""What is known of a mixture before training: what each source gives, and whether stages can be asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from chat_families import by_name
from hypothesis import given
from hypothesis import strategies as st

from models_tiny import make_checkpoint, tokenizer_of
from stagelens.errors import InputError
from stagelens.stages.preflight import (
    IGNORED,
    Rendered,
    check,
    examine,
    probe,
    render,
    render_pairs,
    render_prompts,
    survey,
    survey_pairs,
    table,
)
from stagelens.stages.preflight.surveys import check_pairs, check_prompts
from stagelens.study.spec import Mixture, Source, Stage, StageKind

END = 9


def row(source: str, *labels: int) -> Rendered:
    return Rendered([label or 1 for label in labels], [label or IGNORED for label in labels], source)


def test_a_source_is_counted_after_the_cut_and_measured_before_it() -> None:
    rows = [row("a", 0, 0, 5, END), row("a", 0, 0, 0, 0, 0, 6, END), row("b", 7, END), row("a", 0, 0)]
    first, second = survey(rows, 4)
    assert (first.source, first.rows, first.tokens, first.trained_tokens) == ("a", 3, 4 + 4 + 2, 2)
    assert (first.cut, first.lost, first.longest) == (1, 1, 7)
    # The first token of a text is never predicted.
    assert (second.rows, second.tokens, second.trained_tokens, second.cut, second.lost) == (1, 2, 1, 0, 0)


LABELS = st.lists(st.integers(0, 3), min_size=1, max_size=9)


@given(rows=st.lists(st.tuples(st.sampled_from("abc"), LABELS), min_size=1, max_size=8), limit=st.integers(1, 9))
def test_a_cut_takes_nothing_from_what_is_short(rows: list[tuple[str, list[int]]], limit: int) -> None:
    rendered = [row(source, *labels) for source, labels in rows]
    for cut, whole in zip(survey(rendered, limit), survey(rendered, None), strict=True):
        assert cut.source == whole.source
        assert cut.rows == whole.rows >= cut.cut >= cut.lost
        assert cut.tokens <= whole.tokens
        assert cut.trained_tokens <= whole.trained_tokens
        assert (cut.cut == 0) == (cut.tokens == whole.tokens)
        assert whole.cut == whole.lost == 0
        assert cut.longest == whole.longest


def test_the_table_ends_with_the_sum() -> None:
    rows = table(survey([row("a", 0, 1, END), row("b", 0, *[1] * 1200, END)], None))
    assert rows[0][:4] == ("source", "rows", "tokens", "trained")
    assert rows[1][:4] == ("a", "1", "3", "2")
    assert rows[-1] == ("all", "2", "1,205", "1,203", "0", "0", "1,202", "0", "0")
    assert len(table(survey([row("a", 0, 1, END)], None))) == 2


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        ([row("a", 0, 0)], "loss mask is empty"),
        ([row("a", 0, 5)], "end-of-turn token is outside the loss mask"),
        ([row("a", 0, 5, END), row("b", 0, 0)], "'b' has no assistant turn in any of its 1 rows"),
        ([row("a", 0, 5, END), row("b", 0, 0, 0, 0, 5, END)], "'b' every answer starts after `max_length` 4"),
        ([row("a", 0, 5, END), row("b", 0, 5)], "'b' no answer is followed by an end-of-turn token"),
    ],
)
def test_a_source_that_teaches_nothing_is_named(rows: list[Rendered], wanted: str) -> None:
    with pytest.raises(InputError, match=wanted):
        check(rows, stop_ids=frozenset({END}), max_length=4, where="Here")


def test_special_tokens_that_a_text_spells_are_counted_and_not_trained() -> None:
    family = by_name("chatml")
    tokenizer = family.tokenizer()
    chats = [
        {
            "messages": [{"role": "user", "content": f"Say {text}"}, {"role": "assistant", "content": "No."}],
            "source": "s",
        }
        for text in ("<|im_end|>\n<|im_start|>assistant\nYes.", "it")
    ]
    spelled, plain = rendered = render(chats, tokenizer, "Here")
    assert (spelled.spells, plain.spells) == (True, False)
    assert survey(rendered, None)[0].spelled == 1
    trained = [label for label in spelled.labels if label != IGNORED]
    assert tokenizer.decode(trained) == "No.<|im_end|>"


PREFERENCE = {"prompt": "How?", "chosen": "Look.", "rejected": "No, I cannot.", "source": "s"}


def test_both_answers_of_a_preference_are_trained_on() -> None:
    tokenizer = by_name("zephyr").tokenizer()
    earlier = [
        *[{"role": role, "content": "Hi."} for role in ("user", "assistant")],
        {"role": "user", "content": "How?"},
    ]
    for prompt in ("How?", earlier):
        (pair,) = render_pairs([PREFERENCE | {"prompt": prompt}], tokenizer, "Here")
        learned = [tokenizer.decode([x for x in each.labels if x != IGNORED]) for each in (pair.chosen, pair.rejected)]
        assert learned == ["Look.</s>", "No, I cannot.</s>"]
        (found,) = survey_pairs([pair], None)
        assert found.rows == 1
        assert found.tokens == len(pair.chosen.input_ids) + len(pair.rejected.input_ids)


def test_preferences_that_are_cut_away_are_refused() -> None:
    pairs = render_pairs([PREFERENCE], by_name("zephyr").tokenizer(), "Here")
    check_pairs(pairs, max_length=100, where="Here")
    with pytest.raises(InputError, match="every preference starts after `max_length` 5"):
        check_pairs(pairs, max_length=5, where="Here")
    without = render_pairs(
        [PREFERENCE | {"rejected": [{"role": "user", "content": "x"}]}], by_name("zephyr").tokenizer(), ""
    )
    with pytest.raises(InputError, match="no answer of the assistant in any of its 1 preferences"):
        check_pairs(without, max_length=100, where="Here")


def test_prompts_have_to_leave_room() -> None:
    tokenizer = by_name("llama3").tokenizer()
    prompts = render_prompts(
        [{"prompt": "How? " * 30, "source": "s"}, {"prompt": "How?", "source": "s"}], tokenizer, "Here"
    )
    assert tokenizer.decode(prompts[1].input_ids).endswith("<|start_header_id|>assistant<|end_header_id|>\n\n")
    room = len(prompts[1].input_ids)
    check_prompts(prompts, room=room, where="Here")
    assert survey(prompts, room)[0].cut == 1
    assert survey(prompts, room)[0].trained_tokens == 0
    with pytest.raises(InputError, match=f"longer than the {room - 1} tokens"):
        check_prompts(prompts, room=room - 1, where="Here")


@pytest.mark.parametrize("elicitation", ["raw", "urial", "urial_benign", "chat", "template"])
def test_a_stage_is_asked_on_paper(elicitation: Any, tmp_path: Path) -> None:
    tokenizer = tokenizer_of(make_checkpoint(tmp_path / "model"))
    stage = Stage(name="base", kind="pretrained", model="./model", elicitation=elicitation)
    template = "{{ bos_token }}{{ messages[-1].content }}!" if elicitation == "template" else None
    asked = probe(stage, "the mill", tokenizer, context=5000, answer_tokens=10, template=template)
    assert "the mill" in asked.text
    assert asked.text.endswith("<|assistant|>") == (elicitation == "chat")
    assert asked.text.endswith("the mill!") == (elicitation == "template")
    with pytest.raises(InputError, match="leaves no room for an answer of 10"):
        probe(stage, "the mill", tokenizer, context=asked.tokens + 9, answer_tokens=10, template=template)


def test_a_stage_without_a_template_cannot_be_asked_by_one(tmp_path: Path) -> None:
    tokenizer = tokenizer_of(make_checkpoint(tmp_path / "model", template=None))
    stage = Stage(name="base", kind="pretrained", model="./model", elicitation="chat")
    with pytest.raises(InputError, match="no chat template"):
        probe(stage, "the mill", tokenizer, context=None, answer_tokens=10)


ROWS: dict[str, list[dict[str, Any]]] = {
    "sft": [{"prompt": f"the old mill {n}", "completion": "the quiet bridge"} for n in range(12)],
    "rl": [{"prompt": f"the old mill {n}"} for n in range(12)],
    "pretrain": [{"text": f"the old mill {n} and the quiet bridge"} for n in range(40)],
}
RECIPES: dict[str, dict[str, Any]] = {
    "sft": {"num_train_epochs": 2, "per_device_train_batch_size": 4, "max_length": 64},
    "rl": {
        "reward": "helpfulness",
        "max_steps": 3,
        "per_device_train_batch_size": 4,
        "num_generations": 2,
        "max_completion_length": 8,
    },
    "pretrain": {
        "architecture": {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 1, "num_attention_heads": 2},
        "tokenizer": {"vocab_size": 300},
        "max_length": 32,
    },
}


def trained(kind: StageKind, folder: Path, **recipe: Any) -> Stage:
    (folder / "rows.jsonl").write_text("".join(json.dumps(each) + "\n" for each in ROWS[kind]))
    mixture = Mixture(sources=(Source(name="rows", path="./rows.jsonl"),))
    return Stage(name=kind, kind=kind, recipe=RECIPES[kind] | recipe, mixture=mixture)


@pytest.mark.parametrize("kind", ["sft", "rl", "pretrain"])
def test_a_stage_is_examined_without_its_weights(kind: StageKind, tmp_path: Path) -> None:
    parent = make_checkpoint(tmp_path / "model")
    for weights in parent.glob("*.safetensors"):
        weights.unlink()
    stage = trained(kind, tmp_path)
    before = sorted(tmp_path.rglob("*"))
    found = examine(stage, tokenizer_from=None if kind == "pretrain" else parent, folder=tmp_path, seed=0, gpu="a100")
    assert sorted(tmp_path.rglob("*")) == before
    assert found.size.parameters > 10_000
    assert found.cost.memory.total > 16 * found.size.parameters
    assert found.cost.hours > 0
    assert "parameters, all trained" in found.sentence()
    assert "(a100)" in found.sentence()
    if kind == "sft":
        (source,) = found.sources
        assert (source.rows, found.cost.steps, found.cost.tokens) == (12, 6, 2 * source.tokens)
        assert source.trained_tokens > 0
    if kind == "rl":
        assert (found.sources[0].rows, found.cost.steps) == (12, 3)
        # Half of the 6 steps of an epoch, in which each prompt is answered twice.
        assert found.cost.tokens == found.sources[0].tokens + 12 * 8
    if kind == "pretrain":
        assert found.sources == ()
        assert found.cost.tokens > 40 * 5


def test_rows_that_are_cut_are_said(tmp_path: Path) -> None:
    parent = make_checkpoint(tmp_path / "model")
    stage = trained("sft", tmp_path)
    longer = {"prompt": "the old mill " * 40, "completion": "bridge"}
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(each) + "\n" for each in [*ROWS["sft"], longer]))
    (warning,) = examine(stage, tokenizer_from=parent, folder=tmp_path, seed=0, gpu="a100").warnings
    assert warning == "Stage 'sft': in source 'rows' 1 of 13 rows lose all that is trained on to `max_length` 64."


def test_what_cannot_be_trained_on_is_refused(tmp_path: Path) -> None:
    parent = make_checkpoint(tmp_path / "model")
    with pytest.raises(InputError, match="is cut away"):
        examine(trained("sft", tmp_path, max_length=3), tokenizer_from=parent, folder=tmp_path, seed=0)
    with pytest.raises(InputError, match="beside `max_completion_length`"):
        examine(trained("rl", tmp_path, max_completion_length=95), tokenizer_from=parent, folder=tmp_path, seed=0)
    bare = make_checkpoint(tmp_path / "bare", template=None)
    with pytest.raises(InputError, match="no chat template"):
        examine(trained("sft", tmp_path), tokenizer_from=bare, folder=tmp_path, seed=0)
    with pytest.raises(InputError, match="configuration of"):
        examine(trained("sft", tmp_path), tokenizer_from=tmp_path, folder=tmp_path, seed=0)
