"""The Ray engine: stages are trained and shards are asked by tasks on a Ray cluster.

Workers run the code that the local engine runs, into a folder of their own, and give back what they made; a stage is
trained in the run folder itself by a worker that sees it. The ledger and the judges stay with the driver. Ray itself
tries nothing again: what a lost task had not given back is begun anew by the driver.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from stagelens.errors import InputError

if TYPE_CHECKING:
    from stagelens.engine.cluster.driver import OnRay


def opened() -> AbstractContextManager[OnRay]:
    """The engine; it connects to the cluster when there is work, and leaves it in the end.

    Raises:
        InputError: Ray is not installed.
    """
    if find_spec("ray") is None:
        raise InputError("The engine ray needs Ray, which is not installed: pip install 'stagelens[ray]'.")
    return _opened()


@contextmanager
def _opened() -> Iterator[OnRay]:
    from stagelens.engine.cluster.driver import OnRay

    engine = OnRay()
    try:
        yield engine
    finally:
        engine.close()
