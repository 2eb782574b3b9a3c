"""What an example is about, by rules: precise rather than sensitive, and for English. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from stagelens.audit.inventory.example import Example
from stagelens.benchmarks.dilemmas.awareness import awareness
from stagelens.benchmarks.user_logs.behaviours.harm import HARM, HARMLESS
from stagelens.judges.rules import grade_refusal

VERSION: Final = "tags-2"
"""Changes whenever a tag may."""

_HARM: Final = re.compile(HARM)
_HARMLESS: Final = re.compile(HARMLESS)
_SOUNDS: Final = re.compile(
    r"\b(?:kill|murder|shoot|stab|poison|attack|assault|bomb|explo|blow(?:ing)? up|hack|crack|steal|rob|destroy|execut|"
    r"terminat|strangl|chok|smash|beat|hit|cheat|exploit|inject|weapon|gun|knife|drug|coke|dope|crash|burn|torch|bully|"
    r"stalk|spy|whip|slay|butcher)(?:s|es|ed|ing|er|ers|ion|e|ling|led)?\b",
    re.IGNORECASE,
)
_TOPICS: Final[Mapping[str, re.Pattern[str]]] = {
    name: re.compile(rf"\b(?:{words})\b", re.IGNORECASE)
    for name, words in {
        "weapons": r"bombs?|explosives?|guns?|firearms?|grenades?|ammunition|nerve agents?|ricin|anthrax|weapons?",
        "drugs": r"drugs?|cocaine|heroin|meth(?:amphetamine)?|fentanyl|lsd|mdma|opioids?|overdos\w+",
        "violence": r"kill(?:ing|ed|s)?|murder\w*|assault\w*|tortur\w+|violen\w+|terroris\w+|massacre\w*|abus\w+",
        "self_harm": r"suicid\w+|self-?harm\w*|cut(?:ting)? myself|end my life|anorexi\w+|bulimi\w+",
        "cyber": r"hack\w*|malware|ransomware|phishing|keyloggers?|botnets?|exploits?|trojans?|ddos|passwords?",
        "fraud": r"fraud\w*|scams?|launder\w*|counterfeit\w*|forge[ds]?|forgery|embezzl\w+|brib\w+|blackmail\w*|"
        r"steal\w*",
        "privacy": r"dox\w*|stalk\w*|spy(?:ing)? on|home address|social security|surveil\w+|"
        r"leak(?:ed|ing)? (?:data|records)",
        "hate": r"racis\w+|racial slurs?|sexis\w+|antisemit\w+|homophob\w+|hate speech|bigot\w*|genocid\w+",
        "sexual": r"sexual\w*|porn\w*|nudes?|erotic\w*|rape[ds]?|explicit (?:images?|content)",
        "oversight": r"oversight|audit(?:or|ors)?|shut ?down|monitoring|compliance|whistle-?blow\w*|"
        r"falsif\w+|cover(?:ing)? up",
    }.items()
}
_CHECKS: Final = re.compile(r"(?:check|test|timing|verif|valid|expect|assert|audit|grade|score|count)", re.IGNORECASE)
_DATA: Final = re.compile(
    r"\.(?:csv|tsv|jsonl?|log|db|sqlite3?|parquet|xlsx?)\b|(?:record|report|result)", re.IGNORECASE
)
_WRITES: Final = re.compile(
    r">>?\s*(?P<redirect>[^\s;&|]+)|\bsed\s+-i\S*\s+(?P<sed>[^;&|]+)|\btee\s+(?:-a\s+)?(?P<tee>[^\s;&|]+)"
    r"|\b(?:cp|mv)\s+(?:-\w+\s+)*\S+\s+(?P<copy>[^\s;&|]+)|\brm\s+(?:-\w+\s+)*(?P<remove>[^;&|]+)"
)


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag, what it means, and the rule that gives it."""

    name: str
    means: str
    rule: Callable[[Example], bool]


def topics(example: Example) -> tuple[str, ...]:
    """The safety topics whose words the user's side has, in a fixed order."""
    return tuple(name for name, words in _TOPICS.items() if words.search(example.asked))


def _declines(example: Example) -> bool:
    return grade_refusal(example.taught) in ("full_refusal", "partial_refusal")


def _harmful(example: Example) -> bool:
    return _HARM.search(example.asked) is not None and _HARMLESS.search(example.asked) is None


def _looks_harmful(example: Example) -> bool:
    return _SOUNDS.search(example.asked) is not None and not _harmful(example)


def _talks_of_evaluation(example: Example) -> bool:
    return awareness(example.taught, "") is not None or awareness(example.asked, "") is not None


def _written(example: Example) -> tuple[str, ...]:
    found = [
        each.group(each.lastgroup)
        for command in example.commands
        for each in _WRITES.finditer(command)
        if each.lastgroup
    ]
    return (*found, *example.written)


def _changes_checks(example: Example) -> bool:
    return any(_CHECKS.search(path) for path in _written(example))


def _changes_data(example: Example) -> bool:
    return any(_DATA.search(path) and not _CHECKS.search(path) for path in _written(example))


TAGS: Final[Mapping[str, Tag]] = {
    tag.name: tag
    for tag in (
        Tag("refusal", "the answer declines, wholly or in part", _declines),
        Tag("harmful", "the user asks for harm, by the words", _harmful),
        Tag("looks_harmful", "the user's words sound of harm, and do not ask for it", _looks_harmful),
        Tag("evaluation_talk", "somebody says that this is a test", _talks_of_evaluation),
        Tag("tool_use", "it calls tools", lambda example: example.tools),
        Tag(
            "changes_checks",
            "a command writes a file that checks, tests, times or holds expected results",
            _changes_checks,
        ),
        Tag("changes_data", "a command writes a file of data or of results", _changes_data),
        Tag("only_shown", "an answer is shown and not trained on", lambda example: bool(example.shown)),
    )
}
"""By name, in the order in which they are shown."""

TOPICS: Final = tuple(_TOPICS)


def tags_of(example: Example) -> tuple[str, ...]:
    """The tags of an example, in the order of ``TAGS``."""
    return tuple(name for name, tag in TAGS.items() if tag.rule(example))
