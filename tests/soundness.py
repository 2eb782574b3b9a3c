"""What a page owes to who has no mouse or does not see: checked on its markup."""

from __future__ import annotations

from html.parser import HTMLParser
from itertools import pairwise

_VOID = {"meta", "link", "br", "img", "hr", "input"}


class _Outline(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.within: list[tuple[tuple[str, ...], str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.within.append((tuple(self.open), tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes something else"


def check_sound(page: str) -> None:
    """A language, landmarks once each, headings without a step left out, named tables, figures, regions and fields."""
    outline = _Outline(page)
    tags, names = outline.tags, [tag for tag, _ in outline.tags]
    assert outline.open == []
    assert dict(tags)["html"]["lang"] == "en"
    assert [names.count(landmark) for landmark in ("main", "header", "h1")] == [1, 1, 1]
    levels = [int(name[1]) for name in names if name in ("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels[0] == 1
    assert all(below - above <= 1 for above, below in pairwise(levels)), levels
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    first = next(attributes for tag, attributes in tags if tag == "a")
    assert first.get("href") == "#main"
    assert "main" in ids
    for _, attributes in tags:
        for name in ("aria-labelledby", "for"):
            assert set((attributes.get(name) or "").split()) <= set(ids)
        assert not (attributes.get("tabindex") or "0").startswith(("1", "2"))
        if attributes.get("role") in ("region", "img"):
            assert attributes.get("aria-label") or attributes.get("aria-labelledby")
    assert all(attributes.get("scope") in ("col", "row") for tag, attributes in tags if tag == "th")
    assert names.count("table") == names.count("caption")
    assert names.count("nav") == sum(bool(attributes.get("aria-label")) for tag, attributes in tags if tag == "nav")
    for above, tag, attributes in outline.within:
        if tag in ("input", "select") and attributes.get("type") != "hidden":
            assert "label" in above
