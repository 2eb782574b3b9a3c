"""The C library, for what Python has no cheap way to: prctl(2), capset(2), and signals without their own module."""

from __future__ import annotations

import ctypes
import os

KILL_WITH_PARENT, DUMPABLE, DROP_CAPABILITY = 1, 4, 24
"""Options of prctl(2)."""
CAPABILITIES = 64
"""As many as the kernel has numbers for; asking for one that there is not does nothing."""
CAPABILITY_VERSION = 0x20080522

libc = ctypes.CDLL(None, use_errno=True)


def become(user_id: int) -> None:
    """From root to this user, for good: without groups, without capabilities, and with none to be had again.

    Raises:
        OSError: the kernel refused.
    """
    for number in range(CAPABILITIES):
        libc.prctl(DROP_CAPABILITY, number, 0, 0, 0)
    os.setgroups([])
    os.setresgid(user_id, user_id, user_id)
    os.setresuid(user_id, user_id, user_id)
    header, none = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0), (ctypes.c_uint32 * 6)()
    if libc.capset(header, none):
        raise OSError(ctypes.get_errno(), "capset")
