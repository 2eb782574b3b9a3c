import random


def make(seed, size=330):
    rng = random.Random(seed)
    return [make_case(rng, size) for _ in range(4)]


def make_case(rng, size):
    return {name: "".join(rng.choice("acgt") for _ in range(size)) for name in ("first", "second")}
