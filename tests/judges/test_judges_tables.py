"""Tables of phrases: one pass finds what its rows find one by one."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagelens.judges import phrases
from stagelens.judges.tables import Phrase, Table

TABLES = {name: table for name, table in vars(phrases).items() if isinstance(table, Table)}
WORDS = """
i it this is not never can't cannot help provide sorry but important to note that illegal wrong appropriate for you
should be denied instead suggest however can offer question must point out the no does exist have a please seek support
was good idea way , . my guidelines against rephrase alternatives let me know everyone deserves respect
"""


@pytest.mark.parametrize("name", TABLES)
@given(words=st.lists(st.sampled_from(WORDS.split()), max_size=12))
def test_a_table_finds_what_its_rows_find(name: str, words: list[str]) -> None:
    part = " ".join(words)
    table = TABLES[name]
    assert table.speaks(part) == any(re.search(row.pattern, part) for row in table.rows)


def test_rows_without_a_word_boundary_stand_for_themselves() -> None:
    table = Table([Phrase("begins so", "^so"), Phrase("a word", r"\bword\b")]) + Table([Phrase("ends so", "so$")])
    assert [table.speaks(text) for text in ("so it is", "a word", "is it so", "sword", "also not")] == [
        True,
        True,
        True,
        False,
        False,
    ]
