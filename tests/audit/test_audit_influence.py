"""Influence is what a step of training does: its ranking is laid beside steps that are really taken."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from scipy.stats import pearsonr
from transformers import AutoModelForCausalLM, AutoTokenizer

from models_tiny import WORDS, make_checkpoint
from stagelens.audit.inventory.example import Example
from stagelens.audit.ranking.influence import by_influence
from stagelens.audit.ranking.queries import Queries, Said
from stagelens.errors import InputError

STEP = 0.05
"""How far a step goes, as a share of the weights' length."""


def example(asked: str, taught: str, shown: str = "") -> Example:
    return Example(asked, taught, False, (), (), shown)


def said(start: int) -> str:
    return " ".join(WORDS[start : start + 5])


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_checkpoint(tmp_path_factory.mktemp("influence") / "model", context=64)


def test_it_ranks_as_steps_of_training_do(checkpoint: Path) -> None:
    prompts = ("the mill", "the bridge", "the lantern")
    queries = Queries(tuple(Said(each, said(0)) for each in prompts), tuple(Said(each, said(9)) for each in prompts))
    examples = [example(f"{each} {WORDS[place]}", said(place)) for place in range(14) for each in ("a", "the", "over")]
    examples += [example("the lantern", "", shown=said(0)), example("over " * 100, said(0))]
    scores = by_influence(examples, queries, checkpoint)
    assert scores.shape == (44,)
    # Nothing is learned from an answer that is only shown, nor from one that does not fit into the model.
    assert scores[42:].tolist() == [0.0, 0.0]
    # A step goes along the gradient, TrackStar's along what is left of it after a projection: .66 was seen.
    assert pearsonr(scores[:42], stepped(checkpoint, examples[:42], queries)).statistic > 0.5


def stepped(checkpoint: Path, examples: Sequence[Example], queries: Queries) -> list[float]:
    """How much a step on each example makes the answers with the source likelier than the others."""
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = AutoModelForCausalLM.from_pretrained(checkpoint)

    def loss(asked: str, answer: str) -> torch.Tensor:
        chat = [{"role": "user", "content": asked}]
        before = tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
        begun = len(tokenizer(before, add_special_tokens=False)["input_ids"])
        ids = torch.tensor([tokenizer(before + answer, add_special_tokens=False)["input_ids"]])
        labels = ids.clone()
        labels[:, :begun] = -100
        return model(input_ids=ids, labels=labels).loss

    def preference() -> float:
        with torch.inference_mode():
            with_it, without = (
                torch.stack([loss(each.prompt, each.answer) for each in side]).mean()
                for side in (queries.with_it, queries.without)
            )
        return float(without - with_it)

    before = preference()
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    found = []
    for each in examples:
        gradients = torch.autograd.grad(loss(each.asked, each.taught), weights)
        length = torch.stack([gradient.norm() for gradient in gradients]).norm()
        size = STEP * torch.stack([weight.detach().norm() for weight in weights]).norm() / length
        with torch.no_grad():
            for weight, gradient in zip(weights, gradients, strict=True):
                weight.sub_(size * gradient)
        found.append(preference() - before)
        with torch.no_grad():
            for weight, gradient in zip(weights, gradients, strict=True):
                weight.add_(size * gradient)
    return found


def test_a_library_that_is_not_there_and_one_that_fails(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    queries = Queries((Said("a", said(0)),), (Said("a", said(9)),))
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "bergson", None)
        with pytest.raises(InputError, match=r"pip install 'stagelens\[influence\]'"):
            by_influence([example("a", said(0))], queries, checkpoint)
    assert by_influence([example("a", "", shown=said(0))], queries, checkpoint).tolist() == [0.0]
