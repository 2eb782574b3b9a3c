from collections import Counter


def solve(data):
    groups = Counter("".join(sorted(word)) for word in data["words"])
    return " ".join(str(size) for size in sorted(groups.values(), reverse=True))
