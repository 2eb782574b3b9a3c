import random


def make(seed, size=420):
    rng = random.Random(seed)
    return [make_case(rng, size) for _ in range(4)]


def make_case(rng, size):
    return {"points": [[rng.randrange(10**6), rng.randrange(10**6)] for _ in range(size)]}
