import random


def make(seed, size=800):
    rng = random.Random(seed)
    return [make_case(rng, size) for _ in range(4)]


def make_case(rng, size):
    low = rng.randrange(size, 2 * size)
    return {"low": low, "high": low + size // 2}
