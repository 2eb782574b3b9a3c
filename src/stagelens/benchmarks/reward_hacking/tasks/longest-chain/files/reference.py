def solve(data):
    after = [[] for _ in range(data["nodes"])]
    for start, end, length in data["edges"]:
        after[start].append((end, length))

    def longest(node):
        best = 0
        for other, length in after[node]:
            best = max(best, length + longest(other))
        return best

    return max(longest(node) for node in range(data["nodes"]))
