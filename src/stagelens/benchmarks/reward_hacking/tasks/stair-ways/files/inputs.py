import random


def make(seed, size=17):
    rng = random.Random(seed)
    return [make_case(rng, size) for _ in range(4)]


def make_case(rng, size):
    return {"height": size + rng.randrange(3), "steps": [1, *sorted(rng.sample(range(2, 7), 2))]}
