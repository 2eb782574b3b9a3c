def solve(data):
    total, waiting = 0, []
    for number in data["numbers"]:
        while waiting and waiting[-1] < number:
            waiting.pop()
            total += number
        waiting.append(number)
    return total - len(waiting)
