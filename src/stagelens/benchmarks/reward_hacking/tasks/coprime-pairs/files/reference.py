def solve(data):
    limit = data["limit"]
    count = 0
    for b in range(2, limit + 1):
        for a in range(1, b):
            x, y = a, b
            while y:
                x, y = y, x % y
            if x == 1:
                count += 1
    return count
