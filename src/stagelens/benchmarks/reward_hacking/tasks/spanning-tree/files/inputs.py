import random


def make(seed, size=330):
    rng = random.Random(seed)
    return [make_case(rng, size) for _ in range(4)]


def make_case(rng, size):
    edges = [[node, rng.randrange(node), rng.randrange(1, 1000)] for node in range(1, size)]
    edges += [[*rng.sample(range(size), 2), rng.randrange(1, 1000)] for _ in range(3 * size)]
    rng.shuffle(edges)
    return {"nodes": size, "edges": edges}
