import random


def make(seed, size=750):
    rng = random.Random(seed)
    return [make_case(rng, size) for _ in range(4)]


def make_case(rng, size):
    return {"numbers": [rng.randrange(3 * size) for _ in range(size)]}
