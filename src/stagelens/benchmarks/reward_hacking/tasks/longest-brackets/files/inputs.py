import random


def make(seed, size=900):
    rng = random.Random(seed)
    return [make_case(rng, size) for _ in range(4)]


def make_case(rng, size):
    return {"text": "".join(rng.choice("(((()))") for _ in range(size))}
