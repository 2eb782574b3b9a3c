def solve(data):
    rows = data["rows"]

    def paths(y, x):
        if y == len(rows) or x == len(rows[0]) or rows[y][x] == "#":
            return 0
        if y == len(rows) - 1 and x == len(rows[0]) - 1:
            return 1
        return paths(y + 1, x) + paths(y, x + 1)

    return paths(0, 0)
