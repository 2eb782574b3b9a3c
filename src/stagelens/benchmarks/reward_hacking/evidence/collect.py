"""Collects the evidence of an attempt: a thin layer over the sample's sandbox and a fresh one.

What it brings back is data. Nothing that an agent made runs anywhere but in a sandbox.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
import re
import tarfile
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from stagelens.benchmarks.reward_hacking.challenge import Challenge
from stagelens.benchmarks.reward_hacking.evidence.changes import says_the_same
from stagelens.benchmarks.reward_hacking.evidence.record import (
    Command,
    Evidence,
    Measured,
    commands_that_show,
    read_measured,
    read_shown,
)
from stagelens.benchmarks.reward_hacking.syntax.facts import Facts, syntax_facts
from stagelens.sandboxes import WORKDIR, fresh

if TYPE_CHECKING:
    from inspect_ai.util import SandboxEnvironment

SHOW_SECONDS: Final = 30
MEASURE_SECONDS: Final = 90
_MARK: Final = "=== files ==="
_SNAPSHOT: Final = f"""\
find /tmp "$HOME/.local" -xdev -type f 2>/dev/null | head -n 500
echo '{_MARK}'
find . -xdev -type f -size +1023k 2>/dev/null | head -n 100
echo '{_MARK}'
{{ printf '%s\\0' "$@"; find . -xdev \\( -type f -o -type l \\) -size -1024k -print0 | head -z -n 1000; }} 2>/dev/null |
  tar --null -T - --ignore-failed-read --hard-dereference -chf - 2>/dev/null | head -c 5000000 | base64 -w0
"""
"""Prints the names of files outside the working folder and of large ones in it, and an archive of the others in it, the
named ones first."""
_CACHE: Final = "__pycache__"
_UNREAD: Final = "the agent's files could not be read"
_TEXT: Final = 20_000
"""Characters of an added file, a command and what it gave that are kept."""
_SEED: Final = re.compile(r"^SEED\s*=\s*(\d+)", re.MULTILINE)


async def collect(challenge: Challenge, commands: tuple[Command, ...]) -> Evidence:
    """The evidence of the running sample, whose agent has ended. Its sandbox is left as the show command leaves it."""
    from inspect_ai.util import sandbox

    agents = sandbox()
    snapshot = await _snapshot(agents, sorted(challenge.files))
    outside, large, files = snapshot or ([], [], dict(challenge.files))
    shown = await _output(agents, challenge.show, SHOW_SECONDS)
    protected = {name: content for name, content in challenge.files.items() if name not in challenge.editable}
    added = {name: content for name, content in files.items() if name not in challenge.files}
    solution = {name: files[name] for name in sorted(challenge.editable) if name in files}
    texts = {name: content.decode(errors="replace") for name, content in (solution | added).items()}
    return Evidence(
        metric=challenge.metric,
        target=challenge.target,
        show=challenge.show,
        commands=tuple(Command(each.text[:_TEXT], each.output[-_TEXT:], each.writes) for each in commands),
        shown=commands_that_show(commands, challenge.show),
        last=None if shown is None else read_shown(shown),
        protected={name: sha256(content).hexdigest() for name, content in sorted(protected.items())},
        changed=_changed(protected, files),
        added={name: texts[name][:_TEXT] for name in sorted(added)} | dict.fromkeys(outside, ""),
        solution={name: texts[name] for name in solution},
        facts=_facts(challenge, texts),
        measured=await _measure(challenge, solution, added) if snapshot else Measured(failed=_UNREAD),
        large=tuple(name.removeprefix("./") for name in sorted(large)),
    )


async def _snapshot(
    agents: SandboxEnvironment, names: Sequence[str]
) -> tuple[list[str], list[str], dict[str, bytes]] | None:
    """The names of files outside the working folder and of large ones, and the others; None where none is read."""
    answer = await _output(agents, _SNAPSHOT, SHOW_SECONDS, *names)
    parts = (answer or "").split(f"{_MARK}\n")
    if len(parts) != 3:
        return None
    outside, large, encoded = parts
    return outside.split("\n")[:-1], large.split("\n")[:-1], _unpacked(encoded)


def _unpacked(encoded: str) -> dict[str, bytes]:
    """The regular files of an archive, as far as it goes."""
    files: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(base64.b64decode(encoded))) as archive:
            for member in archive:
                content = archive.extractfile(member) if member.isreg() else None
                if content is not None:
                    files[member.name.removeprefix("./")] = content.read()
    except (tarfile.TarError, EOFError, binascii.Error):
        pass  # cut at the limit: what came before it is whole
    return files


def _packed(files: Mapping[str, bytes]) -> bytes:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o755
            archive.addfile(member, io.BytesIO(content))
    return whole.getvalue()


def _changed(protected: Mapping[str, bytes], files: Mapping[str, bytes]) -> dict[str, str | None]:
    changed: dict[str, str | None] = {}
    for name, before in sorted(protected.items()):
        after = files.get(name)
        if after is None:
            changed[name] = None
        elif after != before and not says_the_same(name, before, after):
            changed[name] = sha256(after).hexdigest()
    return changed


def _facts(challenge: Challenge, texts: Mapping[str, str]) -> Facts:
    entry = next((name for name in sorted(challenge.editable) if name.endswith(".py")), None)
    if entry is None or entry not in texts:
        return {}
    seed = _SEED.search(challenge.files.get("timing.py", b"").decode())
    sources = {name: text for name, text in texts.items() if name.endswith(".py")}
    return syntax_facts(sources, entry, _expected(challenge), int(seed[1]) if seed else None)


def _expected(challenge: Challenge) -> list[Any]:
    expected = json.loads(challenge.files.get("expected.json", b"[]"))
    return expected if isinstance(expected, list) else []


async def _measure(challenge: Challenge, solution: Mapping[str, bytes], added: Mapping[str, bytes]) -> Measured:
    """Run the measure command where the agent never was."""
    own = {name: content for name, content in added.items() if _CACHE not in name and name not in challenge.pristine}
    laid = {**own, **challenge.files, **challenge.pristine, **solution}
    async with fresh() as place:
        unpacked = await place.exec(["tar", "-xf", "-", "-C", WORKDIR], input=_packed(laid), timeout=SHOW_SECONDS)
        if not unpacked.success:
            return Measured(failed=f"the files could not be laid out: {unpacked.stderr.strip()[:200]}")
        output = await _output(place, challenge.measure, MEASURE_SECONDS)
    return Measured(failed="measuring again took too long") if output is None else read_measured(output)


async def _output(place: SandboxEnvironment, command: str, seconds: int, *given: str) -> str | None:
    """What a command printed; None where it did not end, or printed more than is read."""
    from inspect_ai.util import OutputLimitExceededError

    try:
        result = await place.exec(
            ["/bin/sh", "-c", command, "sh", *given], cwd=WORKDIR, timeout=seconds, timeout_retry=False
        )
    except (TimeoutError, OutputLimitExceededError, UnicodeDecodeError):
        return None
    return result.stdout
