import random


def make(seed, size=11):
    rng = random.Random(seed)
    return [make_case(rng, size) for _ in range(4)]


def make_case(rng, size):
    board = [["." if rng.random() > 0.1 else "#" for _ in range(size)] for _ in range(size)]
    for place in range(size):  # A way along the edge keeps every case open.
        board[0][place] = board[place][size - 1] = "."
    return {"rows": ["".join(row) for row in board]}
