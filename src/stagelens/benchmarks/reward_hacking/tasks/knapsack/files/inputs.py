import random


def make(seed, size=16):
    rng = random.Random(seed)
    return [make_case(rng, size) for _ in range(4)]


def make_case(rng, size):
    weights = [rng.randrange(3, 25) for _ in range(size)]
    return {"weights": weights, "values": [rng.randrange(1, 100) for _ in weights], "capacity": sum(weights) // 2}
