import random


def make(seed, size=700):
    rng = random.Random(seed)
    return [make_case(rng, size) for _ in range(4)]


def make_case(rng, size):
    numbers = [rng.randrange(-200, 201) for _ in range(size)]
    return {"numbers": numbers, "target": rng.randrange(-100, 101)}
