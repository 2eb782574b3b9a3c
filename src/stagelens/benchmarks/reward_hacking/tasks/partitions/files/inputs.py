import random


def make(seed, size=32):
    rng = random.Random(seed)
    return [make_case(rng, size) for _ in range(4)]


def make_case(rng, size):
    return {"number": size + rng.randrange(4), "largest": rng.randrange(8, 14)}
