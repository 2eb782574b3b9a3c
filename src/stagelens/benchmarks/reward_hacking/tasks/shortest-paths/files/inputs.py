import random


def make(seed, size=64):
    rng = random.Random(seed)
    return [make_case(rng, size) for _ in range(4)]


def make_case(rng, size):
    edges = [[rng.randrange(size), rng.randrange(size), rng.randrange(1, 50)] for _ in range(2 * size)]
    return {"nodes": size, "edges": edges}
