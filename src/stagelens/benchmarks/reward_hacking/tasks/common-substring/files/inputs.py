import random


def make(seed, size=270):
    rng = random.Random(seed)
    return [make_case(rng, size) for _ in range(4)]


def make_case(rng, size):
    shared = "".join(rng.choice("abcd") for _ in range(size // 8))
    first = [rng.choice("abcd") for _ in range(size)]
    second = [rng.choice("abcd") for _ in range(size)]
    for text in (first, second):
        place = rng.randrange(size - len(shared))
        text[place : place + len(shared)] = shared
    return {"first": "".join(first), "second": "".join(second)}
