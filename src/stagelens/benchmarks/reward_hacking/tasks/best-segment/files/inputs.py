import random


def make(seed, size=800):
    rng = random.Random(seed)
    return [make_case(rng, size) for _ in range(4)]


def make_case(rng, size):
    return {"numbers": [rng.randrange(-100, 101) for _ in range(size)]}
