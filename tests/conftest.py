"""What every test process needs before torch is imported, and which tests this machine can run."""

import os

import pytest

from stagelens.sandboxes import lacking

# As the command line does: threads that wait by spinning slow training where processes share the cores.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

SANDBOXES = ("docker", "bubblewrap")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that are marked with a kind of sandbox are skipped, with the reason, where the machine lacks it.

    A bubblewrap that is there and allowed, and yet starts no sandbox, is a fault to be seen.
    """
    for kind in SANDBOXES:
        marked = [item for item in items if item.get_closest_marker(kind)]
        lack = lacking(kind) if marked else None
        for item in marked if lack and "cannot start a sandbox" not in lack else ():
            item.add_marker(pytest.mark.skip(reason=lack or ""))
