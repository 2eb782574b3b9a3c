def solve(data):
    above = list(range(data["nodes"]))

    def top(node):
        while above[node] != node:
            above[node] = above[above[node]]
            node = above[node]
        return node

    total = 0
    for a, b, length in sorted(data["edges"], key=lambda edge: edge[2]):
        first, second = top(a), top(b)
        if first != second:
            above[first] = second
            total += length
    return total
