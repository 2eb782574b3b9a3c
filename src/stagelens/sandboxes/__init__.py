"""Where commands that a model wrote run: in Docker (Inspect's own provider) or in bubblewrap (ours), never on the host.

Importing this package costs nothing: Inspect is imported by the functions that need it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from stagelens.sandboxes.probes import lacks_bubblewrap, lacks_docker

if TYPE_CHECKING:
    from inspect_ai.util import SandboxEnvironment, SandboxEnvironmentSpec

    from stagelens.sandboxes.bubblewrap import BubblewrapConfig

SandboxKind = Literal["docker", "bubblewrap"]
Wanted = Literal["auto", "docker", "bubblewrap"]

BUBBLEWRAP_PROVIDER: Final = "stagelens_bubblewrap"
"""The provider's name in Inspect."""
WORKDIR: Final = "/app"
"""The folder that an agent works in, whichever the sandbox."""
MEASURE: Final = "measure"
"""The name of a Docker sandbox's second container, in which results are measured again."""


def lacking(wanted: Wanted) -> str | None:
    """What this machine lacks for such sandboxes, with the one command that adds it; None where nothing is missing.

    It is found out by starting one (bubblewrap) or asking the engine (Docker), once a process.
    """
    if wanted == "docker":
        return lacks_docker()
    if wanted == "bubblewrap":
        return lacks_bubblewrap()
    return lacks_bubblewrap() if lacks_docker() else None


def choose(wanted: Wanted) -> SandboxKind | None:
    """The kind of sandbox to use, None where this machine lacks it: ``auto`` is Docker where it answers."""
    if wanted != "auto":
        return None if lacking(wanted) else wanted
    kinds: tuple[SandboxKind, ...] = ("docker", "bubblewrap")
    return next((kind for kind in kinds if lacking(kind) is None), None)


def spec(
    kind: SandboxKind, *, bubblewrap: BubblewrapConfig | None = None, compose: Path | None = None
) -> SandboxEnvironmentSpec:
    """What a Task or a Sample takes as its ``sandbox``.

    Args:
        kind: Docker or bubblewrap.
        bubblewrap: the limits of a bubblewrap sandbox, by default those of ``BubblewrapConfig()``.
        compose: the compose file of a Docker sandbox (see ``sandboxes.docker``), which it needs.
    """
    from inspect_ai.util import SandboxEnvironmentSpec

    from stagelens.sandboxes.bubblewrap import BubblewrapConfig

    if kind == "bubblewrap":
        return SandboxEnvironmentSpec(BUBBLEWRAP_PROVIDER, bubblewrap or BubblewrapConfig())
    if compose is None:
        raise ValueError("a Docker sandbox needs a compose file")
    return SandboxEnvironmentSpec("docker", str(compose))


@asynccontextmanager
async def fresh() -> AsyncIterator[SandboxEnvironment]:
    """A sandbox like the running sample's own, as it was before anything ran in it, for measuring again.

    In bubblewrap it is a new, empty one that ends with this context. In Docker it is the sample's container
    ``measure``, which is the same for every use within a sample.

    Raises:
        ValueError: a Docker sandbox has no container of that name.
    """
    from inspect_ai.util import sandbox

    from stagelens.sandboxes.bubblewrap.provider import BubblewrapSandbox

    try:
        config = sandbox().as_type(BubblewrapSandbox).config
    except TypeError:
        yield sandbox(MEASURE)
        return
    new = await BubblewrapSandbox.start(config)
    try:
        yield new
    finally:
        await new.close()
