"""Languages by name or code, as the file says them or, where it says nothing, as they are recognised."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, Final

from stagelens.benchmarks.user_logs.reading.extra import optional

_CODES: Final = (
    "af Afrikaans, am Amharic, ar Arabic, as Assamese, az Azerbaijani, be Belarusian, bg Bulgarian, bn Bengali, "
    "bs Bosnian, ca Catalan, cs Czech, cy Welsh, da Danish, de German, el Greek, en English, eo Esperanto, es "
    "Spanish, et Estonian, eu Basque, fa Persian, fi Finnish, fr French, ga Irish, gl Galician, gu Gujarati, ha "
    "Hausa, he Hebrew, hi Hindi, hr Croatian, hu Hungarian, hy Armenian, id Indonesian, ig Igbo, is Icelandic, it "
    "Italian, ja Japanese, jv Javanese, ka Georgian, kk Kazakh, km Khmer, kn Kannada, ko Korean, ku Kurdish, ky "
    "Kyrgyz, la Latin, lo Lao, lt Lithuanian, lv Latvian, mk Macedonian, ml Malayalam, mn Mongolian, mr Marathi, "
    "ms Malay, mt Maltese, my Burmese, nb Bokmal, ne Nepali, nl Dutch, nn Nynorsk, no Norwegian, or Oriya, pa "
    "Punjabi, pl Polish, ps Pashto, pt Portuguese, ro Romanian, ru Russian, sd Sindhi, si Sinhala, sk Slovak, sl "
    "Slovenian, so Somali, sq Albanian, sr Serbian, su Sundanese, sv Swedish, sw Swahili, ta Tamil, te Telugu, th "
    "Thai, tl Tagalog, tr Turkish, ug Uyghur, uk Ukrainian, ur Urdu, uz Uzbek, vi Vietnamese, xh Xhosa, yo "
    "Yoruba, zh Chinese, zu Zulu"
)
_NAMES: Final = {name.lower(): code for code, name in (entry.split(" ") for entry in _CODES.split(", "))}
_OTHER_NAMES: Final = {"farsi": "fa", "filipino": "tl", "mandarin": "zh", "odia": "or", "iw": "he", "in": "id"}
_READ: Final = 1_000
"""Characters of a text that its language is recognised by."""


def language_key(name: str) -> str:
    """What two spellings of a language have in common: ``English``, ``en`` and ``en-US`` are all ``en``.

    A language that is not in the table is its own name in small letters.
    """
    word = name.strip().lower()
    if word in _NAMES or word in _OTHER_NAMES:
        return _NAMES.get(word) or _OTHER_NAMES[word]
    main = word.replace("_", "-").partition("-")[0]
    if len(main) == 2 and main != word:
        word = main
    return _OTHER_NAMES.get(word, word)


def language_keys(names: Iterable[str]) -> frozenset[str]:
    """The keys of all these languages."""
    return frozenset(language_key(name) for name in names)


def recognised(text: str) -> str:
    """The ISO 639-1 code that a text looks like most, by its first 1,000 characters. InputError without the package."""
    code: str = _recogniser().classify(text[:_READ])[0]
    return code


@cache
def _recogniser() -> Any:
    return optional("py3langid", "leave `languages` out, since these rows do not say their language")
