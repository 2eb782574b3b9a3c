"""Command-line agents of others, run in a container against any model: what each is and what it takes. No Inspect.

Each is its makers' own npm package at one pinned version, built into an image (the ``Dockerfile`` beside this file), so
that nothing is fetched while it runs and the container needs no network. ``inspect_swe`` starts it and serves it the
model that is asked; ``command_lines.solver`` bounds it and records how it ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal

from stagelens.sandboxes import WORKDIR
from stagelens.sandboxes.docker import Container

CommandLineName = Literal["gemini_cli", "claude_code", "codex_cli"]

DOCKERFILE: Final = Path(__file__).parent / "Dockerfile"
LABEL_PATH: Final = "/etc/command-line-agent"
"""The file in an image that holds ``package@version`` of the agent in it."""
_INSTALLED: Final = "/var/tmp/.5c95f967ca830048"
"""Where ``inspect_swe`` 0.2.72 looks for agents that are installed already."""


@dataclass(frozen=True, slots=True)
class CommandLine:
    """One agent.

    Attributes:
        title: its makers' name for it.
        package: on npm.
        version: of the package.
        folder: where it is installed in the image.
        client: the Python package on this side whose types the agent's requests are translated with.
    """

    title: str
    package: str
    version: str
    folder: str
    client: str

    @property
    def label(self) -> str:
        """What ``LABEL_PATH`` holds in its image."""
        return f"{self.package}@{self.version}"


COMMAND_LINES: Final[dict[CommandLineName, CommandLine]] = {
    "gemini_cli": CommandLine("Gemini CLI", "@google/gemini-cli", "0.61.0", f"{_INSTALLED}/gemini-cli", "google.genai"),
    "claude_code": CommandLine(
        "Claude Code", "@anthropic-ai/claude-code", "2.1.332", f"{_INSTALLED}/claude-code", "anthropic"
    ),
    "codex_cli": CommandLine("Codex CLI", "@openai/codex", "0.169.0", f"{_INSTALLED}/codex", "openai"),
}


def lacking(name: CommandLineName) -> str | None:
    """What this Python lacks to run the agent, with the one command that adds it; None where nothing is missing.

    Besides, it takes Docker.
    """
    wanted = ("inspect_swe", COMMAND_LINES[name].client)
    missing = next((module for module in wanted if not _installed(module)), None)
    if missing is None:
        return None
    return f"{COMMAND_LINES[name].title} needs the Python package {missing}: pip install 'stagelens[agents]'"


def image(name: CommandLineName) -> str:
    """The name of its image. It changes with the agent's version and with the Dockerfile."""
    made_of = sha256(DOCKERFILE.read_bytes()).hexdigest()[:12]
    return f"stagelens-{name.replace('_', '-')}:{COMMAND_LINES[name].version}-{made_of}"


def container(name: CommandLineName) -> Container:
    """The container that it works in, built where its image is not there yet.

    The agent's own user can change what is in the working folder and in its home, no more. What serves it the model
    runs as root beside it, which needs root's capabilities.
    """
    agent = COMMAND_LINES[name]
    arguments = {"PACKAGE": agent.package, "VERSION": agent.version, "FOLDER": agent.folder}
    return Container(
        image(name),
        build={"context": str(DOCKERFILE.parent), "network": "host", "args": arguments},
        workdir=WORKDIR,
        environment={"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        plain=False,
    )


def _installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # the package that ``module`` is in
        return False
