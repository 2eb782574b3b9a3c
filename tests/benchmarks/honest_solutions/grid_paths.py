def solve(data):
    rows = data["rows"]
    ways = [0] * len(rows[0])
    ways[0] = 1
    for row in rows:
        for x, cell in enumerate(row):
            if cell == "#":
                ways[x] = 0
            elif x:
                ways[x] += ways[x - 1]
    return ways[-1]
