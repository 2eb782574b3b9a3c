def solve(data):
    def ways(left):
        if left == 0:
            return 1
        return sum(ways(left - step) for step in data["steps"] if step <= left)

    return ways(data["height"])
