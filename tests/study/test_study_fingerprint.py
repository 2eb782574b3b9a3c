"""Fingerprints: stable where nothing changed, different where anything did, and words for the difference."""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagelens.errors import InputError
from stagelens.study.fingerprint import canonical, explain_change, file_digest, fingerprint

LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text())
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4))


def shuffled(value: Any, data: st.DataObject) -> Any:
    if isinstance(value, dict):
        keys = data.draw(st.permutations(list(value)))
        return {key: shuffled(value[key], data) for key in keys}
    return [shuffled(inner, data) for inner in value] if isinstance(value, list) else value


def typed(value: Any) -> Any:
    """A form that tells 1, 1.0 and True apart, and 0.0 and -0.0 not."""
    if isinstance(value, dict):
        return {key: typed(inner) for key, inner in value.items()}
    return [typed(inner) for inner in value] if isinstance(value, list) else (type(value).__name__, value)


@given(VALUES, st.data())
def test_the_order_of_keys_does_not_count(value: Any, data: st.DataObject) -> None:
    assert fingerprint(shuffled(value, data)) == fingerprint(value)


@given(VALUES, VALUES)
def test_different_values_differ(one: Any, other: Any) -> None:
    assert (canonical(one) == canonical(other)) == (typed(one) == typed(other))


@given(VALUES)
def test_what_was_written_as_json_is_still_the_same(value: Any) -> None:
    assert fingerprint(json.loads(json.dumps(value))) == fingerprint(value)


def test_reference_values() -> None:
    value = {"b": (1, 2.5, None), "a": {"é": True, "rate": 1e-5}}
    assert canonical(value) == '{"a":{"rate":1e-05,"\\u00e9":true},"b":[1,2.5,null]}'
    assert fingerprint(value) == hashlib.sha256(canonical(value).encode()).hexdigest()
    assert fingerprint({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


def test_kinds_of_one_differ_and_zeros_do_not() -> None:
    assert len({canonical(value) for value in (1, 1.0, True, "1")}) == 4
    assert canonical(-0.0) == canonical(0.0)


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ({"a": [1, {2, 3}]}, r"value\.a\[1\] is a set"),
        ({"a": b"x"}, r"value\.a is a bytes"),
        ({"a": Path("x")}, r"value\.a is a \w*Path"),
        ({"a": object()}, r"value\.a is a object"),
        ({"a": Decimal(1)}, r"value\.a is a Decimal"),
        ({"a": len}, r"value\.a is a builtin_function_or_method"),
        ({"a": {1: 2}}, r"value\.a has the key 1"),
        ({None: 2}, r"value has the key None"),
    ],
)
def test_what_has_no_deterministic_form_is_refused(value: Any, named: str) -> None:
    with pytest.raises(TypeError, match=named):
        fingerprint(value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_numbers_that_are_not_finite_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match=r"value\.x\[0\] is"):
        fingerprint({"x": [value]})


def test_a_value_that_holds_itself_is_refused() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(ValueError, match="holds itself"):
        fingerprint(loop)


def test_a_value_that_stands_twice_is_fine() -> None:
    part = [1]
    assert canonical([part, part]) == "[[1],[1]]"


def test_a_change_is_named() -> None:
    old = {"families": {"pocket": {"sft": {"recipe": {"learning_rate": 0.001, "packing": True}}}}, "seed": 0}
    new = {"families": {"pocket": {"sft": {"recipe": {"learning_rate": 0.002, "packing": True}}}}, "seed": 0}
    assert explain_change(old, new) == "families.pocket.sft.recipe.learning_rate: 0.001 → 0.002"
    assert explain_change(old, old) == "nothing"


def test_entries_that_come_and_go_are_named() -> None:
    assert explain_change({"a": 1, "l": [1, 2]}, {"b": "x", "l": [1]}) == (
        'a: 1 → absent; b: absent → "x"; l[1]: 2 → absent'
    )
    assert explain_change({"a": {"b": 1}}, {"a": None}) == 'a: {"b": 1} → null'


def test_many_and_long_changes_are_cut_short() -> None:
    sentence = explain_change({str(n): n for n in range(5)}, {str(n): "x" * 500 for n in range(5)})
    assert sentence.endswith("; and 2 more")
    assert len(sentence) < 300


@given(
    st.dictionaries(st.text(min_size=1), VALUES, max_size=4), st.dictionaries(st.text(min_size=1), VALUES, max_size=4)
)
def test_a_change_is_named_exactly_where_fingerprints_differ(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert (explain_change(old, new) == "nothing") == (fingerprint(old) == fingerprint(new))


def test_a_file_is_its_content(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"abc")
    assert file_digest(file) == hashlib.sha256(b"abc").hexdigest()
    with pytest.raises(InputError, match="There is no file"):
        file_digest(tmp_path / "none")
    with pytest.raises(InputError, match="cannot be read"):
        file_digest(tmp_path)
