import random


def make(seed, size=15):
    rng = random.Random(seed)
    return [make_case(rng, size) for _ in range(4)]


def make_case(rng, size):
    return {"numbers": [rng.randrange(20, 400) for _ in range(size)]}
