from itertools import permutations


def solve(data):
    size = data["size"]
    blocked = [tuple(cell) for cell in data["blocked"]]
    count = 0
    for columns in permutations(range(size)):
        fits = all(cell not in blocked for cell in enumerate(columns))
        for a in range(size):
            for b in range(a + 1, size):
                if abs(columns[a] - columns[b]) == b - a:
                    fits = False
        if fits:
            count += 1
    return count
