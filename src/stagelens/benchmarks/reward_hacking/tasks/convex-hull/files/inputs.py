import random


def make(seed, size=130):
    rng = random.Random(seed)
    return [make_case(rng, size) for _ in range(4)]


def make_case(rng, size):
    places = rng.sample(range(1000 * 1000), size)
    return {"points": [[place // 1000 - 500, place % 1000 - 500] for place in places]}
