"""Influence by other roads: steps that are really taken, and kronfluence, a second library."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from kronfluence import Analyzer, FactorArguments, Task, prepare_model
from torch.utils.data import Dataset
from transformers import AutoModelForCausalLM, AutoTokenizer

from stagelens.audit.inventory.example import Example
from stagelens.audit.ranking.queries import Queries, Said

STEP = 0.05
"""How far a step goes, as a share of the weights' length."""
Batch = dict[str, torch.Tensor]


def chats(pairs: Sequence[tuple[str, str]], checkpoint: Path) -> list[Batch]:
    """Each (asked, answer) as the stage is trained on it: the answer alone is learned."""
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    found = []
    for asked, answer in pairs:
        chat = [{"role": "user", "content": asked}]
        before = tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
        begun = len(tokenizer(before, add_special_tokens=False)["input_ids"])
        ids = torch.tensor(tokenizer(before + answer, add_special_tokens=False)["input_ids"])
        labels = ids.clone()
        labels[:begun] = -100
        found.append({"input_ids": ids, "labels": labels})
    return found


def taught(examples: Sequence[Example]) -> list[tuple[str, str]]:
    return [(each.asked, each.taught) for each in examples]


def answers(said: Sequence[Said]) -> list[tuple[str, str]]:
    return [(each.prompt, each.answer) for each in said]


def stepped(checkpoint: Path, examples: Sequence[Example], queries: Queries) -> list[float]:
    """How much a step on each example makes the answers with the source likelier than the others."""
    model = AutoModelForCausalLM.from_pretrained(checkpoint)
    with_it, without = (chats(answers(side), checkpoint) for side in (queries.with_it, queries.without))

    def loss(chat: Batch) -> torch.Tensor:
        return model(**{name: ids[None] for name, ids in chat.items()}).loss

    def preference() -> float:
        with torch.inference_mode():
            likely, unlikely = (torch.stack([loss(chat) for chat in side]).mean() for side in (with_it, without))
        return float(unlikely - likely)

    before = preference()
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    found = []
    for chat in chats(taught(examples), checkpoint):
        gradients = torch.autograd.grad(loss(chat), weights)
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


def kronfluence_scores(checkpoint: Path, examples: Sequence[Example], queries: Queries, folder: Path) -> list[float]:
    """EK-FAC's influence of each example (Grosse et al. 2023), of unit length under its own metric: the mean over the
    answers with the source less that over the others."""
    model = prepare_model(AutoModelForCausalLM.from_pretrained(checkpoint), _Answers())
    analyzer = Analyzer("peer", model, _Answers(), cpu=True, output_dir=str(folder), disable_tqdm=True)
    training = _Chats(chats(taught(examples), checkpoint))
    asked = _Chats(chats(answers((*queries.with_it, *queries.without)), checkpoint))
    one = {"per_device_train_batch_size": 1}  # chats differ in length
    analyzer.fit_all_factors("factors", training, factor_args=FactorArguments("ekfac"), per_device_batch_size=1)
    analyzer.compute_pairwise_scores("scores", "factors", asked, training, per_device_query_batch_size=1, **one)
    analyzer.compute_self_scores("lengths", "factors", training, **one)
    scores = analyzer.load_pairwise_scores("scores")["all_modules"]
    lengths = analyzer.load_self_scores("lengths")["all_modules"].sqrt()
    count = len(queries.with_it)
    return ((scores[:count].mean(0) - scores[count:].mean(0)) / lengths).tolist()


class _Chats(Dataset[Batch]):
    def __init__(self, chats: Sequence[Batch]) -> None:
        self._chats = chats

    def __len__(self) -> int:
        return len(self._chats)

    def __getitem__(self, place: int) -> Batch:
        return self._chats[place]


class _Answers(Task):
    """The mean loss of an answer's tokens, for what is learned as for what is asked."""

    def compute_train_loss(self, batch: Batch, model: Any, sample: bool = False) -> torch.Tensor:
        logits = model(batch["input_ids"]).logits[:, :-1].flatten(0, 1)
        labels = batch["labels"][:, 1:].flatten()
        if sample:
            with torch.no_grad():
                drawn = torch.multinomial(logits.softmax(-1), 1).flatten()
            labels = torch.where(labels == -100, labels, drawn)
        return torch.nn.functional.cross_entropy(logits, labels)

    def compute_measurement(self, batch: Batch, model: Any) -> torch.Tensor:
        return self.compute_train_loss(batch, model)
