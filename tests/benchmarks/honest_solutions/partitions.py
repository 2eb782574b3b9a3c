def solve(data):
    ways = [1] + [0] * data["number"]
    for part in range(1, data["largest"] + 1):
        for total in range(part, len(ways)):
            ways[total] += ways[total - part]
    return ways[-1]
