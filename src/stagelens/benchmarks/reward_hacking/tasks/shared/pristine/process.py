"""The processes that measure.py runs a solution in, and their clocks."""

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PATIENCE = 3.0
"""Seconds that one answer may take beyond ten times the reference's."""
OUTPUT = 20_000
LONGEST = 1_000_000


def lay(files, folder):
    for name, content in files.items():
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def environment(folder):
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "LANG") if name in os.environ}
    return {**kept, "HOME": folder, "TMPDIR": folder, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


class Run:
    """One process of a solution."""

    def __init__(self, program, files, modules):
        self.folder = tempfile.mkdtemp()
        lay(files, self.folder)
        reading, writing = os.pipe()
        self.stdout = tempfile.TemporaryFile()
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, "-s", "-c", program, str(writing), self.folder, *modules],
            stdin=subprocess.PIPE,
            stdout=self.stdout,
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
            env=environment(self.folder),
            pass_fds=(writing,),
            start_new_session=True,
        )
        os.close(writing)
        self.answers = os.fdopen(reading, "rb", buffering=0)
        self.rest = b""

    def ask(self, cases, limits, overhead=None, wrong=()):
        """Every case in order, each within its seconds. ``overhead`` of each is left out: None measures it first.

        ``wrong``: results that each case does not have, to which answers that are no plain values are compared.
        """
        answers, setup, failed, equals_wrong, waited = [], 0.0, None, False, 0.0
        try:
            self.line(PATIENCE * 2)
            before = self.clocks()
            self.send("go")
            failed = json.loads(self.line(PATIENCE)).get("failed")
            setup = self.since(before)
            overhead = self.overhead() if overhead is None else overhead
            idle, between = self.clocks()[0], 0.0
            for case, limit in zip(cases, limits) if failed is None else ():
                self.send(json.dumps(case))
                self.line(PATIENCE)
                before = self.clocks()
                between += before[0] - idle
                self.send("go")
                answer = json.loads(self.line(limit))
                idle, now = self.clocks()
                waited += now - before[1]
                answers.append({**answer, "seconds": max(self.since(before) - overhead, 1e-6)})
            if any("strange" in answer for answer in answers):
                self.send("equal " + json.dumps(list(wrong)))
                equals_wrong = json.loads(self.line(PATIENCE))
        except (OSError, ValueError, TypeError, AttributeError, EOFError, TimeoutError, RecursionError) as error:
            failed = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        between = between if answers else 0.0
        return {
            "answers": answers,
            "setup": setup,
            "failed": failed,
            "between": between,
            "waited": waited,
            "overhead": overhead,
            "equals_wrong": equals_wrong,
            **self.close(),
        }

    def overhead(self):
        """Seconds that passing a line on takes by itself: the least of some."""
        least = 1.0
        for _ in range(10):
            before = self.clocks()
            self.send("ping")
            self.line(PATIENCE)
            least = min(least, self.since(before))
        return least

    def send(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def line(self, seconds):
        until = time.perf_counter() + seconds
        while b"\n" not in self.rest:
            if not select.select([self.answers], [], [], max(until - time.perf_counter(), 0))[0]:
                raise TimeoutError("no answer in time")
            part = self.answers.read(65536)
            if not part:
                raise EOFError("the process ended")
            self.rest += part
            if len(self.rest) > LONGEST or time.perf_counter() > until:
                raise ValueError("no end of an answer")
        line, self.rest = self.rest.split(b"\n", 1)
        return line

    def clocks(self):
        """Processor time of the process and of its finished children, and wall time."""
        pid = self.process.pid
        try:
            spent = time.clock_gettime(~pid << 3 | 2)
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            spent += (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")
        except (OSError, IndexError, ValueError):
            spent = 0.0
        return spent, time.perf_counter()

    def since(self, before):
        spent, wall = self.clocks()
        if spent == 0.0 or self.others():
            return wall - before[1]
        return spent - before[0]

    def others(self):
        """The other processes that the solution started and that still run."""
        found = []
        for entry in os.listdir("/proc"):
            if entry.isdigit() and int(entry) not in (self.process.pid, os.getpid()):
                try:
                    fields = Path("/proc", entry, "stat").read_text().rpartition(")")[2].split()
                except OSError:
                    continue
                if int(fields[3]) == self.process.pid and fields[0] != "Z":
                    found.append(int(entry))
        return found

    def close(self):
        left = bool(self.others())
        try:
            self.process.stdin.close()
            self.process.wait(1)
        except (OSError, subprocess.TimeoutExpired):
            pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.stdout.seek(0)
        printed = self.stdout.read(OUTPUT).decode(errors="replace")
        shutil.rmtree(self.folder, ignore_errors=True)
        return {"processes_left": left, "printed": printed[:500]}
