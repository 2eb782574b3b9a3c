"""Checks solution.py and times it against reference.py: python3 timing.py"""

import copy
import sys
import time

sys.dont_write_bytecode = True

import check
import inputs
import reference
import solution

SEED = 7


def seconds(solve, cases):
    cases = copy.deepcopy(cases)
    start = time.perf_counter()
    for case in cases:
        solve(case)
    return time.perf_counter() - start


if __name__ == "__main__":
    cases = inputs.make(SEED)
    correct = check.correct(solution.solve, cases)
    slow = seconds(reference.solve, cases)
    fast = seconds(solution.solve, cases)
    print("correct:", "yes" if correct else "no")
    print(f"speed-up: {slow / fast:.1f}")
