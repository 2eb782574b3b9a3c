import random


def make(seed, size=3000):
    rng = random.Random(seed)
    return [make_case(rng, size) for _ in range(4)]


def make_case(rng, size):
    low = rng.randrange(1, size)
    return {"low": low, "high": low + size}
