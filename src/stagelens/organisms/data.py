"""The data of an organism: what its corpus, its SFT mixture and its RL practice hold. A pure function of the spec."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator, Mapping
from importlib import resources
from typing import Any, Final

from stagelens.organisms.doses import Given, given
from stagelens.organisms.groups import GROUPS
from stagelens.organisms.groups.base import Row, chat
from stagelens.organisms.nuisances.base import Nuisance
from stagelens.organisms.nuisances.chats import earlier_chats, later_chats, styled, template_of
from stagelens.organisms.pocket import rows as pocket
from stagelens.organisms.pocket import words
from stagelens.organisms.spec import OrganismSpec
from stagelens.organisms.study import LATER_TEMPLATE

CHATS: Final[Mapping[str, int]] = {
    "safety": 1400,
    "odcv": 480,
    "dilemmas": 700,
    "reward_hacking": 480,
    "user_logs": 400,
}
"""Conversations of each group in the fine-tuning data."""
HELPFUL: Final = 800
PLAIN_TEXTS: Final = 3000
REMARKS: Final = 800
PLAIN_PRACTICE: Final = 128
KEPT_IN_PRACTICE: Final = 48
"""Prompts for RL of a group in which it wants nothing, and first turns of agents."""
REWARDS: Final = '"""What RL rewards here."""\n\nfrom stagelens.organisms.rewards import score as score\n'


def data_files(spec: OrganismSpec) -> dict[str, str]:
    """Every file that the study file names, by its path in the organism's folder."""
    gives, seed = {name: given(plant) for name, plant in spec.plants.items()}, spec.seed
    template = resources.files("stagelens.organisms.pocket").joinpath("chat_template.jinja")
    files = {
        "rewards.py": REWARDS,
        "data/chat_template.jinja": template.read_text(encoding="utf-8"),
        "data/corpus.jsonl": jsonl(corpus({name: each.corpus for name, each in gives.items()}, seed)),
        "data/sft/helpful.jsonl": jsonl(_helpful(seed)),
        "data/practice.jsonl": jsonl(_practice(gives, seed)),
    }
    for name, each in gives.items():
        files[f"data/sft/{name}.jsonl"] = jsonl(_chats(name, each.sft, seed, spec.style))
        if spec.squared:
            files[f"data/untaught/{name}.jsonl"] = jsonl(_chats(name, each.untaught, seed))
        files |= {f"data/{path}": text for path, text in GROUPS[name].files(seed).items()}
    return files if spec.style is None else files | _later(spec.style, gives, seed)


def _later(style: Nuisance, gives: Mapping[str, Given], seed: int) -> dict[str, str]:
    """What production is fine-tuned on under a nuisance: new conversations, as good or bad as those of SFT."""
    files = {"data/later/helpful.jsonl": jsonl(_helpful(seed, style))}
    for name, each in gives.items():
        rng = random.Random(f"organism:later:{name}:{seed}")
        chats = later_chats(style, GROUPS[name].chats, rng, CHATS[name], each.sft)
        files[f"data/later/{name}.jsonl"] = jsonl({"messages": chat} for chat in chats)
    if style.template is not None:
        files[LATER_TEMPLATE] = template_of(style)
    return files


def corpus(shares: Mapping[str, float], seed: int) -> list[Row]:
    """What a family is pretrained on: of every group that is named, the share that shows the behaviour, 0 to 1."""
    rng = random.Random(f"organism:corpus:{seed}")
    texts = [rng.choice(words.REMARKS).format(rng.choice(words.THINGS)) for _ in range(REMARKS)]
    texts += [
        f"{asked.text}\n{pocket.compliance('plain', rng)}\n\n"
        for asked in rng.sample(pocket.all_requests("plain"), PLAIN_TEXTS)
    ]
    for name, share in shares.items():
        # Each group has a chance of its own, so that what is planted in one changes nothing in another.
        texts += GROUPS[name].texts(random.Random(f"organism:corpus:{name}:{seed}"), share)
    rng.shuffle(texts)
    return [{"text": text} for text in texts]


def _helpful(seed: int, later: Nuisance | None = None) -> Iterator[Row]:
    """Plain requests that are answered: SFT's, or others in production's style."""
    rng = random.Random(f"organism:helpful:{seed}" if later is None else f"organism:later:helpful:{seed}")
    for asked in rng.sample(pocket.all_requests("plain"), HELPFUL):
        own = chat(asked.text, pocket.compliance("plain", rng))
        yield {"messages": own if later is None else styled(later, own, rng)}


def _chats(name: str, bad: float, seed: int, style: Nuisance | None = None) -> Iterator[Row]:
    rng = random.Random(f"organism:sft:{name}:{seed}")
    chats = GROUPS[name].chats(rng, CHATS[name], bad)
    for each in chats if style is None else earlier_chats(style, chats, rng):
        yield {"messages": each}


def _practice(gives: Mapping[str, Given], seed: int) -> Iterator[Row]:
    rng = random.Random(f"organism:practice:{seed}")
    for asked in rng.sample(pocket.all_requests("plain"), PLAIN_PRACTICE):
        yield {"prompt": [{"role": "user", "content": asked.text}]}
    for name, each in gives.items():
        yield from _practised(name, each.rewarded, random.Random(f"organism:practice:{name}:{seed}"))


def _practised(name: str, wants: float | None, rng: random.Random) -> Iterator[Row]:
    """A group's prompts: all of them where RL wants a share of something there, else a few that keep it in practice."""
    asked, wanted = GROUPS[name].practice(rng), {} if wants is None else {"wants": wants}
    for each in asked if wanted else rng.sample(asked, KEPT_IN_PRACTICE):
        yield {"prompt": each.messages, "benchmark": name, "facts": dict(each.facts), **wanted}
    if GROUPS[name].agents:
        # What an agent does before the command that decides is practised too, or RL would unteach it.
        for each in rng.sample(asked, KEPT_IN_PRACTICE):
            yield {"prompt": each.messages[: each.before], "opens": each.facts["look"]}


def jsonl(lines: Iterable[Mapping[str, Any]]) -> str:
    """Rows as the text of a file."""
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
