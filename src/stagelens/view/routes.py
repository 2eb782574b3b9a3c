"""Which address is which page. Names in an address are looked up among those of the run, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl

from stagelens.errors import InputError
from stagelens.report.render import render
from stagelens.statistics.results import Contrast, MeasureResult, Verdicts
from stagelens.view.links import FRONT, ITEM, ITEMS, MEASURE, REPORT, Choice, NotThereError
from stagelens.view.pages.frame import PACKAGE
from stagelens.view.pages.item import item_page
from stagelens.view.pages.items import items_page
from stagelens.view.pages.measure import measure_page
from stagelens.view.pages.overview import overview_page
from stagelens.view.run import Run

_MOST_FIELDS: Final = 20


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back: always a page."""

    status: HTTPStatus
    body: bytes


def answer(run: Run, path: str, query: str) -> Answer:
    """The page at ``path`` (what follows the token, without a slash) with the address' query, as it stands there."""
    try:
        if path == REPORT and run.report is not None:
            return Answer(HTTPStatus.OK, run.report)
        return Answer(HTTPStatus.OK, _encoded(_page(run, path, dict(_fields(query)))))
    except NotThereError as error:
        return problem(HTTPStatus.NOT_FOUND, "Not there", str(error))
    except InputError as error:
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "This cannot be shown", str(error))


def problem(status: HTTPStatus, title: str, sentence: str) -> Answer:
    """A page that says why there is none."""
    crumbs = [(FRONT, "the first page")] if status != HTTPStatus.FORBIDDEN else []
    shown = render(
        "problem.html.j2", package=PACKAGE, study="stagelens view", crumbs=crumbs, title=title, sentence=sentence
    )
    return Answer(status, _encoded(shown))


def _fields(query: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise NotThereError("The address is damaged.") from None


def _page(run: Run, path: str, query: dict[str, str]) -> str:
    verdicts = run.verdicts
    if path == "":
        return overview_page(verdicts, has_report=run.report is not None)
    if path not in (MEASURE, ITEMS, ITEM):
        raise NotThereError("There is no such page.")
    result = _result(verdicts, query)
    if path == MEASURE:
        return measure_page(verdicts, result)
    contrast = _contrast(result, query)
    if path == ITEMS:
        return items_page(run, verdicts, result, contrast, Choice.of(query))
    return item_page(run, verdicts, result, contrast, query.get("item", ""), Choice.of(query))


def _result(verdicts: Verdicts, query: dict[str, str]) -> MeasureResult:
    wanted = tuple(query.get(name) for name in ("family", "benchmark", "measure"))
    for result in verdicts.results:
        if (result.family, result.benchmark, result.measure) == wanted:
            return result
    raise NotThereError("This run has no measure of that name.")


def _contrast(result: MeasureResult, query: dict[str, str]) -> Contrast:
    wanted = query.get("from"), query.get("to")
    for contrast in result.contrasts:
        if (contrast.from_stage, contrast.to_stage) == wanted:
            return contrast
    raise NotThereError("This measure has no contrast of these stages.")


def _encoded(text: str) -> bytes:
    return text.encode("utf-8")
