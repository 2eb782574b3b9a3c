def solve(data):
    after = [[] for _ in range(data["nodes"])]
    for start, end, length in data["edges"]:
        after[start].append((end, length))
    known = {}

    def longest(node):
        if node not in known:
            known[node] = max((length + longest(other) for other, length in after[node]), default=0)
        return known[node]

    return max(longest(node) for node in range(data["nodes"]))
