"""The way to a Ray cluster, and what it has."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping
from typing import Any, Final

from stagelens.errors import InputError

ADDRESS: Final = "RAY_ADDRESS"


def connect() -> bool:
    """Connect to the cluster that ``RAY_ADDRESS`` names, else start Ray on this machine; whether it was this call.

    Nothing is reported to Ray's makers, and no dashboard is started.

    Raises:
        InputError: no cluster answers at that address.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    import ray

    if ray.is_initialized():
        return False
    address = os.environ.get(ADDRESS, "").strip() or "local"
    if address.startswith("ray://"):
        raise InputError(
            f"{ADDRESS} is {address}, Ray's client, through which results cannot stream: run the command on a node "
            f"of the cluster, with {ADDRESS}=auto."
        )
    own: dict[str, Any] = {"include_dashboard": False} if address == "local" else {}
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, **own)
    except (ConnectionError, ValueError, RuntimeError) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise InputError(
            f"No Ray cluster answers at {ADDRESS}={address} ({reason}): start one with `ray start --head`, or unset "
            f"{ADDRESS} to use this machine alone."
        ) from error
    return True


def disconnect() -> None:
    """Leave the cluster: what is still running there for this driver ends."""
    import ray

    ray.shutdown()


def stop(tasks: Iterable[Any]) -> None:
    """End tasks that nobody waits for any more, whoever keeps the connection open."""
    import ray

    for task in list(tasks):
        ray.cancel(task)


def nodes() -> list[Mapping[str, float]]:
    """The resources of every node that is alive, in Ray's words: ``CPU``, ``GPU`` …"""
    import ray

    return [node["Resources"] for node in ray.nodes() if node["Alive"]]


def described() -> str:
    """The cluster in a line."""
    found = nodes()
    cpus, gpus = (sum(node.get(kind, 0) for node in found) for kind in ("CPU", "GPU"))
    return f"Ray: {len(found)} node{'s' * (len(found) != 1)}, {cpus:g} CPUs, {gpus:g} GPUs"
