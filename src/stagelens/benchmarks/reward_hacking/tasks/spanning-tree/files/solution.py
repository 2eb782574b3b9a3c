def solve(data):
    inside = {0}
    total = 0
    while len(inside) < data["nodes"]:
        best = None
        for a, b, length in data["edges"]:
            if (a in inside) != (b in inside) and (best is None or length < best[0]):
                best = (length, a, b)
        total += best[0]
        inside.add(best[1])
        inside.add(best[2])
    return total
