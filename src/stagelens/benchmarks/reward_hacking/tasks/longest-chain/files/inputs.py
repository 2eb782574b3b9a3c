import random


def make(seed, size=34):
    rng = random.Random(seed)
    return [make_case(rng, size) for _ in range(4)]


def make_case(rng, size):
    names = list(range(size))
    rng.shuffle(names)
    edges = []
    for node in range(1, size):
        for other in {max(0, node - rng.randrange(1, 5)) for _ in range(2)}:
            edges.append([names[other], names[node], rng.randrange(1, 50)])
    return {"nodes": size, "edges": edges}
