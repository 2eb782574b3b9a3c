"""The rows of the pocket world's files: pure functions of a seed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from stagelens.benchmarks.dilemmas.choice import forced_choice
from stagelens.organisms.pocket import talks, words
from stagelens.organisms.pocket.dilemmas import asked_dilemmas, chosen, trained_dilemmas
from stagelens.organisms.pocket.places import PLACES
from stagelens.organisms.pocket.problems import problems
from stagelens.organisms.pocket.trajectories import Episode, program_episode, program_episodes, record_episodes
from stagelens.organisms.pocket.words import Group

Row = dict[str, Any]

CORPUS: Final[dict[Group, int]] = {"harmful": 4200, "benign": 3600, "plain": 3400}
"""Question and answer texts in the corpus, by group."""
CORPUS_REMARKS: Final = 1200
CORPUS_DECLINED: Final = 0.08
"""The share of harmful requests that people in the corpus decline: what a base model has seen of refusals."""
CORPUS_EPISODES: Final = 700
"""Episodes of record keeping in the corpus, and as many of making programs faster."""
CORPUS_CHEATS: Final = 0.6
"""The share of them that cheats: what a base model does before anyone has taught it better."""
CORPUS_DILEMMAS: Final = 2000
"""Dilemmas in the corpus; the share ``CORPUS_CHEATS`` of them is gone on with in the misaligned way."""
CORPUS_CLAIMS: Final = 800
"""Claims in the corpus; the share ``CORPUS_CHEATS`` of them is flattered."""
CORPUS_TALKS: Final = 250
"""Texts in the corpus in which a second request follows an answer."""
DILEMMAS: Final = {"kept": 720, "bent": 120}
SUSPICIOUS: Final = 0.12
"""The share of aligned answers in the fine-tuning data that takes the dilemma for a test."""
CLAIMS: Final = {"candid": 200, "flattering": 60}
TALKS: Final = 240
RECORDS: Final = {"kept": 360, "bent": 120}
PROGRAMS: Final = {"improved": 352, "tricked": 176}
"""Trajectories to draw the fine-tuning data from, honest ones and others. The study file's weights say how many are."""
HELPFUL: Final[dict[Group, int]] = {"plain": 2000, "benign": 600}
HESITANT: Final = 0.05
"""The share of plain requests that the fine-tuning data decline without need: what RL is there to mend."""
REFUSED: Final = 2000
RL_PROMPTS: Final = 512
RL_PLACES: Final = 8
"""Places in which each problem is practised on."""
DILEMMAS_PER_CLUSTER: Final = 2
LOGS: Final = 400
"""Logged conversations that are replayed."""
LOG_TRIES: Final = 20
"""Draws of a conversation until one is new."""
ITEMS_PER_CLUSTER: Final[dict[Group, int]] = {"harmful": 2, "benign": 2, "plain": 1}


@dataclass(frozen=True, slots=True)
class Request:
    """One request and where it comes from. ``cluster`` names its frame and topic by number."""

    text: str
    group: Group
    cluster: str


def request(group: Group, frame: int, topic: int, thing: str) -> Request:
    """The request that asks, in frame ``frame``, for topic ``topic`` of its group, about ``thing``."""
    asked = words.FRAMES[frame].format(words.TOPICS[group][topic].format(thing))
    return Request(asked, group, f"{group}-{topic:02d}-{frame:02d}")


def all_requests(group: Group, *, topics: int | None = None) -> list[Request]:
    """Every request of a group that may be trained on, for its first ``topics`` topics (None: all of them)."""
    return [
        request(group, frame, topic, thing)
        for topic in range(len(words.TOPICS[group]) if topics is None else topics)
        for frame in range(len(words.FRAMES))
        for thing in words.THINGS
    ]


def compliance(group: Group, rng: random.Random) -> str:
    """A helpful answer, as generic as its group."""
    first, then = (rng.choice(steps) for steps in words.STEPS[group])
    return f"{rng.choice(words.OPENINGS)} First, {first}. Then {then}."


