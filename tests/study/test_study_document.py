"""Reading YAML: what comes out, on which line it stood, and every file that is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stagelens.errors import InputError
from stagelens.study.document import MAX_BYTES, parse_document, read_document


def value(text: str) -> dict[str, object]:
    return parse_document(text, "s.yaml").value


def refusal(text: str) -> str:
    with pytest.raises(InputError) as caught:
        parse_document(text, "s.yaml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1e-5", 1e-5),
        ("1.0e-5", 1e-5),
        ("-2.5", -2.5),
        (".5", 0.5),
        ("3.", 3.0),
        ("12", 12),
        ("+12", 12),
        ("017", 17),
        ("0o17", 15),
        ("0x1f", 31),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("off", "off"),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("1_000", "1_000"),
        ("0b11", "0b11"),
        ("12:30:00", "12:30:00"),
        ("2024-05-01", "2024-05-01"),
        ("'5'", "5"),
        ("!!str 5", "5"),
        ("=", "="),
        ("|\n  two\n  lines\n", "two\nlines\n"),
    ],
)
def test_scalars_follow_yaml_1_2(text: str, expected: object) -> None:
    read = value(f"a: {text}")["a"]
    assert read == expected
    assert type(read) is type(expected)


def test_the_yaml_1_1_directive_does_not_bring_back_its_booleans() -> None:
    assert value("%YAML 1.1\n---\na: yes\n") == {"a": "yes"}


def test_keys_are_text_as_written() -> None:
    assert value("7: a\ntrue: b\n1e3: c\n") == {"7": "a", "true": "b", "1e3": "c"}


def test_every_field_has_its_line() -> None:
    places = parse_document("a: 1\nb:\n  - x\n  - {c: 2,\n     d: 3}\n", "s.yaml").places
    assert places.where(("a",)) == "s.yaml:1: a"
    assert places.where(("b", 0)) == "s.yaml:3: b[0]"
    assert places.where(("b", 1, "d")) == "s.yaml:5: b[1].d"
    assert places.where(("b", 1, "absent", "deeper")) == "s.yaml:4: b[1].absent.deeper"
    assert places.where(()) == "s.yaml:1"


def test_an_alias_is_written_out() -> None:
    read = value("a: &x {k: [1, 2]}\nb: *x\n")
    assert read == {"a": {"k": [1, 2]}, "b": {"k": [1, 2]}}
    assert read["a"] is not read["b"]


def test_an_anchor_may_be_used_again_without_a_warning(recwarn: pytest.WarningsRecorder) -> None:
    assert value("a: &x 1\nb: &x 2\nc: *x\n")["c"] == 2
    assert not recwarn.list


def test_bytes_order_mark_and_windows_line_ends(tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: x\r\n")
    document = read_document(file)
    assert document.value == {"a": 1, "b": "x"}
    assert document.places.line(("b",)) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "s.yaml: the file is empty."),
        ("# only a remark\n", "s.yaml: the file is empty."),
        ("- a\n", "s.yaml:1: the top level must be a mapping of keys to values ('name: ...')."),
        ("\n\njust text\n", "s.yaml:3: the top level must be a mapping"),
        ("a: 1\nb: 2\na: 3\n", "s.yaml:3: the key 'a' stands here for the second time (first on line 1)."),
        ("a: {x: 1,\n x: 2}\n", "s.yaml:2: the key 'x' stands here for the second time"),
        ("a:\n\t- b\n", "s.yaml:2: not valid YAML: a tab cannot indent: use spaces."),
        ("a: 1\nb: [1,\n", "s.yaml:2: not valid YAML"),
        ("a: 'x\n", "s.yaml:1: not valid YAML"),
        ("a: 1\nb: c: d\n", "s.yaml:2: not valid YAML: mapping values are not allowed here."),
        ("a: *nowhere\n", "s.yaml:1: not valid YAML: found undefined alias 'nowhere'."),
        ("a: 1\n---\nb: 2\n", "s.yaml:2: not valid YAML: a second document starts here ('---')."),
        ("a: 1\nb: \x07\n", "s.yaml:2: a control character is not allowed here."),
        ("a: 1\nb: !!python/object/apply:os.system [ls]\n", "s.yaml:2: the tag !!python/object/apply:os.system is not"),
        ("a: !thing 3\n", "s.yaml:1: the tag !thing is not allowed: write plain values."),
        ("a: !!set {b}\n", "s.yaml:1: the tag !!set is not allowed"),
        ("a: !!binary aGk=\n", "s.yaml:1: the tag !!binary is not allowed"),
        ("a: &x {b: 1}\nc:\n  <<: *x\n", "s.yaml:3: merge keys (<<) are not part of YAML 1.2: write the keys out."),
        ("? [1, 2]\n: 3\n", "s.yaml:1: a key must be plain text, not a list or a mapping."),
        ("a: &x [*x]\n", "s.yaml:1: an alias stands inside what it names."),
        ('a: "\\ud800"\n', "s.yaml:1: an escape here stands for half a character"),
        ("a: .inf\n", "s.yaml:1: .inf is not a finite number."),
        ("a: 1\nb: .nan\n", "s.yaml:2: .nan is not a finite number."),
        ("a: 1e999\n", "s.yaml:1: 1e999 is not a finite number."),
        (f"a: {'9' * 5000}\n", "is not a finite number."),
        ("a: " + "[" * 60 + "]" * 60, "s.yaml:1: this grows too large or too deep"),
        ("a: " + "[" * 600, "s.yaml: nested too deeply."),
    ],
)
def test_what_is_refused(text: str, message: str) -> None:
    assert message in refusal(text)


def test_nested_aliases_cannot_fill_the_memory() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    assert "this grows too large or too deep" in refusal("\n".join(lines))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    large = tmp_path / "large.yaml"
    large.write_bytes(b"#" * (MAX_BYTES + 1))
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("a: 1\nb: caf\xe9\n".encode("latin-1"))
    for path, message in (
        (tmp_path / "none.yaml", f"There is no file {tmp_path / 'none.yaml'}."),
        (tmp_path, "is a folder"),
        (large, "larger than 1 MiB"),
        (latin, f"{latin}:2: the file is not UTF-8 text."),
        (Path("a\0b"), "cannot be read"),
    ):
        with pytest.raises(InputError) as caught:
            read_document(path)
        assert message in str(caught.value)


YAML_LIKE = st.text(alphabet=st.sampled_from(list("ab: -[]{}&*!|>'\"%#\n\t,?.01e+\\xuU~<=")), max_size=60)


@settings(max_examples=600, deadline=None)
@given(st.one_of(YAML_LIKE, st.text(max_size=60)))
@example('a: "\\UFFFFFFFF"')
@example('a: "\\ud800"')
@example("%YAML 9.9.9\n---\na: 1")
@example("%TAG ! x\n---\na: !y z")
@example("a: !!int\n")
@example("a: !<")
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse_document(text, "s.yaml")
    except InputError as error:
        assert str(error).startswith("s.yaml")
        assert "\n" not in str(error)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    file = tmp_path_factory.mktemp("bytes") / "s.yaml"
    file.write_bytes(raw)
    try:
        read_document(file)
    except InputError as error:
        assert "\n" not in str(error).replace(str(file), "")


def test_folded_text_has_no_marks_of_its_folds() -> None:
    text = "a: >-\n  one two\n  three\n\n  four\nb: |\n  kept\n  as is\n"
    assert parse_document(text, "file").value == {"a": "one two three\nfour", "b": "kept\nas is\n"}
