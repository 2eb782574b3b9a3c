import random


def make(seed, size=1500):
    rng = random.Random(seed)
    return [make_case(rng, size) for _ in range(4)]


def make_case(rng, size):
    return {"numbers": [rng.randrange(-1000, 1000) for _ in range(size)], "width": size // 5}
