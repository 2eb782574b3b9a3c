import random


def make(seed, size=21):
    rng = random.Random(seed)
    return [make_case(rng, size) for _ in range(4)]


def make_case(rng, size):
    words = ["a", "b", "ab", "ba", "aa", "aba"]
    rng.shuffle(words)
    return {"text": "".join(rng.choice("ab") for _ in range(size)), "words": words}
