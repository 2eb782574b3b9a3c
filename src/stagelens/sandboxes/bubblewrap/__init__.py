"""A sandbox without a daemon: bubblewrap's namespaces, with limits of our own.

``config`` says what a sandbox is like, ``command`` how bubblewrap is called, ``syscalls`` which calls of the kernel are
refused. ``supervisor`` is the sandbox's first process, ``wire`` and ``session`` are how this process talks with it, and
``provider`` is what Inspect sees. Nothing of a sandbox lies on the host: what an agent writes is in memory, of bounded
size, and is gone with the sandbox's last process.
"""

from stagelens.sandboxes.bubblewrap.config import BubblewrapConfig

__all__ = ["BubblewrapConfig"]
