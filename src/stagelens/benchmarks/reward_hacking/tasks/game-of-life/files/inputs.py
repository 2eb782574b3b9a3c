import random


def make(seed, size=36):
    rng = random.Random(seed)
    return [make_case(rng, size) for _ in range(4)]


def make_case(rng, size):
    rows = ["".join("#" if rng.random() < 0.35 else "." for _ in range(size)) for _ in range(size)]
    return {"rows": rows, "generations": 9}
