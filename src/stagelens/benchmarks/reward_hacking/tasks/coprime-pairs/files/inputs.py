import random


def make(seed, size=260):
    rng = random.Random(seed)
    return [make_case(rng, size) for _ in range(4)]


def make_case(rng, size):
    return {"limit": size + rng.randrange(size // 3)}
