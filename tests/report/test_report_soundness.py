"""Report and audit pages are sound for keyboards and screen readers."""

from __future__ import annotations

import pytest
from report_samples import CONTEXT, FULL, SIDE_BY_SIDE, TWO_FAMILIES

from soundness import check_sound
from stagelens.report.html import render_report
from stagelens.statistics.results import Verdicts


@pytest.mark.parametrize("verdicts", [FULL, TWO_FAMILIES, SIDE_BY_SIDE, Verdicts("nothing", 0.05, (), ())])
def test_every_report_is_sound(verdicts):
    check_sound(render_report(verdicts, CONTEXT))


def test_what_is_not_sound_is_noticed():
    page = render_report(FULL, CONTEXT)
    for good, bad in {
        "<h3>": "<h4>",
        'scope="row"': "",
        'lang="en"': "",
        "<caption>": "<caption></caption><caption>",
        'id="main"': 'id="other"',
        'aria-label="The picture"': "",
    }.items():
        broken = page.replace(good, bad, 1)
        assert broken != page
        with pytest.raises((AssertionError, KeyError)):
            check_sound(broken.replace("</h3>", "</h4>", 1) if bad == "<h4>" else broken)
