def solve(data):
    total = 0
    for number in range(data["low"], data["high"] + 1):
        for divisor in range(1, number + 1):
            if number % divisor == 0:
                total += divisor
    return total
