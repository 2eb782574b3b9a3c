"""From a verdict to the items, to the answers: every page over real HTTP."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin

import pytest
from view_tables import add_answers, make_table

from soundness import check_sound
from stagelens.errors import InputError
from stagelens.view.run import Run
from stagelens.view.server import Viewer

CONTRAST = "items?family=acme&benchmark=user_logs&measure=misaligned&from=sft&to=production"
ITEM = CONTRAST.replace("items?", "item?")


@dataclass(frozen=True)
class Got:
    status: int
    text: str
    headers: dict[str, str]

    @property
    def links(self) -> dict[str, str]:
        """By their text, where links lead."""
        return _Links(self.text).found


class _Links(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self._href: str | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._href = dict(attrs).get("href") if tag == "a" else self._href

    def handle_data(self, data: str) -> None:
        if self._href is not None and data.strip():
            self.found.setdefault(" ".join(data.split()), self._href)

    def handle_endtag(self, tag: str) -> None:
        self._href = None if tag == "a" else self._href


def get(viewer: Viewer, target: str, *, host: str | None = None, method: str = "GET") -> Got:
    connection = http.client.HTTPConnection("127.0.0.1", viewer.port, timeout=30)
    connection.request(method, target, headers={} if host is None else {"Host": host})
    answer = connection.getresponse()
    got = Got(
        answer.status, answer.read().decode("utf-8"), {name.lower(): value for name, value in answer.getheaders()}
    )
    connection.close()
    return got


def page(viewer: Viewer, name: str = "") -> Got:
    return get(viewer, f"/{viewer.token}/{name}")


@contextmanager
def viewing(folder: Path) -> Iterator[Viewer]:
    viewer = Viewer(Run(folder))
    threading.Thread(target=viewer.serve_forever, daemon=True).start()
    try:
        yield viewer
    finally:
        viewer.shutdown()
        viewer.server_close()


@pytest.fixture(scope="module")
def viewer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Viewer]:
    folder = make_table(tmp_path_factory.mktemp("bulk"), epochs=2)
    add_answers(folder)
    with viewing(folder) as found:
        yield found


def test_links_lead_from_the_verdict_to_what_was_answered(viewer: Viewer) -> None:
    address = viewer.address.removeprefix(f"http://127.0.0.1:{viewer.port}")
    for text in ("user_logs/misaligned", "sft → production", "item-0001"):
        got = get(viewer, address)
        assert got.status == 200, text
        address = urljoin(address, got.links[text])
    got = get(viewer, address)
    assert "sft answers item-0001 at its 2." in got.text
    assert "production answers item-0001 at its 2." in got.text
    assert "Asked of item-0001." in got.text
    assert got.text.index("sft answers") < got.text.index("production answers")
    assert {"← Item before", "The list", "Next item →"} & set(got.links) >= {"The list", "Next item →"}
    back = get(viewer, urljoin(address, got.links["sft → production"]))
    assert "Items 1 to" in back.text


def test_only_who_knows_the_token_and_the_servers_own_name_sees_anything(viewer: Viewer) -> None:
    secret = "misaligned"
    for target in ("/", "/wrong/", f"/{viewer.token[:-1]}/", f"/wrong/../{viewer.token}x/"):
        got = get(viewer, target)
        assert (got.status, secret in got.text) == (403, False), target
    for host in ("evil.example", f"evil.example:{viewer.port}", "127.0.0.1", f"127.0.0.1:{viewer.port + 1}", ""):
        got = get(viewer, f"/{viewer.token}/", host=host)
        assert (got.status, secret in got.text) == (403, False), host
    for host in (f"127.0.0.1:{viewer.port}", f"localhost:{viewer.port}"):
        got = get(viewer, f"/{viewer.token}/", host=host)
        assert (got.status, secret in got.text) == (200, True)
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        assert get(viewer, f"/{viewer.token}/", method=method).status == 501


def test_it_listens_on_the_loopback_interface_alone_and_tokens_differ(viewer: Viewer) -> None:
    assert viewer.server_address[0] == "127.0.0.1"
    with viewing(viewer.run.folder) as other:
        assert other.token != viewer.token
        assert len(other.token) >= 32


def test_no_page_may_run_load_or_be_framed(viewer: Viewer) -> None:
    for name in ("", CONTRAST, "nothing"):
        headers = page(viewer, name).headers
        for part in ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"):
            assert part in headers["content-security-policy"]
        assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer")
        assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "name",
    [
        "study.yaml",
        "outcomes.parquet",
        "../verdicts.json",
        "%2e%2e/verdicts.json",
        "report.html",  # there is none in this folder
        "items",
        CONTRAST.replace("acme", "..%2F..%2Fetc"),
        CONTRAST.replace("from=sft", "from=..%2Fsft"),
        f"{ITEM}&item=..%2F..%2Fetc%2Fpasswd",
        f"{ITEM}&item=%ff",
    ],
)
def test_what_the_run_does_not_name_is_not_there(viewer: Viewer, name: str) -> None:
    got = page(viewer, name)
    assert got.status == 404
    assert "Not there" in got.text


def test_items_are_counted_filtered_and_paged(viewer: Viewer) -> None:
    got = page(viewer, CONTRAST)
    assert "Items 1 to 36 of 36, the largest change first." in got.text
    for text, count in {"Changed": 36, "▲ Up (worse)": 12, "▼ Down (better)": 24, "Same": 84, "All": 120}.items():
        assert f"{text} <span>{count}</span>" in got.text
    assert "Without a grade <span>12</span>" in got.text
    stratum = page(viewer, f"{CONTRAST}&stratum=stratum+1&kind=down")
    assert "Items 1 to 8 of 8" in stratum.text
    assert '<option value="stratum 1" selected>' in stratum.text
    assert "Items 1 to 10 of 10" in page(viewer, f"{CONTRAST}&kind=all&find=item-005").text
    first, last = page(viewer, f"{CONTRAST}&kind=all"), page(viewer, f"{CONTRAST}&kind=all&page=99")
    assert "Items 1 to 50 of 120" in first.text
    assert ("Next page →" in first.links, "← Page before" in first.links) == (True, False)
    assert "Items 101 to 120 of 120" in last.text
    assert ("Next page →" in last.links, "← Page before" in last.links) == (False, True)
    assert "No item is like that." in page(viewer, f"{CONTRAST}&find=nobody").text


def test_what_has_no_grade_says_at_which_stage_and_why(viewer: Viewer) -> None:
    got = page(viewer, f"{CONTRAST}&kind=gaps")
    assert got.text.count("production: ungraded (the judge&#39;s answer is empty)") == 12


def test_an_item_shows_every_grade(viewer: Viewer) -> None:
    got = page(viewer, f"{ITEM}&item=item-0003")
    assert got.text.count("rule:signs") == 4
    assert "ungraded" in got.text
    assert "the judge&#39;s answer is empty" in got.text


def test_a_folder_without_logs_or_table_says_what_it_lacks(tmp_path: Path) -> None:
    folder = make_table(tmp_path / "analysed", items=30)
    with viewing(folder) as viewer:
        assert "Items 1 to 9 of 9" in page(viewer, CONTRAST).text
        got = page(viewer, f"{ITEM}&item=item-0001")
        assert got.status == 200
        assert "no logs" in got.text
        assert got.text.count("rule:signs") == 2
        (folder / "outcomes.parquet").unlink()
        assert "no outcome table" in page(viewer, CONTRAST).text
        assert page(viewer).status == 200


def test_a_table_that_changes_is_read_anew(tmp_path: Path) -> None:
    folder = make_table(tmp_path / "run", items=30)
    with viewing(folder) as viewer:
        assert "of 9," in page(viewer, CONTRAST).text
        make_table(folder, items=60)
        assert "of 18," in page(viewer, CONTRAST).text


def test_a_folder_without_verdicts_and_a_taken_port_are_bad_input(tmp_path: Path, viewer: Viewer) -> None:
    with pytest.raises(InputError, match=r"holds no verdicts\.json"):
        _ = Run(tmp_path).verdicts
    with pytest.raises(InputError, match="name another with --port"):
        Viewer(Run(tmp_path), viewer.port)


def test_a_damaged_table_is_said_and_the_server_goes_on(tmp_path: Path) -> None:
    folder = make_table(tmp_path / "run", items=30)
    (folder / "outcomes.parquet").write_bytes(b"PAR1 nothing")
    with viewing(folder) as viewer:
        got = page(viewer, CONTRAST)
        assert got.status == 500
        assert "cannot be read" in got.text
        assert page(viewer).status == 200


def test_every_page_is_sound_for_keyboards_and_screen_readers(viewer: Viewer) -> None:
    measure = CONTRAST.replace("items?", "measure?")
    for name in ("", measure, CONTRAST, f"{CONTRAST}&kind=all&page=2", f"{ITEM}&item=item-0003", "nothing"):
        check_sound(page(viewer, name).text)
