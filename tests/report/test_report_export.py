"""Figures and tables as files: whole, standing alone, and safe in the programs that open them."""

from __future__ import annotations

import csv
import shutil
import subprocess
import xml.etree.ElementTree as ET
from dataclasses import replace
from io import BytesIO, StringIO

import pytest
from report_samples import CONTEXT, ONE_FAMILY, SIDE_BY_SIDE, TWO_FAMILIES

from stagelens.errors import InputError
from stagelens.report import figures as figures_module
from stagelens.report.export import export_report
from stagelens.report.figures import SCALE, figures, png
from stagelens.report.sheets import csv_text, latex_tables, latex_text, sheets
from stagelens.statistics.results import ClaimResult

SVG = "{http://www.w3.org/2000/svg}"
FORMULA = '=HYPERLINK("http://evil")'


@pytest.mark.parametrize("verdicts", [TWO_FAMILIES, SIDE_BY_SIDE])
def test_every_figure_stands_alone(verdicts):
    found = figures(verdicts, CONTEXT)
    assert {"picture"} <= set(found) or {"pairs"} <= set(found)
    for name, svg in found.items():
        root = ET.fromstring(svg)
        assert root.tag == f"{SVG}svg"
        assert "var(" not in svg, name
        assert "{%" not in svg
        assert float(root.attrib["width"]) > 100 < float(root.attrib["height"])
        assert root.find(f"{SVG}title") is not None
        assert root.find(f"{SVG}desc") is not None
        assert not [child for child in root.iter() if child.tag in (f"{SVG}image", f"{SVG}script", f"{SVG}use")]


def test_a_png_shows_what_the_svg_says():
    pytest.importorskip("resvg_py")
    image = pytest.importorskip("PIL.Image")
    svg = figures(ONE_FAMILY)["picture"]
    drawn = image.open(BytesIO(png(svg))).convert("RGB")
    root = ET.fromstring(svg)
    assert drawn.size == tuple(round(SCALE * float(root.attrib[side])) for side in ("width", "height"))
    colours = {colour for _, colour in drawn.getcolors(1 << 24)}
    assert {(0, 114, 178), (213, 94, 0), (0, 158, 115), (217, 227, 234), (255, 255, 255)} <= colours


def test_without_the_library_there_are_figures_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr("stagelens.report.export.png", lambda svg: None)
    (tmp_path / "verdicts.json").write_text(ONE_FAMILY.to_json(), encoding="utf-8")
    (note,) = export_report(tmp_path, tmp_path / "out")
    assert "stagelens[figures]" in note
    assert (tmp_path / "out" / "figures" / "picture.svg").is_file()
    assert not list((tmp_path / "out").rglob("*.png"))
    assert figures_module.png is not None


def test_export_writes_every_kind_and_nothing_else(tmp_path):
    pytest.importorskip("resvg_py")
    (tmp_path / "verdicts.json").write_text(TWO_FAMILIES.to_json(), encoding="utf-8")
    assert export_report(tmp_path, tmp_path / "out") == ()
    names = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert {"figures/picture.svg", "figures/picture.png", "tables/contrasts.csv", "tables/measures.tex"} <= names
    assert {name.rsplit(".", 1)[1] for name in names} == {"svg", "png", "csv", "tex"}
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        export_report(tmp_path, tmp_path / "file")


def test_csv_has_the_numbers_of_the_verdicts():
    rows = list(csv.DictReader(StringIO(csv_text(sheets(ONE_FAMILY)["contrasts"]))))
    content = ONE_FAMILY.to_dict()["results"]
    expected = [contrast for result in content for contrast in result["contrasts"]]
    assert len(rows) == len(expected)
    for row, contrast in zip(rows, expected, strict=True):
        assert row["from"] == contrast["from"]
        for name in ("difference", "low", "high", "p_difference_raw"):
            assert row[name] == "" if contrast[name] is None else float(row[name]) == contrast[name]
    assert any(row["difference"] == "" for row in rows)  # what is not known is empty, never 0


@pytest.mark.parametrize("text", [FORMULA, "+1+1", "-2+3", "@SUM(A1)"])
def test_no_text_is_a_formula_to_a_spreadsheet(text):
    evil = replace(ONE_FAMILY, claims=(ClaimResult(text, True, 0.01, (text,), ()),))
    (row,) = csv.DictReader(StringIO(csv_text(sheets(evil)["claims"])))
    assert row["text"] == f"'{text}"
    assert row["holds_for"] == f"'{text}"
    assert float(row["p"]) == 0.01


def test_latex_escapes_what_latex_reads():
    evil = replace(ONE_FAMILY.results[0], measure=r"a_b & 50% $x$ #1 {y} \input{/etc/passwd} ~^")
    text = latex_text(latex_tables(replace(ONE_FAMILY, results=(evil,)))["measures"])
    assert (
        r"a\_b \& 50\% \$x\$ \#1 \{y\} \textbackslash{}input\{/etc/passwd\} \textasciitilde{}\textasciicircum{}" in text
    )
    body = text[text.index("\\midrule") : text.index("\\bottomrule")].splitlines()[1:]
    assert all(line.endswith(r" \\") or line == r"\addlinespace" for line in body)
    assert text.isascii()


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
def test_latex_compiles(tmp_path):
    tables = "\n\n".join(latex_text(table) for table in latex_tables(TWO_FAMILIES).values())
    (tmp_path / "t.tex").write_text(
        "\\documentclass{article}\\usepackage{booktabs,amssymb}\\begin{document}" + tables + "\\end{document}", "utf-8"
    )
    subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "t.tex"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
