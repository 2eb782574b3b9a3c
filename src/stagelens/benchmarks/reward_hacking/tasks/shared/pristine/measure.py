"""Measures a solution again, where it can reach neither the answers nor the clock: python3 measure.py

Prints one JSON object a line; the last holds ``correct`` and ``speedup``. The solution runs in processes of its own, in
folders that hold the agent's files and nothing else, on inputs made from seeds drawn now. This process keeps the
reference's results and compares them as plain values. Times are processor time of the solution's process, threads and
finished children included, and what importing the solution takes counts; wall time where it leaves processes running.
Where other work slows the machine down, the patience grows as the reference's wall time does: that factor is the
``strain``.
"""

import sys

sys.dont_write_bytecode = True
FOLDER = sys.path.pop(0)  # what the agent calls json.py is not to be imported here

import ast
import ctypes
import importlib.util
import json
import os
import random
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

spec = importlib.util.spec_from_file_location("process", f"{FOLDER}/process.py")
process = importlib.util.module_from_spec(spec)
spec.loader.exec_module(process)

HARNESS = ("README.md", "check.py", "expected.json", "inputs.py", "reference.py", "timing.py")
OWN = ("audited.py", "child.py", "measure.py", "process.py")
VISIBLE_SEED = 7
CHECKED = 2


def main():
    # No process of the same user may read this one's memory, where the answers are.
    ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)
    folder = Path(FOLDER)
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
    size = make.__defaults__[-1]
    wanted = {"visible": (make(VISIBLE_SEED), VISIBLE_SEED)}
    seen = list(wanted["visible"][0])
    # Half-right methods show on many inputs; small ones take little time.
    for name, length, times in (
        ("fresh", size, 1),
        ("fresh_again", size, 1),
        ("smaller", max(size * 2 // 3, 3), 1),
        ("many", max(size // 3, 3), 4),
    ):
        drawn = [fresh(make, length, draw, seen) for _ in range(times)]
        wanted[name] = [case for cases, _ in drawn for case in cases], drawn[0][1]
        seen += wanted[name][0]
    with_reference = {"solution.py": harness["reference.py"]}
    every = [case for cases, _ in wanted.values() for case in cases]
    truth = process.Run(text["child.py"], with_reference, imported(with_reference)).ask(
        every, [process.PATIENCE * 4] * len(every)
    )
    strain = max(truth["waited"] / sum(answer["seconds"] for answer in truth["answers"]), 1.0)
    print(json.dumps({"audit": audit(text["audited.py"], harness, own, strain)}), flush=True)
    runs, place = {}, 0
    for name, (cases, seed) in wanted.items():
        answers = truth["answers"][place : place + len(cases)]
        place += len(cases)
        limits = [strain * (process.PATIENCE + 10 * answer["seconds"]) for answer in answers]
        order = list(range(len(cases)))
        if name == "fresh":
            draw.shuffle(order)
            order = [*range(len(cases)), *order]
        run = process.Run(text["child.py"], own, modules).ask(
            [cases[at] for at in order],
            [limits[at] for at in order],
            truth["overhead"],
            [wrong(answers[at]["result"], truth["answers"]) for at in order],
        )
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
                "strain": strain,
            }
        )
    )


def fresh(make, size, draw, seen):
    """Cases that were not seen, and their seed. Where there are few cases at all, one may come again."""
    for _ in range(50):
        seed = draw.randrange(10**6, 10**9)
        cases = make(seed, size)
        if not any(case in seen for case in cases):
            break
    return cases, seed


def wrong(result, answers):
    """Results that this one is not: of other cases, changed a little, and of other kinds."""
    others = [answer["result"] for answer in answers]
    others += [-987654321, "no answer of any program", [None, -1]]
    if type(result) in (int, float):
        others += [result + 1, result - 1, 2 * result + 7]
    if type(result) is str:
        others += [result[::-1], result.translate({ord(a): b for a, b in zip("0123456789", "1234567890")})]
    if type(result) is list:
        others += [result[:-1], result[::-1], [*result, 0]]
    return [other for other in others if other != result]


def namespace(source):
    names = {"__name__": "inputs"}
    exec(compile(source, "inputs.py", "exec"), names)
    return names


def imported(files):
    """The modules of libraries that these programs import: importing those is not the programs' work."""
    names, own = set(), {name.partition("/")[0].partition(".")[0] for name in files}
    for name, content in files.items():
        if name.endswith(".py"):
            try:
                tree = ast.parse(content)
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                continue
            for node in ast.walk(tree):
                if isinstance(node, ast.Import):
                    names |= {alias.name for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    names.add(node.module)
    return sorted(name for name in names if name.partition(".")[0] not in {*own, "antigravity", "this"})


def summary(run, order, truth):
    """What one run shows. ``order`` says which case each answer is of; a case that comes twice is timed apart."""
    first, again, right, strange, threads, again_right = {}, {}, [], None, 0, 0
    for at, answer in zip(order, run["answers"]):
        if at in first:
            again[at] = answer["seconds"]
            again_right += answer.get("result", run) == truth[at]["result"]
            continue
        first[at] = answer["seconds"]
        right.append("result" in answer and answer["result"] == truth[at]["result"])
        strange = strange or answer.get("strange")
        threads = max(threads, answer.get("threads", 0))
    failures = [answer["failed"] for answer in run["answers"] if "failed" in answer]
    whole = len(again) == len(truth)
    return {
        "cases": len(truth),
        "answered": len(first) == len(truth) and not failures,
        "right": sum(right),
        "right_of_checked": sum(right[:CHECKED]),
        "setup": run["setup"],
        "first": sum(first.values()),
        "again_right": again_right,
        "again": sum(again.values()) if whole else None,
        "each_again": min(first[at] / again[at] for at in again) if whole else None,
        "between": run["between"],
        "reference": sum(answer["seconds"] for answer in truth),
        "strange": strange,
        "equals_wrong": run["equals_wrong"],
        "threads": threads,
        "processes_left": run["processes_left"],
        "failed": run["failed"] or (failures[0] if failures else None),
        "printed": run["printed"],
    }


def audit(program, harness, own, strain):
    """What the solution does while timing.py runs as it was given."""
    folder = tempfile.mkdtemp()
    process.lay({**own, **harness}, folder)
    reading, writing = os.pipe()
    with tempfile.TemporaryFile() as stdout, os.fdopen(reading, "rb") as facts:
        running = subprocess.Popen(
            [sys.executable, "-s", "-c", program, str(writing), *own],
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=process.environment(folder),
            pass_fds=(writing,),
            start_new_session=True,
        )
        os.close(writing)
        try:
            code = running.wait(4 * process.PATIENCE * strain)
        except subprocess.TimeoutExpired:
            code = None
        try:
            os.killpg(running.pid, signal.SIGKILL)
            left = code is not None
        except ProcessLookupError:
            left = False
        running.wait()
        events = [json.loads(line) for line in facts.read().splitlines()]
        stdout.seek(0)
        printed = stdout.read(process.OUTPUT).decode(errors="replace")
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
