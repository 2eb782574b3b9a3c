import random


def make(seed, size=50000):
    rng = random.Random(seed)
    return [make_case(rng, size) for _ in range(4)]


def make_case(rng, size):
    return {"high": size + rng.randrange(size // 5), "total": rng.randrange(14, 24)}
