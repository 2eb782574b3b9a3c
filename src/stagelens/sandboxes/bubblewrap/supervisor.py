"""The first process of a sandbox: runs commands one after another, and reads and writes files, as it is told on stdin.

It runs inside, by whatever Python the sandbox has (3.8 or later), with nothing but the standard library; never import it.
As process 1 of its namespace it can be neither killed nor stopped from inside, and no other process may look into it. It
ends when the pipe to it is closed, and everything in the sandbox with it. While it reads or writes a file nothing else
runs: what a command leaves in the background is killed when the command is over.

Messages are those of ``wire``. Requests, and what answers them:

    run, argv, environment, cwd, wall seconds, output bytes, stdin    done, return code, cause, stdout, stderr
    stop (while a command runs)                                       done, as above, with the cause ``stopped``
    read, path, bytes at most                                         data, content; large; failed, errno, text
    write, path, content                                              data; failed, errno, text
"""

import ctypes
import errno
import os
import resource
import select
import signal
import stat
import struct
import sys
import time

KILL_WITH_PARENT, DUMPABLE = 1, 4  # options of prctl(2)
TICK = 0.025
CHUNK = 1 << 16
HEADROOM = 512 << 20
"""Address space that a process may have beyond the memory limit: what is mapped and not used."""


class Gone(Exception):
    """The other end of the pipes is closed."""


class Pipes:
    """The two ends that lead out of the sandbox."""

    def __init__(self, incoming, outgoing):
        self.incoming, self.outgoing = incoming, outgoing

    def receive(self):
        (count,) = struct.unpack(">I", self._exactly(4))
        return [self._exactly(struct.unpack(">Q", self._exactly(8))[0]) for _ in range(count)]

    def send(self, *parts):
        message = struct.pack(">I", len(parts)) + b"".join(struct.pack(">Q", len(part)) + part for part in parts)
        view = memoryview(message)
        while view:
            try:
                view = view[os.write(self.outgoing, view) :]
            except BrokenPipeError:
                raise Gone from None

    def _exactly(self, size):
        parts = []
        while size:
            part = os.read(self.incoming, min(size, 1 << 20))
            if not part:
                raise Gone
            parts.append(part)
            size -= len(part)
        return b"".join(parts)


class Command:
    """One command from its start until nothing of it runs any more."""

    def __init__(self, argv, environment, cwd, wall_seconds, most, given, limits, volumes):
        self.deadline = time.monotonic() + wall_seconds
        self.most, self.limits, self.volumes = most, limits, volumes
        self.given, self.cause, self.status = memoryview(given), b"", None
        self.files_before = count_files(volumes)
        stdout, stderr = os.pipe(), os.pipe()
        stdin = os.pipe() if given else (os.open("/dev/null", os.O_RDONLY), None)
        self.pid = os.fork()
        if self.pid == 0:
            self._become(argv, environment, cwd, stdin[0], stdout[1], stderr[1])
        for end in (stdin[0], stdout[1], stderr[1]):
            os.close(end)
        self.stdin, self.outputs = stdin[1], {stdout[0]: bytearray(), stderr[0]: bytearray()}
        self.streams = (stdout[0], stderr[0])
        for end in (self.stdin, *self.streams):
            if end is not None:
                os.set_blocking(end, False)

    def _become(self, argv, environment, cwd, stdin, stdout, stderr):
        try:
            signal.set_wakeup_fd(-1)
            for name in (signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ):
                signal.signal(name, signal.SIG_DFL)
            os.setsid()
            for source, target in ((stdin, 0), (stdout, 1), (stderr, 2)):
                os.dup2(source, target)
            bound(self.limits)
            os.chdir(cwd)
            os.execvpe(argv[0], argv, environment)
        except OSError as error:
            os.write(2, b"%s: %s\n" % (os.fsencode(error.filename or argv[0]), os.strerror(error.errno).encode()))
            os._exit(127 if error.errno in (errno.ENOENT, errno.ENOTDIR) else 126)
        finally:
            os._exit(126)

    def run(self, pipes, wakeup):
        """Attend to it until it ends or has to be ended; its return code, the cause of its end, its outputs."""
        poll, due = select.poll(), 0.0
        poll.register(pipes.incoming, select.POLLIN)
        poll.register(wakeup, select.POLLIN)
        for end in self.streams:
            poll.register(end, select.POLLIN)
        if self.stdin is not None:
            poll.register(self.stdin, select.POLLOUT)
        while self.status is None and not self.cause:
            for end, _ in poll.poll(TICK * 1000):
                if end == pipes.incoming:
                    pipes.receive()
                    self.cause = b"stopped"
                elif end == wakeup:
                    os.read(wakeup, CHUNK)
                elif end == self.stdin:
                    self._feed(poll)
                else:
                    self._take(end, poll)
            self._reap()
            if time.monotonic() > self.deadline:
                self.cause = self.cause or b"time"
            if time.monotonic() > due and self.status is None:
                self.cause = self.cause or exceeded(self.limits, self.volumes, self.files_before)
                due = time.monotonic() + TICK
        self._end_everything()
        return self._code(), self.cause, *(bytes(self.outputs[end][: self.most]) for end in self.streams)

    def _feed(self, poll):
        try:
            self.given = self.given[os.write(self.stdin, self.given[:CHUNK]) :]
        except BlockingIOError:
            return
        except BrokenPipeError:
            self.given = self.given[:0]
        if not self.given:
            poll.unregister(self.stdin)
            os.close(self.stdin)
            self.stdin = None

    def _take(self, end, poll=None):
        """Read what there is; nothing more is kept once the limit is broken."""
        try:
            part = os.read(end, CHUNK)
        except BlockingIOError:
            return False
        if not part:
            if poll is not None:
                poll.unregister(end)
            return False
        kept = self.outputs[end]
        kept += part
        if len(kept) > self.most:
            self.cause = self.cause or b"output"
            return False
        return True

    def _reap(self):
        try:
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                if pid == self.pid:
                    self.status = status
        except ChildProcessError:
            pass

    def _end_everything(self):
        """Kill all processes but this one; they are all its children once their parents are dead."""
        while True:
            try:
                os.kill(-1, signal.SIGKILL)
            except ProcessLookupError:
                pass
            try:
                pid, status = os.waitpid(-1, 0)
            except ChildProcessError:
                break
            if pid == self.pid:
                self.status = status
        for end in self.streams:
            while self._take(end):
                pass
            os.close(end)
        if self.stdin is not None:
            os.close(self.stdin)

    def _code(self):
        if self.status is None:
            return 128 + signal.SIGKILL
        return 128 + os.WTERMSIG(self.status) if os.WIFSIGNALED(self.status) else os.WEXITSTATUS(self.status)


