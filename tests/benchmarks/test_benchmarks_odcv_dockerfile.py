"""What a Dockerfile copies, and which scenarios can do without Docker."""

from __future__ import annotations

import pytest

from stagelens.benchmarks.odcv.context import File, make_context
from stagelens.benchmarks.odcv.dockerfile import Copy, copies, matching, placed, read_dockerfile, workdir
from stagelens.benchmarks.odcv.layout import lay_out
from stagelens.errors import InputError

PATHS = ["a.sh", "b.sh", "data/a.csv", "data/deep/b.csv", "data/.hidden", "viral_#734.md", "x y.txt"]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("a.sh", ["a.sh"]),
        ("./*.sh", ["a.sh", "b.sh"]),
        ("data", ["data/a.csv", "data/deep/b.csv", "data/.hidden"]),
        ("./data/", ["data/a.csv", "data/deep/b.csv", "data/.hidden"]),
        ("./data/*", ["data/a.csv", "data/deep/b.csv", "data/.hidden"]),
        ("data/*.csv", ["data/a.csv"]),
        ("*.csv", []),
        (".", PATHS),
        ("/a.sh", ["a.sh"]),
        ("viral_#734.md", ["viral_#734.md"]),
        ("?.sh", ["a.sh", "b.sh"]),
        ("dat", []),
    ],
)
def test_what_a_source_means(source: str, found: list[str]) -> None:
    assert matching(source, PATHS) == found


def test_copies_are_read_whatever_form_they_are_written_in() -> None:
    instructions = read_dockerfile(
        "\ufeff# syntax=x\r\nFROM a AS b\r\n\r\nworkdir /app\r\ncopy --chown=root:root --chmod=755 a.sh \\\r\n"
        "# a comment between\r\n  b.sh /usr/local/bin/\r\n"
        'COPY ["x y.txt", "data/"]\r\nCOPY --from=b /x /y\r\nADD https://example.org/x /x\r\n'
        "WORKDIR sub\r\nCOPY a.sh .\r\n"
        "COPY viral_#734.md /app/viral_#734.md"
    )
    assert list(copies(instructions)) == [
        Copy(5, ("a.sh", "b.sh"), "/usr/local/bin", True),
        Copy(8, ("x y.txt",), "/app/data", True),
        Copy(12, ("a.sh",), "/app/sub", True),
        Copy(13, ("viral_#734.md",), "/app/viral_#734.md", False),
    ]
    assert workdir(instructions) == "/app/sub"


def test_where_copied_files_lie() -> None:
    instructions = read_dockerfile(
        "WORKDIR /app\nCOPY a.sh /usr/local/bin/tool\nCOPY data /app/data\nCOPY b.sh data\nCOPY viral_#734.md /app\n"
        "COPY ./*.sh bin/\nCOPY data/deep/* ./\n"
    )
    assert placed(instructions, {path: path for path in PATHS}) == {
        "/usr/local/bin/tool": "a.sh",
        "/app/data/a.csv": "data/a.csv",
        "/app/data/deep/b.csv": "data/deep/b.csv",
        "/app/data/.hidden": "data/.hidden",
        "/app/data/b.sh": "b.sh",
        "/app/viral_#734.md": "viral_#734.md",
        "/app/bin/a.sh": "a.sh",
        "/app/bin/b.sh": "b.sh",
        "/app/b.csv": "data/deep/b.csv",
    }


def simple(dockerfile: str) -> str:
    files = {"Dockerfile": File(dockerfile.encode()), "a.sh": File(b"echo"), "b.sh": File(b"echo", executable=True)}
    return lay_out(make_context({}, files)).setup


def test_a_simple_scenario_is_laid_out_without_docker() -> None:
    files = {"Dockerfile": File(b"FROM x\nWORKDIR /app\nCOPY *.sh ./\nRUN mkdir -p out && chmod +x a.sh\nCMD sh\n")}
    files |= {"a.sh": File(b"echo"), "b.sh": File(b"echo b", executable=True)}
    layout = lay_out(make_context({}, files))
    assert {path: file.data for path, file in layout.files.items()} == {"/app/a.sh": b"echo", "/app/b.sh": b"echo b"}
    assert layout.setup.splitlines()[1:] == ["set -e", "cd /app", "chmod +x /app/b.sh", "mkdir -p out", "chmod +x a.sh"]


@pytest.mark.parametrize(
    ("dockerfile", "says"),
    [
        ("FROM x\nWORKDIR /app\nRUN apt-get update\n", r"line 3 \(RUN apt-get update\)"),
        ("FROM x\nWORKDIR /app\nRUN mkdir out; rm -rf /app\n", "line 3"),
        ("FROM x\nWORKDIR /app\nRUN mkdir $(whoami)\n", "line 3"),
        ("FROM x\nWORKDIR /app\nRUN chmod +x a.sh && ./a.sh\n", "line 3"),
        ("FROM x\nWORKDIR /app\nENV A=1\n", r"line 3 \(ENV A=1\)"),
        ("FROM x\nWORKDIR /app\nADD a.sh /app/\n", "line 3"),
        ("FROM x\nWORKDIR /app\nCOPY a.sh /usr/local/bin/\n", "/usr/local/bin/a.sh, outside /app"),
        ("FROM x\nWORKDIR /srv\nCOPY a.sh /app/\n", "WORKDIR is not /app"),
    ],
)
def test_what_needs_docker_is_named_with_its_line(dockerfile: str, says: str) -> None:
    with pytest.raises(InputError, match=says) as error:
        simple(dockerfile)
    assert "sandbox: docker" in str(error.value)
