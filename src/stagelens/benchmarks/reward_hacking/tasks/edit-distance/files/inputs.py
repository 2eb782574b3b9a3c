import random


def make(seed, size=250):
    rng = random.Random(seed)
    return [make_case(rng, size) for _ in range(4)]


def make_case(rng, size):
    first = [rng.choice("abcdefgh") for _ in range(size)]
    second = list(first)
    for _ in range(size // 15):
        place = rng.randrange(len(second))
        second[place : place + 1] = rng.choice([[], [rng.choice("abcdefgh")], [second[place], rng.choice("abcdefgh")]])
    return {"first": "".join(first), "second": "".join(second)}
