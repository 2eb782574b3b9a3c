"""The calls of the kernel that a sandbox refuses, as a seccomp program (see seccomp(2), bpf in linux/filter.h).

Refused are: namespaces and mounts, looking into other processes, memory that no limit sees (memory files, System V
segments), kernel keys, and what only widens the kernel's surface (bpf, perf, io_uring, userfaultfd). Sockets are Unix,
internet (of which the sandbox has only its own loopback) and netlink: a virtual machine's host, for one, listens on
others that know no namespaces.
"""

from __future__ import annotations

import errno
import platform
import struct
from collections.abc import Sequence
from typing import Final, NamedTuple


class _Machine(NamedTuple):
    """The kernel's name of an architecture, and the numbers of calls that differ between them."""

    audit: int
    clone: int
    socket: int
    refused: tuple[int, ...]


_SAME_EVERYWHERE: Final = (425, 426, 427, 428, 429, 430, 431, 432, 433, 442, 447)
"""io_uring_*, open_tree, move_mount, fsopen, fsconfig, fsmount, fspick, mount_setattr, memfd_secret."""
_CLONE3: Final = 435
_X32: Final = 0x40000000
_NAMESPACES: Final = 0x7E020000
"""The CLONE_NEW… flags: mount, cgroup, host name, IPC, user, process, network."""
_FAMILIES: Final = (1, 2, 10, 16)
"""AF_UNIX, AF_INET, AF_INET6, AF_NETLINK."""

# In order: mount, umount2, pivot_root, unshare, setns, ptrace, process_vm_readv, process_vm_writev, memfd_create,
# shmget, msgget, add_key, request_key, keyctl, bpf, perf_event_open, userfaultfd.
_MACHINES: Final = {
    "x86_64": _Machine(
        audit=0xC000003E,
        clone=56,
        socket=41,
        refused=(165, 166, 155, 272, 308, 101, 310, 311, 319, 29, 68, 248, 249, 250, 321, 298, 323),
    ),
    "aarch64": _Machine(
        audit=0xC00000B7,
        clone=220,
        socket=198,
        refused=(40, 39, 41, 97, 268, 117, 270, 271, 279, 194, 186, 217, 218, 219, 280, 241, 282),
    ),
}

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
_ALLOW, _KILL, _FAIL = 0x7FFF0000, 0x80000000, 0x00050000


def supported() -> bool:
    """Whether this machine's processor is known."""
    return platform.machine() in _MACHINES


def filter_program() -> bytes:
    """The program for this machine, as bubblewrap's ``--seccomp`` reads it.

    Raises:
        KeyError: the processor is not known (see ``supported``).
    """
    machine = _MACHINES[platform.machine()]
    refuse, absent = _FAIL | errno.EPERM, _FAIL | errno.ENOSYS
    steps = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, machine.audit),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        *_unless(_AT_LEAST, _X32, refuse),
        *_unless(_EQUAL, _CLONE3, absent),  # its flags lie in memory: the C library then takes clone
    ]
    for number in (*machine.refused, *_SAME_EVERYWHERE):
        steps += _unless(_EQUAL, number, refuse)
    steps += [
        (_EQUAL, 0, 3, machine.clone),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        *_unless(_ANY_BIT, _NAMESPACES, refuse),
        (_LOAD, 0, 0, _NUMBER),
        (_EQUAL, 1, 0, machine.socket),
        (_RETURN, 0, 0, _ALLOW),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
    ]
    # After clone's argument has been loaded the number is loaded again, so both ways meet at the test for socket.
    steps += [(_EQUAL, len(_FAMILIES) - position, 0, family) for position, family in enumerate(_FAMILIES)]
    steps += [(_RETURN, 0, 0, refuse), (_RETURN, 0, 0, _ALLOW)]
    return _assemble(steps)


def _unless(test: int, value: int, answer: int) -> list[tuple[int, int, int, int]]:
    """Answer where the test holds, and go on where it does not."""
    return [(test, 0, 1, value), (_RETURN, 0, 0, answer)]


def _assemble(steps: Sequence[tuple[int, int, int, int]]) -> bytes:
    return b"".join(struct.pack("=HBBI", *step) for step in steps)
