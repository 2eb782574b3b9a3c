def solve(data):
    points = data["points"]
    best = None
    for i in range(len(points)):
        for j in range(i + 1, len(points)):
            dx, dy = points[i][0] - points[j][0], points[i][1] - points[j][1]
            square = dx * dx + dy * dy
            if best is None or square < best:
                best = square
    return best
