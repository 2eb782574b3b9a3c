import random


def make(seed, size=300):
    rng = random.Random(seed)
    return [make_case(rng, size) for _ in range(4)]


def make_case(rng, size):
    rows, columns = size + rng.randrange(50), size + rng.randrange(50)
    return {"rows": rows, "columns": columns, "k": rng.randrange(1, rows * columns + 1)}
