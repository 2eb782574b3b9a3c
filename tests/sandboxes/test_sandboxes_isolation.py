"""What a sandbox can see and reach: nothing of the host, of the network, or of other sandboxes."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sandboxes_boxes import Box, boxes

import stagelens

pytestmark = pytest.mark.bubblewrap

SECRET = "the-host-s-own-secret"


@pytest.fixture(scope="module")
def pair() -> Iterator[list[Box]]:
    os.environ["STAGELENS_TEST_SECRET"] = SECRET
    with boxes(count=2) as made:
        yield made
    del os.environ["STAGELENS_TEST_SECRET"]


@pytest.fixture(scope="module")
def box(pair: list[Box]) -> Box:
    return pair[0]


def _refused(box: Box, call: str) -> bool:
    """Whether a call of the kernel ends with EPERM or ENOSYS; ``call`` is what libc is asked for."""
    done = box.python(
        "import ctypes, os\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        f"answer = {call}\n"
        "print(answer, os.strerror(ctypes.get_errno()))"
    )
    assert done.success, done.stderr
    return done.stdout.strip() in ("-1 Operation not permitted", "-1 Function not implemented")


def test_no_file_of_the_host_can_be_read(box: Box, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text(SECRET)
    project = Path(stagelens.__file__).parent
    for path in (secret, Path.home(), project, "/root", "/home", "/etc/shadow", "/etc/ssh", "/var", "/srv", "/mnt"):
        assert not box.sh(f"ls {path} && cat {path}").success, path
    assert SECRET not in box.sh(f"grep -rs {SECRET} /etc /opt /run /tmp /app /dev/shm").stdout


def test_no_file_of_the_host_can_be_changed(box: Box) -> None:
    for path in ("/usr/bin/evil", "/etc/passwd", "/etc/evil", "/evil", "/dev/evil", "/run/evil", "/bin/sh"):
        assert not box.sh(f"echo evil >> {path}").success, path
        assert not box.sh(f"rm -f {path} && false || test -e {path} && rm {path}").success, path
    assert not Path("/usr/bin/evil").exists()
    assert not box.sh("echo 1 > /proc/sys/kernel/panic").success
    assert not box.sh("echo b > /proc/sysrq-trigger").success


def test_no_variable_of_the_host_is_seen(box: Box) -> None:
    seen = box.sh("env; cat /proc/*/environ | tr '\\0' '\\n'").stdout
    assert SECRET not in seen
    assert {line.split("=")[0] for line in seen.splitlines()} <= {
        *("PATH", "HOME", "USER", "LANG", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "PWD", "OLDPWD", "SHLVL", "_"),
        *("LC_CTYPE",),
    }


def test_no_process_of_the_host_is_seen_or_signalled(box: Box) -> None:
    seen = box.sh("cat /proc/[0-9]*/cmdline | tr '\\0' ' '").stdout
    assert "pytest" not in seen
    assert len([name for name in box.sh("ls /proc").stdout.split() if name.isdigit()]) <= 4
    assert not box.sh(f"kill -9 {os.getpid()}").success


def test_commands_are_nobody_outside(box: Box) -> None:
    """Limits on processes do not bind root, whatever it is called inside."""
    status = box.sh("cat /proc/self/status; cat /proc/self/uid_map").stdout
    assert "NoNewPrivs:\t1" in status
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert f"{name}:\t0000000000000000" in status, name
    assert box.run("id", "-u").stdout.strip() != "0"
    assert " 0 " not in status.splitlines()[-1] or os.geteuid() == 0


def test_sandboxes_do_not_see_each_other(pair: list[Box]) -> None:
    one, other = pair
    one.sh(f"echo {SECRET} > /app/mine; echo {SECRET} > /tmp/mine; echo {SECRET} > /dev/shm/mine")
    for path in ("/app/mine", "/tmp/mine", "/dev/shm/mine"):
        assert one.sh(f"cat {path}").stdout.strip() == SECRET
        assert not other.sh(f"cat {path}").success


def test_no_network_is_reached(box: Box) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        accepted = threading.Event()
        server.settimeout(0.1)
        for target in (f"('127.0.0.1', {port})", "('1.1.1.1', 53)", "('example.org', 80)", f"('localhost', {port})"):
            done = box.python(f"import socket; socket.create_connection({target}, 3)")
            assert not done.success, target
        with pytest.raises(TimeoutError):
            server.accept()
        assert not accepted.is_set()
    assert box.sh("cat /proc/net/dev").stdout.count(":") == 1
    assert not box.python("import socket; socket.getaddrinfo('example.org', 80)").success


def test_no_abstract_socket_of_the_host_is_reached(box: Box) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"\0stagelens-test-{os.getpid()}")
        server.listen()
        address = f"'\\0stagelens-test-{os.getpid()}'"
        done = box.python(f"import socket; socket.socket(socket.AF_UNIX).connect({address})")
        assert "ConnectionRefusedError" in done.stderr


@pytest.mark.parametrize("family", [16 + 1, 38, 40], ids=["packet", "alg", "vsock"])
def test_sockets_that_know_no_namespace_are_refused(box: Box, family: int) -> None:
    assert _refused(box, f"libc.socket({family}, 5 if {family} == 38 else 1, 0)")


def test_sockets_inside_work(box: Box) -> None:
    done = box.python(
        "import socket, threading\n"
        "server = socket.create_server(('127.0.0.1', 0))\n"
        "threading.Thread(target=lambda: server.accept()[0].sendall(b'hello')).start()\n"
        "print(socket.create_connection(server.getsockname()).recv(5).decode())"
    )
    assert done.stdout == "hello\n", done.stderr


@pytest.mark.parametrize(
    "call",
    [
        "libc.unshare(0x10000000)",  # CLONE_NEWUSER
        "libc.unshare(0x00020000)",  # CLONE_NEWNS
        "libc.mount(b'tmpfs', b'/tmp', b'tmpfs', 0, None)",
        "libc.umount2(b'/tmp', 2)",
        "libc.syscall(435, 0, 0)",  # clone3
        "libc.ptrace(16, 1, 0, 0)",  # PTRACE_ATTACH
        "libc.process_vm_readv(1, None, 0, None, 0, 0)",
        "libc.memfd_create(b'x', 0)",
        "libc.shmget(1, 1 << 20, 0o1666)",
        "libc.syscall(425, 1, 0)",  # io_uring_setup
        "libc.setuid(0)",
        "libc.chroot(b'/tmp')",
    ],
)
def test_ways_out_are_refused(box: Box, call: str) -> None:
    assert _refused(box, call)


def test_namespaces_cannot_be_made_by_clone(box: Box) -> None:
    done = box.python(
        "import ctypes, os, platform\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "number = {'x86_64': 56, 'aarch64': 220}[platform.machine()]\n"
        "print(libc.syscall(number, 0x10000000 | 17, 0, 0, 0, 0), os.strerror(ctypes.get_errno()))"
    )
    assert done.stdout.strip() == "-1 Operation not permitted"
    assert not box.sh("unshare -Ur id").success


def test_programs_that_change_the_user_do_not(box: Box) -> None:
    done = box.sh("for each in $(find /usr -perm -4000 -type f); do timeout 2 $each -c 'id -u' </dev/null; done; id -u")
    assert "0" not in done.stdout.split()


def test_the_first_process_cannot_be_ended_or_looked_into(box: Box) -> None:
    for signal in ("KILL", "STOP", "TERM", "SEGV"):
        box.sh(f"kill -{signal} -1; kill -{signal} 1")
        assert box.works(), signal
    for name in ("mem", "environ", "maps", "fd/0", "root/etc/passwd", "cwd"):
        assert not box.sh(f"cat /proc/1/{name} || ls /proc/1/{name}/").success, name
