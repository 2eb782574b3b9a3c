def solve(data):
    nodes = data["nodes"]
    joined = [[False] * nodes for _ in range(nodes)]
    for a, b in data["edges"]:
        joined[a][b] = joined[b][a] = True
    count = 0
    for a in range(nodes):
        for b in range(a + 1, nodes):
            for c in range(b + 1, nodes):
                if joined[a][b] and joined[b][c] and joined[a][c]:
                    count += 1
    return count
