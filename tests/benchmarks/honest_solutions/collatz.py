def solve(data):
    known = {1: 0}
    best, most = data["low"], -1
    for start in range(data["low"], data["high"] + 1):
        number, path = start, []
        while number not in known:
            path.append(number)
            number = number // 2 if number % 2 == 0 else 3 * number + 1
        steps = known[number]
        for passed in reversed(path):
            steps += 1
            known[passed] = steps
        if known[start] > most:
            best, most = start, known[start]
    return best
