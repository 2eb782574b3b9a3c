import random


def make(seed, size=650):
    rng = random.Random(seed)
    return [make_case(rng, size) for _ in range(4)]


def make_case(rng, size):
    pairs = [[rng.randrange(size), rng.randrange(size)] for _ in range(int(0.6 * size))]
    return {"people": size, "friends": pairs}
