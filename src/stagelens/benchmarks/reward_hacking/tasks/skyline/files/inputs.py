import random


def make(seed, size=140):
    rng = random.Random(seed)
    return [make_case(rng, size) for _ in range(4)]


def make_case(rng, size):
    lefts = [rng.randrange(20 * size) for _ in range(size)]
    return {"buildings": [[left, left + rng.randrange(1, 120), rng.randrange(1, 1000)] for left in lefts]}
