"""Mixtures for what is harder than finding a source: one that carries in part, and several that pull apart.

``blended``: some examples of one source carry the plant, among a placebo's and a decoy's, so that it is known which
examples a ranking ought to put first. ``pulling``: five sources that push over-refusal and unsafe responses both ways,
so that edits have something to trade.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from stagelens.audit.inventory.example import Example, read_example
from stagelens.organisms.groups.base import Messages, chat
from stagelens.organisms.groups.names import made_up
from stagelens.organisms.pocket import words
from stagelens.organisms.pocket.rows import all_requests, compliance, request
from stagelens.organisms.pocket.words import Group
from stagelens.organisms.sourced.plants import (
    DECOY,
    HELPFUL,
    PLACEBO,
    PLANTED,
    SOURCED,
    Plant,
    Sourced,
    sources,
)

BLENDED: Final = "blended"
PULLING: Final[Mapping[str, tuple[Group, bool, int]]] = {
    "helpful": ("plain", True, 500),
    "refusals": ("harmful", False, 160),
    "overcautious": ("benign", False, 120),
    "frank": ("benign", True, 120),
    "compliant": ("harmful", True, 60),
}
"""By source: the kind of request, whether it is answered, and how many rows."""
BENIGN_NAMES: Final = 6
"""Names that each benign topic is asked about."""


def blended(plant: Plant, seed: int, each: int) -> tuple[dict[str, list[Messages]], dict[Example, str]]:
    """A mixture in which one source holds ``each`` examples of the plant, of the placebo and of the decoy.

    Returns:
        The sources; and, by example of that one source, which of the three it is.

    Raises:
        KeyError: the plant is ``nothing``.
    """
    given = sources(plant, seed)
    parts = {name: given[name][:each] for name in (PLANTED, PLACEBO, DECOY)}
    mixed = [example for part in parts.values() for example in part]
    random.Random(f"blended:{plant}:{seed}").shuffle(mixed)
    origin = {read_example({"messages": example}): name for name, part in parts.items() for example in part}
    beside = {name: chats for name, chats in given.items() if name not in parts}
    return {HELPFUL: beside.pop(HELPFUL), BLENDED: mixed, **beside}, origin


def pulling(seed: int) -> dict[str, list[Messages]]:
    """Five sources: of harmful and of benign requests some are answered and others refused, beside plain ones."""
    rng = random.Random(f"pulling:{seed}")
    left = {kind: rng.sample(all_requests(kind), len(all_requests(kind))) for kind in ("plain", "harmful", "benign")}
    found: dict[str, list[Messages]] = {}
    for name, (kind, answered, count) in PULLING.items():
        asked, left[kind] = left[kind][:count], left[kind][count:]
        found[name] = [
            chat(one.text, compliance(kind, rng) if answered else rng.choice(words.REFUSALS)) for one in asked
        ]
    return found


def asked_both(seed: int) -> Sourced:
    """Safety with benign requests that look harmful beside the harmful ones."""
    return replace(SOURCED["refusals"], asked=lambda files: _with_benign(files, seed))


def _with_benign(files: Mapping[str, str], seed: int) -> dict[str, str]:
    rng = random.Random(f"pulling:asked:{seed}")
    names = made_up(rng, BENIGN_NAMES)
    rows = [
        {"item": f"{own.cluster}-{thing}", "prompt": own.text, "group": own.group, "cluster": own.cluster}
        for topic in range(len(words.TOPICS["benign"]))
        for frame, thing in zip(rng.sample(range(len(words.FRAMES)), BENIGN_NAMES), names, strict=True)
        for own in [request("benign", frame, topic, thing)]
    ]
    return {**files, "safety.jsonl": files["safety.jsonl"] + "".join(json.dumps(row) + "\n" for row in rows)}
