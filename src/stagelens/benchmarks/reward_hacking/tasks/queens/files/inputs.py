import random


def make(seed, size=7):
    rng = random.Random(seed)
    return [make_case(rng, size) for _ in range(4)]


def make_case(rng, size):
    cells = rng.sample(range(size * size), 3)
    return {"size": size, "blocked": [[cell // size, cell % size] for cell in cells]}
