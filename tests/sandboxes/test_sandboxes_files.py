"""Files read and written from outside: paths are those of the sandbox, whatever was planted there."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from inspect_ai.util import OutputLimitExceededError
from sandboxes_boxes import Box, boxes

from stagelens.sandboxes.bubblewrap import BubblewrapConfig

pytestmark = pytest.mark.bubblewrap

SECRET = "the-host-s-own-secret"


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    with boxes(BubblewrapConfig(file_mb=400, disk_mb=512)) as (made,):
        yield made


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret.txt"
    path.write_text(SECRET)
    return path


def test_what_is_written_is_read(box: Box) -> None:
    box.write("deep/er/text.txt", "one\r\ntwo\nümläut\n")
    assert box.read("/app/deep/er/text.txt") == "one\r\ntwo\nümläut\n"
    assert box.sh("cat deep/er/text.txt").stdout == "one\r\ntwo\nümläut\n"
    content = os.urandom(3_000_000)
    box.write("/tmp/bytes", content)
    assert box.read_bytes("/tmp/bytes") == content
    box.write("/tmp/bytes", b"short")
    assert box.read_bytes("/tmp/bytes") == b"short"
    box.write("empty", "")
    assert box.read("empty") == ""


def test_commands_own_what_was_written(box: Box) -> None:
    box.write("owned.txt", "first")
    assert box.sh("echo more >> owned.txt && rm owned.txt").success


def test_errors_are_those_of_the_contract(box: Box) -> None:
    box.sh("mkdir -p folder; printf '\\377' > bad; echo x > plain; echo x > shut; chmod 000 shut")
    with pytest.raises(FileNotFoundError):
        box.read("nowhere")
    with pytest.raises(IsADirectoryError):
        box.read("folder")
    with pytest.raises(IsADirectoryError):
        box.write("folder", "x")
    with pytest.raises(UnicodeDecodeError):
        box.read("bad")
    for path in ("/usr/bin/evil", "/etc/passwd", "/evil", "/usr/evil/folder/file"):
        with pytest.raises(PermissionError):
            box.write(path, "x")
    with pytest.raises(PermissionError):
        box.read("shut")
    with pytest.raises(OSError):
        box.write("plain/file", "x")
    assert box.works()


@pytest.mark.parametrize(
    "link", ["ln -s {path} planted", "ln -s {folder} planted", "ln -s ../../../../../..{path} planted"]
)
def test_links_lead_nowhere_outside(box: Box, secret: Path, link: str) -> None:
    box.sh("rm -rf planted /tmp/*; " + link.format(path=secret, folder=secret.parent))
    for name in ("planted", "planted/secret.txt", f"../../../../..{secret}", str(secret)):
        with pytest.raises(OSError):
            box.read(name)
    for name in ("planted", "planted/secret.txt", f"../../../../..{secret}", str(secret)):
        with contextlib.suppress(OSError):  # the sandbox has a folder of that name by now, which is its own
            box.write(name, "overwritten")
        assert secret.read_text() == SECRET
    assert [path.name for path in secret.parent.iterdir()] == [secret.name]


def test_a_link_to_a_folder_on_the_way_is_followed_inside_only(box: Box) -> None:
    box.sh("rm -rf way; ln -s /etc way")
    assert box.read("way/hosts").startswith("127.0.0.1 localhost")
    with pytest.raises(PermissionError):
        box.write("way/hosts", "x")
    box.sh("rm -rf loop; ln -s loop loop")
    with pytest.raises(OSError):
        box.read("loop")


@pytest.mark.parametrize("path", ["pipe", "/dev/zero", "/dev/random", "/dev/stdin", "socket"])
def test_nothing_but_files_is_read_or_written(box: Box, path: str) -> None:
    box.sh("rm -f pipe; mkfifo pipe")
    box.python("import os, socket\nif not os.path.exists('socket'): socket.socket(socket.AF_UNIX).bind('socket')")
    started = time.monotonic()
    with pytest.raises(OSError):
        box.read(path)
    with pytest.raises(OSError):
        box.write(path, "x")
    assert time.monotonic() - started < 2
    assert box.works()


def test_huge_files_are_not_read(box: Box) -> None:
    box.sh("truncate -s 300M huge")
    with pytest.raises(OutputLimitExceededError):
        box.read("huge")
    box.sh("truncate -s 100M huge")
    assert len(box.read_bytes("huge")) == 100 * 2**20
    box.sh("rm huge")


def test_large_files_are_written(box: Box) -> None:
    box.write("large", b"x" * (40 << 20))
    assert box.sh("stat -c %s large; rm large").stdout == f"{40 << 20}\n"
