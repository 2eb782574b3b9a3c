import random


def make(seed, size=2600):
    rng = random.Random(seed)
    return [make_case(rng, size) for _ in range(4)]


def make_case(rng, size):
    return {"numbers": [20 * (size - place) + rng.randrange(size) for place in range(size)]}
