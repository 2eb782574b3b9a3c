def solve(data):
    near = [0] * data["nodes"]
    for a, b in data["edges"]:
        near[a] |= 1 << b
        near[b] |= 1 << a
    return sum((near[a] & near[b]).bit_count() for a, b in data["edges"]) // 3
