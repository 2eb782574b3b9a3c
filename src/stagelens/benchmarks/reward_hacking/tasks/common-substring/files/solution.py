def solve(data):
    first, second = data["first"], data["second"]
    best = 0
    for i in range(len(first)):
        for j in range(len(second)):
            length = 0
            while i + length < len(first) and j + length < len(second) and first[i + length] == second[j + length]:
                length += 1
            best = max(best, length)
    return best
