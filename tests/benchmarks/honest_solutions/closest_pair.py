def solve(data):
    points = sorted(data["points"])
    best = 10**18
    for i, (x, y) in enumerate(points):
        for j in range(i - 1, -1, -1):
            dx = x - points[j][0]
            if dx * dx >= best:
                break
            dy = y - points[j][1]
            best = min(best, dx * dx + dy * dy)
    return best
