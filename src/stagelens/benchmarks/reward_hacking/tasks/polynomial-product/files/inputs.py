import random


def make(seed, size=480):
    rng = random.Random(seed)
    return [make_case(rng, size) for _ in range(4)]


def make_case(rng, size):
    return {name: [rng.randrange(1000) for _ in range(size)] for name in ("first", "second")}
