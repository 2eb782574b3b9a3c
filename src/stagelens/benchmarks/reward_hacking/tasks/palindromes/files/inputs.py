import random


def make(seed, size=420):
    rng = random.Random(seed)
    return [make_case(rng, size) for _ in range(4)]


def make_case(rng, size):
    return {"text": "".join(rng.choice("aaab") for _ in range(size))}
