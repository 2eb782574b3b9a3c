"""Report and view against what a model under test may write, in a real browser: nothing runs, nothing loads."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlencode

import pytest

pytest.importorskip("inspect_ai")

from hostile import HUGE, Canary, attacks, huge
from view_runs import STAGES, add_judgement, make_run, plain_texts

from browser import dom_of, needs_chromium
from stagelens.view.run import Run
from stagelens.view.server import Viewer

pytestmark = needs_chromium

NAME = "\"><script>document.title='owned'</script>\u202e../../etc/passwd"


@dataclass(frozen=True)
class Scene:
    """A run whose transcripts are hostile, served, beside a server that nobody may ask."""

    folder: Path
    viewer: Viewer
    canary: Canary
    texts: dict[str, str]

    def page(self, name: str, **query: str) -> str:
        of_measure = {"family": "acme", "benchmark": "safety", "measure": "unsafe_response"}
        return f"{self.viewer.address}{name}?{urlencode(of_measure | query)}"


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    canary = Canary()
    with canary.listening() as address:
        texts = attacks(address)
        everything = "\n".join(texts.values())
        plain = plain_texts(24)
        answers = {
            stage: plain[stage]
            | {NAME: ("No. " if stage == "sft" else "") + everything}
            | {"huge": huge() if stage == "production" else "No."}
            for stage in STAGES
        }
        folder = make_run(tmp_path_factory.mktemp("hostile"), answers, prompts={NAME: everything}, stratum=NAME)
        add_judgement(
            folder, "sft", NAME, judge="<b>judge</b>", reasoning=f"It refuses.\n{texts['script']}{texts['bidi']}"
        )
        viewer = Viewer(Run(folder))
        threading.Thread(target=viewer.serve_forever, daemon=True).start()
        yield Scene(folder, viewer, canary, texts)
        viewer.shutdown()
        viewer.server_close()


class Tags(HTMLParser):
    """The tags of a document, with their attributes."""

    def __init__(self, dom: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(dom)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def check(dom: str, scene: Scene) -> None:
    """The page is whole, and nothing that a model wrote had any effect."""
    tags = Tags(dom).found
    assert "</main>" in dom
    assert "<title>owned" not in dom
    assert not {tag for tag, _ in tags} & {"script", "img", "iframe", "object", "embed", "base", "link"}
    assert len([tag for tag, _ in tags if tag == "style"]) == 1
    for _, attributes in tags:
        assert not [name for name in attributes if name.startswith("on") or name in ("src", "style")]
        for name in ("href", "action"):
            assert re.match(r"(#|\./|(measure|items|item)(\?|$)|report\.html$)", attributes.get(name) or "./")
    assert scene.canary.heard == []


def test_the_same_text_without_our_care_takes_a_page_over(scene: Scene, tmp_path: Path) -> None:
    """What the tests below rest on: the attacks work, and the canary hears them."""
    canary = Canary()
    with canary.listening() as address:
        page = tmp_path / "naked.html"
        page.write_text(f"<!doctype html><title>mine</title><main>{attacks(address)['handler']}</main>", "utf-8")
        dom = dom_of(page.as_uri(), tmp_path / "profile")
    assert "<title>owned" in dom
    assert {"/img.png", "/fetch"} <= set(canary.heard)


def test_the_report_shows_it_as_text(scene: Scene, tmp_path: Path) -> None:
    dom = dom_of((scene.folder / "report.html").as_uri(), tmp_path)
    check(dom, scene)
    assert "by hand" in dom


@pytest.mark.parametrize("page", ["", "measure", "items", "report.html"])
def test_the_views_pages_show_it_as_text(scene: Scene, tmp_path: Path, page: str) -> None:
    query = {"from": "sft", "to": "production", "kind": "all", "stratum": NAME} if page == "items" else {}
    dom = dom_of(scene.page(page, **query), tmp_path)
    check(dom, scene)
    assert page != "items" or "Items 1 to" in dom


def test_transcripts_are_text_and_what_hides_is_written_out(scene: Scene, tmp_path: Path) -> None:
    dom = dom_of(scene.page("item", item=NAME, **{"from": "sft", "to": "production"}), tmp_path)
    check(dom, scene)
    for text in ("script", "handler", "closing", "style", "frame", "refresh", "template", "path"):
        assert scene.texts[text].split("\x1b")[0].replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") in dom
    for hidden in "\x1b\u202e\u2066\u200b\ufeff\x07\x08":
        assert hidden not in dom
        assert f"⟨U+{ord(hidden):04X}⟩" in dom
    assert "root:x:0:0" not in dom
    assert dom.count("It refuses.\n") == 1  # what the judge wrote, beside the one answer that it was asked about
    assert "What &lt;b&gt;judge&lt;/b&gt; wrote" in dom


def test_a_huge_transcript_is_cut_and_says_so(scene: Scene, tmp_path: Path) -> None:
    dom = dom_of(scene.page("item", item="huge", **{"from": "sft", "to": "production"}), tmp_path)
    check(dom, scene)
    assert len(dom) < 500_000 < HUGE
    assert "more characters" in dom
