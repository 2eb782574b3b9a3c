"""The draw: today's order to the row, exact counts, and replacements that leave all other rows alone."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagelens.errors import InputError
from stagelens.stages.mixture import Content, characters, draw, fingerprint, shares
from stagelens.study.spec import Mixture, Replacement, Source


def content(name: str, count: int, length: int = 5) -> Content:
    rows = tuple({"text": f"{name}{n:04d}".ljust(length + n % 7, "x")} for n in range(count))
    return Content(name, rows, "0", {})


def mixture(sources: dict[str, dict[str, Any]], **fields: Any) -> Mixture:
    return Mixture(sources=tuple(Source(name=name, path="x", **more) for name, more in sources.items()), **fields)


def replacing(plain: Mixture, sources: tuple[str, ...], by: tuple[str, ...]) -> Mixture:
    return plain.model_copy(update={"replace": Replacement(sources=sources, by=by)})


def names(rows: list[dict[str, Any]]) -> Counter[str]:
    return Counter(row["source"] for row in rows)


def as_before(contents: list[Content], mixed: Mixture, seed: int) -> list[dict[str, Any]]:
    """The draw as it was when a mixture had weights alone: checkpoints that were made then depend on it."""
    weights = [source.weight for source in mixed.sources]
    if mixed.examples is None:
        counts = [len(each.rows) if weight else 0 for each, weight in zip(contents, weights, strict=True)]
    else:
        counts = shares(weights, mixed.examples)
    drawn = []
    for each, count in zip(contents, counts, strict=True):
        rng = random.Random(f"{seed}:{each.name}")
        left = count
        while left > 0:
            order = rng.sample(each.rows, len(each.rows))
            drawn += [{**row, "source": each.name} for row in order[:left]]
            left -= len(order)
    random.Random(f"{seed}:order").shuffle(drawn)
    return drawn


@given(
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=4),
    weights=st.lists(st.sampled_from([0.0, 0.5, 1.0, 3.0]), min_size=4, max_size=4),
    examples=st.one_of(st.none(), st.integers(1, 150)),
    seed=st.integers(0, 5),
)
def test_the_draw_of_weighted_sources_is_as_it_was(
    sizes: list[int], weights: list[float], examples: int | None, seed: int
) -> None:
    contents = [content("abcd"[place], size) for place, size in enumerate(sizes)]
    weights[0] = weights[0] or 1.0
    mixed = mixture({each.name: {"weight": w} for each, w in zip(contents, weights, strict=False)}, examples=examples)
    assert draw(contents, mixed, seed) == as_before(contents, mixed, seed)


def test_the_draw_is_known_to_the_row() -> None:
    mixed = mixture({"a": {"weight": 2.0}, "b": {}}, examples=6)
    drawn = draw([content("a", 5), content("b", 3)], mixed, seed=0)
    assert [row["text"].rstrip("x") for row in drawn] == ["a0004", "a0000", "b0002", "b0000", "a0001", "a0003"]


def test_a_fingerprint_names_only_what_a_mixture_uses() -> None:
    mixed = mixture({"a": {"weight": 2.0, "filter": {"k": 1}}}, examples=6)
    assert fingerprint([content("a", 5)], mixed) == {
        "examples": 6,
        "sources": [{"name": "a", "weight": 2.0, "filter": {"k": 1}, "sha256": "0"}],
    }
    more = mixture(
        {"a": {"count": 3, "take": 4}, "b": {}},
        examples=6,
        deduplicate=True,
        replace={"sources": ("a",), "by": ("b",)},
    )
    said = fingerprint([content("a", 5), content("b", 5)], more)
    assert (said["deduplicate"], said["replace"]) == (True, {"sources": ["a"], "by": ["b"]})
    assert (said["sources"][0]["count"], said["sources"][0]["take"]) == (3, 4)
    assert "count" not in said["sources"][1]


def test_counts_are_exact_and_weights_share_what_is_left() -> None:
    contents = [content("a", 10), content("b", 10), content("c", 4)]
    mixed = mixture({"a": {"weight": 3.0}, "b": {"weight": 1.0}, "c": {"count": 9}}, examples=49)
    drawn = draw(contents, mixed, seed=1)
    assert names(drawn) == {"a": 30, "b": 10, "c": 9}
    times = Counter(row["text"] for row in drawn if row["source"] == "c")
    assert sorted(times.values()) == [2, 2, 2, 3]


def test_without_examples_counted_sources_give_their_count_and_others_all() -> None:
    contents = [content("a", 10), content("b", 10), content("c", 4)]
    mixed = mixture({"a": {}, "b": {"count": 3}, "c": {"weight": 0.0}})
    assert names(draw(contents, mixed, seed=1)) == {"a": 10, "b": 3}


def test_a_count_does_not_change_which_rows_come_first() -> None:
    contents = [content("a", 10), content("b", 10)]
    few, many = (draw(contents, mixture({"a": {}, "b": {"count": count}}), seed=4) for count in (3, 7))
    assert Counter(row["text"] for row in few) < Counter(row["text"] for row in many)


@pytest.mark.parametrize(
    ("sources", "fields", "wanted"),
    [
        ({"a": {"count": 5}, "b": {"count": 5}}, {"examples": 8}, "make 10 rows, more than the 8 `examples`"),
        ({"a": {"count": 5}, "b": {"weight": 0.0}}, {"examples": 8}, "make 5 rows, fewer than the 8 `examples`"),
        ({"a": {}, "empty": {"count": 2}}, {}, "Source 'empty' has no row left"),
        (
            {"a": {}, "empty": {"weight": 0.0}},
            {"replace": {"sources": ("a",), "by": ("empty",)}},
            "'empty' has no row to",
        ),
    ],
)
def test_amounts_that_do_not_go_together_are_refused(
    sources: dict[str, Any], fields: dict[str, Any], wanted: str
) -> None:
    with pytest.raises(InputError, match=wanted):
        draw([content(name, 0 if name == "empty" else 9) for name in sources], mixture(sources, **fields), seed=0)


@given(
    sizes=st.tuples(*[st.integers(1, 30)] * 4),
    lengths=st.tuples(*[st.integers(5, 60)] * 4),
    weights=st.tuples(*[st.sampled_from([0.5, 1.0, 2.0, 4.0])] * 4),
    examples=st.one_of(st.none(), st.integers(4, 90)),
    two=st.booleans(),
    seed=st.integers(0, 3),
)
def test_as_much_text_comes_in_as_goes_out_and_the_rest_stays(
    sizes: tuple[int, ...],
    lengths: tuple[int, ...],
    weights: tuple[float, ...],
    examples: int | None,
    two: bool,
    seed: int,
) -> None:
    contents = [content("abcd"[n], size, length) for n, (size, length) in enumerate(zip(sizes, lengths, strict=True))]
    going, coming = {"b", "c"} if two else {"b"}, {"d", "a"} if two else {"d"}
    plain = mixture({"abcd"[n]: {"weight": weight} for n, weight in enumerate(weights)}, examples=examples)
    mixed = replacing(plain, tuple(going), tuple(coming))
    before, after = draw(contents, plain, seed), draw(contents, mixed, seed)
    assert not going & set(names(after))
    staying = [row for row in before if row["source"] not in going]
    came = list(after)
    for row in staying:
        came.remove(row)
    gone = sum(characters(row) for row in before if row["source"] in going)
    sizes_in = [characters(row) for row in came]
    if not gone:
        assert came == []
        return
    assert sum(sizes_in) >= gone
    assert sum(sizes_in) - gone < max(sizes_in)
    assert {row["source"] for row in came} <= coming
    # The rows that stay keep their order, whatever stands between them.
    position = iter(after)
    assert all(row in position for row in staying)


def test_a_replacement_takes_rows_that_are_not_drawn_yet_first() -> None:
    contents = [content("safety", 10), content("helpful", 30)]
    mixed = mixture(
        {"safety": {"count": 10}, "helpful": {"count": 15}}, replace={"sources": ("safety",), "by": ("helpful",)}
    )
    drawn = draw(contents, mixed, seed=2)
    assert max(Counter(row["text"] for row in drawn).values()) == 1
    assert len(drawn) == pytest.approx(25, abs=2)


def test_replacements_come_in_proportion_to_their_weights() -> None:
    contents = [content("s", 400, 10), content("a", 500, 10), content("b", 500, 10), content("spare", 500, 10)]
    sources: dict[str, dict[str, Any]] = {"s": {"count": 400}, "a": {"weight": 3.0}, "b": {}, "spare": {"weight": 0.0}}
    plain = mixture(sources, examples=440)
    by_weight = replacing(plain, ("s",), ("a", "b"))
    came = names(draw(contents, by_weight, seed=0)) - names(draw(contents, plain, seed=0))
    assert came["a"] / came["b"] == pytest.approx(3, rel=0.05)
    from_spare = replacing(plain, ("s",), ("spare",))
    assert names(draw(contents, from_spare, seed=0))["spare"] == pytest.approx(400, abs=5)


def test_beside_a_counted_source_what_each_gives_is_its_weight() -> None:
    contents = [content("s", 60, 10), content("a", 500, 10), content("b", 500, 10)]
    mixed = mixture(
        {"s": {"count": 60}, "a": {"count": 20}, "b": {}}, examples=90, replace={"sources": ("s",), "by": ("a", "b")}
    )
    assert names(draw(contents, mixed, seed=0)) == {"a": 62, "b": 30}  # a few characters less a row
