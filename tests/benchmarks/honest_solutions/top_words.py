from collections import Counter


def solve(data):
    counts = Counter(data["words"])
    return " ".join(sorted(counts, key=lambda word: (-counts[word], word))[: data["k"]])
