"""What of the driver's environment workers need: keys and addresses of models and of the hub.

They travel as an argument of a task, which Ray keeps in memory alone. Its runtime environments, which would set
variables too, are written into its logs.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

_ENDS: Final = ("_API_KEY", "_BASE_URL", "_DEFAULT_SERVER_ARGS")
_BEGINNINGS: Final = ("STAGELENS_", "HF_TOKEN", "HF_ENDPOINT", "HF_HUB_")


@dataclass(frozen=True, slots=True)
class Environment:
    """Variables and their values, which do not show when it is printed."""

    values: Mapping[str, str] = field(repr=False)

    @staticmethod
    def of_driver() -> Environment:
        """Those of this process."""
        return Environment(
            {name: value for name, value in os.environ.items() if name.endswith(_ENDS) or name.startswith(_BEGINNINGS)}
        )

    @contextmanager
    def added(self) -> Iterator[None]:
        """Set them inside the block; what the node says itself stays."""
        new = {name: value for name, value in self.values.items() if name not in os.environ}
        os.environ.update(new)
        try:
            yield
        finally:
            for name in new:
                os.environ.pop(name, None)
