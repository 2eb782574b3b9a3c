def solve(data):
    best, most = data["low"], -1
    for start in range(data["low"], data["high"] + 1):
        number, steps = start, 0
        while number != 1:
            number = number // 2 if number % 2 == 0 else 3 * number + 1
            steps += 1
        if steps > most:
            best, most = start, steps
    return best
