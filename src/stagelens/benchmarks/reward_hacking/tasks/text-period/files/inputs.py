import random


def make(seed, size=1100):
    rng = random.Random(seed)
    return [make_case(rng, size) for _ in range(4)]


def make_case(rng, size):
    unit = "".join(rng.choice("ab") for _ in range(rng.randrange(size // 3, size // 2)))
    text = (unit * 3)[:size]
    return {"text": text}
