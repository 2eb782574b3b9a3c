"""Redaction: what must go goes, what must stay stays, ordinary text costs next to nothing, and no text takes long."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from importlib import import_module
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from user_logs_personal import GO, STAY

from stagelens.benchmarks.user_logs.reading.redaction import Redactor
from stagelens.benchmarks.user_logs.reading.settings import PHONE_REGIONS
from stagelens.errors import InputError

pytest.importorskip("phonenumbers", reason="needs the `logs` extra")
pytest.importorskip("stdnum", reason="needs the `logs` extra")

REDACTOR = Redactor(PHONE_REGIONS)
ORDINARY = (
    "Could you help me write a cover letter for a position as a data analyst? I have three years of experience with "
    "SQL and Python, and I worked on dashboards for the sales team. Please keep it to one page, in a friendly tone and "
    "do not repeat my CV. Then give me two alternatives for the first sentence, and tell me which of the three you "
    "would choose and why. The company makes bicycles, has 40 employees and was founded in 2009 in a small town near "
    "the sea, so a word about cycling is fine."
)


@pytest.mark.parametrize(("text", "left"), GO.items())
def test_what_must_go_goes(text: str, left: str) -> None:
    assert REDACTOR(text) == left
    assert REDACTOR(f"Hello,\n{text}\nBye") == f"Hello,\n{left}\nBye"


@pytest.mark.parametrize("text", STAY)
def test_what_must_stay_stays(text: str) -> None:
    assert REDACTOR(text) == text
    assert REDACTOR(f"Hello, {text} and so on") == f"Hello, {text} and so on"


def test_a_key_that_was_cut_off_goes_too() -> None:
    assert REDACTOR("my key:\n-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk") == "my key:\n[KEY]"


def test_several_in_one_text_are_counted_by_kind() -> None:
    redactor = Redactor(PHONE_REGIONS)
    text = redactor("a@b.de, c@d.fr; +49 30 901820; 4111 1111 1111 1111; DE89370400440532013000; AKIA" + "A1" * 8)
    assert text == "[EMAIL], [EMAIL]; [PHONE]; [CARD]; [IBAN]; [KEY]"
    assert redactor.counts == {"email": 2, "phone": 1, "card": 1, "iban": 1, "key": 1}


def test_local_numbers_are_looked_for_where_the_study_says() -> None:
    german, american = Redactor(("DE",)), Redactor(("US",))
    assert german("0221 4701234 and (212) 555-0123") == "[PHONE] and (212) 555-0123"
    assert american("0221 4701234 and (212) 555-0123") == "0221 4701234 and [PHONE]"
    assert Redactor(())("+44 20 7946 0958") == "[PHONE]"


def test_example_numbers_of_every_country_go() -> None:
    library = import_module("phonenumbers")
    kinds = (library.PhoneNumberType.MOBILE, library.PhoneNumberType.FIXED_LINE)

    def kept(context: str, form: Any, regions: Iterable[str]) -> list[str]:
        examples = [library.example_number_for_type(region, kind) for region in sorted(regions) for kind in kinds]
        texts = [context.format(library.format_number(number, form)) for number in examples if number is not None]
        assert len(texts) >= 40
        return [text for text in texts if REDACTOR(text) != context.format("[PHONE]")]

    written = library.PhoneNumberFormat
    assert kept("You reach me under {}, thanks", written.INTERNATIONAL, library.SUPPORTED_REGIONS) == []
    assert kept("You reach me under {}, thanks", written.E164, library.SUPPORTED_REGIONS) == []
    assert kept("My phone number is {}.", written.NATIONAL, PHONE_REGIONS) == []
    # Poland, Mexico, Italy and some Spanish numbers are written as any number is: they need a word before them
    assert len(kept("You reach me under {}, thanks", written.NATIONAL, PHONE_REGIONS)) <= 6


def test_an_unknown_country_is_named() -> None:
    with pytest.raises(InputError, match="`phone_regions`: 'UK' is no country's code"):
        Redactor(("US", "UK"))


@pytest.mark.parametrize("module", ["phonenumbers", "stdnum.luhn"])
def test_a_missing_package_is_named_with_both_ways_out(monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(InputError, match=r"pip install 'stagelens\[logs\]', or write `redact: false`"):
        Redactor(PHONE_REGIONS)


@given(st.text(alphabet=st.sampled_from("0123456789+-.()/ @:[]=abzAKey_\n\u00e9\u7535"), max_size=80))
def test_redacting_again_changes_nothing(text: str) -> None:
    once = REDACTOR(text)
    assert REDACTOR(once) == once


@given(st.text(alphabet=st.characters(exclude_categories=("Nd", "Cs"), exclude_characters="@"), max_size=200))
def test_text_without_digits_and_at_signs_stays(text: str) -> None:
    assert REDACTOR(text) == text


def test_ordinary_text_is_left_alone() -> None:
    assert REDACTOR(ORDINARY) == ORDINARY


@pytest.mark.parametrize(
    "piece",
    ["a", "1", "1-", "01 ", "a@", "a.", "eyJ", "-----BEGIN PRIVATE KEY-----", "tel: ", "+1 ", "(0", "AB12 3456 "],
)
def test_no_text_takes_long(piece: str) -> None:
    start = time.process_time()
    REDACTOR(piece * (50_000 // len(piece)))
    # Half a second as a rule; one pattern that tries every pair of places would take minutes.
    assert time.process_time() - start < 20
