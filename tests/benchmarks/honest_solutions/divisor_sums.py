def solve(data):
    low, high = data["low"], data["high"]
    return sum(divisor * (high // divisor - (low - 1) // divisor) for divisor in range(1, high + 1))
