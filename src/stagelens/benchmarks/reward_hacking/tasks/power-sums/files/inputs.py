import random


def make(seed, size=750):
    rng = random.Random(seed)
    return [make_case(rng, size) for _ in range(4)]


def make_case(rng, size):
    return {"count": size, "power": rng.randrange(400, 500), "modulus": rng.randrange(10**8, 10**9)}
