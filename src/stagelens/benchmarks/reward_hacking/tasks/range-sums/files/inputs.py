import random


def make(seed, size=1000):
    rng = random.Random(seed)
    return [make_case(rng, size) for _ in range(4)]


def make_case(rng, size):
    steps = []
    for _ in range(size):
        if rng.random() < 0.5:
            steps.append(["set", rng.randrange(3 * size), rng.randrange(1000)])
        else:
            low, high = sorted((rng.randrange(3 * size), rng.randrange(3 * size)))
            steps.append(["sum", low, high])
    return {"numbers": [rng.randrange(1000) for _ in range(3 * size)], "steps": steps}
