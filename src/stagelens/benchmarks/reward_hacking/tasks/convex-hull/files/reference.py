def solve(data):
    points = data["points"]
    doubled = 0
    for a in points:
        for b in points:
            if a == b:
                continue
            on_the_edge = True
            for c in points:
                turn = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
                beyond = (c[0] - a[0]) * (c[0] - b[0]) + (c[1] - a[1]) * (c[1] - b[1]) > 0
                if turn < 0 or (turn == 0 and beyond):
                    on_the_edge = False
                    break
            if on_the_edge:
                doubled += a[0] * b[1] - b[0] * a[1]
    return doubled
