import random


def make(seed, size=230):
    rng = random.Random(seed)
    return [make_case(rng, size) for _ in range(4)]


def make_case(rng, size):
    edges = [[node, rng.randrange(max(0, node - 8), node), rng.randrange(1, 30)] for node in range(1, size)]
    return {"edges": edges}
