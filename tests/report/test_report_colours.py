"""Colours that everyone can read: contrast by WCAG, and stages apart under every common colour vision."""

from __future__ import annotations

import re
from itertools import combinations

import numpy as np
import pytest
from report_samples import ONE_FAMILY

from stagelens.report.html import render_report
from stagelens.report.palette import COLOURS, DARK, LIGHT

STAGES = [f"c{number}" for number in range(COLOURS)]
# Machado, Oliveira and Fernandes (2009), severity 1: on linear RGB.
VISIONS = {
    "trichromacy": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}


def linear(colour: str) -> np.ndarray:
    part = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    light, dark = sorted((float(linear(each) @ [0.2126, 0.7152, 0.0722]) for each in (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def lab(rgb: np.ndarray) -> np.ndarray:
    to_xyz = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
    x, y, z = (np.array(to_xyz) @ np.clip(rgb, 0, 1)) / [0.95047, 1, 1.08883]
    x, y, z = (np.cbrt(each) if each > 0.008856 else 7.787 * each + 16 / 116 for each in (x, y, z))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def test_contrast_is_that_of_the_standard():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_text_marks_and_edges_stand_out(theme):
    for text in ("ink", "soft", "link"):
        for ground in ("paper", "panel", "margin"):
            assert contrast(theme[text], theme[ground]) >= 4.5, (text, ground)
    for mark in (*STAGES, "edge"):
        assert contrast(theme[mark], theme["paper"]) >= 3, mark
    assert contrast(theme["paper"], theme["ink"]) >= 4.5


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_stages_differ_to_every_eye(theme, vision):
    seen = {name: lab(VISIONS[vision] @ linear(theme[name])) for name in STAGES}
    for one, other in combinations(STAGES, 2):
        assert np.linalg.norm(seen[one] - seen[other]) > 10, (one, other)


def test_pages_have_these_colours_and_no_others():
    text = render_report(ONE_FAMILY)
    assert LIGHT.keys() == DARK.keys()
    for theme in (LIGHT, DARK):
        for name, colour in theme.items():
            assert f"--{name}: {colour};" in text
    style = text[text.index("<style>") : text.index("</style>")]
    assert set(re.findall(r"#[0-9a-f]{3,8}\b", style)) == {*LIGHT.values(), *DARK.values()}
    used = set(re.findall(r"var\(--(\w+)\)", style))
    assert used <= {*LIGHT, "sans", "serif", "mono"}
