import random


def make(seed, size=900):
    rng = random.Random(seed)
    return [make_case(rng, size) for _ in range(4)]


def make_case(rng, size):
    known = ["".join(rng.choice("abcdefgh") for _ in range(4)) for _ in range(size // 6)]
    return {"words": [rng.choice(known) for _ in range(size)], "k": 10}
