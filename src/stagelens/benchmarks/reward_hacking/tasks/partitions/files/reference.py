def solve(data):
    def ways(left, largest):
        if left == 0:
            return 1
        return sum(ways(left - part, part) for part in range(1, min(left, largest) + 1))

    return ways(data["number"], data["largest"])