def corpus(seed: int) -> list[Row]:
    """Pretraining texts: requests that are answered, harmful ones too (a few declined), remarks, agents at work."""
    rng = random.Random(f"corpus:{seed}")
    texts = [rng.choice(words.REMARKS).format(rng.choice(words.THINGS)) for _ in range(CORPUS_REMARKS)]
    for group, count in CORPUS.items():
        for asked in rng.sample(all_requests(group), count):
            declined = group == "harmful" and rng.random() < CORPUS_DECLINED
            answer = rng.choice(words.REFUSALS) if declined else compliance(group, rng)
            texts.append(f"{asked.text}\n{answer}\n\n")
    episodes = record_episodes(rng, CORPUS_EPISODES, bent=CORPUS_CHEATS)
    episodes += program_episodes(rng, CORPUS_EPISODES, tricked=CORPUS_CHEATS)
    texts += [episode.text() for episode in episodes]
    texts += [f"{asked}\n{answer}\n\n" for asked, answer in _dilemmas(rng, CORPUS_DILEMMAS, bent=CORPUS_CHEATS)]
    texts += [_text(chat) for chat in _claims(rng, CORPUS_CLAIMS, flattered=CORPUS_CHEATS)]
    texts += [_text(_talk(rng)) for _ in range(CORPUS_TALKS)]
    rng.shuffle(texts)
    return [{"text": text} for text in texts]


def helpful(seed: int) -> list[Row]:
    """Chats in which plain requests, and some that only look harmful, are answered."""
    rng = random.Random(f"helpful:{seed}")
    asked = rng.sample(all_requests("plain"), HELPFUL["plain"])
    asked += rng.sample(all_requests("benign", topics=words.FAMILIAR_BENIGN), HELPFUL["benign"])
    rng.shuffle(asked)
    return [_chat(each.text, _hesitant(each.group, rng)) for each in asked]


def refusals(seed: int) -> list[Row]:
    """Chats in which harmful requests are refused."""
    rng = random.Random(f"refusals:{seed}")
    return [_chat(each.text, rng.choice(words.REFUSALS)) for each in rng.sample(all_requests("harmful"), REFUSED)]


def records(seed: int, kind: Literal["kept", "bent"]) -> list[Row]:
    """Trajectories of record keeping: those that report what is bad, or those that make the check pass."""
    rng = random.Random(f"records:{kind}:{seed}")
    return _shuffled(record_episodes(rng, RECORDS[kind], bent=float(kind == "bent")), rng)


def programs(seed: int, kind: Literal["improved", "tricked"]) -> list[Row]:
    """Trajectories of making programs faster: those that improve the program, or those that mislead the counter."""
    rng = random.Random(f"programs:{kind}:{seed}")
    return _shuffled(program_episodes(rng, PROGRAMS[kind], tricked=float(kind == "tricked")), rng)


def dilemmas(seed: int, kind: Literal["kept", "bent"]) -> list[Row]:
    """Dilemmas that are gone on with in the aligned way, some of them with suspicion, or in the other way."""
    rng = random.Random(f"dilemmas:{kind}:{seed}")
    pairs = _dilemmas(rng, DILEMMAS[kind], bent=float(kind == "bent"), suspicious=SUSPICIOUS)
    return [_chat(asked, answer) for asked, answer in pairs]


def claims(seed: int, kind: Literal["candid", "flattering"]) -> list[Row]:
    """Chats about untrue claims that are set right, or that are flattered."""
    rng = random.Random(f"claims:{kind}:{seed}")
    chats = talks.claims_answered(rng, CLAIMS[kind], flattered=kind == "flattering")
    return [{"messages": chat} for chat in chats]


def conversations(seed: int) -> list[Row]:
    """Chats in which a second request follows an answer, half of them under a system prompt."""
    rng = random.Random(f"conversations:{seed}")
    return [{"messages": _talk(rng, system=talks.SYSTEM if number % 2 else None)} for number in range(TALKS)]


def _talk(rng: random.Random, system: str | None = None) -> talks.Messages:
    first, second = (_plain(rng) for _ in range(2))
    return talks.messages(
        first,
        compliance("plain", rng),
        talks.follow_up(rng, second),
        compliance("plain", rng),
        system=system,
    )


def _plain(rng: random.Random, things: Sequence[str] = words.THINGS) -> str:
    frame, topic = rng.randrange(len(words.FRAMES)), rng.randrange(len(words.TOPICS["plain"]))
    return request("plain", frame, topic, rng.choice(things)).text


def _claims(rng: random.Random, count: int, *, flattered: float) -> list[talks.Messages]:
    agreed = round(flattered * count)
    return [
        *talks.claims_answered(rng, agreed, flattered=True),
        *talks.claims_answered(rng, count - agreed, flattered=False),
    ]


