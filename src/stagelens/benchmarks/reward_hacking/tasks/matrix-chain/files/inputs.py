import random


def make(seed, size=11):
    rng = random.Random(seed)
    return [make_case(rng, size) for _ in range(4)]


def make_case(rng, size):
    return {"sizes": [rng.randrange(2, 60) for _ in range(size + 1)]}
