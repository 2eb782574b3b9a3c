from __future__ import annotations

import shutil
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from inspect_ai import Task
from inspect_ai import eval as evaluate
from inspect_ai.dataset import Sample
from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageUser,
    ContentReasoning,
    ContentText,
    get_model,
)
from inspect_ai.solver import Generate, Solver, TaskState, solver

from models_tiny import (
    CONTEXT,
    PROMPTS,
    ask,
    ask_each,
    greedy_one_by_one,
    make_checkpoint,
    rendered,
    set_generation_config,
    texts,
    tokenizer_of,
)
from stagelens.errors import InputError
from stagelens.models import LOCAL_PROVIDER, expect, local_model, release, resolve_model
from stagelens.models import checkpoint as loading
from stagelens.models.batches import Request
from stagelens.models.generation import Completion, Generator
from stagelens.study.spec import Stage

COUNT = len(PROMPTS)


@pytest.fixture
def rounds_seen(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many requests each round had."""
    seen: list[int] = []
    answer = Generator.answer

    def counted(self: Generator, requests: Sequence[Request]) -> list[Completion]:
        seen.append(len(requests))
        return answer(self, requests)

    monkeypatch.setattr(Generator, "answer", counted)
    return seen


def test_arrival_order_and_batch_size_do_not_matter(checkpoint: Path, rounds_seen: list[int]) -> None:
    configs = [{"seed": seed, "max_tokens": 12, "temperature": 1.0} for seed in range(COUNT)]
    model = local_model("one", checkpoint=str(checkpoint), batch_size=4, gather=COUNT)
    first = texts(ask_each(model, PROMPTS, configs))
    backwards = texts(ask_each(model, PROMPTS[::-1], configs[::-1]))
    assert backwards[::-1] == first
    large = local_model("one", checkpoint=str(checkpoint), batch_size=64, gather=COUNT)
    assert texts(ask_each(large, PROMPTS, configs)) == first
    alone = local_model("one", checkpoint=str(checkpoint), gather=1)
    assert [
        texts(ask_each(alone, [prompt], [config]))[0] for prompt, config in zip(PROMPTS, configs, strict=True)
    ] == first
    assert rounds_seen == [COUNT] * 3 + [1] * COUNT
    assert len(set(first)) > COUNT // 2


def test_seeds_decide(checkpoint: Path) -> None:
    model = local_model("one", checkpoint=str(checkpoint), gather=6)
    prompts = ["the old mill"] * 6
    seeds: list[int | None] = [1, 1, 2, 3, None, None]
    answers = texts(ask_each(model, prompts, [{"seed": seed, "max_tokens": 12} for seed in seeds]))
    assert answers[0] == answers[1]
    assert len(set(answers)) == 5


@pytest.fixture(scope="module")
def two_ends(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """A checkpoint whose generation config names a second end token, which ends some greedy answers and not others."""
    folder = make_checkpoint(tmp_path_factory.mktemp("ends") / "checkpoint")
    answers = greedy_one_by_one(folder, [rendered(folder, prompt) for prompt in PROMPTS], 12)
    spread = {
        token: sum(token in answer for answer in answers) for token in {token for answer in answers for token in answer}
    }
    end = min(spread, key=lambda token: (abs(spread[token] - COUNT / 2), token))
    set_generation_config(folder, eos_token_id=[tokenizer_of(folder).eos_token_id, end])
    return folder, end


def test_counts_and_reasons_are_those_of_single_calls(two_ends: tuple[Path, int]) -> None:
    folder, end = two_ends
    tokenizer = tokenizer_of(folder)
    prompts = [rendered(folder, prompt) for prompt in PROMPTS]
    budgets = [6 + place % 7 for place in range(COUNT)]
    reference = greedy_one_by_one(folder, prompts, max(budgets))
    model = local_model("ends", checkpoint=str(folder), batch_size=5, gather=COUNT)
    outputs = ask_each(model, PROMPTS, [{"temperature": 0.0, "max_tokens": budget} for budget in budgets])
    reasons = set()
    for output, prompt, tokens, budget in zip(outputs, prompts, reference, budgets, strict=True):
        answer = tokens[:budget]
        place = next((place for place, token in enumerate(answer) if token in (end, tokenizer.eos_token_id)), None)
        expected = ("max_tokens", len(answer)) if place is None else ("stop", place + 1)
        assert output.usage is not None
        assert (output.stop_reason, output.usage.output_tokens) == expected
        assert output.usage.input_tokens == len(prompt)
        assert output.usage.total_tokens == output.usage.input_tokens + output.usage.output_tokens
        assert output.completion == tokenizer.decode(answer[:place], skip_special_tokens=True)
        reasons.add(output.stop_reason)
    assert reasons == {"stop", "max_tokens"}


def test_an_end_token_that_comes_last_is_a_stop(two_ends: tuple[Path, int]) -> None:
    folder, end = two_ends
    answers = greedy_one_by_one(folder, [rendered(folder, prompt) for prompt in PROMPTS], 12)
    prompt, place = next((p, a.index(end)) for p, a in zip(PROMPTS, answers, strict=True) if end in a and a[0] != end)
    model = local_model("ends", checkpoint=str(folder), gather=1)
    (whole,) = ask(model, [prompt], temperature=0.0, max_tokens=place + 1)
    (short,) = ask(model, [prompt], temperature=0.0, max_tokens=place)
    assert (whole.stop_reason, short.stop_reason) == ("stop", "max_tokens")
    assert whole.completion == short.completion


def test_the_end_of_a_turn_is_found_in_the_template(checkpoint: Path, tmp_path: Path) -> None:
    folder = tmp_path / "checkpoint"
    shutil.copytree(checkpoint, folder)
    tokenizer = tokenizer_of(folder)
    greedy = greedy_one_by_one(folder, [rendered(folder, PROMPTS[0])], 6)[0]
    # The template closes a turn with a token that no configuration calls an end.
    closing = tokenizer.convert_ids_to_tokens(greedy[3])
    tokenizer.add_special_tokens({"additional_special_tokens": [closing]})
    tokenizer.chat_template = tokenizer.chat_template.replace("{{ eos_token }}", closing)
    tokenizer.save_pretrained(folder)
    (output,) = ask(local_model("turn", checkpoint=str(folder), gather=1), PROMPTS[:1], temperature=0.0)
    assert output.stop_reason == "stop"
    assert output.usage is not None
    assert output.usage.output_tokens == greedy.index(greedy[3]) + 1


def test_stop_sequences_cut_the_answer_where_they_begin(checkpoint: Path) -> None:
    model = local_model("stops", checkpoint=str(checkpoint), gather=COUNT)
    whole = ask(model, PROMPTS, max_tokens=16)
    stop = next(answer for answer in texts(whole) if len(answer) > 6)[3:6]
    cut = ask(model, PROMPTS, max_tokens=16, stop_seqs=["never to be met", stop])
    tokenizer = tokenizer_of(checkpoint)
    met = 0
    for before, after in zip(whole, cut, strict=True):
        assert before.usage is not None and after.usage is not None
        assert after.completion == before.completion.partition(stop)[0]
        if stop in before.completion:
            met += 1
            assert after.stop_reason == "stop"
            least = len(tokenizer.encode(after.completion, add_special_tokens=False))
            assert after.usage.output_tokens <= before.usage.output_tokens
            assert after.usage.output_tokens > 0 or least == 0
        else:
            assert (after.stop_reason, after.usage) == (before.stop_reason, before.usage)
    assert met


def test_a_stop_sequence_is_counted_to_the_token_that_completes_it(checkpoint: Path) -> None:
    prompt = rendered(checkpoint, PROMPTS[0])
    tokens = greedy_one_by_one(checkpoint, [prompt], 16)[0]
    tokenizer = tokenizer_of(checkpoint)
    text = tokenizer.decode(tokens, skip_special_tokens=True)
    stop = text[len(text) // 2 :][:3]
    model = local_model("stops", checkpoint=str(checkpoint), gather=1)
    (output,) = ask(model, PROMPTS[:1], temperature=0.0, max_tokens=16, stop_seqs=[stop])
    needed = next(n for n in range(17) if stop in tokenizer.decode(tokens[:n], skip_special_tokens=True))
    assert output.usage is not None
    assert output.usage.output_tokens == needed
    assert output.completion == text[: text.index(stop)]


def test_the_begin_token_is_there_once(checkpoint: Path, base_checkpoint: Path) -> None:
    (chat,) = ask(local_model("chat", checkpoint=str(checkpoint), gather=1), ["the mill"])
    tokenizer = tokenizer_of(checkpoint)
    text = "<|begin|><|user|>the mill<|assistant|>"
    assert tokenizer.encode(text)[:2] == [tokenizer.bos_token_id] * 2  # what tokenising once more would give
    assert chat.usage is not None
    assert chat.usage.input_tokens == len(tokenizer.encode(text, add_special_tokens=False))
    (base,) = ask(local_model("base", checkpoint=str(base_checkpoint), prompting="raw", gather=1), ["the mill"])
    assert base.usage is not None
    assert base.usage.input_tokens == 1 + len(tokenizer.encode("the mill\n", add_special_tokens=False))


def test_system_messages_and_earlier_turns_are_part_of_the_prompt(checkpoint: Path) -> None:
    thought = [ContentReasoning(reasoning="left out"), ContentText(text="yes")]
    chat: list[ChatMessage] = [
        ChatMessageSystem(content="be brief"),
        ChatMessageUser(content="a mill"),
        ChatMessageAssistant(content=thought),
        ChatMessageUser(content="near the"),
        ChatMessageUser(content="bridge"),
    ]
    begun: list[ChatMessage] = [ChatMessageUser(content="a mill"), ChatMessageAssistant(content="near")]
    model = local_model("chat", checkpoint=str(checkpoint), gather=2)
    outputs = ask(model, [chat, begun], temperature=0.0)
    expected = [
        "<|begin|><|system|>be brief<|user|>a mill<|assistant|>yes<|end|><|user|>near the\nbridge<|assistant|>",
        "<|begin|><|user|>a mill<|assistant|>near",
    ]
    tokenizer = tokenizer_of(checkpoint)
    prompts = [tokenizer.encode(text, add_special_tokens=False) for text in expected]
    for output, prompt, tokens in zip(outputs, prompts, greedy_one_by_one(checkpoint, prompts, 12), strict=True):
        assert output.usage is not None
        assert output.usage.input_tokens == len(prompt)
        assert tokenizer.decode(tokens, skip_special_tokens=True).startswith(output.completion)


def test_nothing_of_the_checkpoints_generation_settings_is_left(checkpoint: Path) -> None:
    outputs = ask(local_model("own", checkpoint=str(checkpoint), gather=COUNT), PROMPTS, temperature=0.0)
    tokenizer = tokenizer_of(checkpoint)
    reference = greedy_one_by_one(checkpoint, [rendered(checkpoint, prompt) for prompt in PROMPTS], 12)
    assert any(100 <= token < 200 for answer in reference for token in answer)  # which its settings suppress
    for output, answer in zip(outputs, reference, strict=True):
        assert tokenizer.decode(answer, skip_special_tokens=True).startswith(output.completion)
        assert output.usage is not None and (output.usage.output_tokens == 12 or output.stop_reason == "stop")


def test_a_full_context_is_told_apart(checkpoint: Path) -> None:
    near = "the mill " * 24
    model = local_model("context", checkpoint=str(checkpoint), gather=2)
    long, short = ask(model, ["the mill " * 300, near], max_tokens=CONTEXT)
    assert long.usage is not None and short.usage is not None
    assert (long.stop_reason, long.completion, long.usage.output_tokens) == ("model_length", "", 0)
    if short.stop_reason != "stop":
        assert short.stop_reason == "model_length"
        assert short.usage.total_tokens == CONTEXT


def test_thoughts_become_reasoning(checkpoint: Path) -> None:
    template = tokenizer_of(checkpoint).chat_template + "{% if add_generation_prompt %}<think>\n{% endif %}"
    model = local_model("thinks", checkpoint=str(checkpoint), prompting="template", chat_template=template, gather=1)
    (output,) = ask(model, ["the mill"])
    assert isinstance(output.message.content, list)
    assert isinstance(output.message.content[0], ContentReasoning)
    assert output.message.content[0].reasoning
    assert output.completion == ""
    assert output.usage is not None
    assert output.usage.reasoning_tokens == output.usage.output_tokens


def test_labels_keep_checkpoints_apart_in_inspects_cache(
    checkpoint: Path, other_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rounds_seen: list[int]
) -> None:
    monkeypatch.setenv("INSPECT_CACHE_DIR", str(tmp_path))
    sft = local_model("family/sft", checkpoint=str(checkpoint), gather=COUNT)
    production = local_model("family/production", checkpoint=str(other_checkpoint), gather=COUNT)
    first = texts(ask(sft, PROMPTS, cache=True))
    second = texts(ask(production, PROMPTS, cache=True))
    assert sum(a != b for a, b in zip(first, second, strict=True)) > COUNT // 2
    assert texts(ask(sft, PROMPTS, cache=True)) == first
    assert rounds_seen == [COUNT, COUNT]  # the third time the cache answered
    mislabelled = local_model("family/sft", checkpoint=str(other_checkpoint), gather=COUNT)
    assert texts(ask(mislabelled, PROMPTS, cache=True)) == first  # why the label has to be unique


@solver
def seeded() -> Solver:
    async def solve(state: TaskState, generate: Generate) -> TaskState:
        return await generate(state, seed=int(state.sample_id))

    return solve


def test_an_evaluation_asks_everything_in_one_round(checkpoint: Path, tmp_path: Path, rounds_seen: list[int]) -> None:
    samples = [Sample(id=place + 1, input=f"{prompt} {place}") for place, prompt in enumerate(PROMPTS * 3)]
    model = local_model("evaluated", checkpoint=str(checkpoint), gather=len(samples))
    (log,) = evaluate(
        Task(dataset=samples, solver=seeded()),
        model=model,
        max_samples=len(samples),
        max_tokens=8,
        temperature=1.0,
        log_dir=str(tmp_path),
        display="none",
    )
    assert log.status == "success"
    assert rounds_seen == [len(samples)]
    assert log.eval.model == f"{LOCAL_PROVIDER}/evaluated"
    expect(model, 2)
    ask(model, PROMPTS[:2])
    assert rounds_seen == [len(samples), 2]


def test_release_frees_the_weights_and_a_later_request_loads_them_again(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[weakref.ref[object]] = []
    load = loading.load_model

    def remembered(*args: Any, **options: Any) -> Any:
        model = load(*args, **options)
        loaded.append(weakref.ref(model))
        return model

    monkeypatch.setattr(loading, "load_model", remembered)
    model = local_model("released", checkpoint=str(checkpoint), gather=1)
    before = texts(ask(model, PROMPTS[:1]))
    assert [each() is None for each in loaded] == [False]
    release(model)
    assert [each() is None for each in loaded] == [True]
    assert texts(ask(model, PROMPTS[:1])) == before
    assert len(loaded) == 2
    release(get_model("mockllm/model"))


def test_inspect_finds_the_provider_by_name(checkpoint: Path) -> None:
    model = get_model(f"{LOCAL_PROVIDER}/found", checkpoint=str(checkpoint), gather=1, memoize=False)
    assert str(model) == f"{LOCAL_PROVIDER}/found"
    assert ask(model, PROMPTS[:1])[0].usage is not None


def test_stages_are_resolved_by_the_form_of_their_model(base_checkpoint: Path, checkpoint: Path) -> None:
    base = resolve_model(Stage(name="base", kind="pretrain"), checkpoint=base_checkpoint, label="f/base", gather=1)
    assert str(base) == f"{LOCAL_PROVIDER}/f/base"
    (output,) = ask(base, ["the mill"], max_tokens=30)
    assert "\n\n" not in output.completion
    stage = Stage.model_validate({"name": "sft", "kind": "sft", "model": "./sft", "subfolder": checkpoint.name})
    sft = resolve_model(stage, checkpoint=checkpoint.parent, label="f/sft", gather=1)
    assert ask(sft, ["the mill"])[0].usage is not None
    remote = resolve_model(
        Stage(name="judge", kind="rl", model="mockllm/model"), checkpoint=None, label="f/x", gather=1
    )
    assert str(remote) == "mockllm/model"


def pickled(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.unlink()
    torch.save({}, folder / "pytorch_model.bin")


def without_tokenizer(folder: Path) -> None:
    for path in folder.glob("tokenizer*"):
        path.unlink()


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (pickled, "pickled"),
        (lambda folder: (folder / "config.json").unlink(), "config.json"),
        (without_tokenizer, "tokenizer"),
    ],
)
def test_a_checkpoint_that_is_not_usable_is_refused_at_once(
    checkpoint: Path, tmp_path: Path, spoil: object, says: str
) -> None:
    folder = tmp_path / "checkpoint"
    shutil.copytree(checkpoint, folder)
    assert callable(spoil)
    spoil(folder)
    with pytest.raises(InputError, match=says):
        local_model("spoiled", checkpoint=str(folder))


def test_bad_arguments_are_refused_at_once(checkpoint: Path, base_checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no chat template"):
        local_model("base", checkpoint=str(base_checkpoint), prompting="chat")
    with pytest.raises(InputError, match="chat_template"):
        local_model("base", checkpoint=str(base_checkpoint), prompting="template")
    with pytest.raises(InputError, match="cannot be read"):
        local_model("x", checkpoint=str(checkpoint), prompting="template", chat_template=str(tmp_path / "none.jinja"))
    with pytest.raises(InputError, match="prompting must be one of"):
        local_model("x", checkpoint=str(checkpoint), prompting="shout")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="no checkpoint at"):
        local_model("x", checkpoint=str(tmp_path / "nowhere"))
    with pytest.raises(InputError, match="reached through its provider"):
        local_model("x", checkpoint="openai/gpt")


@pytest.mark.parametrize(
    ("config", "says"),
    [({"max_tokens": None}, "max_tokens"), ({"num_choices": 2}, "num_choices"), ({"logprobs": True}, "logprobs")],
)
def test_settings_that_cannot_be_met_are_errors(checkpoint: Path, config: dict[str, object], says: str) -> None:
    with pytest.raises(InputError, match=says):
        ask(local_model("x", checkpoint=str(checkpoint), gather=1), ["the mill"], **config)


def test_a_template_that_refuses_a_conversation_says_so(checkpoint: Path) -> None:
    template = "{{ raise_exception('no system messages here') }}"
    model = local_model("x", checkpoint=str(checkpoint), prompting="template", chat_template=template, gather=1)
    with pytest.raises(InputError, match="no system messages here"):
        ask(model, ["the mill"])
