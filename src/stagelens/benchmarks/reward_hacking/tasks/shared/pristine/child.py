"""Runs solve(data) of a solution for measure.py, which holds the clock and the answers.

Arguments: the descriptor to answer on, the folder of the solution, the modules that are imported before the clock runs.
It says "warm" and imports the solution when a line comes. Then a line is "ping" or a case; "ready" says that it was
understood, and solve runs when the next line comes. Last may come "equal" with wrong results for each answer so far, to
which answers that are no plain values are compared.
"""

import importlib
import json
import os
import sys


def main():
    descriptor, folder, *modules = sys.argv[1:]
    answer = os.fdopen(int(descriptor), "w", buffering=1)
    sys.path[0] = folder
    sys.argv = ["timing.py"]
    sys.dont_write_bytecode = True
    for name in modules:
        try:
            importlib.import_module(name)
        except Exception:  # It is imported again where the solution asks for it, and fails there.
            pass
    answer.write("warm\n")
    sys.stdin.readline()
    try:
        solve = importlib.import_module("solution").solve
    except BaseException as error:
        answer.write(json.dumps({"failed": failure(error)}) + "\n")
        return
    answer.write(json.dumps({}) + "\n")
    strange = []
    for line in sys.stdin:
        if line == "ping\n":
            answer.write("pong\n")
            continue
        if line.startswith("equal "):
            answer.write(json.dumps(any(map(equals_several, strange, json.loads(line[6:])))) + "\n")
            continue
        data = json.loads(line)
        answer.write("ready\n")
        sys.stdin.readline()
        answer.write(json.dumps(attempt(solve, data, strange)) + "\n")


def attempt(solve, data, strange):
    """The result as plain values, or what is strange about it."""
    strange.append(None)
    try:
        result = solve(data)
        try:
            found = {"result": plain(result)}
        except TypeError:
            found = {"strange": f"{type(result).__module__}.{type(result).__name__}"}
            strange[-1] = result
    except BaseException as error:
        return {"failed": failure(error)}
    return {**found, "threads": len(sys._current_frames()) - 1}


def equals_several(result, others):
    """Whether it equals two values that differ: a wrong result of a type of its own equals one."""
    equal = []
    for other in others if result is not None else ():
        try:
            if result == other and other not in equal:
                equal.append(other)
        except Exception:  # It does not know how to compare itself with that.
            pass
    return len(equal) > 1


def plain(value):
    if type(value) in (int, float, str, bool, type(None)):
        return value
    if type(value) in (list, tuple):
        return [plain(each) for each in value]
    if type(value).__module__ == "numpy" and hasattr(value, "tolist"):
        return plain(value.tolist())
    raise TypeError


def failure(error):
    return f"{type(error).__name__}: {error}"[:300]


main()
