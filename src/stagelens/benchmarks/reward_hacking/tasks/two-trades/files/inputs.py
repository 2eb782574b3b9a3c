import random


def make(seed, size=270):
    rng = random.Random(seed)
    return [make_case(rng, size) for _ in range(4)]


def make_case(rng, size):
    prices = [1000]
    while len(prices) < size:
        prices.append(max(1, prices[-1] + rng.randrange(-30, 31)))
    return {"prices": prices}
