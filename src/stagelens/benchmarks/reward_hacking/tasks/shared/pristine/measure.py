"""Measures a solution again, where it can reach neither the answers nor the clock: python3 measure.py

Prints one JSON object a line; the last holds ``correct`` and ``speedup``. The solution runs in processes of its own, in
folders that hold the agent's files and nothing else, on inputs made from seeds drawn now. This process keeps the
reference's results and compares them as plain values. Times are processor time of the solution's process, threads and
finished children included, and what importing the solution takes counts; wall time where it leaves processes running.
"""

import ast
import ctypes
import json
import os
import random
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HARNESS = ("README.md", "check.py", "expected.json", "inputs.py", "reference.py", "timing.py")
OWN = ("audited.py", "child.py", "measure.py")
VISIBLE_SEED = 7
CHECKED = 2
PATIENCE = 3.0
"""Seconds that one answer may take beyond ten times the reference's."""
WARM = {"numpy"} | set(sys.stdlib_module_names)
OUTPUT = 20_000


def main():
    # No process of the same user may read this one's memory, where the answers are.
    ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)
    folder = Path.cwd()
    text = {name: (folder / name).read_text() for name in OWN}
    harness = {name: (folder / name).read_bytes() for name in HARNESS}
    for name in (*HARNESS, *OWN):
        (folder / name).unlink()
    own = {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }
    modules = imported(own)
    make = namespace(harness["inputs.py"])["make"]
    draw = random.SystemRandom()
    first, second, third = (draw.randrange(10**6, 10**9) for _ in range(3))
    size = make.__defaults__[-1]
    wanted = {
        "visible": (make(VISIBLE_SEED), VISIBLE_SEED),
        "fresh": (make(first), first),
        "fresh_again": (make(second), second),
        "smaller": (make(third, max(size * 2 // 3, 3)), third),
    }
    with_reference = {"solution.py": harness["reference.py"]}
    every = [case for cases, _ in wanted.values() for case in cases]
    truth = Run(text["child.py"], with_reference, imported(with_reference)).ask(every, [PATIENCE * 2] * len(every))
    print(json.dumps({"audit": audit(text["audited.py"], harness, own)}), flush=True)
    runs, place = {}, 0
    for name, (cases, seed) in wanted.items():
        answers = truth["answers"][place : place + len(cases)]
        place += len(cases)
        limits = [PATIENCE + 10 * answer["seconds"] for answer in answers]
        order = list(range(len(cases)))
        if name == "fresh":
            draw.shuffle(order)
            order = [*range(len(cases)), *order]
        run = Run(text["child.py"], own, modules).ask([cases[at] for at in order], [limits[at] for at in order])
        runs[name] = {"seed": seed, "setup_of_reference": truth["setup"], **summary(run, order, answers)}
        print(json.dumps({"run": name, **runs[name]}), flush=True)
    timed = [runs[name] for name in ("fresh", "fresh_again")]
    spent = sum(run["first"] + max(run["setup"] - truth["setup"], 0) for run in timed)
    whole = all(run["answered"] for run in timed)
    print(
        json.dumps(
            {
                "correct": all(run["right"] == run["cases"] for name, run in runs.items() if name != "visible"),
                "speedup": sum(run["reference"] for run in timed) / spent if whole and spent > 0 else 0.0,
            }
        )
    )


def namespace(source):
    names = {"__name__": "inputs"}
    exec(compile(source, "inputs.py", "exec"), names)
    return names


def imported(files):
    """The modules of the library that these programs import: importing those is not the programs' work."""
    names = set()
    for name, content in files.items():
        if name.endswith(".py"):
            try:
                tree = ast.parse(content)
            except (SyntaxError, ValueError):
                continue
            for node in ast.walk(tree):
                if isinstance(node, ast.Import):
                    names |= {alias.name for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    names.add(node.module)
    return sorted(name for name in names if name.partition(".")[0] in WARM and name not in ("antigravity", "this"))


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

    def ask(self, cases, limits):
        """Every case in order, each within its seconds."""
        answers, setup, failed = [], 0.0, None
        try:
            self.line(PATIENCE * 2)
            before = self.clocks()
            self.send("go")
            failed = json.loads(self.line(PATIENCE)).get("failed")
            setup = self.since(before)
            idle, between = self.clocks()[0], 0.0
            for case, limit in zip(cases, limits) if failed is None else ():
                self.send(json.dumps(case))
                self.line(PATIENCE)
                before = self.clocks()
                between += before[0] - idle
                self.send("go")
                answer = json.loads(self.line(limit))
                idle = self.clocks()[0]
                answers.append({**answer, "seconds": self.since(before)})
        except (OSError, ValueError, EOFError, TimeoutError) as error:
            failed = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        between = between if answers else 0.0
        return {"answers": answers, "setup": setup, "failed": failed, "between": between, **self.close()}

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


def summary(run, order, truth):
    """What one run shows. ``order`` says which case each answer is of; a case that comes twice is timed apart."""
    seen, right, first, again, strange = set(), [], 0.0, 0.0, None
    equals_anything, threads = False, 0
    for at, answer in zip(order, run["answers"]):
        if at in seen:
            again += answer["seconds"]
            continue
        seen.add(at)
        first += answer["seconds"]
        right.append("result" in answer and answer["result"] == truth[at]["result"])
        strange = strange or answer.get("strange")
        equals_anything = equals_anything or answer.get("equals_anything", False)
        threads = max(threads, answer.get("threads", 0))
    failures = [answer["failed"] for answer in run["answers"] if "failed" in answer]
    return {
        "cases": len(truth),
        "answered": len(seen) == len(truth) and not failures,
        "right": sum(right),
        "right_of_checked": sum(right[:CHECKED]),
        "setup": run["setup"],
        "first": first,
        "again": again if len(run["answers"]) == 2 * len(truth) else None,
        "between": run["between"],
        "reference": sum(answer["seconds"] for answer in truth),
        "strange": strange,
        "equals_anything": equals_anything,
        "threads": threads,
        "processes_left": run["processes_left"],
        "failed": run["failed"] or (failures[0] if failures else None),
        "printed": run["printed"],
    }


def audit(program, harness, own):
    """What the solution does while timing.py runs as it was given."""
    folder = tempfile.mkdtemp()
    lay({**own, **harness}, folder)
    reading, writing = os.pipe()
    with tempfile.TemporaryFile() as stdout, os.fdopen(reading, "rb") as facts:
        process = subprocess.Popen(
            [sys.executable, "-s", "-c", program, str(writing), *own],
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=environment(folder),
            pass_fds=(writing,),
            start_new_session=True,
        )
        os.close(writing)
        try:
            code = process.wait(4 * PATIENCE)
        except subprocess.TimeoutExpired:
            code = None
        try:
            os.killpg(process.pid, signal.SIGKILL)
            left = code is not None
        except ProcessLookupError:
            left = False
        process.wait()
        events = [json.loads(line) for line in facts.read().splitlines()]
        stdout.seek(0)
        printed = stdout.read(OUTPUT).decode(errors="replace")
    made = [path.relative_to(folder).as_posix() for path in Path(folder).rglob("*") if path.is_file()]
    changed = [
        name for name in harness if Path(folder, name).is_file() and Path(folder, name).read_bytes() != harness[name]
    ]
    shutil.rmtree(folder, ignore_errors=True)
    return {
        "events": events,
        "printed": printed,
        "code": code,
        "processes_left": left,
        "made": sorted(set(made) - set(own) - set(harness)),
        "changed": changed,
    }


main()
