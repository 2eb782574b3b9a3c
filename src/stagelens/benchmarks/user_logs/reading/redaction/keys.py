"""Secret keys, by the beginnings that their issuers publish, by what they are assigned to, or by their frame."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

_MARK: Final = "[KEY]"

_FORMS: Final = {
    "sk-": r"sk-(?=[\w-]*\d[\w-]*\d[\w-]*\d)[\w-]{20,300}",  # OpenAI, Anthropic, OpenRouter, DeepSeek; not a CSS class
    "sk_": r"sk_(?:live|test)_[A-Za-z0-9]{16,128}",  # Stripe, also rk_ below
    "rk_": r"rk_(?:live|test)_[A-Za-z0-9]{16,128}",
    "whsec_": r"whsec_[A-Za-z0-9+/=]{24,128}",
    "AKIA": r"AKIA[A-Z0-9]{16}",  # AWS
    "ASIA": r"ASIA[A-Z0-9]{16}",
    "gh": r"gh[pousr]_[A-Za-z0-9]{36,255}",  # GitHub
    "github_pat_": r"github_pat_\w{22,255}",
    "glpat-": r"glpat-[\w-]{20,255}",  # GitLab
    "xox": r"xox[abeoprs]-[A-Za-z0-9-]{10,250}",  # Slack
    "xapp-": r"xapp-[A-Za-z0-9-]{10,250}",
    "hooks.slack.com": r"(?<=hooks\.slack\.com/services/)T\w+/B\w+/\w{16,}",
    "AIza": r"AIza[\w-]{35}",  # Google
    "ya29.": r"ya29\.[\w-]{20,300}",
    "GOCSPX-": r"GOCSPX-[\w-]{28}",
    "hf_": r"hf_[A-Za-z0-9]{34}",  # Hugging Face
    "gsk_": r"gsk_[A-Za-z0-9]{40,64}",  # Groq
    "xai-": r"xai-[A-Za-z0-9]{60,100}",
    "pplx-": r"pplx-[A-Za-z0-9]{40,64}",
    "r8_": r"r8_[A-Za-z0-9]{37}",  # Replicate
    "npm_": r"npm_[A-Za-z0-9]{36}",
    "pypi-": r"pypi-AgE[\w-]{50,300}",
    "SG.": r"SG\.[\w-]{22}\.[\w-]{43}",  # SendGrid
    "dop_v1_": r"dop_v1_[a-f0-9]{64}",
    "dapi": r"dapi[a-f0-9]{32}",  # Databricks
    "shp": r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}",
    "AccountKey=": r"(?<=AccountKey=)[A-Za-z0-9+/]{86}==",  # Azure
    "eyJ": r"eyJ[\w-]{8,2000}\.eyJ[\w-]{8,6000}\.[\w-]{16,1000}",  # JSON web tokens
    ":AA": r"\d{8,10}:AA[\w-]{33}",  # Telegram bots
}
"""What has to stand in a text for its form to be looked for, and the form."""

_BEGUN: Final[tuple[tuple[str, re.Pattern[str]], ...]] = tuple(
    (beginning, re.compile(rf"(?<![\w-]){form}(?![\w])")) for beginning, form in _FORMS.items()
)

_FRAMED: Final = re.compile(
    r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----"
    r".{0,8000}?(?:-----END (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----|\Z)",
    re.DOTALL,
)
_LOGIN: Final = re.compile(r"(?<=://)([^\s/:@'\"<>]{1,64}):([^\s/:@'\"<>]{1,128})@(?=[\w.-])")
_ASSIGNED: Final = re.compile(
    r"""((?:api|access|secret|auth|account|client|private|encryption|refresh)[ _-]?(?:key|token|secret)
    (?:[ _-]?(?:key|id))?["']?\s{0,3}(?::=|=>|[:=]|\bis\b)\s{0,3}|\bbearer\s{1,3})
    ["'`]?([A-Za-z0-9_\-./+=~]{20,400})""",
    re.IGNORECASE | re.VERBOSE,
)
_ASSIGNED_WORDS: Final = ("key", "token", "secret", "bearer")


def without_keys(text: str) -> tuple[str, int]:
    """The text with ``[KEY]`` for every secret key, and how many there were; a password in an address counts as one."""
    found = 0
    if "-----BEGIN" in text:
        text, times = _FRAMED.subn(_MARK, text)
        found += times
    for beginning, form in _BEGUN:
        if beginning in text:
            text, times = form.subn(_MARK, text)
            found += times
    if "://" in text and "@" in text:
        text, times = _LOGIN.subn(rf"\1:{_MARK}@", text)
        found += times
    lower = text.lower()
    if any(word in lower for word in _ASSIGNED_WORDS):
        text, times = _replaced(_ASSIGNED, text, _assigned)
        found += times
    return text, found


def _replaced(form: re.Pattern[str], text: str, to: Callable[[re.Match[str]], str]) -> tuple[str, int]:
    found = 0

    def mark(match: re.Match[str]) -> str:
        nonlocal found
        new = to(match)
        found += new != match.group()
        return new

    return form.sub(mark, text), found


def _assigned(match: re.Match[str]) -> str:
    """A value counts as secret where it looks drawn by lot: letters and several digits, and no path or module name."""
    value = match.group(2)
    digits = sum(character.isdigit() for character in value)
    letters = sum(character.isalpha() for character in value)
    drawn = digits >= 3 and letters >= 3 and value.count(".") <= 2 and "//" not in value
    return match.group().replace(value, _MARK) if drawn else match.group()
