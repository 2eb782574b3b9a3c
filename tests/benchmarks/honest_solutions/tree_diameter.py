def solve(data):
    near = {}
    for a, b, length in data["edges"]:
        near.setdefault(a, []).append((b, length))
        near.setdefault(b, []).append((a, length))

    def farthest(start):
        best = (0, start)
        waiting = [(start, None, 0)]
        while waiting:
            node, before, distance = waiting.pop()
            best = max(best, (distance, node))
            waiting += [(other, node, distance + length) for other, length in near[node] if other != before]
        return best

    return farthest(farthest(0)[1])[0] if near else 0
