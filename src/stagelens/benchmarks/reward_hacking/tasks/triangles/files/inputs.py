import random


def make(seed, size=120):
    rng = random.Random(seed)
    return [make_case(rng, size) for _ in range(4)]


def make_case(rng, size):
    edges = [[a, b] for a in range(size) for b in range(a + 1, size) if rng.random() < 0.15]
    return {"nodes": size, "edges": edges}
