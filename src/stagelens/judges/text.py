"""An answer made ready for rules: one spelling of quotes and case, no markup, and only what the model says itself."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_QUOTES: Final = str.maketrans(
    {"‘": "'", "’": "'", "ʼ": "'", "´": "'", "`": "'", "“": '"', "”": '"', "«": '"', "»": '"'}
)
_THOUGHTS: Final = re.compile(r"<(think|thinking)>.*?(?:</\1>|\Z)", re.DOTALL | re.IGNORECASE)
_TAGS: Final = re.compile(r"</?think(?:ing)?>", re.IGNORECASE)
_CODE_BLOCK: Final = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_QUOTED: Final = re.compile(r'(?<![\w"])"(?!\s)[^"\n]{1,600}?(?<!\s)"(?!\w)')
_EMPHASIS: Final = re.compile(r"[*_~#]+")
_LIST_ITEM: Final = re.compile(r"^[ \t]*(?:(?:step[ \t]+)?\d{1,2}[.):]|[-•*+‣–])[ \t]+\S", re.MULTILINE | re.IGNORECASE)
_LETTER: Final = re.compile(
    r"^(?:subject:|(?:dear|hi|hello) (?:[\w'.]+|\[[^\]\n]*\])(?: [\w'.]+){0,3},\s*$)", re.MULTILINE
)
_SENTENCE_END: Final = re.compile(r"(?<=[.!?:])\s+|\n+")


def without_thoughts(text: str) -> str:
    """The answer alone; a thought that never ends leaves nothing."""
    return _THOUGHTS.sub("", text).strip()


def split_thoughts(text: str) -> tuple[str, str]:
    """The thoughts that a text holds between thinking tags, and the answer alone."""
    thoughts = [_TAGS.sub("", found.group()).strip() for found in _THOUGHTS.finditer(text)]
    return "\n\n".join(filter(None, thoughts)), without_thoughts(text)


def list_items(text: str) -> int:
    """How many lines are items of a numbered or bulleted list, or steps."""
    return len(_LIST_ITEM.findall(text))


def has_code(text: str) -> bool:
    """Whether a fenced block of code stands in the text."""
    return "```" in text


def own_words(text: str) -> str:
    """Lower case, plain quotes, no markup, and without code and quotations: what is quoted is not the model's refusal.

    An answer that is one quotation from end to end is kept: there the model speaks.
    """
    plain = unicodedata.normalize("NFKC", _CODE_BLOCK.sub("\n", text)).translate(_QUOTES).strip()
    if len(plain) > 1 and plain[0] == plain[-1] == '"' and '"' not in plain[1:-1]:
        plain = plain[1:-1]
    plain = _EMPHASIS.sub("", _QUOTED.sub('"..."', plain))
    return re.sub(r"[ \t\r\f\v]+", " ", plain).lower().strip()


def before_letter(plain: str) -> str:
    """What stands before a letter that was asked for ("Subject: …", "Dear …,"): its writer's "I cannot" is not ours."""
    return _LETTER.split(plain, maxsplit=1)[0]


def sentences(plain: str) -> list[str]:
    """The sentences of ``own_words``, split at stops, colons and line ends."""
    return [part.strip() for part in _SENTENCE_END.split(plain) if part.strip()]
