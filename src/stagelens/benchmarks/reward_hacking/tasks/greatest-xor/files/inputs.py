import random


def make(seed, size=900):
    rng = random.Random(seed)
    return [make_case(rng, size) for _ in range(4)]


def make_case(rng, size):
    return {"numbers": [rng.randrange(2**24) for _ in range(size)]}
