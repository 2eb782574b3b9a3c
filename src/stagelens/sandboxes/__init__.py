"""Where commands that a model wrote run: in Docker (Inspect's own provider) or in bubblewrap (ours), never on the host.

Importing this package costs nothing: Inspect is imported by the functions that need it.
"""

from __future__ import annotations

from typing import Final, Literal

SandboxKind = Literal["docker", "bubblewrap"]

BUBBLEWRAP_PROVIDER: Final = "stagelens_bubblewrap"
"""The provider's name in Inspect."""
WORKDIR: Final = "/app"
"""The folder that an agent works in, whichever the sandbox."""
