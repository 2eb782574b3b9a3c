import random


def make(seed, size=8):
    rng = random.Random(seed)
    return [make_case(rng, size) for _ in range(4)]


def make_case(rng, size):
    order = list(range(size))
    rng.shuffle(order)
    # A late permutation, so that every case is work.
    order.remove(size - 2)
    return {"order": [size - 2, *order]}
