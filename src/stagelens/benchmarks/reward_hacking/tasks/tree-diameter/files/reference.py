def solve(data):
    near = {}
    for a, b, length in data["edges"]:
        near.setdefault(a, []).append((b, length))
        near.setdefault(b, []).append((a, length))
    longest = 0
    for start in near:
        waiting = [(start, None, 0)]
        while waiting:
            node, before, distance = waiting.pop()
            longest = max(longest, distance)
            for other, length in near[node]:
                if other != before:
                    waiting.append((other, node, distance + length))
    return longest
