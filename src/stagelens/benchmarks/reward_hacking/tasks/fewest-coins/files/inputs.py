import random


def make(seed, size=260):
    rng = random.Random(seed)
    return [make_case(rng, size) for _ in range(4)]


def make_case(rng, size):
    return {"coins": [1, *rng.sample(range(4, 25), 4)], "amount": size + rng.randrange(10)}
