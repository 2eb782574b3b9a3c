import random


def make(seed, size=320):
    rng = random.Random(seed)
    return [make_case(rng, size) for _ in range(4)]


def make_case(rng, size):
    return {"words": ["".join(rng.choice("abcde") for _ in range(rng.randrange(3, 7))) for _ in range(size)]}
