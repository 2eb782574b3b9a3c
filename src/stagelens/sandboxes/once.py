"""Short work in bubblewrap outside of Inspect: sandboxes that live for a few commands, as many at once as fit."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from stagelens.sandboxes.bubblewrap.config import BubblewrapConfig

_OUTPUT: Final = 2**20


@dataclass(frozen=True, slots=True)
class Job:
    """Files by their paths in the working folder, and the commands that run there in order, each in a fresh shell."""

    files: Mapping[str, bytes]
    commands: tuple[str, ...]


def run_jobs(jobs: Sequence[Job], config: BubblewrapConfig) -> list[str]:
    """What the last command of each job printed, every job in a sandbox of its own.

    Nothing where that command was killed. Must not be called from a running event loop.

    Raises:
        SandboxLostError: a sandbox did not start.
    """
    return asyncio.run(_run_all(jobs, config))


async def _run_all(jobs: Sequence[Job], config: BubblewrapConfig) -> list[str]:
    places = asyncio.Semaphore(os.cpu_count() or 1)

    async def run_one(job: Job) -> str:
        async with places:
            return await _run(job, config)

    return await asyncio.gather(*map(run_one, jobs))


async def _run(job: Job, config: BubblewrapConfig) -> str:
    from stagelens.sandboxes.bubblewrap.session import Session

    session = await Session.start(config)
    try:
        for path, content in job.files.items():
            await session.write(f"{config.workdir}/{path}", content)
        printed = ""
        for command in job.commands:
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