def bound(limits):
    """Set the limits that the kernel keeps for every process by itself."""
    for name, value in (
        (resource.RLIMIT_CPU, limits["cpu_seconds"]),
        (resource.RLIMIT_AS, limits["memory"] + HEADROOM),
        (resource.RLIMIT_NPROC, limits["processes"] + 1),
        (resource.RLIMIT_FSIZE, limits["file_size"]),
        (resource.RLIMIT_NOFILE, 256),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 1 << 16),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        hard = resource.getrlimit(name)[1]
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard)
        resource.setrlimit(name, (value, value))


def exceeded(limits, volumes, files_before):
    """The limit of the whole sandbox that is broken: ``memory``, ``files``, or nothing."""
    processes = [name for name in os.listdir("/proc") if name.isdigit() and name != "1"]
    if sum(map(resident, processes)) > limits["memory"] and sum(map(proportional, processes)) > limits["memory"]:
        return b"memory"
    files = count_files(volumes)
    return b"files" if files > max(limits["files"], files_before) else b""


def resident(pid):
    """Bytes of memory that a process uses; shared ones in full."""
    return fields(pid, "status", (b"RssAnon:", b"RssShmem:"))


def proportional(pid):
    """Bytes of memory that a process uses; of shared ones its part. As ``resident`` where the process hides them."""
    try:
        return fields(pid, "smaps_rollup", (b"Pss_Anon:", b"Pss_Shmem:"))
    except PermissionError:
        return resident(pid)


def fields(pid, name, keys):
    """The sum of some fields of a file in /proc, in bytes."""
    try:
        with open("/proc/%s/%s" % (pid, name), "rb") as lines:
            return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(keys))
    except (FileNotFoundError, ProcessLookupError):
        return 0


def count_files(volumes):
    """Files and folders in what can be written to."""
    usage = [os.statvfs(volume) for volume in volumes]
    return sum(each.f_files - each.f_ffree for each in usage)


def regular(file):
    """The open file, if it is one; pipes and devices are none."""
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise PermissionError(errno.EACCES, "not a regular file")
    return file


def read(path, most):
    """The parts of the answer: what a file holds."""
    if os.path.isdir(path):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    with open(regular(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)), "rb") as file:
        content = file.read(most + 1)
    return (b"large",) if len(content) > most else (b"data", content)


def write(path, content):
    """The parts of the answer: a file has this content."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_NONBLOCK | os.O_NOCTTY
    with open(regular(os.open(path, flags, 0o644)), "wb") as file:
        file.truncate()
        file.write(content)
    return (b"data",)


def answer(request, pipes, wakeup, limits, volumes):
    """The parts that answer a request."""
    kind, *rest = request
    try:
        if kind == b"run":
            argv, environment, cwd, seconds, most, given = rest
            variables = dict(pair.split(b"=", 1) for pair in environment.split(b"\0") if pair)
            started = Command(argv.split(b"\0"), variables, cwd, int(seconds), int(most), given, limits, volumes)
            code, cause, stdout, stderr = started.run(pipes, wakeup)
            return b"done", b"%d" % code, cause, stdout, stderr
        if kind == b"read":
            return read(rest[0], int(rest[1]))
        if kind == b"write":
            return write(*rest)
    except (OSError, MemoryError) as error:
        number = getattr(error, "errno", None) or errno.ENOMEM
        return b"failed", b"%d" % number, str(getattr(error, "strerror", None) or error).encode()
    return ()


def main():
    """Prepare this process, say that it is ready, and answer until the pipe is closed."""
    limits = {name: int(value) for name, value in (pair.split("=") for pair in sys.argv[2:])}
    volumes = sys.argv[1].split(":")
    pipes = Pipes(os.dup(0), os.dup(1))
    nothing = os.open("/dev/null", os.O_RDWR)
    with open("/proc/self/oom_score_adj", "w") as score:
        score.write("1000")  # where the machine itself runs out of memory, sandboxes go first
    for end in (0, 1, 2):
        os.dup2(nothing, end)
    control = ctypes.CDLL(None).prctl
    control(DUMPABLE, 0, 0, 0, 0)
    control(KILL_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
    wakeup, wake = os.pipe()
    os.set_blocking(wake, False)
    os.set_blocking(wakeup, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    pipes.send(b"ready")
    while True:
        request = pipes.receive()
        parts = answer(request, pipes, wakeup, limits, volumes)
        if parts:
            pipes.send(*parts)


if __name__ == "__main__":
    try:
        main()
    except Gone:
        os._exit(0)
