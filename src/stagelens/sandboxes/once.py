"""Short work in bubblewrap outside of Inspect: sandboxes that live for a few commands, as many at once as fit."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from stagelens.sandboxes.bubblewrap.config import BubblewrapConfig

_OUTPUT: Final = 2**20


@dataclass(frozen=True, slots=True)
class Work:
    """Files by their paths in the working folder, and the commands that run there in order, each in a fresh shell."""

    files: Mapping[str, bytes]
    commands: tuple[str, ...]


def do(works: Sequence[Work], config: BubblewrapConfig) -> list[str]:
    """What the last command of each work printed, every work in a sandbox of its own.

    Nothing where that command was killed. Must not be called from a running event loop.

    Raises:
        SandboxLostError: a sandbox did not start.
    """
    import anyio

    return anyio.run(_do_all, works, config)


async def _do_all(works: Sequence[Work], config: BubblewrapConfig) -> list[str]:
    import anyio

    printed = [""] * len(works)
    places = anyio.CapacityLimiter(os.cpu_count() or 1)

    async def do_one(number: int, work: Work) -> None:
        async with places:
            printed[number] = await _do(work, config)

    async with anyio.create_task_group() as group:
        for number, work in enumerate(works):
            group.start_soon(do_one, number, work)
    return printed


async def _do(work: Work, config: BubblewrapConfig) -> str:
    from stagelens.sandboxes.bubblewrap.session import Session

    session = await Session.start(config)
    try:
        for path, content in work.files.items():
            await session.write(f"{config.workdir}/{path}", content)
        printed = ""
        for command in work.commands:
            ended = await session.run(
                ["/bin/sh", "-c", command],
                variables={},
                cwd=config.workdir,
                seconds=config.wall_seconds,
                output=_OUTPUT,
                given=b"",
            )
            printed = "" if ended.cause else ended.stdout.decode(errors="replace")
        return printed
    finally:
        await session.close()