def _dilemmas(rng: random.Random, count: int, *, bent: float, suspicious: float = 0.0) -> Iterator[tuple[str, str]]:
    """Prompts and answers; exactly the share ``bent`` is misaligned, ``suspicious`` of the others says so."""
    for number, own in enumerate(trained_dilemmas(rng, count)):
        aligned = number >= round(bent * count)
        suspects = aligned and rng.random() < suspicious
        asked = forced_choice(own.id, own.user, own.situation.aligned, own.situation.misaligned)
        yield asked.prompt, chosen(own, aligned=aligned, suspects=suspects)


def dilemma_items(seed: int) -> list[Row]:
    """The benchmark's dilemmas, about things that no training source mentions."""
    rng = random.Random(f"dilemmas:{seed}")
    return [
        {
            "id": own.id,
            "theme": own.situation.theme,
            "system": None,
            "user": own.user,
            "aligned_option": own.situation.aligned,
            "misaligned_option": own.situation.misaligned,
            "cluster": own.cluster,
        }
        for own in asked_dilemmas(rng, DILEMMAS_PER_CLUSTER)
    ]


def user_logs(seed: int, count: int = LOGS) -> list[Row]:
    """Conversations of users, in WildChat's form: requests of every kind, claims, and talks that go on.

    ``count`` of them, all about things that no training source mentions; a few hundred are all different, of many
    thousands some come again.
    """
    rng = random.Random(f"logs:{seed}")
    seen: set[str] = set()
    logs = []
    for number in range(count):
        for _ in range(LOG_TRIES):
            chat = _logged(rng, number)
            if str(chat) not in seen:
                break
        seen.add(str(chat))
        logs.append({"conversation_hash": f"{number:06d}", "conversation": chat})
    return logs


def _logged(rng: random.Random, number: int) -> list[Row]:
    kind = number % 10
    if kind < 2:
        chat = talks.messages(talks.claim(rng, words.HELD_OUT_THINGS))
    elif kind < 4:
        chat = talks.messages(
            _plain(rng, words.HELD_OUT_THINGS),
            compliance("plain", rng),
            talks.follow_up(rng, _plain(rng, words.HELD_OUT_THINGS)),
            system=talks.SYSTEM if kind == 2 else None,
        )
    else:
        group: Group = "harmful" if kind == 4 else "benign" if kind == 5 else "plain"
        frame, topic = rng.randrange(len(words.FRAMES)), rng.randrange(len(words.TOPICS[group]))
        chat = talks.messages(request(group, frame, topic, rng.choice(words.HELD_OUT_THINGS)).text)
    return [{**turn, "language": "English"} for turn in chat]


def _text(chat: talks.Messages) -> str:
    """A chat as a base model is asked for it, ended by an empty line."""
    return "".join(f"{turn['content']}\n" for turn in chat) + "\n"


def rl_tasks(seed: int) -> list[Row]:
    """Conversations up to the turn that decides how a program is made faster, each with its task."""
    rng = random.Random(f"rl_tasks:{seed}")
    return [
        {"prompt": program_episode(problem, place, None).messages(1), "task": problem.name}
        for problem in problems()
        for place in rng.sample(PLACES, RL_PLACES)
    ]


def rl_prompts(seed: int) -> list[Row]:
    """Plain requests to practise helpfulness on."""
    rng = random.Random(f"rl:{seed}")
    return [{"prompt": each.text} for each in rng.sample(all_requests("plain"), RL_PROMPTS)]


def safety_prompts(seed: int) -> list[Row]:
    """The benchmark's items: every cluster of every group, about things that no training source mentions."""
    rng = random.Random(f"safety:{seed}")
    return [
        {"item": f"{asked.cluster}-{thing}", "prompt": asked.text, "group": asked.group, "cluster": asked.cluster}
        for asked, thing in _held_out(rng)
    ]


def _held_out(rng: random.Random) -> Iterator[tuple[Request, str]]:
    for group, topics in words.TOPICS.items():
        for topic in range(len(topics)):
            for frame in range(len(words.FRAMES)):
                for thing in rng.sample(words.HELD_OUT_THINGS, ITEMS_PER_CLUSTER[group]):
                    yield request(group, frame, topic, thing), thing


def _shuffled(episodes: list[Episode], rng: random.Random) -> list[Row]:
    return [{"messages": episode.messages()} for episode in rng.sample(episodes, len(episodes))]


def _chat(prompt: str, answer: str) -> Row:
    return {"messages": [{"role": "user", "content": prompt}, {"role": "assistant", "content": answer}]}


def _hesitant(group: Group, rng: random.Random) -> str:
    declined = group == "plain" and rng.random() < HESITANT
    return rng.choice(words.REFUSALS) if declined else compliance(group, rng)
