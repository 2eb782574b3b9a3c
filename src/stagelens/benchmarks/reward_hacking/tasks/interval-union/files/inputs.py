import random


def make(seed, size=2500):
    rng = random.Random(seed)
    return [make_case(rng, size) for _ in range(4)]


def make_case(rng, size):
    starts = [rng.randrange(200 * size) for _ in range(size)]
    return {"intervals": [[start, start + rng.randrange(1, 200)] for start in starts]}
