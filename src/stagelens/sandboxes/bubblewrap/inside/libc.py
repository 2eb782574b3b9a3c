"""The C library, for what Python has no cheap way to: options of prctl(2), and signals without their own module."""

from __future__ import annotations

import ctypes

KILL_WITH_PARENT, DUMPABLE = 1, 4
"""Options of prctl(2)."""

libc = ctypes.CDLL(None)
