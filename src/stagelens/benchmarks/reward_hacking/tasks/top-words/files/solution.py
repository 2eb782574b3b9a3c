def solve(data):
    words = data["words"]
    counts = []
    for word in words:
        count = 0
        for other in words:
            if other == word:
                count += 1
        if (-count, word) not in counts:
            counts.append((-count, word))
    return " ".join(word for _, word in sorted(counts)[: data["k"]])
