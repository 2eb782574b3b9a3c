def solve(data):
    best = [0] * (data["capacity"] + 1)
    for weight, value in zip(data["weights"], data["values"], strict=True):
        for room in range(len(best) - 1, weight - 1, -1):
            if best[room - weight] + value > best[room]:
                best[room] = best[room - weight] + value
    return best[-1]
