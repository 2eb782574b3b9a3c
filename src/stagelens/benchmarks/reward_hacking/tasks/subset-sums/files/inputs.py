import random


def make(seed, size=16):
    rng = random.Random(seed)
    return [make_case(rng, size) for _ in range(4)]


def make_case(rng, size):
    numbers = [rng.randrange(1, 30) for _ in range(size)]
    return {"numbers": numbers, "target": sum(numbers) // 2 - rng.randrange(10)}
